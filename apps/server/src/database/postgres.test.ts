import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseUnavailable } from './index.ts'
import { asUnavailable, createPool, mapStoreErrors, plainTextWarning } from './postgres.ts'

function errorWith(code: string, message = 'x'): Error {
  return Object.assign(new Error(message), { code })
}

describe('errors of PostgreSQL', () => {
  const temporary: Error[] = [
    ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', '08006', '53300', '57014', '57P01', '57P03'].map((code) =>
      errorWith(code),
    ),
    Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Client has encountered a connection error and is not queryable'),
  ]
  for (const error of temporary) {
    test(`${'code' in error ? String(error.code) : error.message} means unavailable`, () => {
      const mapped = asUnavailable(error)
      assert.ok(mapped instanceof DatabaseUnavailable)
      assert.equal(mapped.cause, error)
      assert.notEqual(mapped.message, '')
    })
  }

  const lasting: unknown[] = [
    errorWith('42501', 'permission denied for table feedback'),
    errorWith('23505'),
    errorWith('57P04'),
    new Error('Cannot use a pool after calling end on the pool'),
    'no error',
  ]
  for (const error of lasting) test(`${String(error)} is kept`, () => assert.equal(asUnavailable(error), error))

  test('every method of the store maps them', async () => {
    const fail = () => Promise.reject(errorWith('ECONNREFUSED'))
    const store = mapStoreErrors({ add: fail, list: fail, show: fail, close: fail, delete: fail })
    const calls = [
      store.add({ kind: 'idea', message: 'x' }, 0),
      store.list(),
      store.show('a'),
      store.close('a', 0),
      store.delete('a'),
    ]
    for (const call of calls) await assert.rejects(call, DatabaseUnavailable)
  })
})

describe('an address without sslmode', () => {
  const local = ['localhost', '127.0.0.1:5432', '[::1]:5432', '%2Fvar%2Frun%2Fpostgresql']
  for (const host of local)
    test(`to ${host} needs no TLS`, () => assert.equal(plainTextWarning(`postgres://a:b@${host}/viva`), undefined))

  for (const host of ['db.example.org', '192.0.2.7:6432', 'localhost.example.org', '127.evil.example']) {
    test(`to ${host} is a warning that names what to add, without the password`, () => {
      const warning = plainTextWarning(`postgres://a:secret@${host}/viva`) ?? ''
      assert.match(warning, /is not encrypted\. Add \?sslmode=verify-full to DATABASE_URL/)
      assert.doesNotMatch(warning, /secret/)
    })
  }

  for (const query of ['sslmode=verify-full', 'sslmode=disable', 'ssl=true', 'host=/var/run/postgresql'])
    test(`is no warning with ${query}`, () =>
      assert.equal(plainTextWarning(`postgres://a:b@db.example.org/viva?${query}`), undefined))

  test('is noted when the pool is made', async () => {
    const notes: string[] = []
    const pool = createPool('postgres://a:b@db.example.org/viva', (note) => notes.push(note))
    await pool.end()
    assert.equal(notes.length, 1)
  })
})
