/** Bounds on a log that comes from outside. Every bound leaves room for what the site itself records. */
export const limits = {
  /** Size of an imported file, in bytes: 128 MiB. */
  fileBytes: 128 * 1024 * 1024,
  /** Length of one line, in bytes without its line break: 1 MiB. */
  lineBytes: 1024 * 1024,
  /** How long an import may take, in milliseconds: 15 minutes. */
  importMs: 15 * 60 * 1000,
  /** Events in an imported file, and in the log after the import. */
  events: 500_000,
  /** Nesting of objects and lists in one event; the event itself is level 1. */
  depth: 32,
  /** Length of a question id, an item id, a fence id or a quiz scope, in UTF-16 code units. */
  idChars: 300,
  /** Length of an event type, in UTF-16 code units. */
  typeChars: 100,
  /** Length of an answer, a note or an output, in UTF-16 code units. */
  textChars: 64 * 1024,
  /** Entries in a list: the parts of an answer, the ticked points of a checklist. */
  listEntries: 100,
  /** Length of one list entry, in UTF-16 code units. */
  entryChars: 1000,
  /** First day that an event can be dated. Viva did not exist before. */
  earliest: Date.UTC(2020, 0, 1),
  /** How far an imported event may be ahead of this device's clock: one day covers a wrong zone. */
  aheadMs: 24 * 60 * 60 * 1000,
  /** Refused or conflicting lines that a report lists; the lines after them are only counted. */
  listedLines: 10_000,
} as const
