/** Viva's HTTP application, without a socket: pages, health, feedback. */
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Database } from './database/index.ts'
import { receiveFeedback } from './feedback.ts'
import type { Log } from './log.ts'
import { json, problem } from './problem.ts'
import { clientOf, rateLimit } from './rate-limit.ts'
import { addSecurityHeaders } from './security.ts'
import { openSite } from './static-site.ts'

/** Milliseconds since the Unix epoch; passed in, so that tests hold time still. */
export type WallClock = { now(): number }

export type AppOptions = {
  /** The built site's folder. */
  siteDir: string
  database: Pick<Database, 'feedback' | 'check'>
  clock: WallClock
  log: Log
  /** Believe the last address of `X-Forwarded-For`. Only behind a proxy that sets it. */
  trustProxy?: boolean
  /** How long the database may take to answer a health check, in milliseconds. */
  checkTimeoutMs?: number
}

type Env = { Bindings: Partial<HttpBindings> }

/** The application: `app.request('/…')` in a test, `serve()` on a socket. */
export async function createApp(options: AppOptions): Promise<Hono<Env>> {
  const { siteDir, database, clock, log, trustProxy = false, checkTimeoutMs = 2000 } = options
  const site = await openSite(siteDir)
  const app = new Hono<Env>()

  app.use(async (context, next) => {
    const begun = performance.now()
    await next()
    addSecurityHeaders(context.res.headers)
    const { method, path } = context.req
    log(path === '/healthz' ? 'debug' : 'info', 'request', {
      method,
      path: path.slice(0, 500),
      status: context.res.status,
      ms: Math.round((performance.now() - begun) * 10) / 10,
      bytes: method === 'HEAD' ? 0 : Number(context.res.headers.get('content-length') ?? 0),
    })
  })

  app.get('/healthz', async () => {
    try {
      await within(checkTimeoutMs, database.check())
      return json(200, { status: 'ok' })
    } catch (error) {
      log('error', 'health check failed', { reason: String(error) })
      return problem(503, 'The database does not answer.')
    }
  })

  app.post(
    '/api/feedback',
    receiveFeedback({
      store: database.feedback,
      limit: rateLimit({ capacity: 5, refillMs: 120_000, clock }),
      clock,
      client: (context: Context<Env>) =>
        clientOf(context.env?.incoming?.socket.remoteAddress, context.req.header('x-forwarded-for'), trustProxy),
    }),
  )
  app.all('/api/feedback', () => problem(405, 'Send a message with POST.', { headers: { allow: 'POST' } }))
  app.all('/api/*', () => problem(404, 'There is no such address under /api/.'))

  app.all('*', async (context) => {
    const { method, path } = context.req
    if (method !== 'GET' && method !== 'HEAD') {
      return problem(405, 'Pages are read with GET or HEAD.', { headers: { allow: 'GET, HEAD' } })
    }
    return (await site.respond(context.req.raw, path)) ?? site.notFound(context.req.raw)
  })

  app.onError((error, context) => {
    log('error', 'request failed', {
      method: context.req.method,
      path: context.req.path,
      reason: error.stack ?? String(error),
    })
    return problem(500, 'This is our fault, and it was logged. Try again later.')
  })
  return app
}

/** Rejects when `work` takes longer than `ms`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
