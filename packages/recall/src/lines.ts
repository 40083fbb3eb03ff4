/** Splits a stream of bytes into lines of UTF-8, and holds at most one line of bounded length. */
import { limits } from './limits.ts'

/** `number` is 1-based and counts empty lines; a line without `text` was refused. */
export type Line = { number: number; text: string } | { number: number; error: string }

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Empty lines are left out. A byte order mark and the line breaks of Windows are accepted. */
export class LineSplitter {
  #parts: Uint8Array[] = []
  #bytes = 0
  #number = 1
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** Bytes of an unfinished line that are held; at most `limits.lineBytes`. */
  get heldBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0)
  }

  /** The lines that end in this chunk. The chunk is kept until its last line ends. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
      this.#keep(chunk.subarray(from, to))
      this.#finish(lines)
      from = to + 1
    }
    this.#keep(chunk.subarray(from))
    return lines
  }

  /** The last line, if the file does not end with a line break. */
  end(): Line[] {
    const lines: Line[] = []
    this.#finish(lines)
    return lines
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length
    // Too long already: its bytes are counted, not held.
    if (this.#bytes > limits.lineBytes) this.#parts = []
    else if (part.length > 0) this.#parts.push(part)
  }

  #finish(lines: Line[]): void {
    const number = this.#number++
    const bytes = this.#bytes
    const parts = this.#parts
    this.#bytes = 0
    this.#parts = []
    if (bytes > limits.lineBytes) {
      lines.push({ number, error: `found ${bytes} bytes; expected at most ${limits.lineBytes} in one line` })
      return
    }
    if (bytes === 0 || (bytes === 1 && parts[0]?.[0] === carriageReturn)) return
    try {
      let text = this.#decoder.decode(parts.length === 1 ? parts[0] : joined(parts, bytes))
      if (number === 1 && text.startsWith('\uFEFF')) text = text.slice(1)
      if (text.trim() !== '') lines.push({ number, text })
    } catch {
      lines.push({ number, error: 'found bytes that are not UTF-8; expected text in UTF-8' })
    }
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** What a file is when its first bytes show that it is not a log, and what to choose instead. */
export function findWrongFormat(start: Uint8Array): string | undefined {
  const [first, second] = start
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const isWide = (first === 0x7b && second === 0) || (first === 0 && second === 0x7b)
  if (isMarked || isWide) return 'The file is in UTF-16. Save it as UTF-8 and import it again.'
  const isArchive = (first === 0x1f && second === 0x8b) || (first === 0x50 && second === 0x4b)
  if (isArchive) return 'The file is compressed. Unpack it and import the .jsonl file in it.'
  return undefined
}
