/** Chance that repeats, one named stream for each thing that is left to it. */

/** Uniform in [0, 1), 53 bits; the same shape as Sluice's `Random`. */
export type Random = () => number

/**
 * A stream of its own for a seed and a name: arrivals drawn from `arrivals` stay the same whatever else a run draws, so that turning
 * one knob does not reshuffle the others (common random numbers; Law, Simulation Modeling and Analysis, §11.2).
 * The generator is sfc32 of PractRand: 128 bits of state, passes its tests to 32 TB.
 */
export function randomStream(seed: number, name: string): Random {
  const next = hashOf(`${name}:${seed}`)
  let [a, b, c, count] = [next(), next(), next(), 1]
  const draw = (): number => {
    const t = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return t >>> 0
  }
  for (let i = 0; i < 15; i++) draw()
  return () => ((draw() >>> 5) * 67108864 + (draw() >>> 6)) / 2 ** 53
}

/** 32-bit words from a text: the seeds of a generator must differ in every bit (MurmurHash3's mixer over FNV-1a). */
function hashOf(text: string): () => number {
  let hash = 2166136261
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619)
  return () => {
    hash = (hash + 0x9e3779b9) | 0
    let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) | 0
  }
}

/** A whole number from 0 to `count` − 1. */
export function pick(random: Random, count: number): number {
  return Math.floor(random() * count)
}

/** The items in a random order (Fisher–Yates); the argument stays as it is. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = pick(random, i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
