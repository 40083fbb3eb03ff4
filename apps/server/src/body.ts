/** A request's body, read up to a limit and never beyond. */

/** Why a body could not be read. */
export type BodyFailure = 'too-large' | 'broken-off'

/** Reads at most `limitBytes`; refuses by the stated length before the first byte, and by the counted one while reading. */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array | BodyFailure> {
  if (Number(request.headers.get('content-length') ?? 0) > limitBytes) return 'too-large'
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = request.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      bytes += value.byteLength
      if (bytes > limitBytes) {
        // Not awaited: a client that goes on sending must not delay the answer.
        reader.cancel().catch(() => undefined)
        return 'too-large'
      }
      chunks.push(value)
    }
  } catch {
    return 'broken-off'
  }
  return Buffer.concat(chunks)
}
