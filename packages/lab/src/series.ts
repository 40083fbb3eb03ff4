/** Points of a chart, thinned for drawing: each stretch of x keeps its lowest and its highest. Figures are never taken from here. */

/** x and y in turn. */
export type Points = number[]

/** So many stretches remain when they are joined. */
const most = 600

/** Takes any number of points in growing x, holds fewer than 1,200 stretches and gives at most 2,400 points; the first and the last are always among them. */
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
    const points: Points = []
    // What stands at the same moment is told apart by its y: a level may fall and rise at once.
    const add = (x: number, y: number): void => {
      if (points.at(-2) !== x || points.at(-1) !== y) points.push(x, y)
    }
    const [first, last] = [this.#stretches[0]!, this.#stretches.at(-1)!]
    add(first[0]!, first[1]!)
    for (const [, , lowX, lowY, highX, highY] of this.#stretches) {
      const isLowFirst = lowX! <= highX!
      add(isLowFirst ? lowX! : highX!, isLowFirst ? lowY! : highY!)
      add(isLowFirst ? highX! : lowX!, isLowFirst ? highY! : lowY!)
    }
    add(last[6]!, last[7]!)
    return points
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
