/** Errors as clients read them: `application/problem+json`, RFC 9457. */

/** What is wrong with one field, in words for the person who filled it in. */
export type FieldError = { field: string; message: string }

const titles: Record<number, string> = {
  400: 'The request cannot be read',
  403: 'Not from another site',
  404: 'Nothing is here',
  405: 'This method is not served here',
  413: 'The body is too large',
  415: 'This content type is not read here',
  422: 'Some fields are not right',
  429: 'Too many messages',
  500: 'The server failed',
  503: 'The server is not ready',
}

/** A problem response. `detail` says what to do; `errors` says it per field. */
export function problem(
  status: number,
  detail: string,
  more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
): Response {
  const body = {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    detail,
    ...(more.errors ? { errors: more.errors } : {}),
  }
  return json(status, body, { 'content-type': 'application/problem+json', ...more.headers })
}

/** A JSON response that no cache keeps, with its length known. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  const text = JSON.stringify(value)
  return new Response(text, {
    status,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      ...headers,
    },
  })
}
