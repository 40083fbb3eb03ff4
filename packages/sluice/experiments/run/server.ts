/** A server, in a process of its own: some work, and a door before it that is told as much as it has to be. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Admitted } from '@viva/sluice/http'
import type { FromServer, ServerCount, ServerPlan, ToServer } from './messages.ts'
import { burn, Pool } from './pool.ts'

const say = (message: FromServer): void => void process.send!(message)

/** Done for a request; `true` when it went well. Whoever is answered may be gone by then. */
type Work = (socket: Socket, admitted?: Admitted) => Promise<boolean>

const count = { reached: 0, finished: 0, forGone: 0 }
let pool: Pool | undefined
let forwarding = 0

async function makeWork({ work, door }: ServerPlan): Promise<Work> {
  const noted = (socket: Socket, isGood: boolean): boolean => {
    count.finished++
    if (socket.destroyed) count.forGone++
    return isGood
  }
  switch (work.kind) {
    case 'pool': {
      const own = new Pool(work.slots, work.serviceMs)
      pool = own
      return (socket) => own.work().then(() => noted(socket, true))
    }
    case 'burn':
      return async (socket) => {
        burn(work.ms)
        return noted(socket, true)
      }
    case 'nothing':
      return async (socket) => noted(socket, true)
    case 'forward': {
      const call = await caller(door, work.url, work.timeoutMs)
      return async (socket, admitted) => {
        forwarding++
        try {
          return noted(socket, await call(admitted))
        } finally {
          forwarding--
        }
      }
    }
  }
}

/** How a service in the middle calls the next one. */
async function caller(
  door: ServerPlan['door'],
  url: string,
  timeoutMs: number,
): Promise<(admitted?: Admitted) => Promise<boolean>> {
  if (door !== 'ours')
    return async () => {
      const response = await fetch(url)
      await response.text()
      return response.status === 200
    }
  const { fetcher } = await import('@viva/sluice/fetch')
  const call = fetcher({ timeoutMs })
  return async (admitted) => {
    const response = await call(url, admitted === undefined ? {} : { context: admitted })
    await response.text()
    return response.status === 200
  }
}

function answer(response: ServerResponse, isGood: boolean): void {
  response.statusCode = isGood ? 200 : 503
  response.end('done')
}

/** Starts it, and gives its port. */
const doors: Record<ServerPlan['door'], (work: Work, plan: ServerPlan) => Promise<number>> = {
  bare: (work) => listen(async ({ socket }, response) => answer(response, await work(socket))),

  async ours(work, { levels }) {
    const { admission, contextOf } = await import('@viva/sluice/http')
    const door = admission(levels === undefined ? {} : { priority: { levels, from: 'priority' } })
    const handler = door.node(async (request, response) =>
      answer(response, await work(request.socket, contextOf(request)!)),
    )
    return listen(handler)
  },

  async 'p-queue'(work, { told, levels }) {
    const { default: PQueue } = await import('p-queue')
    const queue = new PQueue({ concurrency: told.atOnce })
    return listen(async (request, response) => {
      if (queue.size >= told.waiting) answer(response, false)
      else {
        const priority = levels !== undefined && request.headers.priority !== undefined ? 1 : 0
        answer(response, (await queue.add(() => work(request.socket), { priority })) as boolean)
      }
    })
  },

  async 'rate-limit'(work, { told }) {
    const { default: express } = await import('express')
    const { rateLimit } = await import('express-rate-limit')
    const app = express()
    app.use(rateLimit({ windowMs: 1000, limit: told.perSecond, keyGenerator: () => 'all' }))
    app.get('/', async (request, response) => {
      const isGood = await work(request.socket)
      response.status(isGood ? 200 : 503).send('done')
    })
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
      server.on('request', () => count.reached++)
    })
  },

  async 'under-pressure'(work) {
    const { fastify } = await import('fastify')
    const { default: underPressure } = await import('@fastify/under-pressure')
    const app = fastify()
    await app.register(underPressure, { maxEventLoopDelay: 100, maxEventLoopUtilization: 0.98 })
    app.get('/', async (request, reply) => {
      const isGood = await work(request.socket)
      return reply.code(isGood ? 200 : 503).send('done')
    })
    app.server.on('request', () => count.reached++)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  },
}

function listen(handler: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<number> {
  const server = createServer((request, response) => void handler(request, response))
  server.on('request', () => count.reached++)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function counted(): ServerCount {
  const { user, system } = process.cpuUsage()
  return { ...count, cpuMs: (user + system) / 1000, inside: forwarding + (pool?.waiting ?? 0) }
}

process.on('message', (message: ToServer) => {
  if (message === 'count') say({ count: counted() })
  else pool!.serviceMs = message.serviceMs
})
process.on('disconnect', () => process.exit())

const plan = JSON.parse(process.argv[2]!) as ServerPlan
say({ port: await doors[plan.door](await makeWork(plan), plan) })
