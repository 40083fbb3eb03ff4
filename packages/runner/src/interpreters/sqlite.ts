/** SQL on SQLite (sql.js): results in the same tables as PostgreSQL's. */
import initSqlJs from 'sql.js'
import type { Ending, Interpreter, Stage } from '../interpreter.ts'
import type { Assets, Job } from '../protocol.ts'
import { limitWasmMemory } from '../wasm-memory.ts'
import { table } from './psql.ts'

/** Starts SQLite with an empty database in memory. One start, one job. */
export async function loadSqlite(assets: Assets): Promise<Interpreter> {
  limitWasmMemory()
  const given = assets['sqlite']
  const wasmBinary = given instanceof Blob ? await given.arrayBuffer() : (given as ArrayBuffer)
  const sqlite = await initSqlJs({ wasmBinary })
  return { run: (job, stage) => Promise.resolve(run(new sqlite.Database(), job, stage)) }
}

function run(database: initSqlJs.Database, job: Job, stage: Stage): Ending {
  let line = 1
  let isSetup = job.setup !== ''
  try {
    if (isSetup) database.exec(job.setup)
    if (isSetup) stage.begin()
    isSetup = false
    const statements = database.iterateStatements(job.code)
    while (true) {
      const rest = statements.getRemainingSQL()
      const lead = rest.length - rest.trimStart().length
      line = job.code.slice(0, job.code.length - rest.length + lead).split('\n').length
      const { value: statement, done } = statements.next()
      if (done) return {}
      const columns = statement.getColumnNames()
      const rows: initSqlJs.SqlValue[][] = []
      while (statement.step()) rows.push(statement.get())
      if (columns.length === 0) continue
      const isNumeric = (index: number) =>
        rows.length > 0 && rows.every((row) => row[index] === null || typeof row[index] === 'number')
      stage.print(
        `${table(
          columns.map((name, index) => ({ name, isNumeric: isNumeric(index) })),
          rows.map((row) => row.map(show)),
        )}\n`,
      )
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (isSetup) stage.begin()
    stage.print(`Error: ${message}\n`)
    return { error: { name: 'Error', message, ...(!isSetup && { line }) } }
  }
}

function show(value: initSqlJs.SqlValue): string | null {
  if (value instanceof Uint8Array) return `x'${[...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')}'`
  return value === null ? null : String(value)
}
