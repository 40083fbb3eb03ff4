/** Viva's HTTP application, without a socket: pages, health, feedback. */
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { type Client, clientOf } from './client.ts'
import { type Database, DatabaseUnavailable } from './database/index.ts'
import { receiveFeedback } from './feedback.ts'
import type { Log } from './log.ts'
import { feedbackStyles } from './feedback-page.ts'
import { json, problem } from './problem.ts'
import { clientLimit } from './rate-limit.ts'
import { receiveReports } from './reports.ts'
import { sameOrigin } from './same-origin.ts'
import { reportPath, securityHeaders } from './security.ts'
import { type SecurityLog, securityLog } from './security-log.ts'
import { openSite, type StaticSite } from './static-site.ts'

/** Milliseconds since the Unix epoch; passed in, so that tests hold time still. */
export type WallClock = { now(): number }

export type AppOptions = {
  /** The built site's folder. */
  siteDir: string
  database: Pick<Database, 'feedback' | 'check'>
  clock: WallClock
  log: Log
  /**
   * The site's public origin, `https://viva.example`; without one, `Origin` is compared with the
   * request's host.
   */
  siteOrigin?: string | undefined
  /** Adds `includeSubDomains` to the `Strict-Transport-Security` of an https site. */
  hstsSubdomains?: boolean
  /**
   * Number of proxies in front that append to `X-Forwarded-For` and set `X-Forwarded-Host`; 0 by
   * default.
   */
  trustedHops?: number
  /** How long the database may take to answer a health check, in milliseconds. */
  checkTimeoutMs?: number
}

type Env = { Bindings: Partial<HttpBindings> }

/** The application: `app.request('/…')` in a test, `serve()` on a socket. */
export async function createApp(options: AppOptions): Promise<Hono<Env>> {
  const { siteDir, clock, log, siteOrigin, trustedHops = 0 } = options
  const [site, styles] = await Promise.all([openSite(siteDir), feedbackStyles(siteDir)])
  const app = new Hono<Env>()
  const events = securityLog({ log, clock })
  const client = ({ req, env }: Context<Env>): Client =>
    clientOf(env?.incoming?.socket.remoteAddress, req.header('x-forwarded-for'), trustedHops)

  app.use('*', finish(options))
  app.use('*', async (context, next) => {
    const onRefused = ({ method }: Request, reason: string) =>
      events('refused origin', client(context), { method, path: context.req.path.slice(0, 200), reason })
    return sameOrigin({ siteOrigin, trustProxy: trustedHops > 0, onRefused })(context, next)
  })
  addApi(app, { ...options, styles, client, events })
  addSite(app, site)

  app.onError((error, context) => {
    const { method, path } = context.req
    log('error', 'request failed', { method, path: path.slice(0, 500), reason: error.stack ?? String(error) })
    return error instanceof DatabaseUnavailable
      ? problem(503, 'The database is busy. Try again in a minute.', { headers: { 'retry-after': '5' } })
      : problem(500, 'The error was logged. Try again later.')
  })
  return app
}

/** Headers and one log line for every response. */
function finish({ log, siteOrigin, hstsSubdomains }: AppOptions): MiddlewareHandler {
  const addHeaders = securityHeaders(siteOrigin, hstsSubdomains)
  return async (context, next) => {
    const begun = performance.now()
    await next()
    const { method, path } = context.req
    addHeaders(context.res.headers, path)
    log(path === '/healthz' ? 'debug' : 'info', 'request', {
      method,
      path: path.slice(0, 500),
      status: context.res.status,
      ms: Math.round((performance.now() - begun) * 10) / 10,
      bytes: method === 'HEAD' ? 0 : Number(context.res.headers.get('content-length') ?? 0),
    })
  }
}

type ApiOptions = AppOptions & { styles: string; client: (context: Context<Env>) => Client; events: SecurityLog }

function addApi(app: Hono<Env>, { database, clock, log, checkTimeoutMs = 2000, styles, client, events }: ApiOptions) {
  app.get('/healthz', async () => {
    try {
      await within(checkTimeoutMs, database.check())
      return json(200, { status: 'ok' })
    } catch (error) {
      log('error', 'health check failed', { reason: String(error) })
      return problem(503, 'The database does not answer.')
    }
  })

  // A /48 holds 65,536 networks: it gets four times the share of one.
  const messages = clientLimit({
    network: { capacity: 5, refillMs: 120_000 },
    site: { capacity: 20, refillMs: 30_000 },
    clock,
  })
  app.post(
    '/api/feedback',
    receiveFeedback({ store: database.feedback, limit: messages, clock, client, events, styles }),
  )
  app.all('/api/feedback', () => problem(405, 'Send a message with POST.', { headers: { allow: 'POST' } }))

  const reports = clientLimit({
    network: { capacity: 20, refillMs: 3000 },
    site: { capacity: 80, refillMs: 750 },
    clock,
  })
  app.post(reportPath, receiveReports({ limit: reports, client, events }))
  app.all(reportPath, () => problem(405, 'Browsers send reports with POST.', { headers: { allow: 'POST' } }))
  app.all('/api/*', () => problem(404, 'There is no such address under /api/.'))
}

function addSite(app: Hono<Env>, site: StaticSite): void {
  app.all('*', async (context) => {
    const { method, path } = context.req
    if (method !== 'GET' && method !== 'HEAD') {
      return problem(405, 'Pages are read with GET or HEAD.', { headers: { allow: 'GET, HEAD' } })
    }
    return (await site.respond(context.req.raw, path)) ?? site.notFound(context.req.raw)
  })
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
