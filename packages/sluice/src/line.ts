/** A line in which anyone may leave from anywhere at the same cost. */

/** One that can stand in a line; in one at a time. */
export type Linked<N> = { before: N | undefined; after: N | undefined }

export class Line<N extends Linked<N>> {
  length = 0
  oldest: N | undefined = undefined
  newest: N | undefined = undefined

  push(node: N): void {
    node.before = this.newest
    if (this.newest === undefined) this.oldest = node
    else this.newest.after = node
    this.newest = node
    this.length++
  }

  /** Only of one that stands in it. */
  remove(node: N): void {
    if (node.before === undefined) this.oldest = node.after
    else node.before.after = node.after
    if (node.after === undefined) this.newest = node.before
    else node.after.before = node.before
    node.before = node.after = undefined
    this.length--
  }
}
