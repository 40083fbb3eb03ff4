import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseUnavailable } from './index.ts'
import { asUnavailable, mapStoreErrors } from './postgres.ts'

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
    const store = mapStoreErrors({ add: fail, list: fail, show: fail, close: fail })
    const calls = [store.add({ kind: 'idea', message: 'x' }, 0), store.list(), store.show('a'), store.close('a', 0)]
    for (const call of calls) await assert.rejects(call, DatabaseUnavailable)
  })
})
