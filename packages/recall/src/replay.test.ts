import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type EventInput, type LoggedEvent, newEvent } from './event.ts'
import { bookmarks, misses, notes, seenQuestions, unfinishedQuiz } from './replay.ts'

const start = Date.UTC(2026, 10, 24)

/** Events a second apart. */
function log(...inputs: EventInput[]): LoggedEvent[] {
  return inputs.map((input, index) => newEvent(input, { now: () => start + 1000 * (index + 1), random: () => 0.25 }))
}
const attempt = (item: string, right: boolean, seed = 1): EventInput => ({
  type: 'attempt',
  question: 'git/rebase',
  item,
  kind: 'fill',
  right,
  answer: `answer to ${item}`,
  seed,
  ms: 1,
})
const started = (seed: number, count = 2, scope = 'git'): EventInput => ({ type: 'quiz-started', scope, seed, count })
const finished = (seed: number, scope = 'git'): EventInput => ({ type: 'quiz-finished', scope, seed, right: 0, of: 2 })
const missed = (events: LoggedEvent[]) => misses(events).map(({ item }) => item)

test('a miss stays until the item is answered right, and comes back when it is missed again', () => {
  assert.deepEqual(missed(log(attempt('a', false), attempt('b', false))), ['a', 'b'])
  assert.deepEqual(missed(log(attempt('a', false), attempt('b', false), attempt('a', true))), ['b'])
  assert.deepEqual(missed(log(attempt('a', false), attempt('a', true), attempt('a', false))), ['a'])
  assert.deepEqual(
    missed(log(attempt('a', false), attempt('b', false), attempt('a', false))),
    ['b', 'a'],
    'oldest first',
  )
  assert.deepEqual(missed([]), [])
})

test('a half-done quiz comes with its first answers', () => {
  const open = unfinishedQuiz(
    log(attempt('b', true), started(7, 3), attempt('a', false, 7), attempt('a', true, 7), attempt('c', true, 8)),
  )
  assert.deepEqual(open, { scope: 'git', seed: 7, count: 3, answers: new Map([['git/rebase#a', 'answer to a']]) })
})

test('no quiz is half-done when there is none, or it was finished, answered whole, or given up for another', () => {
  assert.equal(unfinishedQuiz([]), undefined)
  assert.equal(unfinishedQuiz(log(started(7), attempt('a', true, 7), finished(7))), undefined)
  assert.equal(unfinishedQuiz(log(started(7), attempt('a', true, 7), attempt('b', true, 7))), undefined)
  assert.equal(unfinishedQuiz(log(started(7), started(8), finished(8))), undefined)
  assert.equal(unfinishedQuiz(log(started(7), finished(8)))?.seed, 7, 'another one was finished')
  assert.equal(unfinishedQuiz(log(started(7), finished(7, 'nodejs')))?.seed, 7, 'the same seed of another scope')
  assert.equal(unfinishedQuiz(log(started(7), finished(7), started(7)))?.answers.size, 0, 'begun again')
})

test('questions that were seen, bookmarked and noted', () => {
  const events = log(
    { type: 'reveal', question: 'git/merge' },
    { type: 'bookmark', question: 'git/merge', on: true },
    { type: 'bookmark', question: 'git/rebase', on: true },
    { type: 'note', question: 'git/merge', text: 'one' },
    { type: 'note', question: 'git/rebase', text: 'two' },
    { type: 'note', question: 'git/merge', text: 'three' },
    { type: 'note', question: 'git/rebase', text: ' ' },
    { type: 'bookmark', question: 'git/merge', on: false },
    started(1),
  )
  assert.deepEqual(
    [...seenQuestions(events)],
    [
      ['git/rebase', '2026-11-24T00:00:07.000Z'],
      ['git/merge', '2026-11-24T00:00:08.000Z'],
    ],
  )
  assert.deepEqual(bookmarks(events), new Set(['git/rebase']))
  assert.deepEqual(notes(events), new Map([['git/merge', 'three']]))
})

test('gives the same state for any order of events, and ignores unknown types', () => {
  const events: LoggedEvent[] = [
    ...log(started(7, 5), attempt('a', false, 7), attempt('b', true, 7), attempt('a', true, 7), {
      type: 'bookmark',
      question: 'q',
      on: true,
    }),
    {
      id: '01a20ada-2c01-7000-8000-000000000000',
      at: '2026-11-24T00:00:02.500Z',
      type: 'telepathy',
      question: 'git/merge',
    },
  ]
  const all = (list: LoggedEvent[]) => [
    misses(list),
    unfinishedQuiz(list),
    [...seenQuestions(list)],
    bookmarks(list),
    notes(list),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (list) =>
      assert.deepEqual(all(list), all(events)),
    ),
  )
  assert.equal(seenQuestions(events).has('git/merge'), false)
})
