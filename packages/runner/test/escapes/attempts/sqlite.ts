/** Attempts in SQLite: other files, extensions, pragmas, work and memory without end. */
import type { FenceAttempt } from '../attempt.ts'

const codes: Record<string, [code: string, more?: Partial<FenceAttempt>]> = {
  'attach-file': [`attach 'left.db' as left; create table left.t (a); insert into left.t values (1)`],
  'attach-root': [`attach '/etc/passwd' as one; select * from one.sqlite_master`],
  'attach-uri': [`attach 'file:{{attacker}}?mode=rwc' as one`],
  'attach-uri-vfs': [`attach 'file:left.db?vfs=unix-none&immutable=1' as one`],
  'attach-shared-memory': [`attach 'file:left?mode=memory&cache=shared' as one; create table one.t (a)`],
  'attach-many': [Array.from({ length: 12 }, (_, n) => `attach ':memory:' as m${n}`).join(';')],
  'load-extension': [`select load_extension('/lib/libc.so.6')`],
  readfile: [`select readfile('/etc/passwd')`],
  writefile: [`select writefile('/left', 'left')`],
  edit: [`select edit('x', 'sh')`],
  fts3: [`select fts3_tokenizer('simple')`],
  'csv-table': [`create virtual table one using csv(filename = '/etc/passwd')`],
  'fsdir-table': [`select * from fsdir('/')`],
  'dbpage-table': [`select * from sqlite_dbpage`],
  'pragma-writable-schema': [
    `create table t (a); pragma writable_schema = on; update sqlite_master set sql = 'left'; pragma writable_schema = reset`,
  ],
  'pragma-journal': [`pragma journal_mode = wal; pragma journal_mode = delete`],
  'pragma-temp-directory': [`pragma temp_store_directory = '/'; pragma temp_store = file; create temp table t (a)`],
  'pragma-data-directory': [`pragma data_store_directory = '/'`],
  'pragma-heap-limit': [`pragma hard_heap_limit = 1000; select randomblob(100000)`],
  'pragma-trusted-schema': [`pragma trusted_schema = on; create table t (a check (load_extension('x')))`],
  'pragma-mmap': [`pragma mmap_size = 1000000000; pragma cache_size = -1000000`],
  'pragma-foreign-keys': [
    `pragma foreign_keys = on; pragma recursive_triggers = on; pragma user_version = 7; pragma application_id = 7`,
  ],
  'vacuum-into': [`create table t (a); vacuum into 'left.db'`],
  'vacuum-into-root': [`vacuum into '/etc/left'`],
  'temp-trigger': [
    `create table t (a); create temp trigger left after insert on t begin insert into t values (new.a + 1); end; pragma recursive_triggers = on; insert into t values (1)`,
    { timeoutMs: 1_500 },
  ],
  'huge-blob': [`select length(zeroblob(2000000000))`, { timeoutMs: 2_000, mayReplaceFrame: true }],
  'huge-hex': [`select hex(zeroblob(400000000))`, { timeoutMs: 3_000, mayReplaceFrame: true }],
  'huge-join': [
    `with c(n) as (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) select count(*) from c a, c b, c d, c e, c f, c g, c h, c i, c j, c k`,
    { timeoutMs: 700, expect: { stopped: 'time' } },
  ],
  'recursive-bomb': [
    `with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c`,
    { timeoutMs: 700, expect: { stopped: 'time' } },
  ],
  'recursive-rows': [
    `with recursive c(n) as (select randomblob(10000) union all select randomblob(10000) from c) select * from c`,
    { timeoutMs: 1_000, expect: { stopped: ['time', 'memory'] }, mayReplaceFrame: true },
  ],
  'like-bomb': [`select replace(hex(zeroblob(5000)), '0', 'a') like '%a%a%a%a%a%a%a%a%a%b'`, { timeoutMs: 700 }],
  'glob-bomb': [`select printf('%.*c', 9000, 'a') glob '*a*a*a*a*a*a*a*b'`, { timeoutMs: 700 }],
  'expression-depth': [`select ${'('.repeat(1_500)}1${')'.repeat(1_500)}`],
  'many-columns': [`select ${Array.from({ length: 2_000 }, (_, n) => `${n} as c${n}`).join()}`],
  'many-variables': [`select ?999999999`],
  'printf-bomb': [`select length(printf('%2000000000d', 1))`, { timeoutMs: 2_000 }],
  'json-bomb': [`select json(replace(hex(zeroblob(3000)), '00', '['))`],
  'window-bomb': [
    `with recursive c(n) as (select 1 union all select n + 1 from c where n < 20000) select count(s) from (select sum(n) over (order by n rows between unbounded preceding and unbounded following) as s, group_concat(n) over () as g from c)`,
    { timeoutMs: 1_500, mayReplaceFrame: true },
  ],
  'error-huge': [
    `select json_extract('{}', printf('%.*c', 5000000, 'x'))`,
    {
      expect: {
        check: ({ error }) =>
          (error?.message.length ?? 0) > 1_000_000 ? `${error?.message.length} characters` : undefined,
      },
    },
  ],
  'null-byte': [`select 'a' || char(0) || 'b' as "x\0y"`],
  'column-markup': [`select 1 as "<img src=x onerror=alert(1)>"`],
  unfinished: [`select 'x`],
  'transaction-left-open': [`begin exclusive; create table left (a)`],
}

export const attempts: FenceAttempt[] = Object.entries(codes).map(([name, [code, more]]) => ({
  id: `sqlite-${name}`,
  language: 'sqlite',
  code,
  ...more,
}))
