/** The headers that bound what a page may do, and the runner's frame its own. */

/** Every page: our own scripts, styles, pictures and connections; nothing inline, nothing from elsewhere. */
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
].join('; ')

/** The frame that readers' code runs in, should it state no policy of its own: an opaque origin without network. */
const strictFramePolicy =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src blob:"

/**
 * The frame's policy: what its own `<meta>` says, so that the two cannot differ, and what only a header can say: that
 * nobody but us frames it, and that it is sandboxed even when opened by itself.
 */
export function framePolicy(html: string): string {
  const meta = /<meta[^>]+http-equiv\s*=\s*["']?content-security-policy["']?[^>]*>/i.exec(html)?.[0]
  const content = meta && /\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(meta)
  const stated = content ? (content[1] ?? content[2] ?? '') : strictFramePolicy
  const clean = stated.replaceAll('&#39;', "'").replaceAll(/\s+/g, ' ').trim().replace(/;$/, '')
  return `${clean}; frame-ancestors 'self'; sandbox allow-scripts`
}

/** True for the runner's frame, in any folder under `/engines/`. */
export function isFrame(path: string): boolean {
  return path.startsWith('/engines/') && path.endsWith('/frame.html')
}

/** On every response; a response that already has a policy keeps it. */
export function addSecurityHeaders(headers: Headers): void {
  const isFramed = headers.has('content-security-policy')
  if (!isFramed) {
    headers.set('content-security-policy', pagePolicy)
    headers.set('cross-origin-opener-policy', 'same-origin')
    headers.set('x-frame-options', 'DENY')
  }
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'strict-origin-when-cross-origin')
  headers.set('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()')
}
