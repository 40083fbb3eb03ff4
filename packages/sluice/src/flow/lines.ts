/** `lines`: text or bytes into lines. */

import { Ring } from '../channel/ring.ts'
import { checkCount } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type LinesOptions = {
  /**
   * The most UTF-16 code units of a line: a longer one fails the flow with a `RangeError`, or a
   * source without line breaks would fill the memory. Default 2^20.
   */
  maxLength?: number
}

/**
 * Splits text, or bytes as UTF-8, into lines, without their `\n` or `\r\n`. Chunks may end
 * anywhere, also inside a character. What follows the last line break is a line unless it is empty.
 * Holds the lines of one chunk and the beginning of the next line.
 *
 * @example
 * await pipe(fromReadable<Buffer>(createReadStream('access.log')), lines(), map(parse), forEach(save))
 */
export function lines(options: LinesOptions = {}): Operator<string | Uint8Array, string> {
  const maxLength = checkCount('maxLength', options.maxLength ?? 2 ** 20)
  return (source) => flow(() => new LinesStage(source, maxLength))
}

class LinesStage extends Stage<string> {
  readonly #upstream: Upstream<string | Uint8Array>
  readonly #maxLength: number
  readonly #decoder = new TextDecoder()
  readonly #ready = new Ring<string>()
  /** The beginning of the next line. */
  #rest = ''
  #finale: (() => void) | undefined

  constructor(source: Source<string | Uint8Array>, maxLength: number) {
    super()
    this.#maxLength = maxLength
    this.#upstream = this.open(source, {
      item: (chunk) => {
        this.#split(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }))
        this.onDemand()
      },
      end: () => {
        this.#split(this.#decoder.decode())
        if (this.#rest !== '') this.#ready.push(this.#rest)
        this.#finale ??= () => this.end()
        this.onDemand()
      },
      error: (error) => {
        this.#finale ??= () => this.fail(error)
        this.onDemand()
      },
    })
  }

  protected override onDemand(): void {
    while (this.isWanted && this.#ready.length > 0) this.emit(this.#ready.shift()!)
    if (this.#ready.length > 0) return
    if (this.#finale !== undefined) this.#finale()
    else if (this.isWanted) this.#upstream.pull()
  }

  protected override onOver(): void {
    this.#ready.clear()
    this.#rest = ''
  }

  #split(text: string): void {
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = this.#rest + text.slice(from, at)
      this.#check(line)
      this.#ready.push(line.endsWith('\r') ? line.slice(0, -1) : line)
      this.#rest = ''
      from = at + 1
    }
    this.#rest += text.slice(from)
    this.#check(this.#rest)
  }

  /** What came before a line that is too long is still given, then the error. */
  #check(line: string): void {
    if (line.length <= this.#maxLength || this.#finale !== undefined) return
    const error = new RangeError(
      `A line is longer than ${this.#maxLength}: give lines() a greater maxLength, or split before it`,
    )
    this.#finale = () => this.fail(error)
  }
}
