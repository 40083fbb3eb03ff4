/** Python (Pyodide): a fresh interpreter a job, started from a memory snapshot when there is one. */
import type { PyodideAPI, PyodideConfig } from 'pyodide'
import type { Ending, Interpreter, Stage } from '../interpreter.ts'
import type { Assets, Job } from '../protocol.ts'

type Options = Partial<PyodideConfig> & { _makeSnapshot?: boolean; _loadSnapshot?: Uint8Array }
export type LoadPyodide = (options: Options) => Promise<PyodideAPI>

/**
 * Starts Python. The asset `snapshot` (made by an earlier start, see `keep`) is the interpreter's memory right after
 * start: it makes a start four times cheaper, and as clean. It also fixes the seed of `random` and of string hashes.
 */
export async function loadPython(assets: Assets, load: LoadPyodide, options: Options): Promise<Interpreter> {
  const snapshot = assets['snapshot'] as Uint8Array | undefined
  if (!snapshot) {
    const first = await load({ ...options, _makeSnapshot: true })
    const made = (first as unknown as { makeMemorySnapshot: () => Uint8Array }).makeMemorySnapshot()
    const python = await load({ ...options, _loadSnapshot: made })
    return { run: (job, stage) => run(python, job, stage), keep: { snapshot: made } }
  }
  const python = await load({ ...options, _loadSnapshot: snapshot })
  return { run: (job, stage) => run(python, job, stage) }
}

async function run(python: PyodideAPI, job: Job, stage: Stage): Promise<Ending> {
  const decoder = new TextDecoder()
  const write = (bytes: Uint8Array) => {
    stage.print(decoder.decode(bytes, { stream: true }))
    return bytes.length
  }
  python.setStdout({ write, isatty: false })
  python.setStderr({ write, isatty: false })
  // A whole line leaves at once: an endless loop after a print must not swallow it.
  python.runPython(
    'import sys; sys.stdout.reconfigure(line_buffering=True); sys.stderr.reconfigure(line_buffering=True); del sys',
  )
  try {
    if (job.setup !== '') {
      await python.runPythonAsync(job.setup, { filename: 'setup.py' })
      stage.begin()
    }
    await python.runPythonAsync(job.code, { filename: 'fence.py' })
    flush(python)
    return {}
  } catch (error) {
    flush(python)
    const traceback = (error instanceof Error ? error.message : String(error)).trim()
    const last = traceback.split('\n').at(-1) ?? ''
    const [, name = 'Error', message = ''] = /^([\w.]+)(?:: (.*))?$/.exec(last) ?? []
    if (name === 'SystemExit') return { stopped: 'exit', notice: `The code ended Python itself: sys.exit(${message}).` }
    stage.begin()
    stage.print(`${last}\n`)
    const line = [...traceback.matchAll(/File "fence\.py", line (\d+)/g)].at(-1)?.[1]
    return { error: { name, message, ...(line && { line: Number(line) }) } }
  }
}

function flush(python: PyodideAPI): void {
  python.runPython('import sys; sys.stdout.flush(); sys.stderr.flush()')
}
