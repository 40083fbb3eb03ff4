/** Runs fences in Node: worker threads for what a browser can run too, real processes for Node, git and the shell. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Engine, Fence, Language, Runner, RunResult } from './fence.ts'
import { languages } from './languages.ts'
import { loadAssets } from './node/assets.ts'
import { runProcess } from './node/process.ts'
import { openWorker } from './node/worker-handle.ts'
import type { WorkerLanguage } from './node/worker.ts'
import type { Assets } from './protocol.ts'
import { startWorker, supervise, type WorkerHandle } from './supervise.ts'

const startTimeoutMs = 60_000

/** Only the type checker serves many runs: it parses and checks code, and executes none. */
const reusable: ReadonlySet<Language> = new Set(['tsc'])

/** One runner may run several fences at once; each gets a worker of its own. */
export function createNodeRunner(): Runner {
  const assets = new Map<Language, Promise<Assets>>()
  const idle = new Map<Language, WorkerHandle[]>()
  const open = new Set<WorkerHandle>()

  async function takeWorker(language: WorkerLanguage): Promise<WorkerHandle> {
    const kept = idle.get(language)?.pop()
    if (kept) return kept
    let given = assets.get(language)
    if (!given) {
      given = language === 'sql' || language === 'sqlite' ? loadAssets(language) : Promise.resolve({})
      assets.set(language, given)
    }
    const worker = openWorker(language, () => open.delete(worker))
    open.add(worker)
    const loaded = await given
    const snapshot = await startWorker(worker, loaded, { timeoutMs: startTimeoutMs })
    // It comes before the worker gets any code. The first one is kept: later starts use it and make none.
    if (snapshot && language === 'python' && assets.get(language) === given)
      assets.set(language, Promise.resolve({ ...loaded, snapshot }))
    return worker
  }

  async function run(fence: Fence, options: Parameters<Runner['run']>[1] = {}): Promise<RunResult> {
    const { language } = fence
    const engine = await nodeEngine(language)
    if (language === 'node' || language === 'git' || language === 'bash') return runProcess(fence, engine, options)
    const worker = await takeWorker(language)
    const isReusable = reusable.has(language)
    const { result, isTerminated } = await supervise(worker, fence, engine, { ...options, isReusable })
    if (!isTerminated) idle.set(language, [...(idle.get(language) ?? []), worker])
    return result
  }

  return {
    run,
    close: async () => {
      for (const worker of open) worker.terminate()
      open.clear()
      idle.clear()
      assets.clear()
      await Promise.resolve()
    },
  }
}

/** The engine of a language as it is on this machine. */
export async function nodeEngine(language: Language): Promise<Engine> {
  const { engine } = languages[language]
  if (language === 'js' || language === 'node') return { name: 'Node', version: process.versions.node }
  if (language === 'ts') return { name: 'Node', version: `${process.versions.node}, ${engine.name} ${engine.version}` }
  if (language === 'git') return { name: 'git', version: await toolVersion('git', /git version ([\d.]+)/) }
  if (language === 'bash') return { name: 'bash', version: await toolVersion('bash', /version ([\d.]+)/) }
  return engine
}

const toolVersions = new Map<string, Promise<string>>()

function toolVersion(tool: string, pattern: RegExp): Promise<string> {
  let version = toolVersions.get(tool)
  if (!version) {
    version = promisify(execFile)(tool, ['--version']).then(({ stdout }) => pattern.exec(stdout)?.[1] ?? 'unknown')
    toolVersions.set(tool, version)
  }
  return version
}
