/** One contestant in a process of its own: prints how long it took, how much memory at most, and how many ran at once. */

import type { Contestants, Item } from './contest.ts'

const load: Record<string, () => Promise<{ contestants: Contestants }>> = {
  sluice: () => import('./contestants/sluice.ts'),
  'by-hand': () => import('./contestants/by-hand.ts'),
  'node-streams': () => import('./contestants/node-streams.ts'),
  'web-streams': () => import('./contestants/web-streams.ts'),
  effect: () => import('./contestants/effect.ts'),
  rxjs: () => import('./contestants/rxjs.ts'),
  ix: () => import('./contestants/ix.ts'),
  'it-pushable': () => import('./contestants/it-pushable.ts'),
  repeater: () => import('./contestants/repeater.ts'),
  'async-channel': () => import('./contestants/async-channel.ts'),
}

export type Measured = { ms: number; peakMb: number; most: number }

/** Items of the run before the one that is measured, at most as many as in it. */
const mostWarmUp = 100_000

/** A hand-off; a map of tasks that end with the next promise, or with the next turn of the event loop. */
export type Kind = 'handOffs' | 'mappings' | 'turns'

async function measure(library: string, kind: Kind, name: string, count: number): Promise<Measured> {
  const { contestants } = await load[library]!()
  let expected = 0
  const check = (item: Item): void => {
    if (item.n !== expected++)
      throw new Error(`${library} ${name}: item ${item.n} came in the place of ${expected - 1}`)
  }
  // As it gets done: the order is not promised, that each comes once is.
  const seen = new Set<number>()
  const checkAny = ({ n }: Item): void => void seen.add(n)
  let [running, most] = [0, 0]
  const turn = Promise.resolve()
  const task = async (item: Item): Promise<Item> => {
    if (++running > most) most = running
    await (kind === 'mappings' ? turn : new Promise(setImmediate))
    running--
    return item
  }
  const run = async (items: number): Promise<void> => {
    expected = 0
    seen.clear()
    const isUnordered = name === 'completed' || name === 'mergeMap'
    if (kind === 'handOffs') await contestants.handOffs![name]!(items, check)
    else await contestants.mappings![name]!(items, task, isUnordered ? checkAny : check)
    const came = isUnordered ? seen.size : expected
    if (came !== items) throw new Error(`${library} ${name}: ${came} of ${items} items came`)
  }
  await run(Math.min(mostWarmUp, count / 5))
  const start = performance.now()
  await run(count)
  return { ms: performance.now() - start, peakMb: process.resourceUsage().maxRSS / 1024, most }
}

const [library, kind, name, count] = process.argv.slice(2)
if (library === undefined)
  console.log(JSON.stringify({ ms: 0, peakMb: process.resourceUsage().maxRSS / 1024, most: 0 }))
else console.log(JSON.stringify(await measure(library, kind as Kind, name!, Number(count))))
