/** SQL on PostgreSQL (PGlite): statements one by one, results as psql prints them, up to the first error. */
import { PGlite } from '@electric-sql/pglite'
import type { RunError } from '../fence.ts'
import type { Ending, Interpreter, Stage } from '../interpreter.ts'
import type { Assets, Job } from '../protocol.ts'
import { limitWasmMemory } from '../wasm-memory.ts'
import { type Column, table } from './psql.ts'
import { splitStatements, type Statement } from './statements.ts'

/** The parts of PGlite that a start needs; `dataDir` is a tar of the data directory of a fresh cluster. */
export type PostgresAssets = {
  postgres: WebAssembly.Module
  initdb: WebAssembly.Module
  filesystem: Blob | Uint8Array
  dataDir: Blob | Uint8Array
}

const utf8 = new TextDecoder()

/**
 * Starts a server of its own on a copy of the fresh cluster. One start, one job. Its buffers are 16 MB instead of 128: half
 * the start and 60 MB less memory, and no plan depends on them.
 */
export async function loadPostgres(assets: Assets): Promise<Interpreter> {
  limitWasmMemory()
  const { postgres, initdb, filesystem, dataDir } = assets as PostgresAssets
  const server = await PGlite.create({
    pgliteWasmModule: postgres,
    initdbWasmModule: initdb,
    fsBundle: blobOf(filesystem),
    loadDataDir: blobOf(dataDir),
    relaxedDurability: true,
    startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'],
  })
  return { run: (job, stage) => run(server, job, stage) }
}

/** Node reads a large Blob slowly, a third of the whole start: this one hands out the bytes that it is made of. */
function blobOf(content: Blob | Uint8Array): Blob {
  if (content instanceof Blob) return content
  const { buffer, byteOffset, byteLength } = content
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength)
  return Object.assign(new Blob([]), { arrayBuffer: () => Promise.resolve(bytes as ArrayBuffer) })
}

async function run(server: PGlite, job: Job, stage: Stage): Promise<Ending> {
  const setup = await script(server, job.setup, () => {})
  if (job.setup !== '') stage.begin()
  if (setup) return report(setup, stage, { inSetup: true })
  const error = await script(server, job.code, stage.print)
  return error ? report(error, stage, { inSetup: false }) : {}
}

function report(error: RunError, stage: Stage, { inSetup }: { inSetup: boolean }): Ending {
  stage.print(`ERROR:  ${error.message}\n`)
  if (!inSetup) return { error }
  const { line: _, ...withoutLine } = error
  return { error: withoutLine, notice: 'The error is in the setup of this page, not in the code shown here.' }
}

async function script(server: PGlite, text: string, print: (text: string) => void): Promise<RunError | undefined> {
  for (const statement of splitStatements(text)) {
    const error = readAnswer(await server.execProtocolRaw(query(statement.text)), statement, text, print)
    if (error) return error
  }
  return undefined
}

/** A simple Query message: type, length, text, zero. */
function query(sql: string): Uint8Array {
  const body = new TextEncoder().encode(sql)
  const message = new Uint8Array(body.length + 6)
  message[0] = 'Q'.charCodeAt(0)
  new DataView(message.buffer).setUint32(1, body.length + 5)
  message.set(body, 5)
  return message
}

/** Type OIDs that psql aligns to the right: int2, int4, int8, oid, xid, cid, float4, float8, money, numeric, xid8. */
const numericTypes = new Set([21, 23, 20, 26, 28, 29, 700, 701, 790, 1700, 5069])

/** Reads the server's messages (https://www.postgresql.org/docs/18/protocol-message-formats.html) and prints results. */
function readAnswer(
  bytes: Uint8Array,
  statement: Statement,
  text: string,
  print: (text: string) => void,
): RunError | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let columns: Column[] | undefined
  let rows: (string | null)[][] = []
  let failure: RunError | undefined
  for (let at = 0; at + 5 <= bytes.length; ) {
    const type = String.fromCharCode(view.getUint8(at))
    const end = at + 1 + view.getUint32(at + 1)
    let cursor = at + 5
    const cstring = () => {
      const from = cursor
      while (bytes[cursor] !== 0) cursor++
      return utf8.decode(bytes.subarray(from, cursor++))
    }
    if (type === 'T') {
      const count = view.getUint16(cursor)
      cursor += 2
      columns = []
      rows = []
      for (let index = 0; index < count; index++) {
        const name = cstring()
        columns.push({ name, isNumeric: numericTypes.has(view.getUint32(cursor + 6)) })
        cursor += 18
      }
    } else if (type === 'D') {
      const count = view.getUint16(cursor)
      cursor += 2
      const row: (string | null)[] = []
      for (let index = 0; index < count; index++) {
        const length = view.getInt32(cursor)
        cursor += 4
        row.push(length < 0 ? null : utf8.decode(bytes.subarray(cursor, cursor + length)))
        cursor += Math.max(0, length)
      }
      rows.push(row)
    } else if (type === 'C') {
      if (columns) print(`${table(columns, rows)}\n`)
      columns = undefined
    } else if (type === 'E' || type === 'N') {
      const fields = new Map<string, string>()
      while (bytes[cursor] !== 0) {
        const code = String.fromCharCode(bytes[cursor++] as number)
        fields.set(code, cstring())
      }
      // Of the notices only those that the code raised itself: psql's others depend on what was there before.
      if (type === 'N' && fields.get('R') === 'exec_stmt_raise') print(`${fields.get('S')}:  ${fields.get('M')}\n`)
      if (type === 'E') {
        const position = Number(fields.get('P') ?? 0)
        const offset = statement.start + (position > 0 ? [...statement.text].slice(0, position - 1).join('').length : 0)
        failure = {
          name: fields.get('C') ?? 'ERROR',
          message: fields.get('M') ?? '',
          line: text.slice(0, offset).split('\n').length,
        }
      }
    }
    at = end
  }
  return failure
}
