import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitStatements } from './statements.ts'

const texts = (script: string) => splitStatements(script).map(({ text }) => text)

test('statements end at semicolons outside of quotes, comments and parentheses', () => {
  assert.deepEqual(
    texts(`select 'a;b'; select "c;d" -- e;f\n; select $$g;h$$; select $x$ $$;$$ $x$; /* i; /* j; */ */ select 1;`),
    [`select 'a;b'`, `select "c;d" -- e;f`, 'select $$g;h$$', 'select $x$ $$;$$ $x$', '/* i; /* j; */ */ select 1'],
  )
})

test('quotes escape themselves; a backslash escapes only in an E string', () => {
  assert.deepEqual(texts(`select 'it''s;'; select E'a\\';b'; select 'c\\'; select 2`), [
    `select 'it''s;'`,
    `select E'a\\';b'`,
    `select 'c\\'`,
    'select 2',
  ])
})

test('the body of an SQL-standard function is one statement', () => {
  const body = 'create function f(n int) returns int begin atomic select case when n > 0 then 1 end; select n; end'
  assert.deepEqual(texts(`${body}; select f(1)`), [body, 'select f(1)'])
})

test('a transaction is several statements', () => {
  assert.deepEqual(texts('begin; select 1; end;'), ['begin', 'select 1', 'end'])
})

test('parameters are no dollar quotes; comments alone are no statement', () => {
  assert.deepEqual(texts('prepare p as select $1; execute p(1); -- that is all\n;;'), [
    'prepare p as select $1',
    'execute p(1)',
  ])
})

test('each statement knows where it began', () => {
  assert.deepEqual(
    splitStatements('\n select 1;\n  select 2').map(({ start }) => start),
    [2, 14],
  )
})
