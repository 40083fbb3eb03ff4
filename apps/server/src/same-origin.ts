/** Cross-site request forgery: which state-changing requests are accepted. */
import type { MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

export type SameOriginOptions = {
  /**
   * The site's public origin, `https://viva.example`; without one, the request's own host is
   * compared.
   */
  siteOrigin?: string | undefined
  /**
   * Compare with the last `X-Forwarded-Host` instead of `Host`. Only behind a proxy that sets it.
   */
  trustProxy: boolean
  /** Called for each refused request, with the reason. */
  onRefused(request: Request, reason: string): void
}

/** Methods that change nothing (RFC 9110 §9.2.1), and `OPTIONS`, which only asks. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** An origin as browsers serialise it (RFC 6454 §6.2): no user, path, list or `null`. */
const originForm = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/**
 * A JSON content type. Another site's page cannot send one without a preflight request, which is
 * refused.
 */
const jsonForm = /^application\/(?:json|csp-report|[\w.-]+\+json)$/i

function hostOf(scheme: string, host: string): string | undefined {
  const address = `${scheme}//${host}`
  return originForm.test(address) && URL.canParse(address) ? new URL(address).host : undefined
}

/**
 * Why a request must not change anything; `undefined` when it may.
 *
 * 1. `GET`, `HEAD` and `OPTIONS` always may: no handler of these methods changes state.
 * 2. `Sec-Fetch-Site`, when present, is `same-origin`. `none` (address bar, bookmark) only ever
 *    sends `GET`, so it is refused like `same-site` and `cross-site`.
 * 3. `Origin`, when present, is one serialised origin and the site's own. `null` and lists are
 *    refused. With a known site origin the whole origin is equal; without one the host and port
 *    equal those of the request, after default ports are removed. The scheme is not compared then:
 *    a proxy may end TLS.
 * 4. Without `Origin`, `Sec-Fetch-Site: same-origin` is enough: page scripts cannot set that
 *    header.
 * 5. With neither, it is a program such as curl: it sends JSON and no cookie. A form post by a
 *    browser always carries `Origin`, also over plain HTTP, where `Sec-Fetch-Site` is absent.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function crossOriginReason(
  request: Request,
  { siteOrigin, trustProxy }: Pick<SameOriginOptions, 'siteOrigin' | 'trustProxy'>,
): string | undefined {
  if (safeMethods.has(request.method)) return undefined
  const { headers } = request
  const fetchSite = headers.get('sec-fetch-site')
  if (fetchSite !== null && fetchSite !== 'same-origin') return 'Sec-Fetch-Site is not same-origin'
  const origin = headers.get('origin')
  if (origin === null) {
    if (fetchSite !== null) return undefined
    if (headers.has('cookie')) return 'a cookie without Origin'
    const type = headers.get('content-type')?.split(';')[0]?.trim() ?? ''
    return jsonForm.test(type) ? undefined : 'no Origin and no JSON content type'
  }
  if (!originForm.test(origin) || !URL.canParse(origin)) return 'Origin is not one web origin'
  const sent = new URL(origin)
  if (siteOrigin !== undefined) return sent.origin === siteOrigin ? undefined : 'Origin is another site'
  const forwarded = trustProxy ? headers.get('x-forwarded-host')?.split(',').at(-1)?.trim() : undefined
  const own = hostOf(sent.protocol, forwarded || new URL(request.url).host)
  return sent.host === own ? undefined : 'Origin is another site'
}

/**
 * Refuses with 403, before any handler, each request that {@link crossOriginReason} names. For
 * every route.
 */
export function sameOrigin(options: SameOriginOptions): MiddlewareHandler {
  return async (context, next) => {
    const reason = crossOriginReason(context.req.raw, options)
    if (reason === undefined) return next()
    options.onRefused(context.req.raw, reason)
    return problem(
      403,
      'Only pages of this site may send this. Programs send application/json, without Origin and cookies.',
      // The body is not read: the connection cannot be used again.
      { headers: { connection: 'close' } },
    )
  }
}
