import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Channel, channel, none } from '../index.ts'
import { conformsToChannel } from '../testing/index.ts'

describe('the channel', () => {
  for (const one of conformsToChannel({ make: (options) => channel<number>(options), meetings: 1000 }))
    test(one.name, one.run)
})

/** A suite that passes everything proves nothing: each of these has one fault, and must fail. */
const faulty: Record<string, (real: Channel<number>) => Partial<Channel<number>>> = {
  'loses every fifth item': (real) => {
    let count = 0
    return { trySend: (item) => ++count % 5 === 0 || real.trySend(item) }
  },
  'gives the newest first': (real) => ({ tryReceiveUpTo: (max, into) => real.tryReceiveUpTo(max, into).reverse() }),
  'hears no signal': (real) => ({ receive: () => real.receive() }),
  'ends before it is drained': (real) => ({
    close: (error) => {
      real.tryReceiveUpTo(100)
      real.close(error)
    },
  }),
  'gives undefined at the end': (real) => ({
    receive: async (options) => {
      const item = await real.receive(options)
      return item === none ? (undefined as unknown as number) : item
    },
  }),
  'has room for one more': (real) => {
    const more: number[] = []
    return { trySend: (item) => real.trySend(item) || (more.length === 0 && more.push(item) > 0) }
  },
}

describe('the suite finds a channel that', () => {
  for (const [fault, change] of Object.entries(faulty)) {
    test(fault, async () => {
      const make = (options: { capacity: number; onFull: 'wait' }): Channel<number> => {
        const real = channel<number>(options)
        const changed = change(real)
        return new Proxy(real, {
          get(target, key) {
            const value: unknown =
              key in changed ? changed[key as keyof typeof changed] : target[key as keyof typeof target]
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      }
      const cases = conformsToChannel({ make: make as never, meetings: 10 })
      const outcomes = await Promise.allSettled(cases.map((one) => Promise.race([one.run(), late()])))
      assert.ok(outcomes.some((outcome) => outcome.status === 'rejected'))
    })
  }
})

/** A faulty channel may wait for ever; the runner's patience is three thousand turns. */
async function late(): Promise<never> {
  for (let turn = 0; turn < 3000; turn++) await new Promise(setImmediate)
  throw new Error('it still waits')
}
