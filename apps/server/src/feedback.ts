/** POST /api/feedback: a reader's message, from the page's script (JSON) or from the plain form. */
import type { Context } from 'hono'
import { z } from 'zod'
import { readBody } from './body.ts'
import { feedbackKinds, type FeedbackStore } from './database/index.ts'
import { type FieldError, json, problem } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'

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
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text))
    context.addIssue('holds control characters; remove them')
}

function text(least: number, most: number) {
  return line.superRefine((value, context) => {
    storable(value, context)
    const { length } = Array.from(value)
    if (length < least) context.addIssue('is empty; write something')
    if (length > most) context.addIssue(`has ${length} characters; at most ${most.toLocaleString('en')} are read`)
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
  /** A field that people do not see; programs fill it in. */
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

/** Why a message was refused: in full for JSON, as one word in the address for the form. */
type Refusal = { status: number; detail: string; word: string; errors?: FieldError[]; retryAfterMs?: number }

function refuse(status: number, word: string, detail: string, more: Partial<Refusal> = {}): Refusal {
  return { status, word, detail, ...more }
}

function decode(bytes: Uint8Array, isForm: boolean): { value: unknown } | Refusal {
  let content: string
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse(400, 'unreadable', 'The body is not UTF-8.')
  }
  if (!isForm) {
    try {
      return { value: JSON.parse(content) }
    } catch (error) {
      const reason = error instanceof Error ? error.message.toWellFormed() : ''
      return refuse(400, 'unreadable', `The body is not JSON: ${reason}`)
    }
  }
  const fields = new URLSearchParams(content)
  const names = [...fields.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    const errors = [{ field: twice.slice(0, 100), message: 'is given more than once' }]
    return refuse(422, 'unreadable', 'Each field is given once.', { errors })
  }
  return { value: Object.fromEntries(fields) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the handler needs. */
export type FeedbackOptions = {
  store: Pick<FeedbackStore, 'add'>
  limit: RateLimit
  clock: { now(): number }
  /** Who is asking, for the rate limit. */
  client: (context: Context) => string
}

/** The handler of POST /api/feedback. */
export function receiveFeedback({ store, limit, clock, client }: FeedbackOptions) {
  async function receive(context: Context, isForm: boolean): Promise<{ id?: string } | Refusal> {
    const bytes = await readBody(context.req.raw, limitBytes)
    if (bytes === 'too-large')
      return refuse(413, 'too-large', `The body is longer than ${limitBytes} bytes. Shorten the message.`)
    if (bytes === 'broken-off') return refuse(400, 'unreadable', 'The body broke off before its end. Send it again.')
    const decoded = decode(bytes, isForm)
    if ('status' in decoded) return decoded
    const { value } = decoded
    if (!isRecord(value)) return refuse(422, 'unreadable', 'The body must be one JSON object.')
    // A trap for programs: they are told that all went well, and nothing is kept.
    if (typeof value.website === 'string' && value.website !== '') return {}
    const parsed = message.safeParse(value)
    if (!parsed.success) {
      const errors = fieldErrors(parsed.error)
      const detail = errors.map((error) => `${error.field} ${error.message}`).join('; ')
      return refuse(
        422,
        errors[0]?.field && errors[0].field in message.shape ? errors[0].field : 'unreadable',
        `${detail}.`,
        { errors },
      )
    }
    const retryAfterMs = limit.take(client(context))
    if (retryAfterMs > 0) {
      return refuse(
        429,
        'too-many',
        `Too many messages from one place. Try again in ${Math.ceil(retryAfterMs / 1000)} seconds.`,
        { retryAfterMs },
      )
    }
    const { website: _trap, ...feedback } = parsed.data
    const { id } = await store.add(feedback, clock.now())
    return { id }
  }

  return async (context: Context): Promise<Response> => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    const isForm = type === 'application/x-www-form-urlencoded'
    if (!isForm && type !== 'application/json') {
      return problem(415, 'Send application/json or application/x-www-form-urlencoded.', {
        headers: { accept: 'application/json, application/x-www-form-urlencoded' },
      })
    }
    // Else any page on the web could use up its visitors' share of messages, or write in their place.
    if (context.req.header('sec-fetch-site') === 'cross-site')
      return problem(403, 'Messages are sent from this site only.')

    const result = await receive(context, isForm)
    const refusal = 'status' in result ? result : undefined
    if (isForm) {
      // The fragment lets a page without script show the right box with `:target`.
      const query = refusal ? `error=${refusal.word}#problem` : 'sent=1#sent'
      const headers = { location: `/feedback/?${query}`, 'cache-control': 'no-store', 'content-length': '0' }
      return new Response(null, { status: 303, headers })
    }
    if (!refusal) return 'id' in result ? json(201, { id: result.id }) : json(202, {})
    const { status, detail, errors, retryAfterMs } = refusal
    return problem(status, detail, {
      ...(errors ? { errors } : {}),
      headers: {
        ...(retryAfterMs ? { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) } : {}),
        // The rest of the body is not read: the connection cannot be used again.
        ...(status === 413 ? { connection: 'close' } : {}),
      },
    })
  }
}
