/** The least client of HTTP/1.1 that can be had: sockets that are kept alive, one request at a time on each, answers with a Content-Length. */

import { connect, type Socket } from 'node:net'

/** 0: the connection broke. */
export type Answered = (status: number) => void

/** A server closes what is idle for five seconds. */
const idleMs = 3000

class Connection {
  readonly socket: Socket
  idleSince = 0
  isOpen = true
  /** Of the request that is under way. */
  answered: Answered | undefined
  #received = ''
  #onIdle: (connection: Connection) => void

  constructor(port: number, onIdle: (connection: Connection) => void) {
    this.#onIdle = onIdle
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', this.#onData as unknown as (data: Buffer) => void)
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isOpen = false
      this.#settle(0)
    })
  }

  send(head: string, answered: Answered): void {
    this.answered = answered
    this.socket.write(head, 'latin1')
  }

  /** The client hangs up. */
  drop(): void {
    this.answered = undefined
    this.isOpen = false
    this.socket.destroy()
  }

  #settle(status: number): void {
    const { answered } = this
    this.answered = undefined
    answered?.(status)
  }

  readonly #onData = (data: string): void => {
    this.#received += data
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.slice(0, end)
    const length = /content-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) throw new Error(`An answer without a Content-Length: ${JSON.stringify(head)}`)
    if (this.#received.length < end + 4 + Number(length)) return
    this.#received = ''
    const status = Number(head.slice(9, 12))
    if (/connection: *close/i.test(head)) this.isOpen = false
    else this.#onIdle(this)
    this.#settle(status)
  }
}

export class Requests {
  readonly #port: number
  readonly #idle: Connection[] = []

  constructor(port: number) {
    this.#port = port
  }

  /** Sends one; gives what hangs up. `head` is a whole request without a body. */
  send(head: string, answered: Answered): () => void {
    const connection = this.#take()
    connection.send(head, answered)
    return () => connection.drop()
  }

  #take(): Connection {
    const now = performance.now()
    for (let one = this.#idle.pop(); one !== undefined; one = this.#idle.pop()) {
      if (one.isOpen && now - one.idleSince < idleMs) return one
      one.drop()
    }
    return new Connection(this.#port, (connection) => {
      connection.idleSince = performance.now()
      this.#idle.push(connection)
    })
  }
}
