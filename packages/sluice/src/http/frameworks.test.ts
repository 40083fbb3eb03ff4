/** The applications of frameworks are listeners like any other: `createServer(door.node(app))`. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import express from 'express'
import Fastify from 'fastify'
import { gate } from '../gate/gate.ts'
import { admission } from './admission.ts'
import { contextOf } from './admitted.ts'
import { get } from './kinds.fixture.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'

test('an Express application: its answers, its 404, its errors, and the context of its requests', async (t) => {
  const app = express()
  // Or it writes the error to the console.
  app.set('env', 'test')
  app.get('/in', (request, response) => {
    response.send(`in, ${contextOf(request)!.signal.aborted}`)
  })
  app.get('/fail', () => {
    throw new Error('failed')
  })
  app.get('/release', (request, response) => {
    contextOf(request)!.release()
    response.write('open')
  })
  const door = admission({ gate: gate({ limit: 5 }) })
  const port = await listen(t, createServer(door.node(app)))
  const ask = (path: string) => new RawClient(t, port).write(get(path))
  assert.match(await ask('/in').gets(/in, false/), /^HTTP\/1.1 200 /)
  assert.match(await ask('/nowhere').gets(/Cannot GET/), /^HTTP\/1.1 404 /)
  assert.match(await ask('/fail').gets(/Error/), /^HTTP\/1.1 500 /)
  await ask('/release').gets(/open/)
  await until(() => door.gate.inFlight === 0)
})

test('a Connect-style listener of three arguments gets no third one', async (t) => {
  const seen: unknown[][] = []
  const connect = (...args: unknown[]): void => {
    seen.push(args)
    ;(args[1] as { end(): void }).end()
  }
  const port = await listen(t, createServer(admission().node(connect)))
  await new RawClient(t, port).write(get()).gets(/200 OK/)
  assert.equal(seen[0]!.length, 2)
})

test('a Fastify application: its answers, and the context of `request.raw`', async (t) => {
  const door = admission({ gate: gate({ limit: 5 }) })
  const app = Fastify({ serverFactory: (handler) => createServer(door.node(handler)) })
  app.get('/', async (request) => `in, ${contextOf(request.raw)!.signal.aborted}`)
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const { port } = app.server.address() as { port: number }
  assert.match(await new RawClient(t, port).write(get()).gets(/in, false/), /^HTTP\/1.1 200 /)
  await until(() => door.gate.inFlight === 0)
})

test('a handler with three required parameters is a type error', () => {
  const door = admission()
  // @ts-expect-error: a listener gets a request and a response
  door.node((_request, _response, _next: () => void) => {})
})
