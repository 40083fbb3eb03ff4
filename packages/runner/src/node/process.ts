/** Fences that run as real processes: Node, and the shell with git. Each in a fresh folder with a small fixed environment. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine, Fence, RunError, RunOptions, RunResult, StopCause } from '../fence.ts'
import { cutToBytes } from '../limit.ts'
import { endProcessesOf, killProcessesOf } from './descendants.ts'
import { defaultOutputLimitBytes, defaultTimeoutMs, noticeFor } from '../supervise.ts'

/** Of a Node fence's old generation: without it an endless array takes the machine's memory until the time is up. */
const heapLimitMb = 512

/** After a run was killed, how long its pipe may stay open. */
const pipeGraceMs = 2_000

/** Printed between setup and code, so that what setup printed can be dropped. */
const seam = '\u0001viva-begin\u0002'
/** Printed by Node just before it would print an uncaught error and end. */
const uncaught = '\u0001viva-uncaught\u0002'

/** Marks every process of a run (see `descendants.ts`). */
const folderVariable = 'VIVA_FENCE_FOLDER'

const shellEnvironment = {
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'init.defaultBranch',
  GIT_CONFIG_VALUE_0: 'main',
  GIT_CONFIG_KEY_1: 'advice.detachedHead',
  GIT_CONFIG_VALUE_1: 'false',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'true',
}

/** Loaded before a Node fence: reports an uncaught error in one line of JSON, which only this file reads. */
const preload = `
import { inspect } from 'node:util'
import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread) process.on('uncaughtExceptionMonitor', (error) => {
  if (process.listenerCount('uncaughtException') > 0) return
  const isError = error instanceof Error
  const shown = inspect(error)
  const at = shown.search(/\\n\\s+at /)
  const text = !isError ? shown : error instanceof SyntaxError ? 'SyntaxError: ' + error.message : at < 0 ? error.name + ': ' + error.message : shown.slice(0, at)
  const line = /fence\\.mjs:(\\d+)/.exec(String(error?.stack))?.[1]
  writeSync(2, ${JSON.stringify(uncaught)} + JSON.stringify({ text, name: isError ? error.name : typeof error, message: isError ? error.message : shown, line: line && Number(line) }) + '\\n')
})`

/** Runs a `node`, `git` or `bash` fence. stdout and stderr share one pipe, so they stay in order. */
export async function runProcess(fence: Fence, engine: Engine, options: RunOptions = {}): Promise<RunResult> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const outputLimitBytes = options.outputLimitBytes ?? defaultOutputLimitBytes
  const folder = await mkdtemp(join(tmpdir(), 'fence-'))
  const isNode = fence.language === 'node'
  const setup = fence.setup ?? ''
  let firstLine = 1
  let command: string[]
  let environment: Record<string, string>
  const path = process.env['PATH'] ?? ''
  if (isNode) {
    const source = setup === '' ? fence.code : `${setup}\n;console.log(${JSON.stringify(seam)});\n${fence.code}`
    if (setup !== '') firstLine = setup.split('\n').length + 2
    await writeFile(join(folder, 'fence.mjs'), source)
    command = [
      process.execPath,
      `--max-old-space-size=${heapLimitMb}`,
      '--disable-warning=ExperimentalWarning',
      `--import=data:text/javascript,${encodeURIComponent(preload)}`,
      'fence.mjs',
    ]
    environment = { PATH: path, NO_COLOR: '1', [folderVariable]: folder }
  } else {
    const source = setup === '' ? fence.code : `${setup}\nprintf '${seam}\\n'\n${fence.code}`
    command = ['bash', '-c', source, 'fence']
    environment = { PATH: path, HOME: folder, ...shellEnvironment, [folderVariable]: folder }
  }
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      const startedAt = performance.now()
      // Node gets a real pipe: the socket that it would get from here fills up after some hundred tiny writes, and what a
      // loop prints after that stays in the process's memory for ever.
      const shell = isNode ? 'set -o pipefail; "$@" 2>&1 | cat' : 'exec "$@" 2>&1'
      const child = spawn('bash', ['-c', shell, 'sh', ...command], {
        cwd: folder,
        env: environment,
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      })
      let output = ''
      let leftBytes = outputLimitBytes
      // Text that may still turn out to be setup's, an error report or half of a path.
      let waiting = ''
      let isSetup = setup !== ''
      let failure: (RunError & { text: string }) | undefined
      let stopped: StopCause | undefined

      const kill = (cause: StopCause) => {
        stopped ??= cause
        // First those that left the group: once their parent is dead, less tells that they are of this run.
        killProcessesOf(folder)
        try {
          process.kill(-(child.pid as number), 'SIGKILL')
        } catch {
          child.kill('SIGKILL')
        }
        void endProcessesOf(folder)
        // A process that nobody found may hold the pipe open.
        setTimeout(() => child.stdout.destroy(), pipeGraceMs).unref()
      }
      const onAbort = () => kill('abort')
      const timer = setTimeout(() => kill('time'), timeoutMs)
      options.signal?.addEventListener('abort', onAbort)
      if (options.signal?.aborted) onAbort()

      const emit = (text: string) => {
        if (stopped) return
        const cut = cutToBytes(text.replaceAll(folder, '/tmp/fence'), leftBytes)
        leftBytes -= cut.bytes
        output += cut.text
        if (cut.text !== '') options.onOutput?.(cut.text)
        if (cut.isCut) kill('output')
      }
      const take = (chunk: string, isLast: boolean) => {
        waiting += chunk
        if (isSetup) {
          const at = waiting.indexOf(seam)
          if (at < 0 && !isLast) return
          if (at >= 0) waiting = waiting.slice(at + seam.length + 1)
          isSetup = false
        }
        const at = waiting.indexOf(uncaught)
        if (at >= 0) {
          const end = waiting.indexOf('\n', at)
          if (end < 0) return
          failure ??= JSON.parse(waiting.slice(at + uncaught.length, end)) as typeof failure
          emit(waiting.slice(0, at))
          // What follows is Node's own report of the same error.
          waiting = ''
          child.stdout.removeAllListeners('data').resume()
          return
        }
        const safe = isLast
          ? waiting.length
          : Math.max(waiting.lastIndexOf('\n') + 1, waiting.length > 4096 ? waiting.length - 256 : 0)
        emit(waiting.slice(0, safe))
        waiting = waiting.slice(safe)
      }
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => take(chunk, false))
      child.on('error', reject)
      child.on('close', (code) => {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', onAbort)
        if (!failure) take('', true)
        if (failure) {
          if (output !== '' && !output.endsWith('\n')) emit('\n')
          emit(`Uncaught ${failure.text}\n`)
        } else if (code && !stopped) {
          emit(`${output === '' || output.endsWith('\n') ? '' : '\n'}exit ${code}\n`)
        }
        const result: RunResult = {
          output: output.endsWith('\n') ? output.slice(0, -1) : output,
          durationMs: performance.now() - startedAt,
          engine,
        }
        if (stopped) {
          result.stopped = stopped
          result.notice = noticeFor(stopped, { timeoutMs, outputLimitBytes })
        } else if (failure) {
          const line = failure.line === undefined ? undefined : failure.line - firstLine + 1
          result.error = {
            name: failure.name,
            message: failure.message,
            ...(line !== undefined && line > 0 && { line }),
          }
        } else if (code && isNode) {
          const isMemory = code === 134
          result.stopped = isMemory ? 'memory' : 'exit'
          result.notice = isMemory
            ? noticeFor('memory', { timeoutMs, outputLimitBytes })
            : `The code ended its own process with exit code ${code}.`
        }
        resolve(result)
      })
    })
  } finally {
    await endProcessesOf(folder)
    await rm(folder, { recursive: true, force: true })
  }
}
