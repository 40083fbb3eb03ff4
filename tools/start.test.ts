import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** Starts, expecting a refusal before anything is built. */
async function refusal(env: Record<string, string>): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const args = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'start.ts')]
  const inherited = { ...process.env }
  for (const name of [
    'DATABASE_URL',
    'VIVA_DATA',
    'PORT',
    'LOG_LEVEL',
    'HOST',
    'SITE_URL',
    'TRUST_PROXY',
    'HSTS_SUBDOMAINS',
  ])
    delete inherited[name]
  const child = spawn(process.execPath, args, { env: { ...inherited, ...env } })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const [code] = await once(child, 'close')
  return { code, ...said }
}

async function temporary(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'viva-start-'))
  return { folder, remove: () => rm(folder, { recursive: true }) }
}

const cases: [title: string, env: Record<string, string>, words: RegExp][] = [
  ['a port that is none', { PORT: 'http' }, /^viva: PORT is "http"\. It is a number from 1 to 65535/],
  ['a port beyond the last', { PORT: '70000' }, /^viva: PORT is "70000"/],
  ['a negative port', { PORT: '-1' }, /^viva: PORT is "-1"/],
  ['a site address that is none', { SITE_URL: 'viva' }, /^viva: SITE_URL is "viva"\. It is where the site is reached/],
  ['a number of proxies that is none', { TRUST_PROXY: 'yes' }, /^viva: TRUST_PROXY is "yes"\. It is the number of/],
  ['subdomains in HSTS without https', { HSTS_SUBDOMAINS: '1' }, /^viva: HSTS_SUBDOMAINS=1 has no effect without/],
  ['a connection cap that is none', { MAX_CONNECTIONS: '0' }, /^viva: MAX_CONNECTIONS is "0"\. It is a whole number/],
  ['characters that steer a terminal', { PORT: 'a\u009b2J\u202e' }, /^viva: PORT is "a\\u009b2J\\u202e"/],
  ['an unknown log level', { LOG_LEVEL: 'loud' }, /^viva: LOG_LEVEL is "loud"\. It is one of debug, info/],
  [
    'a database address that is none',
    { PORT: '0', DATABASE_URL: 'mysql://x' },
    /^viva: DATABASE_URL is not a PostgreSQL address/,
  ],
  [
    'a database that does not answer',
    { PORT: '0', DATABASE_URL: 'postgres://v:secret@127.0.0.1:1/v' },
    /^viva: PostgreSQL at 127\.0\.0\.1:1\/v cannot be opened: .*unset it/,
  ],
]
for (const [title, env, words] of cases) {
  test(`${title} is one clear line and exit 1`, async () => {
    const { code, stdout, stderr } = await refusal(env)
    assert.equal(code, 1)
    assert.match(stderr, words)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
    assert.doesNotMatch(stderr, /secret/)
    assert.equal(stdout, '', 'nothing was begun')
  })
}

test('a taken port is named before anything is built', async (t) => {
  const other = createServer()
  other.listen(0)
  await once(other, 'listening')
  t.after(() => other.close())
  const address = other.address()
  assert.ok(address && typeof address === 'object')
  const { code, stdout, stderr } = await refusal({ PORT: String(address.port) })
  assert.equal(code, 1)
  assert.equal(
    stderr,
    `viva: port ${address.port} is taken. Stop what listens there, or choose another: PORT=${address.port + 1} npm start\n`,
  )
  assert.equal(stdout, '')
})

test('a data folder that cannot be written is named before anything is built', async (t) => {
  const { folder, remove } = await temporary()
  t.after(remove)
  await writeFile(join(folder, 'file'), '')
  for (const place of [join(folder, 'file'), join(folder, 'file/data'), '/proc/viva']) {
    const { code, stdout, stderr } = await refusal({ PORT: '0', VIVA_DATA: place })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^viva: .*viva\.db cannot be opened: .* Make that folder writable, or name another: VIVA_DATA=/,
    )
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
    assert.equal(stdout, '')
  }
})
