import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aimd, fixed, type Flow, gradient, type Limit, type Operator, type Source, vegas } from '../index.ts'
import { type Case, conformsToLimit, conformsToOperator } from './index.ts'

const limits: Record<string, { make: () => Limit; max: number }> = {
  fixed: { make: () => fixed(20), max: 20 },
  aimd: { make: () => aimd({ max: 200 }), max: 200 },
  vegas: { make: () => vegas({ max: 200 }), max: 200 },
  gradient: { make: () => gradient({ max: 200 }), max: 200 },
}
for (const [name, subject] of Object.entries(limits)) {
  describe(name, () => {
    for (const one of conformsToLimit(subject)) test(one.name, one.run)
  })
}

async function failures(cases: Case[]): Promise<string[]> {
  const failed: string[] = []
  for (const one of cases) await one.run().catch(() => failed.push(one.name))
  return failed
}

describe('the suites find what is wrong', () => {
  test('a limit that grows while everything fails', async () => {
    let value = 1
    const limit: Limit = {
      get value() {
        return value
      },
      update: () => (value = Math.min(100, value + 1)),
    }
    const failed = await failures(
      conformsToLimit({
        make: () => {
          value = 1
          return limit
        },
        max: 100,
      }),
    )
    assert.equal(failed.length, 2, failed.join())
  })

  test('an operator written as an async generator, which cannot be left while it waits', async () => {
    const naive: Operator<number, number> = (source: Source<number>): Flow<number> => ({
      async *[Symbol.asyncIterator]() {
        for await (const item of source) yield item
        return undefined
      },
    })
    assert.deepEqual(await failures(conformsToOperator({ make: () => naive, holds: 1 })), [
      'left while the source keeps it waiting, tells it at once and settles whoever waits',
    ])
  })

  test('an operator that pulls ahead of its bound', async () => {
    const greedy: Operator<number, number> = (source: Source<number>): Flow<number> => ({
      async *[Symbol.asyncIterator]() {
        const all: number[] = []
        for await (const item of source) all.push(item)
        yield* all
        return undefined
      },
    })
    const failed = await failures(conformsToOperator({ make: () => greedy, holds: 3 }).slice(0, 3))
    assert.deepEqual(failed, ['never holds more than its bound, and does not pull for a consumer that does not ask'])
  })
})
