/** Consumers that are killed at random moments: every message is counted. Fifty SIGKILLs in all, over three real brokers. */

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { memoryStore } from '../idempotency.ts'
import { natsWorld } from '../nats/world.fixture.ts'
import { rabbitWorld } from '../rabbitmq/world.fixture.ts'
import { redisWorld } from '../redis/world.fixture.ts'
import { withBroker } from './brokers.fixture.ts'
import { pauseMs, until, type World } from './contract.ts'
import type { Answer, Told } from './killed.fixture.ts'

const concurrency = 4
const children = new Set<ChildProcess>()
/** Fifty times the same code: bundled and compiled once. */
const folder = mkdtempSync(join(tmpdir(), 'sluice-killed-'))
const program = join(folder, 'consumer.cjs')
before(() =>
  build({
    entryPoints: [join(import.meta.dirname, 'killed.fixture.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  }),
)
after(() => {
  children.forEach((child) => child.kill('SIGKILL'))
  rmSync(folder, { recursive: true, force: true })
})

/** Kept here, where nobody is killed: what `finish` writes is the effect that has to happen once. */
class Ledger {
  readonly #store = memoryStore()
  readonly finished = new Map<string, number>()
  readonly handled = new Map<string, number>()
  begun = 0
  /** Handlers that began though their message was finished. */
  tooLate = 0

  /** A process that has loaded everything, and does nothing yet. */
  #spare: ReturnType<Ledger['load']> | undefined

  /** A consumer; resolves when it runs its first handler. The next one is loaded meanwhile, or the test would be about how long processes take to begin. */
  async start(which: string, name: string): Promise<ChildProcess> {
    const { child, isLoaded, isRunning } = this.#spare ?? this.load(which, name)
    this.#spare = this.load(which, name)
    await isLoaded
    child.send({ go: true } satisfies Answer)
    await isRunning
    return child
  }

  /** No further one will be started. */
  end(): void {
    this.#spare?.child.kill('SIGKILL')
  }

  load(which: string, name: string): { child: ChildProcess; isLoaded: Promise<void>; isRunning: Promise<void> } {
    const child = fork(program, [which, name], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
      env: { ...process.env, NODE_COMPILE_CACHE: folder },
    })
    children.add(child)
    /** What it has begun, by its token. */
    const begun = new Map<string, string>()
    const { promise: isRunning, resolve } = Promise.withResolvers<void>()
    const { promise: isLoaded, resolve: loaded } = Promise.withResolvers<void>()
    child.on('message', (told: Told) => {
      if ('told' in told) {
        if (told.told === 'loaded') loaded()
        else if (told.told === 'begun') {
          resolve()
          this.begun++
          if (this.finished.has(`id-${told.body}`)) this.tooLate++
        } else this.handled.set(told.body, (this.handled.get(told.body) ?? 0) + 1)
        return
      }
      void this.#answer(child, told, begun)
    })
    child.on('exit', () => {
      children.delete(child)
      for (const [token, key] of begun) void this.#store.abandon(key, token, new Error('its consumer was killed'))
      loaded()
      resolve()
    })
    return { child, isLoaded, isRunning }
  }

  async #answer(
    child: ChildProcess,
    { asked, method, args }: Extract<Told, { asked: number }>,
    begun: Map<string, string>,
  ): Promise<void> {
    const store = this.#store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
    const [key, token] = args as [string, string]
    const result = (await store[method]!(...args)) as { state?: string; token?: string } | undefined
    if (method === 'begin' && result?.state === 'begun') {
      if (child.exitCode !== null || child.signalCode !== null)
        return this.#store.abandon(key, result.token!, undefined)
      begun.set(result.token!, key)
    }
    if (method === 'finish' && begun.delete(token)) this.finished.set(key, (this.finished.get(key) ?? 0) + 1)
    if (method === 'abandon') begun.delete(token)
    if (child.connected) child.send({ asked, result } satisfies Answer, () => {})
  }
}

async function killedAtRandom(which: string, world: World & { name: string }, kills: number): Promise<void> {
  const ledger = new Ledger()
  const out = world.publisher({ inFlight: 16 })
  let sent = 0
  let isKilling = true
  const sending = (async () => {
    for (; isKilling && sent < 6000; await pauseMs(4)) await out.publish({ id: `id-${sent}`, body: String(sent++) })
  })()
  // Two at a time; one dies, and another takes its place.
  const pair = await Promise.all([ledger.start(which, world.name), ledger.start(which, world.name)])
  try {
    for (let n = 0; n < kills; n++) {
      await pauseMs(Math.random() * 80)
      const victim = pair[n % 2]!
      victim.kill('SIGKILL')
      pair[n % 2] = await ledger.start(which, world.name)
    }
    isKilling = false
    await sending
    await out.close()
    await until(() => ledger.finished.size === sent, `all ${sent} are finished`, 60_000)
    await until(async () => (await world.remaining()) === 0, 'all are acknowledged', 30_000)
    await Promise.all(
      pair.map(async (child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.send({ stop: true } satisfies Answer)
        assert.equal(await ended, 0)
      }),
    )
  } finally {
    isKilling = false
    ledger.end()
    for (const child of pair) child.kill('SIGKILL')
  }
  const lost = Array.from({ length: sent }, (_, n) => n).filter((n) => !ledger.finished.has(`id-${n}`))
  const twice = [...ledger.handled.values()].reduce((sum, times) => sum + times - 1, 0)
  assert.deepEqual(lost, [], 'lost')
  assert.ok(
    [...ledger.finished.values()].every((times) => times === 1),
    'an effect in the store happened twice',
  )
  assert.equal(ledger.tooLate, 0, 'handled again after the store had it')
  // At least once: a handler that had ended, and was killed before the store had its end.
  console.log(`${which}: ${kills} kills, ${sent} sent, ${ledger.begun} begun, ${twice} handled twice, 0 lost`)
  assert.ok(ledger.begun > sent, 'no handler was interrupted: nothing is shown')
  assert.ok(twice <= kills * concurrency, `${twice} handled twice, ${kills} kills`)
}

describe('consumers that are killed lose nothing', { concurrency: 3 }, async () => {
  const cases = [
    ['nats', 'NATS JetStream', natsWorld, 17],
    ['rabbitmq', 'RabbitMQ', rabbitWorld, 17],
    ['redis', 'Redis Streams', () => redisWorld({ abandonedMs: 600 }), 16],
  ] as const
  for (const [which, called, make, kills] of cases)
    await withBroker(which, `${called}: ${kills} times SIGKILL`, () =>
      test(`${called}: ${kills} times SIGKILL`, { timeout: 170_000 }, async () => {
        const world = await make()
        try {
          await killedAtRandom(which, world, kills)
        } finally {
          await world.close()
        }
      }),
    )
})
