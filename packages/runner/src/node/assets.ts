/** Where interpreters' assets lie in an installation, and the snapshots that are made once and kept in `.cache/runner`. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { Assets } from '../protocol.ts'
import { cacheFolder } from './cache.ts'

const require = createRequire(import.meta.url)
// Neither the ES library nor Node's types declare the functions of WebAssembly; lib.dom would declare a page around them.
const { compile: compileBytes } = (
  globalThis as unknown as { WebAssembly: { compile: (bytes: Uint8Array) => Promise<WebAssembly.Module> } }
).WebAssembly

/** Files of the packages, by asset name. */
export const files = {
  postgres: join(dirname(require.resolve('@electric-sql/pglite')), 'pglite.wasm'),
  initdb: join(dirname(require.resolve('@electric-sql/pglite')), 'initdb.wasm'),
  filesystem: join(dirname(require.resolve('@electric-sql/pglite')), 'pglite.data'),
  sqlite: join(dirname(require.resolve('sql.js')), 'sql-wasm.wasm'),
  pyodide: dirname(require.resolve('pyodide/pyodide.mjs')),
}

/** The version of an installed package. */
export async function versionOf(name: string): Promise<string> {
  let folder = dirname(require.resolve(name))
  while (!existsSync(join(folder, 'package.json')) || !(await readPackage(folder)).version) folder = dirname(folder)
  return (await readPackage(folder)).version as string
}

async function readPackage(folder: string): Promise<{ version?: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version?: string }
}

/** A tar of the data directory of a fresh cluster: starting from it takes a third of the time of initdb. */
export async function postgresDataDir(): Promise<Uint8Array> {
  const file = join(cacheFolder, `postgres-${await versionOf('@electric-sql/pglite')}.tar`)
  if (!existsSync(file)) {
    const server = await PGlite.create()
    const dump = await server.dumpDataDir('none')
    await server.close()
    await writeWhole(file, new Uint8Array(await dump.arrayBuffer()))
  }
  return readFile(file)
}

/** Writes to a file beside it first, so that two processes never see half of it. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const half = `${file}.${process.pid}`
  await writeFile(half, bytes)
  await rename(half, file)
}

/** What a worker thread for this language is started with. */
export async function loadAssets(language: 'sql' | 'sqlite'): Promise<Assets> {
  if (language === 'sqlite') return { sqlite: new Uint8Array(await readFile(files.sqlite)) }
  const compile = async (file: string) => compileBytes(await readFile(file))
  return {
    postgres: await compile(files.postgres),
    initdb: await compile(files.initdb),
    filesystem: new Uint8Array(await readFile(files.filesystem)),
    dataDir: new Uint8Array(await postgresDataDir()),
  }
}
