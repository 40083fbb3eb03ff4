/** What goes wrong between a server and one of its clients. */

/** The client hung up before it had its answer; the reason with which its work is called off. */
export class ClientGone extends Error {
  constructor() {
    super('The client hung up before it had its answer')
  }

  override get name(): string {
    return 'ClientGone'
  }
}

/** The client did not take its answer: nothing moved for `stallMs`. */
export class ReaderStalled extends Error {
  declare readonly stallMs: number

  constructor(stallMs: number) {
    super(`The client took nothing of its answer for ${stallMs} ms`)
    this.stallMs = stallMs
  }

  override get name(): string {
    return 'ReaderStalled'
  }
}

/** The body of a request is longer than is allowed (413). */
export class BodyTooLarge extends Error {
  declare readonly maxBytes: number

  constructor(maxBytes: number) {
    super(`The body of the request is longer than ${maxBytes} bytes`)
    this.maxBytes = maxBytes
  }

  override get name(): string {
    return 'BodyTooLarge'
  }
}

/** The body of a request comes too slowly, or has stopped coming (408). */
export class BodyTooSlow extends Error {
  constructor() {
    super('The body of the request comes too slowly')
  }

  override get name(): string {
    return 'BodyTooSlow'
  }
}
