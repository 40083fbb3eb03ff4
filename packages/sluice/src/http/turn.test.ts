import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { LoopTurn } from './turn.ts'

/** Turns of a loop whose clock is set by hand: one lasts `from` … `to`; whether what is handed over `at` these moments is too late. */
function loop(mostMs: number) {
  let now = 0
  const turn = new LoopTurn({ now: () => now, schedule: () => () => {} }, mostMs)
  return async (from: number, to: number, at: number[] = [], patience = 1): Promise<boolean[]> => {
    assert.equal(turn.isTooLate(from), false, 'the first of a turn has waited for nothing that is known')
    const found = at.map((moment) => turn.isTooLate(moment, patience))
    now = to
    await new Promise(setImmediate)
    return found
  }
}

/** Turns of 100 ms without a pause, until `toMs`. */
async function busy(turn: ReturnType<typeof loop>, toMs: number): Promise<void> {
  for (let at = 0; at < toMs; at += 100) await turn(at, at + 100)
}

describe('what waits for the event loop', () => {
  test('may wait for the most since its turn began, in proportion to its patience; the next turn begins anew', async () => {
    const turn = loop(400)
    assert.deepEqual(await turn(1000, 1500, [1000, 1400, 1401]), [false, false, true])
    assert.deepEqual(await turn(1500, 2000, [1900, 1901]), [false, true])
    assert.deepEqual(await turn(2000, 3000, [2800, 2801], 2), [false, true])
  })

  test('may wait for a quarter of it when there was no pause for five seconds', async () => {
    const turn = loop(400)
    await busy(turn, 5000)
    assert.deepEqual(await turn(5000, 5200, [5000, 5100, 5101]), [false, false, true])
    assert.deepEqual(await turn(5200, 5500, [5400, 5401], 2), [false, true])
  })

  test('a short turn is a pause', async () => {
    const turn = loop(400)
    await busy(turn, 6000)
    await turn(6000, 6020)
    assert.deepEqual(await turn(6020, 6500, [6420, 6421]), [false, true])
  })

  test('time without a turn is a pause', async () => {
    const turn = loop(400)
    await busy(turn, 6000)
    assert.deepEqual(await turn(6026, 6500, [6426, 6427]), [false, true])
  })

  test('is never too late where any wait is allowed', async () => {
    const turn = loop(Infinity)
    assert.deepEqual(await turn(0, 1e9, [1e9]), [false])
  })
})

test('an admission of Fetch works where there is no setImmediate: in browsers and workers', () => {
  const script = `
    delete globalThis.setImmediate
    delete globalThis.MessageChannel
    const { admission } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
    const app = admission().fetch(() => new Response('in'))
    const statuses = []
    for (let i = 0; i < 20; i++) statuses.push((await app(new Request('http://a/'))).status)
    await new Promise((resolve) => setTimeout(resolve, 450))
    // As late as it would be refused if the turn were still open.
    for (let i = 0; i < 20; i++) statuses.push((await app(new Request('http://a/'))).status)
    console.log([...new Set(statuses)].join())
  `
  const options = { encoding: 'utf8', env: {} } as const
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], options), '200\n')
})
