/** What tests of brokers need around them: whether one listens, a proxy that cuts connections, servers of their own. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

export const brokers = {
  nats: { name: 'NATS with JetStream', port: 4222, start: 'nats-server -js' },
  rabbitmq: { name: 'RabbitMQ (guest/guest)', port: 5672, start: 'rabbitmq-server' },
  redis: { name: 'Redis', port: 6379, start: 'redis-server' },
} as const

const host = '127.0.0.1'

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1000 })
    const end = (is: boolean) => (): void => {
      socket.destroy()
      resolve(is)
    }
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false))
  })
}

/** Defines the tests if the broker is there; else one that is skipped and says what it needs, or fails where `CI` is set. */
export async function withBroker(which: keyof typeof brokers, what: string, define: () => void): Promise<void> {
  const { name, port, start } = brokers[which]
  if (await listens(port)) return define()
  const absence = `needs ${name} on ${host}:${port}; start it with: ${start}`
  test(what, { skip: process.env['CI'] ? false : absence }, () => assert.fail(absence))
}

/** The same for tests that start a server of their own. */
export function withProgram(program: string, what: string, define: () => void): void {
  if (spawnSync(program, ['--version']).error === undefined) return define()
  const absence = `needs the program ${program} on the PATH, to start and stop one of its own`
  test(what, { skip: process.env['CI'] ? false : absence }, () => assert.fail(absence))
}

export const unique = (name: string): string => `sluice-${name}-${crypto.randomUUID().slice(0, 13)}`

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Stands between a client and a broker, so that the connection can be lost while the broker stays. */
export class Proxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<[Socket, Socket]>()
  #isRefusing = false

  static async to(target: number): Promise<Proxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    return new Proxy(server, target)
  }

  private constructor(server: Server, target: number) {
    this.#server = server
    this.port = (server.address() as { port: number }).port
    server.on('connection', (near) => {
      if (this.#isRefusing) return near.resetAndDestroy()
      const far = connect({ port: target, host, noDelay: true })
      near.setNoDelay(true)
      const pair: [Socket, Socket] = [near, far]
      this.#pairs.add(pair)
      for (const [from, to] of [pair, pair.toReversed() as [Socket, Socket]]) {
        from.on('error', () => to.destroy()).on('close', () => (this.#pairs.delete(pair), to.destroy()))
        from.pipe(to)
      }
    })
  }

  /** Cuts all connections, and refuses new ones for so long. Resolves at once. */
  cut(refuseMs: number): void {
    this.#isRefusing = true
    for (const sockets of this.#pairs) for (const socket of sockets) socket.resetAndDestroy()
    setTimeout(() => (this.#isRefusing = false), refuseMs).unref()
  }

  /** Says something to every client, in the broker's name. */
  inject(bytes: Uint8Array): void {
    for (const [near] of this.#pairs) near.write(bytes)
  }

  async close(): Promise<void> {
    for (const sockets of this.#pairs) for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A broker of the test's own, on a free port and with a folder of its own; it can be stopped and started again. */
export class OwnServer {
  readonly port: number
  readonly folder: string
  readonly #command: (port: number, folder: string) => [string, ...string[]]
  #child: ChildProcess | undefined

  static async start(command: (port: number, folder: string) => [string, ...string[]]): Promise<OwnServer> {
    const server = new OwnServer(await freePort(), command)
    await server.start()
    return server
  }

  private constructor(port: number, command: (port: number, folder: string) => [string, ...string[]]) {
    this.port = port
    this.#command = command
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-broker-'))
  }

  async start(): Promise<void> {
    const [program, ...args] = this.#command(this.port, this.folder)
    this.#child = spawn(program, args, { stdio: 'ignore', cwd: this.folder })
    for (let n = 0; !(await listens(this.port)); n++) {
      if (n > 200) throw new Error(`${program} does not listen on ${this.port}`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
