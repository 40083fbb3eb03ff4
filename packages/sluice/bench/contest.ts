/** What the contestants of the benchmark are given, and what they have to do with it. */

/** What goes from hand to hand: an object, so that nothing is gained by numbers that fit a word. */
export type Item = { n: number }

export const capacity = 64
export const concurrency = 16

/** Hands `count` items from a producer to a consumer, through at most `capacity` of them, and gives each to `check`. */
export type HandOff = (count: number, check: (item: Item) => void) => Promise<void>

/** Gives `count` items to `task`, at most `concurrency` at a time, and each result to `check`. */
export type Mapping = (count: number, task: (item: Item) => Promise<Item>, check: (item: Item) => void) => Promise<void>

export type Contestants = { handOffs?: Record<string, HandOff>; mappings?: Record<string, Mapping> }

/** The items, made when they are asked for. */
export function* items(count: number): Generator<Item, void> {
  for (let n = 0; n < count; n++) yield { n }
}
