/** Points of a chart, thinned for drawing: each stretch of x keeps its lowest and its highest. Figures are never taken from here. */

/** x and y in turn. */
export type Points = number[]

/** At most so many stretches; twice as many points. */
const most = 600

/** Takes any number of points in growing x, holds at most 1,200. */
export class Series {
  /** A stretch: x and y of its first, lowest, highest and last point. */
  #stretches: Points[] = []
  #perStretch = 1
  #count = 0

  add(x: number, y: number): void {
    const last = this.#stretches.at(-1)
    if (last !== undefined && this.#count % this.#perStretch !== 0) widen(last, x, y)
    else this.#stretches.push([x, y, x, y, x, y, x, y])
    this.#count++
    if (this.#stretches.length < 2 * most) return
    // Full: neighbours are joined, and from now on stretches hold twice as many.
    this.#stretches = Array.from({ length: most }, (_, i) => join(this.#stretches[2 * i]!, this.#stretches[2 * i + 1]!))
    this.#perStretch *= 2
  }

  points(): Points {
    if (this.#perStretch === 1) return this.#stretches.flatMap(([x, y]) => [x!, y!])
    return this.#stretches.flatMap(([, , lowX, lowY, highX, highY]) =>
      lowX! <= highX!
        ? lowX === highX
          ? [lowX!, lowY!]
          : [lowX!, lowY!, highX!, highY!]
        : [highX!, highY!, lowX!, lowY!],
    )
  }
}

function widen(stretch: Points, x: number, y: number): void {
  if (y < stretch[3]!) [stretch[2], stretch[3]] = [x, y]
  if (y > stretch[5]!) [stretch[4], stretch[5]] = [x, y]
  ;[stretch[6], stretch[7]] = [x, y]
}

function join(one: Points, next: Points): Points {
  const low = one[3]! <= next[3]! ? one : next
  const high = one[5]! >= next[5]! ? one : next
  return [one[0]!, one[1]!, low[2]!, low[3]!, high[4]!, high[5]!, next[6]!, next[7]!]
}
