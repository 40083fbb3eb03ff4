/** A consumer in a process of its own, to be killed: `killed.long.test.ts` starts it, keeps its idempotency store, and counts. */

import { flushCompileCache } from 'node:module'
import { type Begun, type Ended, idempotency, type IdempotencyStore } from '../idempotency.ts'
import type { Consumed, ConsumeOptions, Handler } from './consume.ts'
import { textOf } from './message.ts'

/** What it tells its parent, and asks of it. */
export type Told =
  | { told: 'loaded' }
  | { told: 'begun' | 'handled'; body: string }
  | { asked: number; method: keyof IdempotencyStore; args: unknown[] }
export type Answer = { asked: number; result: unknown } | { go: true } | { stop: true }

type Consume = (handler: Handler, options: ConsumeOptions) => Promise<Consumed>

const connectors: Record<string, (name: string) => Promise<Consume>> = {
  async nats(name) {
    const { connect } = await import('@nats-io/transport-node')
    const { consume } = await import('../nats/index.ts')
    const source = { connect: () => connect({ reconnect: false }), stream: name, consumer: 'worker', ackWaitMs: 600 }
    return (handler, options) => consume(source, handler, options)
  },
  async rabbitmq(name) {
    const { connect } = await import('amqplib')
    const { consume } = await import('../rabbitmq/index.ts')
    return (handler, options) => consume({ connect: () => connect('amqp://127.0.0.1'), queue: name }, handler, options)
  },
  async redis(name) {
    const { createClient } = await import('redis')
    const { consume } = await import('../redis/index.ts')
    const dial = () => createClient({ socket: { reconnectStrategy: false } }).connect()
    const source = { connect: dial, stream: name, group: 'workers', abandonedMs: 600 }
    return (handler, options) => consume(source, handler, options)
  },
}

const waiting = new Map<number, (result: unknown) => void>()
let asked = 0

function tell(message: Told): void {
  process.send?.(message)
}

function ask(method: keyof IdempotencyStore) {
  return (...args: unknown[]): Promise<never> =>
    new Promise((resolve) => {
      waiting.set(++asked, resolve as (result: unknown) => void)
      // A signal does not cross; the wait ends with the process.
      tell({ asked, method, args: method === 'ended' ? args.slice(0, 1) : args.map(plain) })
    })
}

const plain = (value: unknown): unknown => (value instanceof Error ? value.message : value)

async function main(which: string, name: string): Promise<void> {
  const store: IdempotencyStore = {
    begin: ask('begin') as (...args: unknown[]) => Promise<Begun>,
    finish: ask('finish'),
    abandon: ask('abandon'),
    ended: ask('ended') as (...args: unknown[]) => Promise<Ended>,
  }
  const controller = new AbortController()
  const { promise: isToGo, resolve: go } = Promise.withResolvers<void>()
  process.on('message', (answer: Answer) => {
    if ('stop' in answer) return controller.abort()
    if ('go' in answer) return go()
    waiting.get(answer.asked)?.(answer.result)
    waiting.delete(answer.asked)
  })
  process.on('disconnect', () => process.exit(1))
  const consume = await connectors[which]!(name)
  // Whoever is killed writes nothing at its end.
  flushCompileCache()
  tell({ told: 'loaded' })
  await isToGo
  await consume(
    async (message) => {
      const body = textOf(message)
      tell({ told: 'begun', body })
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
      tell({ told: 'handled', body })
    },
    {
      concurrency: 4,
      signal: controller.signal,
      idempotency: idempotency({ store }),
      retryDelay: () => 50,
      reconnect: { backoff: () => 50 },
    },
  )
  process.exit(0)
}

// Only where it was forked.
if (process.send !== undefined && process.argv[3] !== undefined) void main(process.argv[2]!, process.argv[3])
