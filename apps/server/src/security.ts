/** Response headers that limit what a page may do, and the sandbox frame's own policy. */

/** Where browsers report violations of the policy. */
export const reportPath = '/api/reports/csp'

/**
 * Every page: our own scripts, styles, pictures and connections; nothing inline, nothing from
 * elsewhere.
 */
export const pagePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  `report-uri ${reportPath}`,
].join('; ')

/**
 * The policy of an https site: the Reporting API in addition. Not over plain HTTP, where browsers
 * ignore the endpoint and `report-to` still turns `report-uri` off.
 */
export const httpsPagePolicy = `${pagePolicy}; report-to csp`

/**
 * The frame that readers' code runs in, should it state no policy of its own: an opaque origin
 * without network.
 */
const strictFramePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src blob:"

/**
 * The frame's policy: what its own `<meta>` says, so that the two cannot differ, and what only a
 * header can say: that only this site frames it, and that it is sandboxed even when opened by
 * itself.
 */
export function framePolicy(html: string): string {
  const meta = /<meta[^>]+http-equiv\s*=\s*["']?content-security-policy["']?[^>]*>/i.exec(html)?.[0]
  const content = meta && /\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(meta)
  const stated = content ? (content[1] ?? content[2] ?? '') : strictFramePolicy
  const clean = stated.replaceAll('&#39;', "'").replaceAll(/\s+/g, ' ').trim().replace(/;$/, '')
  return `${clean}; frame-ancestors 'self'; sandbox allow-scripts`
}

/** True for the sandbox frame, in any folder under `/engines/`. */
export function isFrame(path: string): boolean {
  return path.startsWith('/engines/') && path.endsWith('/frame.html')
}

/**
 * Powerful features, all off, without those that Chromium has withdrawn; the copy button of a fence
 * writes to the clipboard.
 */
const permissions = [
  ...[
    'accelerometer',
    'autoplay',
    'bluetooth',
    'browsing-topics',
    'camera',
    'clipboard-read',
    'compute-pressure',
    'display-capture',
    'encrypted-media',
    'fullscreen',
    'gamepad',
    'geolocation',
    'gyroscope',
    'hid',
    'identity-credentials-get',
    'idle-detection',
    'keyboard-map',
    'local-fonts',
    'magnetometer',
    'microphone',
    'midi',
    'otp-credentials',
    'payment',
    'picture-in-picture',
    'publickey-credentials-create',
    'publickey-credentials-get',
    'screen-wake-lock',
    'serial',
    'storage-access',
    'sync-xhr',
    'usb',
    'window-management',
    'xr-spatial-tracking',
  ].map((feature) => `${feature}=()`),
  'clipboard-write=(self)',
  'web-share=(self)',
].join(', ')

/**
 * Files made for other sites: pictures of shared links, the feed, the icon, and what search engines
 * read.
 */
const publicPath = /^\/(?:og\/.+|blog\/rss\.xml|favicon\.svg|robots\.txt|sitemap[\w-]*\.xml)$/

/** Sets the headers of one response. */
export type SecurityHeaders = (headers: Pick<Headers, 'has' | 'set'>, path?: string) => void

/**
 * Security headers for every response, errors included. A response that already has a policy (the
 * frame) keeps it.
 *
 * Without `Cross-Origin-Embedder-Policy`: nothing needs cross-origin isolation, the policy forbids
 * every other origin already, and isolation would hand finer timers to the page. Without
 * `require-trusted-types-for`: the quiz sets HTML that the build made, and labs start workers by
 * address. `Strict-Transport-Security` is sent for an https site, for a year. `includeSubDomains` is
 * opt-in: the operator may serve other names below it over plain HTTP.
 *
 * @param siteOrigin The site's public origin, `https://viva.example`.
 * @param hstsSubdomains Adds `includeSubDomains`; without effect unless the origin is https.
 */
export function securityHeaders(siteOrigin?: string, hstsSubdomains = false): SecurityHeaders {
  const isHttps = siteOrigin?.startsWith('https:') ?? false
  const transport = `max-age=31536000${hstsSubdomains ? '; includeSubDomains' : ''}`
  return (headers, path = '') => {
    if (!headers.has('content-security-policy')) {
      headers.set('content-security-policy', isHttps ? httpsPagePolicy : pagePolicy)
      if (isHttps) headers.set('reporting-endpoints', `csp="${reportPath}"`)
      headers.set('cross-origin-opener-policy', 'same-origin')
      headers.set('x-frame-options', 'DENY')
    }
    headers.set('cross-origin-resource-policy', publicPath.test(path) ? 'cross-origin' : 'same-origin')
    headers.set('origin-agent-cluster', '?1')
    headers.set('permissions-policy', permissions)
    headers.set('referrer-policy', 'strict-origin-when-cross-origin')
    headers.set('x-content-type-options', 'nosniff')
    if (isHttps) headers.set('strict-transport-security', transport)
  }
}

/**
 * `SITE_URL` as an origin; `undefined` without one.
 *
 * @throws Error when it is no http or https address.
 */
export function siteOriginFrom(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  if (!trimmed) return undefined
  const url = URL.parse(trimmed)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new Error(`SITE_URL is "${text}". It is where the site is reached, like https://viva.example.org.`)
  return url.origin
}

/**
 * `HSTS_SUBDOMAINS` as a switch: off without one.
 *
 * @throws Error when it is neither 0 nor 1, or 1 for a site that is not https.
 */
export function hstsSubdomainsFrom(text: string | undefined, siteOrigin: string | undefined): boolean {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '' || trimmed === '0') return false
  if (trimmed !== '1') throw new Error(`HSTS_SUBDOMAINS is "${text}". It is 1, or 0 or unset for no includeSubDomains.`)
  if (!siteOrigin?.startsWith('https:'))
    throw new Error('HSTS_SUBDOMAINS=1 has no effect without an https SITE_URL. Set SITE_URL, or unset it.')
  return true
}
