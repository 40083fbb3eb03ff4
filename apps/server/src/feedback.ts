/** POST /api/feedback: a reader's message, from the page's script (JSON) or from the plain form. */
import type { Context } from 'hono'
import { z } from 'zod'
import { readBody } from './body.ts'
import type { Client } from './client.ts'
import { DatabaseUnavailable, feedbackKinds, type FeedbackStore } from './database/index.ts'
import { feedbackPage } from './feedback-page.ts'
import { type FieldError, json, problem } from './problem.ts'
import type { ClientLimit } from './rate-limit.ts'
import type { SecurityLog } from './security-log.ts'

const limitBytes = 16 * 1024

const words = {
  kind: `one of ${feedbackKinds.join(', ')}`,
  question: 'the id of a question, like microservices/backpressure',
  page: 'a path on this site, like /javascript/closures/',
  email: 'an e-mail address, like name@example.org, or nothing',
}

/** Line ends as `\n`: a form sends `\r\n` for each, which would count twice. */
const line = z.string().transform((text) => text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').trim())

function storable(text: string, context: z.RefinementCtx): void {
  if (!text.isWellFormed()) context.addIssue('holds half of a character (a lone surrogate)')
  // oxlint-disable-next-line no-control-regex -- these are the characters to find
  if (/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text))
    context.addIssue('holds control characters; remove them')
}

function text(least: number, most: number) {
  return line.superRefine((value, context) => {
    storable(value, context)
    const { length } = Array.from(value)
    if (length < least) context.addIssue('is empty; write something')
    if (length > most) context.addIssue(`has ${length} characters; at most ${most.toLocaleString('en')} are accepted`)
  })
}

/** A field that may be absent or left empty. */
function optional(schema: z.ZodType<string>) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    schema.optional(),
  )
}

const message = z.strictObject({
  kind: z.enum(feedbackKinds, `must be ${words.kind}`),
  message: text(1, 4000),
  question: optional(text(1, 200).refine((id) => /^[a-z0-9-]+\/[a-z0-9-]+$/.test(id), `must be ${words.question}`)),
  section: optional(text(1, 120)),
  page: optional(text(1, 300).refine((path) => /^\/(?!\/)\S*$/.test(path), `must be ${words.page}`)),
  email: optional(text(1, 254).refine((address) => z.email().safeParse(address).success, `must be ${words.email}`)),
  /** Honeypot: people do not see this field, programs fill it in. */
  website: z.string().optional(),
})

function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .slice(0, 20)
        .map((key) => ({ field: key.slice(0, 100).toWellFormed(), message: 'is not a field of this form' }))
    }
    const missing = issue.code === 'invalid_type' && issue.path.length > 0 ? `must be text` : issue.message
    return [{ field: issue.path.map(String).join('.') || '(body)', message: missing }]
  })
}

/** Why a message was refused. */
type Refusal = { status: number; detail: string; errors?: FieldError[]; retryAfterMs?: number }

function decode(bytes: Uint8Array, isForm: boolean): { value: unknown } | Refusal {
  let content: string
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { status: 400, detail: 'The body is not UTF-8.' }
  }
  if (!isForm) {
    try {
      return { value: JSON.parse(content) }
    } catch (error) {
      const reason = error instanceof Error ? error.message.toWellFormed() : ''
      return { status: 400, detail: `The body is not JSON: ${reason}` }
    }
  }
  const fields = new URLSearchParams(content)
  const seen = new Set<string>()
  const twice = [...fields.keys()].find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) {
    const errors = [{ field: twice.slice(0, 100), message: 'is given more than once' }]
    return { status: 422, detail: 'Each field is given once.', errors }
  }
  return { value: Object.fromEntries(fields) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the handler needs. */
export type FeedbackOptions = {
  store: Pick<FeedbackStore, 'add'>
  limit: ClientLimit
  clock: { now(): number }
  /** Who is asking, for the rate limit. */
  client: (context: Context) => Client
  events: SecurityLog
  /** `<link>`s for the page that answers a form post. */
  styles: string
}

/**
 * Reads, checks and stores one message. `id` is missing for a filled honeypot, of which nothing is
 * stored.
 */
async function receive(
  context: Context,
  isForm: boolean,
  { store, limit, clock, client, events }: FeedbackOptions,
): Promise<{ id?: string } | Refusal> {
  const bytes = await readBody(context.req.raw, limitBytes)
  if (bytes === 'too-large')
    return { status: 413, detail: `The body is longer than ${limitBytes} bytes. Shorten the message.` }
  if (bytes === 'broken-off') return { status: 400, detail: 'The body broke off before its end. Send it again.' }
  const decoded = decode(bytes, isForm)
  if ('status' in decoded) return decoded
  const { value } = decoded
  if (!isRecord(value)) return { status: 422, detail: 'The body must be one JSON object.' }
  if (typeof value.website === 'string' && value.website !== '') return {}
  const parsed = message.safeParse(value)
  if (!parsed.success) {
    const errors = fieldErrors(parsed.error)
    return { status: 422, detail: `${errors.map((error) => `${error.field} ${error.message}`).join('; ')}.`, errors }
  }
  const from = client(context)
  const retryAfterMs = limit.take(from)
  if (retryAfterMs > 0) {
    events('rate limited', from, { path: context.req.path })
    const seconds = Math.ceil(retryAfterMs / 1000)
    return { status: 429, detail: `Too many messages from one place. Try again in ${seconds} seconds.`, retryAfterMs }
  }
  const { website: _honeypot, ...feedback } = parsed.data
  try {
    const { id } = await store.add(feedback, clock.now())
    return { id }
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error
    return { status: 503, detail: 'The message was not stored. Send it again in a minute.', retryAfterMs: 5000 }
  }
}

/** The handler of POST /api/feedback. */
export function receiveFeedback(options: FeedbackOptions) {
  return async (context: Context): Promise<Response> => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    const isForm = type === 'application/x-www-form-urlencoded'
    if (!isForm && type !== 'application/json') {
      return problem(415, 'Send application/json or application/x-www-form-urlencoded.', {
        headers: { accept: 'application/json, application/x-www-form-urlencoded' },
      })
    }
    const result = await receive(context, isForm, options)
    if (!('status' in result)) {
      if (isForm) {
        const lines = ['It goes to the people who run this copy of Viva.']
        return feedbackPage(options.styles, { status: 201, title: 'Thanks, sent', lines })
      }
      return 'id' in result ? json(201, { id: result.id }) : json(202, {})
    }
    const { status, detail, errors, retryAfterMs } = result
    const headers = {
      ...(retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}),
      // The rest of the body is not read: the connection cannot be used again.
      ...(status === 413 ? { connection: 'close' } : {}),
    }
    if (!isForm) return problem(status, detail, { ...(errors ? { errors } : {}), headers })
    const lines = [detail, 'Go back to find your text.']
    return feedbackPage(options.styles, { status, title: 'Not sent', lines, headers })
  }
}
