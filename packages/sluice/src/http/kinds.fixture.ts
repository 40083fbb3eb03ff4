/** One piece of work as both kinds of handler, so that one contract holds both. */

import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { Admission } from './admission.ts'
import { type Admitted, contextOf } from './admitted.ts'
import { toListener } from './to-listener.ts'

/** What a handler of either kind can do here. */
export type Job = {
  context: Admitted
  method: string
  path: string
  /** Reads the body to its end, and gives its length. */
  read: () => Promise<number>
  /** Streams so many chunks of 64 KiB, no faster than they are taken; counts them. */
  stream: (chunks: number, onChunk: () => void) => Promise<void>
}
/** What it is answered with: a text, a status without a body, or undefined if it was streamed. */
export type Answer = string | number | undefined
export type Work = (job: Job) => Promise<Answer> | Answer
export type Kind = { name: string; listener: (door: Admission, work: Work) => RequestListener }

const chunk = Buffer.alloc(65_536, 'x')

export const kinds: Kind[] = [
  {
    name: 'node:http',
    listener: (door, work) =>
      door.node(async (request, response) => {
        const context = contextOf(request)!
        const answer = await work({
          context,
          method: request.method!,
          path: request.url!,
          async read() {
            let bytes = 0
            for await (const part of request) bytes += (part as Buffer).length
            return bytes
          },
          async stream(chunks, onChunk) {
            for (let i = 0; i < chunks; i++) {
              onChunk()
              if (!response.write(chunk)) await once(response, 'drain', { signal: context.signal })
            }
            response.end()
          },
        })
        if (typeof answer === 'number') response.writeHead(answer).end()
        else if (answer !== undefined) response.end(answer)
      }),
  },
  {
    name: 'Fetch',
    listener: (door, work) =>
      toListener(
        door.fetch(async (request) => {
          let body: ReadableStream | undefined
          const answer = await work({
            context: contextOf(request)!,
            method: request.method,
            path: new URL(request.url).pathname,
            read: async () => (await request.bytes()).length,
            async stream(chunks, onChunk) {
              let left = chunks
              const pull = (controller: ReadableStreamDefaultController): void => {
                if (left-- === 0) return controller.close()
                onChunk()
                controller.enqueue(chunk)
              }
              body = new ReadableStream({ pull }, { highWaterMark: 0 })
            },
          })
          return typeof answer === 'number' ? new Response(null, { status: answer }) : new Response(answer ?? body)
        }),
      ),
  },
]

export const get = (path = '/', headers = ''): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
export const post = (headers: string): string => `POST / HTTP/1.1\r\nhost: a\r\n${headers}\r\n`
