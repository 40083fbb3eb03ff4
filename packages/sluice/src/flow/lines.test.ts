import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidOption } from '../errors.ts'
import { probeSource } from '../testing/probe-source.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { take } from './each.ts'
import { lines } from './lines.ts'
import { pipe } from './pipe.ts'
import { collect } from './sinks.ts'

test('splits text at line breaks of both kinds, wherever the chunks end', async () => {
  const text = 'one\r\ntwo\n\nfour\nlast'
  for (let size = 1; size <= text.length; size++) {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!
    assert.deepEqual(await pipe(chunks, lines(), collect()), ['one', 'two', '', 'four', 'last'])
  }
  assert.deepEqual(await pipe(['a\n'], lines(), collect()), ['a'])
  assert.deepEqual(await pipe([] as string[], lines(), collect()), [])
})

test('property: bytes cut anywhere, also inside a character, give the lines of the text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 7 }),
      async (parts, size) => {
        const text = parts.map((part) => part.replaceAll(/[\r\n\uFEFF]/g, '')).join('\n')
        const bytes = new TextEncoder().encode(text)
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
          bytes.subarray(n * size, (n + 1) * size),
        )
        const expected = new TextDecoder().decode(bytes).split('\n')
        if (expected.at(-1) === '') expected.pop()
        assert.deepEqual(await pipe(chunks, lines(), collect()), expected)
      },
    ),
  )
})

test('a line that is too long fails the flow, after the lines before it', async () => {
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    for await (const line of pipe(['ok\n', 'x'.repeat(9), 'y'.repeat(9)], lines({ maxLength: 10 }))) seen.push(line)
  }
  await assert.rejects(reading(), /^RangeError: A line is longer than 10/)
  assert.deepEqual(seen, ['ok'])
  assert.throws(() => lines({ maxLength: 0 }), InvalidOption)
})

test('pulls a chunk when its lines are used up, and tells the source once when it is left', async () => {
  const source = probeSource({ clock: virtualClock() })
  const chunks = { [Symbol.asyncIterator]: () => textOf(source[Symbol.asyncIterator]()) }
  assert.deepEqual(await pipe(chunks, lines(), take(3), collect()), ['0', '0', '1'])
  assert.deepEqual([source.pulled, source.returned, source.violations], [2, 1, []])
})

/** Two lines of each item. */
function textOf(numbers: AsyncIterator<number>): AsyncIterator<string> {
  return {
    async next() {
      const { done, value } = await numbers.next()
      return done ? { done, value } : { done: false, value: `${value}\n${value}\n` }
    },
    async return() {
      await numbers.return?.()
      return { done: true, value: undefined }
    },
  }
}
