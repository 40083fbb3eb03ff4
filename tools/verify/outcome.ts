/** What a fence printed, kept in `.cache/verify` under everything that decides it. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine, Fence, RunResult } from '@viva/runner'

export type Outcome = Pick<RunResult, 'output' | 'stopped' | 'notice' | 'durationMs'>

/** Reads and writes outcomes; `runnerHash` stands for the runner's own source. */
export class Outcomes {
  readonly #folder: string
  readonly #runnerHash: string

  constructor(folder: string, runnerHash: string) {
    this.#folder = folder
    this.#runnerHash = runnerHash
  }

  #file(fence: Fence, engine: Engine): string {
    const key = [this.#runnerHash, engine.name, engine.version, fence.language, fence.setup ?? '', fence.code]
    return join(this.#folder, `${createHash('sha256').update(JSON.stringify(key)).digest('hex')}.json`)
  }

  async read(fence: Fence, engine: Engine): Promise<Outcome | undefined> {
    try {
      return JSON.parse(await readFile(this.#file(fence, engine), 'utf8')) as Outcome
    } catch {
      return undefined
    }
  }

  /** A run that was stopped is not kept: another time it may end. */
  async write(fence: Fence, engine: Engine, outcome: Outcome): Promise<void> {
    if (outcome.stopped && outcome.stopped !== 'exit') return
    await mkdir(this.#folder, { recursive: true })
    await writeFile(this.#file(fence, engine), JSON.stringify(outcome))
  }
}

/** Parts of the runner that only its tests and the browser see. */
const without = /\.test\.ts$|^contract\.ts$|^browser(\.ts$|[/\\])|^build\.ts$|^manifest\.ts$/

/** One hash over the source that decides what fences print, by name. */
export async function hashFolder(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.ts') && !without.test(name))
    .toSorted()
  const hash = createHash('sha256')
  for (const name of names) hash.update(name).update(await readFile(join(folder, name)))
  return hash.digest('hex')
}
