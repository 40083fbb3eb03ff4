/** The one suite that every engine passes, in Node and in the browser. A file of tests calls `contract` with a runner. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Fence, Language, Runner, RunResult } from './fence.ts'

/** How one language says the same things. */
type Dialect = {
  prints: { code: string; output: string }
  values: { code: string; output: string }
  fails: { code: string; output: string; line?: number }
  /** `setup` prints something, which must not be seen. */
  withSetup: { setup: string; code: string; output: string }
  failsAfterSetup?: { setup: string; code: string; line: number }
  /** Leaves something behind, then looks for it: both runs print the same. */
  clean: { code: string; output: string }
  /** Prints `before`, then never ends. */
  endless?: string
  /** Prints without end; each character takes more than one byte. */
  flood?: string
  /** Takes memory without end. */
  bomb?: string
}

const javascript: Dialect = {
  prints: {
    code: `console.log(1)\nsetTimeout(() => console.log(4), 20)\nPromise.resolve().then(() => console.log(3))\nconsole.error(2)`,
    output: '1\n2\n3\n4',
  },
  values: {
    code: `console.log('%s is %d', 'a', 1, [1, 'b', { c: null }], new Map([[1, { d: new Set([2]) }]]), -0, 10n, undefined)
console.log({ f() {}, g: class G {}, s: Symbol('t') }, new Error('boom').message, /x/g, new Date(0), [, 1])
console.log(Promise.resolve(4), new Promise(() => {}), (async () => 5)())
console.log('é', '日本', '🙂', [\`it's\`])
console.table([{ a: 1, b: 'x' }, { a: 2 }])
console.group('in')\nconsole.log('a\\nb')\nconsole.groupEnd()\nconsole.log({ deep: { deep: { deep: { deep: 1 } } } })`,
    output: `a is 1 [ 1, 'b', { c: null } ] Map(1) { 1 => { d: Set(1) { 2 } } } -0 10n undefined
{ f: [Function: f], g: [class G], s: Symbol(t) } boom /x/g 1970-01-01T00:00:00.000Z [ <1 empty item>, 1 ]
Promise { 4 } Promise { <pending> } Promise { 5 }
é 日本 🙂 [ "it's" ]
┌─────────┬───┬─────┐
│ (index) │ a │ b   │
├─────────┼───┼─────┤
│ 0       │ 1 │ 'x' │
│ 1       │ 2 │     │
└─────────┴───┴─────┘
in
  a
  b
{ deep: { deep: { deep: [Object] } } }`,
  },
  fails: {
    code: `console.log('before')\n\nnull.x`,
    output: `before\nUncaught TypeError: Cannot read properties of null (reading 'x')`,
    line: 3,
  },
  withSetup: { setup: `const one = 1\nconsole.log('never seen')`, code: 'console.log(one)', output: '1' },
  failsAfterSetup: { setup: 'const a = 1\nconst b = 2', code: `console.log(a)\nthrow new Error('here')`, line: 2 },
  clean: {
    code: `console.log(typeof globalThis.left, Array.prototype.left)\nglobalThis.left = 1\nArray.prototype.left = 1`,
    output: 'undefined undefined',
  },
  endless: `console.log('before')\nwhile (true);`,
  flood: `while (true) console.log('é')`,
  bomb: `const all = []\nwhile (true) all.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5))`,
}

const dialects: Partial<Record<Language, Dialect>> = {
  js: javascript,
  ts: {
    ...javascript,
    fails: {
      code: `type A = {\n  a: number\n}\nconst a: A | null = null\nconsole.log((a as unknown as A).a)`,
      output: `Uncaught TypeError: Cannot read properties of null (reading 'a')`,
      line: 5,
    },
  },
  node: {
    ...javascript,
    clean: {
      code: `import { existsSync, writeFileSync } from 'node:fs'\nconsole.log(existsSync('left'))\nwriteFileSync('left', '')`,
      output: 'false',
    },
  },
  mongodb: {
    prints: { code: `print('a', { b: 1 })\nprintjson([1])\nconsole.log('c')`, output: 'a { b: 1 }\n[ 1 ]\nc' },
    values: {
      code: `db.t.insertMany([{ n: 2, s: 'é' }, { n: 1, at: ISODate('2026-01-02') }])
print(db.t.find().sort({ n: 1 }).toArray())
print(db.t.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray())`,
      output: `[
  {
    _id: ObjectId('6955b9007669766100000002'),
    n: 1,
    at: 2026-01-02T00:00:00.000Z
  },
  { _id: ObjectId('6955b9007669766100000001'), n: 2, s: 'é' }
]
[ { _id: null, sum: 3 } ]`,
    },
    fails: {
      code: `db.t.createIndex({ a: 1 }, { unique: true })\ndb.t.insertOne({ a: 1 })\ndb.t.insertOne({ a: 1 })`,
      output: 'Uncaught MongoServerError: E11000 duplicate key error collection: test.t index: a_1 dup key: { a: 1 }',
      line: 3,
    },
    withSetup: {
      setup: `db.t.insertOne({ a: 1 })\nprint('never seen')`,
      code: 'print(db.t.countDocuments())',
      output: '1',
    },
    failsAfterSetup: { setup: 'db.t.insertOne({ _id: 1 })', code: '\ndb.t.insertOne({ _id: 1 })', line: 2 },
    clean: {
      code: `print(db.t.countDocuments(), db.t.getIndexes().length)\ndb.t.insertOne({})\ndb.t.createIndex({ a: 1 })`,
      output: '0 1',
    },
    endless: javascript.endless as string,
    flood: javascript.flood as string,
    bomb: `while (true) db.t.insertOne({ list: Array.from({ length: 20_000 }, (_, i) => i + 0.5) })`,
  },
  sql: {
    prints: {
      code: `create table t (n int, s text); insert into t values (1, 'a'), (22, null);\nselect * from t order by n;\nselect 1 where false; -- done`,
      output: ` n  | s\n----+---\n  1 | a\n 22 |\n(2 rows)\n ?column?\n----------\n(0 rows)`,
    },
    values: {
      code: `select true as yes, 1.50 as amount, array['a','b'] as list, '{"a": 1}'::jsonb as doc, date '2026-01-02' as day, 'é🙂' as s;
select 'a;b' as "x;y", $$c;d$$ as z; explain (costs off) select 1;`,
      output: ` yes | amount | list  |   doc    |    day     |  s
-----+--------+-------+----------+------------+-----
 t   |   1.50 | {a,b} | {"a": 1} | 2026-01-02 | é🙂
(1 row)
 x;y |  z
-----+-----
 a;b | c;d
(1 row)
 QUERY PLAN
------------
 Result
(1 row)`,
    },
    fails: {
      code: 'select 1 as one;\n\nselect 1/0;\nselect 2',
      output: ` one\n-----\n   1\n(1 row)\nERROR:  division by zero`,
      line: 3,
    },
    withSetup: {
      setup: 'create table t (n int); insert into t values (7); select * from t',
      code: 'select n from t',
      output: ` n\n---\n 7\n(1 row)`,
    },
    failsAfterSetup: { setup: 'create table t (n int);\nselect 1;', code: 'select 1;\nselect nope from t', line: 2 },
    clean: {
      code: `select count(*) from pg_tables where tablename = 'left_behind'; create table left_behind (n int); create role left_role;`,
      output: ` count\n-------\n     0\n(1 row)`,
    },
    endless: `select 'before' as b; select count(*) from generate_series(1, 100000000000) a`,
    flood: `select repeat('é', 1000) from generate_series(1, 100)`,
  },
  sqlite: {
    prints: {
      code: `create table t (n int, s text); insert into t values (1, 'a'), (22, null);\nselect * from t;`,
      output: ` n  | s\n----+---\n  1 | a\n 22 |\n(2 rows)`,
    },
    values: {
      code: `select 1.5 as x, 'é' as s, null as n, x'00ff' as b`,
      output: `  x  | s | n |    b\n-----+---+---+---------\n 1.5 | é |   | x'00ff'\n(1 row)`,
    },
    fails: {
      code: 'select 1 as one;\n\nselect nope',
      output: ` one\n-----\n   1\n(1 row)\nError: no such column: nope`,
      line: 3,
    },
    withSetup: {
      setup: 'create table t (n int); insert into t values (7); select 1;',
      code: 'select n from t',
      output: ` n\n---\n 7\n(1 row)`,
    },
    clean: {
      code: `select count(*) as n from sqlite_master; create table left_behind (n int)`,
      output: ` n\n---\n 0\n(1 row)`,
    },
    endless: `select 'before' as b; with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c`,
    flood: `with recursive c(n) as (select 1 union all select n + 1 from c where n < 200) select printf('%.*c', 1000, 'x') from c`,
  },
  python: {
    prints: { code: `import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3, end='')`, output: '1\n2\n3' },
    values: {
      code: `import json, collections\nprint({'a': [1, 2.5, None]}, {1}, 'é🙂', json.dumps({'b': True}), 2**70, collections.Counter('aab'))`,
      output: `{'a': [1, 2.5, None]} {1} é🙂 {"b": true} 1180591620717411303424 Counter({'a': 2, 'b': 1})`,
    },
    fails: { code: `print('before')\n\n1 / 0`, output: 'before\nZeroDivisionError: division by zero', line: 3 },
    withSetup: { setup: `one = 1\nprint('never seen')`, code: 'print(one)', output: '1' },
    failsAfterSetup: { setup: 'a = 1\nb = 2', code: `print(a)\nraise ValueError('here')`, line: 2 },
    clean: {
      code: `import json\nprint('left' in globals(), hasattr(json, 'left'))\nleft = 1\njson.left = 1`,
      output: 'False False',
    },
    endless: `print('before')\nwhile True: pass`,
    flood: `while True: print('é')`,
  },
  tsc: {
    prints: { code: `const a: number = 1`, output: 'no errors' },
    values: {
      code: `const a: number = 'é'\n\nlet b = a.nope`,
      output: `1:7 error TS2322: Type 'string' is not assignable to type 'number'.\n3:11 error TS2339: Property 'nope' does not exist on type 'number'.`,
    },
    fails: { code: 'let x =', output: '1:8 error TS1109: Expression expected.' },
    withSetup: {
      setup: 'type A = { a: 1 }',
      code: 'const a: A = { a: 2 }',
      output: `1:16 error TS2322: Type '2' is not assignable to type '1'.`,
    },
    clean: { code: 'declare global { interface Left { a: 1 } }\nconst l: Left = { a: 1 }', output: 'no errors' },
  },
  bash: {
    prints: { code: `echo 1\necho 2 >&2\nprintf 3`, output: '1\n2\n3' },
    values: { code: `echo "é🙂"; pwd; env | grep -c AUTHOR`, output: 'é🙂\n/tmp/fence\n3' },
    fails: { code: 'echo before\nexit 3', output: 'before\nexit 3' },
    withSetup: { setup: 'echo never seen\none=1', code: 'echo $one', output: '1' },
    clean: { code: 'ls | wc -l\ntouch left', output: '0' },
    endless: 'echo before\nwhile true; do :; done',
    flood: 'yes é',
  },
}
if (dialects.bash) {
  dialects.git = {
    ...dialects.bash,
    values: {
      code: `git init -q && git commit -q --allow-empty -m 'é' && git log --format='%an %s %ad %h'`,
      output: 'Ada é Thu Jan 1 00:00:00 2026 +0000 1a2b3c4',
    },
  }
}

export type ContractOptions = {
  languages: Language[]
  /** Milliseconds that a run of endless code may have. Short, but long enough for a slow machine to print before it. */
  timeoutMs?: number
  /** Milliseconds for code that takes memory without end. A browser's own limit is high: there the time limit comes first. */
  bombTimeoutMs?: number
}

/** Runs the suite over a runner. */
export function contract(name: string, create: () => Runner | Promise<Runner>, options: ContractOptions): void {
  const timeoutMs = options.timeoutMs ?? 1_500
  for (const language of options.languages) {
    const dialect = dialects[language]
    if (!dialect) throw new Error(`The contract has no dialect for ${language}.`)
    describe(`${name}: ${language}`, () => {
      let runner: Runner
      const run = (fence: Omit<Fence, 'language'>, more = {}) => runner.run({ language, ...fence }, more)
      before(async () => {
        runner = await create()
      })
      after(() => runner.close())

      it('prints in order, without a newline at the end', async () => {
        const result = await run(dialect.prints)
        assert.equal(result.output, dialect.prints.output)
        assertPlain(result)
      })

      it("shows values as the language's own tool does", async () => {
        const { output } = await run(dialect.values)
        // A commit's id depends on the version of nothing but its content: but it is not this suite's business.
        assert.equal(output.replace(/[0-9a-f]{7}$/, '1a2b3c4'), dialect.values.output)
      })

      it('prints an error last, and says where it is', async () => {
        const result = await run(dialect.fails)
        assert.equal(result.output, dialect.fails.output)
        if (dialect.fails.line !== undefined) assert.equal(result.error?.line, dialect.fails.line)
      })

      it('runs setup first and silently', async () => {
        const { output } = await run(dialect.withSetup)
        assert.equal(output, dialect.withSetup.output)
      })

      const { failsAfterSetup } = dialect
      if (failsAfterSetup) {
        it("counts an error's line in the code, not in the setup", async () => {
          const { error } = await run(failsAfterSetup)
          assert.equal(error?.line, failsAfterSetup.line)
        })
      }

      it('starts clean each time', async () => {
        const first = await run(dialect.clean)
        const second = await run(dialect.clean)
        assert.equal(first.output, dialect.clean.output)
        assert.equal(second.output, dialect.clean.output)
      })

      it('takes empty code', async () => {
        const result = await run({ code: '' })
        assert.equal(result.output, language === 'tsc' ? 'no errors' : '')
        assertPlain(result)
      })

      it('streams what it prints', async () => {
        let streamed = ''
        const { output } = await run(dialect.prints, {
          onOutput: (text: string) => {
            streamed += text
          },
        })
        assert.equal(streamed.replace(/\n$/, ''), output)
      })

      const { endless, flood, bomb } = dialect
      if (endless !== undefined) {
        it('stops endless code at the time limit and keeps what it printed', async () => {
          const result = await run({ code: endless }, { timeoutMs })
          assert.equal(result.stopped, 'time')
          assert.match(result.notice ?? '', /time limit/)
          assert.match(result.output, /before/)
        })

        it('stops when it is told to, with what it printed so far', async () => {
          const controller = new AbortController()
          const result = await run(
            { code: endless },
            { signal: controller.signal, timeoutMs: 60_000, onOutput: () => controller.abort() },
          )
          assert.equal(result.stopped, 'abort')
          assert.match(result.output, /before/)
        })

        it('does not begin when it was told to stop before', async () => {
          const result = await run({ code: endless }, { signal: AbortSignal.abort(), timeoutMs: 60_000 })
          assert.equal(result.stopped, 'abort')
        })
      }

      if (flood !== undefined) {
        it('stops a flood at the output limit, between two characters', async () => {
          const limit = 1_000
          const result = await run({ code: flood }, { outputLimitBytes: limit, timeoutMs: 60_000 })
          assert.equal(result.stopped, 'output')
          assert.match(result.notice ?? '', /output limit/)
          const bytes = new TextEncoder().encode(result.output).length
          assert.ok(bytes <= limit && bytes >= limit - 4, `${bytes} bytes`)
          assert.doesNotMatch(result.output, /\ufffd/)
        })
      }

      if (bomb !== undefined) {
        it('ends an allocation bomb with a sentence, and works after it', async () => {
          const result = await run({ code: bomb }, { timeoutMs: options.bombTimeoutMs ?? 30_000 })
          assert.ok(result.stopped === 'memory' || result.stopped === 'time', String(result.stopped))
          assert.match(result.notice ?? '', /Stopped/)
          assert.equal((await run(dialect.prints)).output, dialect.prints.output)
        })
      }

      if (language === 'js' || language === 'ts' || language === 'node') javascriptCases(run, timeoutMs, language)
    })
  }
}

function javascriptCases(
  run: (fence: Omit<Fence, 'language'>, more?: object) => Promise<RunResult>,
  timeoutMs: number,
  language: Language,
): void {
  it('shows a thrown value that is no error', async () => {
    assert.equal((await run({ code: 'throw { a: 1 }' })).output, 'Uncaught { a: 1 }')
    assert.equal((await run({ code: 'throw 3' })).output, 'Uncaught 3')
  })

  it('ends at a rejection that nothing handles', async () => {
    const { output, error } = await run({
      code: `setTimeout(() => console.log('never'), 500)\nPromise.reject(new RangeError('far'))`,
    })
    assert.equal(output, 'Uncaught RangeError: far')
    assert.equal(error?.name, 'RangeError')
  })

  it('ends at an error in a callback', async () => {
    const { output, error } = await run({
      code: `setTimeout(() => {\n  throw new Error('late')\n}, 5)\nconsole.log('first')`,
    })
    assert.equal(output, 'first\nUncaught Error: late')
    assert.equal(error?.line, 2)
  })

  it('names an error by its class', async () => {
    const { output } = await run({ code: `class Odd extends Error {\n  name = 'Odd'\n}\nthrow new Odd('so it is')` })
    assert.equal(output, 'Uncaught Odd: so it is')
  })

  it('says where a syntax error is none of ours', async () => {
    const { output } = await run({ code: 'let = = 1' })
    assert.match(output, /^Uncaught SyntaxError: /)
  })

  it('stops a loop of microtasks', async () => {
    const result = await run({ code: 'const again = () => Promise.resolve().then(again)\nagain()' }, { timeoutMs })
    assert.equal(result.stopped, 'time')
  })

  if (language === 'node') {
    it('says that the code ended its process', async () => {
      const result = await run({ code: `console.log('before')\nprocess.exit(3)` })
      assert.equal(result.output, 'before\nexit 3')
      assert.equal(result.stopped, 'exit')
      assert.match(result.notice ?? '', /exit code 3/)
    })
    return
  }

  it('says that an await will never end', async () => {
    const result = await run({ code: `console.log('before')\nawait new Promise(() => {})` })
    assert.equal(result.output, 'before')
    assert.match(result.notice ?? '', /nothing will ever settle/)
  })

  it('knows no process, no network and no storage', async () => {
    const names = [
      'process',
      'fetch',
      'XMLHttpRequest',
      'WebSocket',
      'importScripts',
      'indexedDB',
      'BroadcastChannel',
      'caches',
      'postMessage',
      'navigator',
    ]
    const { output } = await run({ code: `console.log([${names.map((name) => `typeof ${name}`).join(', ')}].join())` })
    assert.equal(output, names.map(() => 'undefined').join())
  })

  it('cannot import anything', async () => {
    for (const from of ['node:fs', 'https://example.com/x.js', './x.js']) {
      const { error } = await run({ code: `import '${from}'` })
      assert.ok(error, from)
    }
  })

  it('sees no console of an earlier run', async () => {
    await run({ code: 'console.log = () => {}' })
    assert.equal((await run({ code: 'console.log(1)' })).output, '1')
  })
}

function assertPlain(result: RunResult): void {
  assert.equal(result.error, undefined)
  assert.equal(result.stopped, undefined)
  assert.equal(result.notice, undefined)
  assert.ok(result.durationMs >= 0)
  assert.notEqual(result.engine.name, '')
  assert.notEqual(result.engine.version, '')
}
