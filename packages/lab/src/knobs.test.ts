/** Knobs: read from texts, refused with their range, written short, and their corners. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { choice, corners, defaults, number, onOff, readKnobs, whyNot, writeKnobs } from './knobs.ts'

const knobs = {
  arrivals: number({ label: 'Arrivals', unit: '/s', min: 10, max: 300, step: 10, value: 120 }),
  full: choice({ label: 'When full', options: { wait: 'wait', fail: 'refuse' }, value: 'wait' }),
  retries: onOff({ label: 'Retries', value: false }),
}

test('reads what is given and leaves the rest as it is', () => {
  assert.deepEqual(readKnobs(knobs, [['arrivals', '200']]), {
    values: { arrivals: 200, full: 'wait', retries: false },
    problems: [],
  })
  assert.deepEqual(readKnobs(knobs, new URLSearchParams('retries=on&full=fail&utm=x&constructor=y')), {
    values: { arrivals: 120, full: 'fail', retries: true },
    problems: [],
  })
})

const wrong: [name: keyof typeof knobs, text: string, problem: string][] = [
  ['arrivals', '301', 'Arrivals can be 10 to 300 /s, not "301"'],
  ['arrivals', '9.99', 'Arrivals can be 10 to 300 /s, not "9.99"'],
  ['arrivals', '', 'Arrivals can be 10 to 300 /s, not ""'],
  ['arrivals', 'NaN', 'Arrivals can be 10 to 300 /s, not "NaN"'],
  ['arrivals', 'Infinity', 'Arrivals can be 10 to 300 /s, not "Infinity"'],
  ['arrivals', '12x', 'Arrivals can be 10 to 300 /s, not "12x"'],
  ['full', 'drop', 'When full can be wait, fail, not "drop"'],
  ['retries', 'true', 'Retries can be on or off, not "true"'],
]
for (const [name, text, problem] of wrong)
  test(`refuses ${name}=${text} with what it can be, and leaves it at its default`, () => {
    assert.deepEqual(readKnobs(knobs, [[name, text]]), { values: defaults(knobs), problems: [problem] })
  })

test('any text is read or refused, never more', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(knobs), '__proto__'), fc.string(), (name, text) => {
      const { values } = readKnobs(knobs, [[name, text]])
      for (const [key, knob] of Object.entries(knobs))
        assert.equal(whyNot(knob, values[key as keyof typeof knobs]), undefined)
    }),
  )
})

test('what is written is read back, and only what differs is written', () => {
  assert.deepEqual(writeKnobs(knobs, defaults(knobs)), [])
  const any = fc.record({
    arrivals: fc.double({ min: 10, max: 300, noNaN: true }),
    full: fc.constantFrom('wait' as const, 'fail' as const),
    retries: fc.boolean(),
  })
  fc.assert(
    fc.property(any, (values) => {
      assert.deepEqual(readKnobs(knobs, writeKnobs(knobs, values)), { values: { ...values }, problems: [] })
    }),
  )
})

test('a knob that contradicts itself is refused where it is made', () => {
  assert.throws(() => number({ label: 'N', min: 1, max: 1, value: 1 }), /knob "N" must have min < max/)
  assert.throws(() => number({ label: 'N', min: 1, max: 2, value: 3 }), RangeError)
  assert.throws(() => number({ label: 'N', min: 1, max: 2, step: 0, value: 1 }), RangeError)
  assert.throws(() => choice({ label: 'C', options: { a: 'A' }, value: 'b' as 'a' }), /"b" is not one of its options/)
})

test('corners: all combinations of the extremes while they are few', () => {
  const all = corners(knobs)
  assert.equal(all.length, 8)
  assert.equal(new Set(all.map((one) => JSON.stringify(one))).size, 8)
  for (const { arrivals } of all) assert.ok(arrivals === 10 || arrivals === 300)
})

test('corners: each extreme alone and all together when they are many', () => {
  const few = corners(knobs, 4)
  assert.equal(few.length, 6 + 2)
  assert.deepEqual(few[0], { arrivals: 10, full: 'wait', retries: false })
  assert.deepEqual(few.slice(-2), [
    { arrivals: 10, full: 'wait', retries: false },
    { arrivals: 300, full: 'fail', retries: true },
  ])
})
