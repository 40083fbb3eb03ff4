/** Python (Pyodide): a fresh interpreter a job, started from a memory snapshot when there is one. */
import type { PyodideAPI, PyodideConfig } from 'pyodide'
import type { Ending, Interpreter, Stage } from '../interpreter.ts'
import type { Assets, Job } from '../protocol.ts'
import { limitWasmMemory } from '../wasm-memory.ts'

type Options = Partial<PyodideConfig> & { _makeSnapshot?: boolean; _loadSnapshot?: Uint8Array }
export type LoadPyodide = (options: Options) => Promise<PyodideAPI>

export type PythonInterpreter = Interpreter & { python: PyodideAPI }

/**
 * Starts Python. The asset `snapshot` (see `Interpreter`) is the memory of an interpreter right after its first start: from it a
 * start is four times cheaper, and as clean. Strings hash alike in every run, so that a printed set has one order; `random`
 * gets a new seed.
 */
export async function loadPython(assets: Assets, load: LoadPyodide, options: Options): Promise<PythonInterpreter> {
  limitWasmMemory()
  const settings = { ...options, env: { PYTHONHASHSEED: '0' } }
  const snapshot = assets['snapshot'] as Uint8Array | undefined
  if (snapshot) {
    const python = await load({ ...settings, _loadSnapshot: snapshot })
    return { python, run: (job, stage) => run(python, job, stage) }
  }
  const python = await load({ ...settings, _makeSnapshot: true })
  const made = (python as unknown as { makeMemorySnapshot: () => Uint8Array }).makeMemorySnapshot()
  return { python, run: (job, stage) => run(python, job, stage), snapshot: made }
}

const prepare = `import sys
sys.stdout.reconfigure(line_buffering=True)
sys.stderr.reconfigure(line_buffering=True)
if 'random' in sys.modules: sys.modules['random'].seed()
del sys`

async function run(python: PyodideAPI, job: Job, stage: Stage): Promise<Ending> {
  const decoder = new TextDecoder()
  const write = (bytes: Uint8Array) => {
    stage.print(decoder.decode(bytes, { stream: true }))
    return bytes.length
  }
  python.setStdout({ write, isatty: false })
  python.setStderr({ write, isatty: false })
  // A whole line leaves at once: an endless loop after a print must not swallow it.
  python.runPython(prepare)
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
