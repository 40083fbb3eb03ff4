/**
 * The Content-Security-Policy of every page, for its `<meta>`: a static host may send no headers.
 *
 * The server sends the same directives, and `frame-ancestors`, which a `<meta>` cannot carry; `policy.test.ts`
 * compares the two. Source: https://www.w3.org/TR/CSP3/#meta-element
 */
export const metaPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ')

/** How much of a page's address other sites see; the server sends the same as a header. */
export const referrerPolicy = 'strict-origin-when-cross-origin'
