/** Servers and clients on loopback for the contract tests: real sockets, down to the byte. */

import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** Listens on a free port until the test has ended. */
export async function listen(t: TestContext, listener: RequestListener | Server): Promise<number> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A client that writes what it is told and keeps what it gets. */
export class RawClient {
  received = ''
  isClosed = false
  readonly socket: Socket
  #wake: () => void = () => {}

  constructor(t: TestContext, port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
      this.#wake()
    })
    for (const event of ['close', 'end', 'error'])
      this.socket.on(event, () => {
        this.isClosed = true
        this.#wake()
      })
    t.after(() => this.socket.destroy())
  }

  write(text: string): this {
    this.socket.write(text)
    return this
  }

  /** Waits until it has got this. */
  async gets(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.isClosed) throw new Error(`closed, without ${pattern}: ${this.received.slice(0, 500)}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.received
  }

  async closes(): Promise<string> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.received
  }
}

/** Waits, turn by turn, until it is true. */
export async function until(isTrue: () => boolean, what = String(isTrue)): Promise<void> {
  const giveUpAt = performance.now() + 20_000
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 20 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
