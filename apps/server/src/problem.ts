/** Error responses: `application/problem+json`, RFC 9457. */

/** What is wrong with one field, in words for the person who filled it in. */
export type FieldError = { field: string; message: string }

const titles: Record<number, string> = {
  400: 'The request cannot be read',
  403: 'Refused: sent from another site',
  404: 'Nothing is here',
  405: 'This method is not supported here',
  408: 'The request took too long',
  413: 'The request is too large',
  414: 'The address is too long',
  415: 'This content type is not accepted here',
  417: 'This expectation is not supported',
  422: 'Some fields are not valid',
  429: 'Too many requests',
  431: 'The headers are too large',
  500: 'The server failed',
  503: 'The server is not ready',
}

/** The title that belongs to a status. */
export function problemTitle(status: number): string {
  return titles[status] ?? 'Error'
}

/** The JSON text of a problem. `detail` says what to do; `errors` says it per field. */
export function problemBody(status: number, detail: string, errors?: FieldError[]): string {
  const title = problemTitle(status)
  return JSON.stringify({ type: 'about:blank', title, status, detail, ...(errors ? { errors } : {}) })
}

/** A problem response. */
export function problem(
  status: number,
  detail: string,
  more: { errors?: FieldError[]; headers?: Record<string, string> } = {},
): Response {
  const body = problemBody(status, detail, more.errors)
  return jsonText(status, body, { 'content-type': 'application/problem+json', ...more.headers })
}

/** A JSON response that no cache keeps, with its length known. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return jsonText(status, JSON.stringify(value), headers)
}

function jsonText(status: number, text: string, headers: Record<string, string>): Response {
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
