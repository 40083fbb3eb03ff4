/** What readers wrote to us: stored, listed, shown, closed, erased. */
import type { Kysely } from 'kysely'
import { randomBytes } from 'node:crypto'
import type { FeedbackTable, Schema } from './schema.ts'

/** What a message is about. */
export const feedbackKinds = ['mistake', 'idea', 'praise', 'other'] as const
export type FeedbackKind = (typeof feedbackKinds)[number]

/** A message as it arrives. */
export type NewFeedback = {
  kind: FeedbackKind
  message: string
  /** Id of the question it is about: `microservices/backpressure`. */
  question?: string | undefined
  /** Section of that question. */
  section?: string | undefined
  /** Path of the page that the form was opened from. */
  page?: string | undefined
  /** Where to answer, if the reader wants one. */
  email?: string | undefined
}

/** A stored message. Times are ISO 8601 in UTC. */
export type Feedback = NewFeedback & { id: string; createdAt: string; closedAt?: string | undefined }

/** Access to stored feedback; the same on every database. */
export type FeedbackStore = {
  /** Stores durably before it resolves. `at` is milliseconds since the Unix epoch. */
  add(feedback: NewFeedback, at: number): Promise<Feedback>
  /** Newest first; `open` leaves out what was closed. At most `limit` (default 1,000). */
  list(filter?: { open?: boolean; limit?: number }): Promise<Feedback[]>
  show(id: string): Promise<Feedback | undefined>
  /**
   * Marks as dealt with; closing again keeps the first time. `undefined` when there is no such id.
   */
  close(id: string, at: number): Promise<Feedback | undefined>
  /** Erases the message; `false` when there is no such id. */
  delete(id: string): Promise<boolean>
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten characters that are easy to type and tell no order or count: 50 random bits. */
function newId(): string {
  return Array.from(randomBytes(10), (byte) => alphabet[byte % 32]).join('')
}

function kindOf(text: string): FeedbackKind {
  return feedbackKinds.find((kind) => kind === text) ?? 'other'
}

function fromRow(row: FeedbackTable): Feedback {
  const { id, message } = row
  const optional = {
    question: row.question,
    section: row.section,
    page: row.page,
    email: row.email,
    closedAt: row.closed_at,
  }
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null))
  return { id, createdAt: row.created_at, kind: kindOf(row.kind), message, ...present }
}

/** The store over Kysely. */
export function feedbackStore(database: Kysely<Schema>): FeedbackStore {
  const show = async (id: string) => {
    const row = await database.selectFrom('feedback').selectAll().where('id', '=', id).executeTakeFirst()
    return row && fromRow(row)
  }
  return {
    async add(feedback, at) {
      const row: FeedbackTable = {
        id: newId(),
        created_at: new Date(at).toISOString(),
        kind: feedback.kind,
        message: feedback.message,
        question: feedback.question ?? null,
        section: feedback.section ?? null,
        page: feedback.page ?? null,
        email: feedback.email ?? null,
        closed_at: null,
      }
      await database.insertInto('feedback').values(row).execute()
      return fromRow(row)
    },
    async list({ open = false, limit = 1000 } = {}) {
      let query = database.selectFrom('feedback').selectAll()
      if (open) query = query.where('closed_at', 'is', null)
      const rows = await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
      return rows.map(fromRow)
    },
    show,
    async close(id, at) {
      await database
        .updateTable('feedback')
        .set({ closed_at: new Date(at).toISOString() })
        .where('id', '=', id)
        .where('closed_at', 'is', null)
        .execute()
      return show(id)
    },
    async delete(id) {
      const { numDeletedRows } = await database.deleteFrom('feedback').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
