/** The end of an answer to a client that is still sending. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasBody } from './body.ts'
import { asMethod } from './overrule.ts'

/** The most that a client may send on, and for how long: cut off at once, it would see a reset instead of the answer. */
const lingerBytes = 2 ** 20
const lingerMs = 1000
/** A rest this short is read and thrown away by Node; a connection is worth more. */
const shortBytes = 2 ** 16

/** Whether more of the body is to come than is worth reading: the answer should then say `Connection: close`. */
export function isSending(request: IncomingMessage): boolean {
  return hasBody(request) && !request.complete && !(Number(request.headers['content-length']) <= shortBytes)
}

/** Ends an answer of which everything was written, when the client has stopped sending, or has had time to. What still comes is not kept. */
export function lingerAndEnd(
  request: IncomingMessage,
  response: ServerResponse,
  endNow: () => void = () => response.end(),
): void {
  let restBytes = 0
  const end = (): void => {
    clearTimeout(timer)
    endNow()
  }
  const timer = setTimeout(end, lingerMs)
  const { push } = request
  request.push = asMethod((chunk: Buffer | null): boolean => {
    if (chunk === null) {
      end()
      return push.call(request, null)
    }
    restBytes += chunk.length
    if (restBytes > lingerBytes) end()
    return true
  })
  request.on('error', () => {})
  response.on('close', () => clearTimeout(timer))
  request.resume()
}
