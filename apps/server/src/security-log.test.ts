import assert from 'node:assert/strict'
import { test } from 'node:test'
import { securityLog } from './security-log.ts'

function recorded() {
  const lines: { message: string; fields: Record<string, unknown> }[] = []
  const time = { ms: 0 }
  const record = securityLog({
    log: (_level, message, fields = {}) => lines.push({ message, fields }),
    clock: { now: () => time.ms },
    burst: 2,
    refillMs: 1000,
  })
  return { lines, time, record }
}

test('logs the event with a pseudonym, never the address', () => {
  const { lines, record } = recorded()
  record('refused origin', { network: '192.0.2.7' }, { reason: 'x' })
  assert.equal(lines[0]?.message, 'refused origin')
  assert.equal(lines[0]?.fields.reason, 'x')
  assert.match(String(lines[0]?.fields.client), /^[\w-]{12}$/)
  assert.doesNotMatch(JSON.stringify(lines), /192\.0\.2\.7/)
})

test('a flood is bounded per event, and the next line counts what was left out', () => {
  const { lines, time, record } = recorded()
  for (let count = 0; count < 10; count++) record('connection cap', { network: 'a' })
  record('malformed request', { network: 'a' })
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['connection cap', 'connection cap', 'malformed request'],
  )
  time.ms = 1000
  record('connection cap', { network: 'a' })
  assert.equal(lines.at(-1)?.fields.omitted, 8)
})
