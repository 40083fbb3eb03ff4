/** Builds the engines and the page's script once a process. */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { buildEngines } from '../../src/build.ts'
import { pageScript } from './page.ts'

export async function buildSite(): Promise<{ script: string; enginesDir: string }> {
  const enginesDir = await mkdtemp(join(tmpdir(), 'escapes-engines-'))
  process.on('exit', () => rmSync(enginesDir, { recursive: true, force: true }))
  await buildEngines(enginesDir)
  const { outputFiles } = await build({
    stdin: { contents: pageScript, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
  })
  return { script: outputFiles[0]?.text ?? '', enginesDir }
}
