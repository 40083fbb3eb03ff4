/** A part of the experiment `stream`, in a process of its own: the source, the relay between, or the reader. */

import { connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { channel, pipe, sendTo } from '../../src/index.ts'
import { fromReadable, writeTo } from '../../src/bridges/node.ts'
import { cpuSeconds, play, sample, type Sample } from './stream-process.ts'

export type Way = 'data' | 'array' | 'pipeline' | 'sluice' | 'channel'
export type Part =
  | { part: 'source'; bytes: number }
  /** Takes all from one port and hands it to another. */
  | { part: 'relay'; way: Way; from: number; to: number; sampleMs: number }
  /** `bytesPerSecond` null: as fast as it can. */
  | { part: 'reader'; bytesPerSecond: number | null; sampleMs: number }

export type SourceReport = { crc: number }
export type RelayReport = { samples: Sample[]; peakMb: number; cpu: number }
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

async function listening(): Promise<{ port: number; connection: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true })
  const connection = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, connection }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** As fast as the socket takes it, and no faster: the source has backpressure of its own. */
async function source(bytes: number) {
  const { port, connection } = await listening()
  return {
    ready: { port },
    async run(): Promise<SourceReport> {
      const socket = await connection
      const whole = block()
      const step = 2 ** 16
      let crc = 0
      for (let sent = 0; sent < bytes; sent += step) {
        const at = sent % whole.length
        const chunk = whole.subarray(at, at + Math.min(step, bytes - sent))
        crc = crc32(chunk, crc)
        if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve))
      }
      await new Promise<void>((resolve) => void socket.end(resolve))
      return { crc }
    },
  }
}

async function relay({ way, from, to, sampleMs }: Extract<Part, { part: 'relay' }>) {
  const out = await connected(to)
  return {
    ready: {},
    async run(): Promise<RelayReport> {
      let input: Socket | undefined
      const stop = sample(sampleMs, () => [input?.bytesRead ?? 0])
      const cpu = cpuSeconds()
      input = await connected(from)
      await ways[way](input, out)
      const used = cpu()
      return { samples: stop(), peakMb: process.resourceUsage().maxRSS * 1.024e-3, cpu: used }
    },
  }
}

async function reader({ bytesPerSecond, sampleMs }: Extract<Part, { part: 'reader' }>) {
  const { port, connection } = await listening()
  return {
    ready: { port },
    async run(): Promise<ReaderReport> {
      const socket = await connection
      let [bytes, crc] = [0, 0]
      const stop = sample(sampleMs, () => [bytes])
      let since: number | undefined
      socket.on('data', (chunk) => {
        since ??= performance.now()
        bytes += chunk.length
        crc = crc32(chunk, crc)
        if (bytesPerSecond === null) return
        const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - since)
        if (aheadMs < 2) return
        socket.pause()
        setTimeout(() => socket.resume(), aheadMs)
      })
      await new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject))
      const seconds = (performance.now() - since!) / 1000
      socket.end()
      return { bytes, crc, seconds, samples: stop() }
    },
  }
}

// Only where it was forked with a part.
if (process.send !== undefined && process.argv[2] !== undefined)
  await play<Part, object, object>((part) => {
    switch (part.part) {
      case 'source':
        return source(part.bytes)
      case 'relay':
        return relay(part)
      case 'reader':
        return reader(part)
    }
  })
