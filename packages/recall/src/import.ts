/** Collects the events of an imported file, chunk by chunk, and counts what happens to every line. */
import type { LoggedEvent } from './event.ts'
import { limits } from './limits.ts'
import { findWrongFormat, type Line, LineSplitter } from './lines.ts'
import { isSameEvent, pickEvent } from './log.ts'
import { type Clock, readLine } from './read.ts'

/** A line that was not taken as it stands, and why. */
export type LineNote = { line: number; message: string }

/** A list that keeps its first `limits.listedLines` notes and counts the others. */
export type LineNotes = { count: number; listed: LineNote[] }

/** What was read so far. Each non-empty line is one event of `events`, or counts once below. */
export type ImportCounts = {
  /** Lines that are not empty. */
  lines: number
  /** Lines that repeat an event of an earlier line. */
  repeated: number
  /** Lines with the id of an earlier line and other content. */
  conflicts: LineNotes
  /** Lines that are no event. */
  refused: LineNotes
}

export type CollectedEvent = { text: string; line: number }

/**
 * Nothing is stored here: the caller pushes the whole file, checks `problem`, and then stores
 * `events` in one transaction. Events stay JSON until then, which takes less memory than objects.
 */
export class LogImport {
  /** By id, in the order of the file. */
  readonly events = new Map<string, CollectedEvent>()
  readonly counts: ImportCounts = {
    lines: 0,
    repeated: 0,
    conflicts: { count: 0, listed: [] },
    refused: { count: 0, listed: [] },
  }
  /** Why the file cannot be imported, once that is known. */
  problem: string | undefined
  /** Bytes that were pushed. */
  bytes = 0

  readonly #fileBytes: number
  readonly #clock: Clock
  readonly #now: () => number
  readonly #startedAt: number
  readonly #splitter = new LineSplitter()

  /** `fileBytes` is the size that the file has according to its folder. */
  constructor({ fileBytes, ...clock }: { fileBytes: number } & Clock) {
    this.#fileBytes = fileBytes
    this.#clock = clock
    this.#now = clock.now ?? Date.now
    this.#startedAt = this.#now()
    if (fileBytes > limits.fileBytes) this.problem = tooLarge(fileBytes)
  }

  /** Does nothing once there is a `problem`. The chunk belongs to the import from then on. */
  push(chunk: Uint8Array): void {
    if (this.problem !== undefined) return
    if (this.bytes === 0) this.problem = findWrongFormat(chunk)
    this.bytes += chunk.length
    if (this.bytes > limits.fileBytes) this.problem = tooLarge(this.bytes)
    this.checkTime()
    if (this.problem === undefined) this.#take(this.#splitter.push(chunk))
  }

  /** Sets `problem` once the import takes too long. Call it while the events are stored, too. */
  checkTime(): void {
    if (this.#now() - this.#startedAt > limits.importMs)
      this.problem = `The import took more than ${limits.importMs / 60_000} minutes. Split the file and import its parts.`
  }

  /** Call it after the last chunk: it reads the last line and compares the sizes. */
  end(): void {
    if (this.problem !== undefined) return
    this.#take(this.#splitter.end())
    // Only known at the end: a file that cannot be read may have a size of 0 as well.
    if (this.bytes === 0 && this.#fileBytes === 0) this.problem = 'The file is empty.'
    if (this.problem === undefined && this.bytes !== this.#fileBytes)
      this.problem =
        `The file changed while it was read: found ${this.bytes} bytes, expected ${this.#fileBytes}. ` +
        'Import it again.'
  }

  #take(lines: readonly Line[]): void {
    for (const line of lines) {
      if (this.counts.lines === limits.events) {
        this.problem = `Line ${line.number} is one too many: a log holds at most ${limits.events} events.`
        return
      }
      this.counts.lines++
      if ('error' in line) note(this.counts.refused, line.number, line.error)
      else this.#read(line.number, line.text)
    }
  }

  #read(line: number, text: string): void {
    const event = readLine(text, this.#clock)
    if (typeof event === 'string') {
      note(this.counts.refused, line, event)
      return
    }
    const earlier = this.events.get(event.id)
    if (!earlier) this.events.set(event.id, { text, line })
    else if (earlier.text === text) this.counts.repeated++
    else this.#settle(earlier, JSON.parse(earlier.text) as LoggedEvent, { text, line }, event)
  }

  #settle(earlier: CollectedEvent, before: LoggedEvent, later: CollectedEvent, after: LoggedEvent): void {
    if (isSameEvent(before, after)) {
      this.counts.repeated++
      return
    }
    const isKept = pickEvent(before, after) === before
    const kept = isKept ? `kept line ${earlier.line}` : `kept this line instead of line ${earlier.line}`
    note(this.counts.conflicts, later.line, `${after.id} has other content in line ${earlier.line}; ${kept}`)
    if (!isKept) this.events.set(after.id, later)
  }
}

/** Adds one note, or only counts it once the list is full. */
export function note(notes: LineNotes, line: number, message: string): void {
  notes.count++
  if (notes.listed.length < limits.listedLines) notes.listed.push({ line, message })
}

function tooLarge(bytes: number): string {
  const mebibytes = (count: number) => Math.ceil(count / 1024 ** 2)
  return `The file has ${mebibytes(bytes)} MiB. An import takes at most ${mebibytes(limits.fileBytes)} MiB.`
}
