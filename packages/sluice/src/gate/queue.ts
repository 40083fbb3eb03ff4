/** Those who wait at a gate, by priority: whom to serve next and whom to shed first, each found in constant time. */

import { Line } from '../line.ts'
import type { ShedPlace, Waiter } from './waiter.ts'

/** Keys are spread over so many shares; a share is shed as a whole before the next is touched. */
export const buckets = 128
/** Levels fit one bitmap. */
export const mostLevels = 32

/** One priority. */
class Level {
  readonly line = new Line<Waiter>()
  /** The same waiters by their share of keys; made when the first one with a key comes. */
  #shares: Line<ShedPlace>[] | undefined
  /** Which shares have somebody: bit i of word w is share 32 · w + i. */
  readonly #occupied = new Uint32Array(buckets / 32)

  add(waiter: Waiter): void {
    this.line.push(waiter)
    if (waiter.shedPlace === undefined) return
    this.#shares ??= Array.from({ length: buckets }, () => new Line<ShedPlace>())
    this.#shares[waiter.bucket]!.push(waiter.shedPlace)
    this.#occupied[waiter.bucket >> 5]! |= 1 << (waiter.bucket & 31)
  }

  remove(waiter: Waiter): void {
    this.line.remove(waiter)
    if (waiter.shedPlace === undefined) return
    const share = this.#shares![waiter.bucket]!
    share.remove(waiter.shedPlace)
    if (share.length === 0) this.#occupied[waiter.bucket >> 5]! &= ~(1 << (waiter.bucket & 31))
  }

  /** The share that is shed first; -1 when nobody has a key. */
  get lastShare(): number {
    for (let word = this.#occupied.length - 1; word >= 0; word--) {
      const bits = this.#occupied[word]!
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits)
    }
    return -1
  }

  victim(newestFirst: boolean): Waiter {
    const share = this.lastShare
    if (share < 0) return (newestFirst ? this.line.newest : this.line.oldest)!
    const places = this.#shares![share]!
    return (newestFirst ? places.newest : places.oldest)!.waiter
  }
}

export class WaitQueue {
  length = 0
  readonly #levels: Level[]
  /** Bit i: somebody waits at level i. */
  #occupied = 0

  constructor(levels: number) {
    this.#levels = Array.from({ length: levels }, () => new Level())
  }

  add(waiter: Waiter): void {
    this.#levels[waiter.level]!.add(waiter)
    this.#occupied |= 1 << waiter.level
    this.length++
    waiter.isQueued = true
  }

  remove(waiter: Waiter): void {
    const level = this.#levels[waiter.level]!
    level.remove(waiter)
    if (level.line.length === 0) this.#occupied &= ~(1 << waiter.level)
    this.length--
    waiter.isQueued = false
  }

  /** How many wait at this level or a more important one. */
  ahead(level: number, includesOwn: boolean): number {
    let count = 0
    for (let i = 0; i < level + (includesOwn ? 1 : 0); i++) count += this.#levels[i]!.line.length
    return count
  }

  /** The one to serve: of the most important level, the oldest or the newest. Somebody has to wait. */
  next(newestFirst: boolean): Waiter {
    // The lowest set bit.
    const { line } = this.#levels[31 - Math.clz32(this.#occupied & -this.#occupied)]!
    return (newestFirst ? line.newest : line.oldest)!
  }

  /**
   * The one to shed so that one of `level` and `bucket` can wait: of the least important level, of its last share of keys; undefined
   * when that would be the newcomer itself. Among equals the newcomer gives way unless `newestFirst` serves it before the old ones.
   */
  victim(level: number, bucket: number, newestFirst: boolean): Waiter | undefined {
    const worst = 31 - Math.clz32(this.#occupied)
    if (worst < level) return undefined
    const share = this.#levels[worst]!.lastShare
    if (worst === level && (share < bucket || (share === bucket && !newestFirst))) return undefined
    return this.worst(newestFirst)
  }

  /** The first to be shed: of the least important level, of its last share of keys, the one who would be served last. Somebody has to wait. */
  worst(newestFirst: boolean): Waiter {
    return this.#levels[31 - Math.clz32(this.#occupied)]!.victim(!newestFirst)
  }
}

/** The share of a key, 0 to 127; differently each `epoch`, so that it is not for ever the same who are shed (FNV-1a, mixed). */
export function shareOf(key: string, epoch: number): number {
  let hash = 0x811c9dc5 ^ epoch
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) & (buckets - 1)
}
