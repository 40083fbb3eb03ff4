/** A part of the experiment `stream`, in a process of its own: the source, the relay between, or the reader. */

import { on, once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { channel, pipe, sendTo } from '../../src/index.ts'
import { fromReadable, writeTo } from '../../src/bridges/node.ts'
import { cpuSeconds, play, sample, type Sample } from './stream-process.ts'

export type Way = 'data' | 'array' | 'pipeline' | 'sluice' | 'channel'
export type Part =
  /** Sends so many bytes to whoever connects: the first time to warm up, the second time what counts. */
  | { part: 'source'; bytes: [warm: number, counts: number]; isSummed: boolean }
  /** Takes all from one port and hands it to another. */
  | { part: 'relay'; way: Way; from: number; to: number; sampleMs: number }
  /** `bytesPerSecond` null: as fast as it can. `isSummed`: with a checksum of what it gets, which takes CPU. */
  | { part: 'reader'; bytesPerSecond: number | null; isSummed: boolean; sampleMs: number }

export type SourceReport = { crc: number }
/** Samples: seconds, resident memory, bytes taken from the source. */
export type RelayReport = { samples: Sample[]; cpu: number }
/** Samples: seconds, its own memory, bytes received. */
export type ReaderReport = { bytes: number; crc: number; seconds: number; samples: Sample[] }

/** Each way to hand on what comes. Resolves when all was given to the system. */
const ways: Record<Way, (from: Socket, to: Socket) => Promise<void>> = {
  data: async (from, to) => {
    from.on('data', (chunk) => void to.write(chunk))
    await new Promise<void>((resolve, reject) => {
      from.on('end', () => to.end())
      to.on('finish', resolve).on('error', reject)
    })
  },
  array: async (from, to) => {
    const waiting: Buffer[] = []
    let hasEnded = false
    let wake: () => void = () => {}
    from.on('data', (chunk: Buffer) => {
      waiting.push(chunk)
      wake()
    })
    from.on('end', () => {
      hasEnded = true
      wake()
    })
    for (;;) {
      const chunk = waiting.shift()
      if (chunk !== undefined) await new Promise<void>((resolve) => void to.write(chunk, () => resolve()))
      else if (hasEnded) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    await new Promise<void>((resolve) => void to.end(resolve))
  },
  pipeline: (from, to) => pipeline(from, to),
  sluice: (from, to) => pipe(fromReadable<Buffer>(from), writeTo(to)),
  channel: async (from, to) => {
    const between = channel<Buffer>({ capacity: 16 })
    await Promise.all([pipe(fromReadable<Buffer>(from), sendTo(between)), writeTo(to)(between)])
  },
}

/** A megabyte that does not repeat itself within. */
function block(): Buffer {
  const bytes = Buffer.allocUnsafe(2 ** 20)
  let state = 1
  for (let at = 0; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes.writeUInt32LE(state, at)
  }
  return bytes
}

/** A server, its port, and the connections to it in turn. */
async function listening(): Promise<{ port: number; next: () => Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true })
  const connections = on(server, 'connection')
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const next = async (): Promise<Socket> => ((await connections.next()).value as [Socket])[0]
  return { port: (server.address() as { port: number }).port, next }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

/** As fast as the socket takes it, and no faster: the source has backpressure of its own. Gives the checksum, if it is wanted. */
async function send(socket: Socket, bytes: number, whole: Buffer, isSummed: boolean): Promise<number> {
  const step = 2 ** 16
  let crc = 0
  for (let sent = 0; sent < bytes; sent += step) {
    const at = sent % whole.length
    const chunk = whole.subarray(at, at + Math.min(step, bytes - sent))
    if (isSummed) crc = crc32(chunk, crc)
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  await new Promise<void>((resolve) => void socket.end(resolve))
  return crc
}

async function source({ bytes: [warm, counts], isSummed }: Extract<Part, { part: 'source' }>) {
  const { port, next } = await listening()
  const whole = block()
  const warmed = next().then((socket) => send(socket, warm, whole, isSummed))
  return {
    ready: { port },
    async run(): Promise<SourceReport> {
      await warmed
      return { crc: await send(await next(), counts, whole, isSummed) }
    },
  }
}

type ReaderPart = Extract<Part, { part: 'reader' }>

/** Reads to the end, no faster than it may. */
async function read(socket: Socket, { bytesPerSecond, isSummed }: ReaderPart, onBytes: (bytes: number) => void) {
  let [bytes, crc] = [0, 0]
  let since: number | undefined
  socket.on('data', (chunk) => {
    since ??= performance.now()
    bytes += chunk.length
    onBytes(bytes)
    if (isSummed) crc = crc32(chunk, crc)
    if (bytesPerSecond === null) return
    const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - since)
    if (aheadMs < 2) return
    socket.pause()
    setTimeout(() => socket.resume(), aheadMs)
  })
  await once(socket, 'end')
  const seconds = (performance.now() - since!) / 1000
  socket.end()
  return { bytes, crc, seconds }
}

async function reader(part: ReaderPart) {
  const { port, next } = await listening()
  const warmed = next().then((socket) => read(socket, part, () => {}))
  return {
    ready: { port },
    async run(): Promise<ReaderReport> {
      await warmed
      const socket = await next()
      let received = 0
      const stop = sample(part.sampleMs, () => [received])
      const found = await read(socket, part, (bytes) => (received = bytes))
      return { ...found, samples: stop() }
    },
  }
}

async function relay({ way, from, to, sampleMs }: Extract<Part, { part: 'relay' }>) {
  const pair = () => Promise.all([connected(from), connected(to)])
  await ways[way](...(await pair()))
  await pause(300)
  return {
    ready: {},
    async run(): Promise<RelayReport> {
      let taken = (): number => 0
      const stop = sample(sampleMs, () => [taken()])
      const cpu = cpuSeconds()
      const [input, output] = await pair()
      taken = () => input.bytesRead
      await ways[way](input, output)
      const used = cpu()
      return { samples: stop(), cpu: used }
    },
  }
}

// Only where it was forked with a part.
if (process.send !== undefined && process.argv[2] !== undefined)
  await play<Part, object, object>((part) => {
    switch (part.part) {
      case 'source':
        return source(part)
      case 'relay':
        return relay(part)
      case 'reader':
        return reader(part)
    }
  })
