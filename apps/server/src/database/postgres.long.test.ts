/** PostgreSQL that goes away and comes back, behind a TCP relay. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { testApp, writeSite } from '../site.fixture.ts'
import { openDatabase } from './index.ts'
import { freshSchema, onServer, postgresAbsence } from './postgres.fixture.ts'

/** Forwards connections to the server in `address`; `cut` ends them, `listen` accepts again. */
async function relayTo(address: string) {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    near.on('close', () => far.destroy()).pipe(far)
    far.on('close', () => near.destroy()).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address() as AddressInfo
  return {
    port: at.port,
    async cut() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      await closed
    },
    async listen() {
      server.listen(at.port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

const absence = await postgresAbsence()

test('feedback is 503 with Retry-After while PostgreSQL is away, and 201 after', {
  skip: absence ?? false,
}, async () => {
  const { config, remove } = await freshSchema()
  assert.ok('url' in config)
  const relay = await relayTo(config.url)
  const url = new URL(config.url)
  url.host = `127.0.0.1:${relay.port}`
  const noted = Promise.withResolvers<string>()
  const database = await openDatabase({ url: url.href }, { onNote: noted.resolve })
  const site = await writeSite()
  const { app } = await testApp(site.siteDir, { database })
  const post = () =>
    app.request('/api/feedback', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'idea', message: 'x' }),
    })
  try {
    assert.equal((await post()).status, 201)
    await relay.cut()
    // The pool's idle connection broke: that is logged.
    assert.match(await noted.promise, /^an idle PostgreSQL connection failed and is replaced: /)
    const away = await post()
    assert.equal(away.status, 503)
    assert.equal(away.headers.get('retry-after'), '5')
    assert.equal((await app.request('/healthz')).status, 503)
    await relay.listen()
    assert.equal((await post()).status, 201)
  } finally {
    await database.close()
    await relay.cut()
    await remove()
    await site.remove()
  }
})

test('a role without USAGE on the schema, or without a schema, is told what is missing', {
  skip: absence ?? false,
}, async () => {
  const { config, remove } = await freshSchema()
  assert.ok('url' in config)
  const schema = /search_path=(\w+)/.exec(decodeURIComponent(config.url))?.[1] ?? ''
  const role = `${schema}_Role`
  const opening = (path: string) => {
    const url = new URL(config.url)
    url.searchParams.set('options', `-c role=${role} -c search_path=${path}`)
    return openDatabase({ url: url.href })
  }
  await onServer(`create role "${role}"`)
  try {
    await assert.rejects(opening(schema), (error: Error) =>
      error.message.endsWith(
        `role "${role}" has no USAGE on schema ${schema}. As its owner: grant usage on schema ${schema} to "${role}"`,
      ),
    )
    await assert.rejects(opening('nowhere'), /its search_path \(nowhere\) names no schema that exists$/)
  } finally {
    await onServer(`drop role "${role}"`)
    await remove()
  }
})
