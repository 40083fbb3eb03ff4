/** The agenda against a sorted array: whatever is added and taken in between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Agenda } from './agenda.ts'

class Named {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
  happen(): void {}
}

test('takes in the order of time, and among equals in the order in which they were set', () => {
  // Few distinct times, so that equals are common; `undefined` takes one out.
  const step = fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined, freq: 2 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const agenda = new Agenda()
      let model: { at: number; id: number }[] = []
      for (const [id, at] of steps.entries()) {
        if (at !== undefined) {
          agenda.add(at, new Named(id))
          model.push({ at, id })
        } else if (model.length > 0) {
          const [next, ...rest] = model.toSorted((a, b) => a.at - b.at || a.id - b.id)
          assert.equal(agenda.nextAt, next!.at)
          assert.equal((agenda.take() as Named).id, next!.id)
          model = rest
        }
        assert.equal(agenda.length, model.length)
      }
    }),
    { numRuns: 300 },
  )
})

test('grows past its first arrays and empties', () => {
  const agenda = new Agenda()
  for (let i = 0; i < 1000; i++) agenda.add((i * 7919) % 1000, new Named(i))
  const times: number[] = []
  while (agenda.length > 0) {
    times.push(agenda.nextAt)
    agenda.take()
  }
  assert.deepEqual(
    times,
    Array.from({ length: 1000 }, (_, i) => i),
  )
})
