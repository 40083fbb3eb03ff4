/** The tables as TypeScript sees them, in the subset of SQL that SQLite and PostgreSQL share: text, no dialect's own types. */

/** One message from a reader. Times are ISO 8601 in UTC, so that they sort as text. */
export type FeedbackTable = {
  id: string
  created_at: string
  kind: string
  message: string
  question: string | null
  section: string | null
  page: string | null
  email: string | null
  closed_at: string | null
}

/** All tables of Viva. */
export type Schema = { feedback: FeedbackTable }
