/** Floods of output: the page stays responsive, Stop works, and the limit holds. */
import type { FenceAttempt } from '../attempt.ts'

const floods: Record<string, string> = {
  empty: `for (;;) console.log('')`,
  character: `for (;;) console.log('x')`,
  'wide-character': `for (;;) console.log('🙂')`,
  'group-indent': `for (;;) { console.group(); console.log('') }`,
  table: `for (;;) console.table([{ a: 1 }, { b: 2 }])`,
  count: `for (;;) console.count()`,
  'promise-states': `for (;;) console.log(Promise.resolve(1))`,
  microtasks: `const again = () => { console.log(''); return Promise.resolve().then(again) }\nagain()`,
  timers: `const again = () => { for (let turn = 0; turn < 100; turn++) console.log(''); setTimeout(again, 0) }\nagain()`,
  'caught-errors': `for (;;) { try { console.log('') } catch {} }`,
  'string-format': `for (;;) console.log('%s%s%s', '', '', '')`,
  'deep-object': `let one = {}; for (let turn = 0; turn < 100; turn++) one = { one }\nfor (;;) console.dir(one, { depth: Infinity })`,
}

const onStop = { timeoutMs: 8_000, abortAfterMs: 200 }

export const attempts: FenceAttempt[] = [
  ...Object.entries(floods).map(
    ([name, code]): FenceAttempt => ({
      id: `output-${name}`,
      language: 'js',
      code,
      timeoutMs: 800,
      expect: { stopped: ['time', 'output'], withinMs: 2_500 },
    }),
  ),
  { id: 'output-stop-empty', language: 'js', code: floods.empty ?? '', ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-character', language: 'js', code: floods.character ?? '', ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-quiet-loop', language: 'js', code: `console.log('x')\nfor (;;);`, ...onStop, expect: { stopped: 'abort', output: 'x' } },
  { id: 'output-stop-timers', language: 'js', code: floods.timers ?? '', ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-rejections', language: 'js', code: `console.log('x')\naddEventListener('unhandledrejection', (event) => event.stopImmediatePropagation(), true)\nfor (;;) Promise.reject(new Error('x'))`, ...onStop },
  { id: 'output-stop-ts', language: 'ts', code: `for (;;) console.log('' as string)`, ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-mongodb', language: 'mongodb', code: `for (;;) print('')`, ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-python', language: 'python', code: `while True: print('')`, ...onStop, outputLimitBytes: 1e9, expect: { stopped: 'abort' } },
  { id: 'output-stop-python-quiet', language: 'python', code: `print('x')\nwhile True: pass`, ...onStop, expect: { stopped: 'abort', output: 'x' } },
  { id: 'output-stop-sqlite', language: 'sqlite', code: `select 1;\nwith recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c`, ...onStop, expect: { stopped: 'abort' } },
  { id: 'output-stop-sql', language: 'sql', code: `select 1;\nselect pg_sleep(60);`, ...onStop, expect: { stopped: 'abort' } },
  { id: 'output-one-line', language: 'js', code: `console.log('x'.repeat(50_000_000))`, expect: { stopped: 'output' } },
  { id: 'output-at-limit', language: 'js', code: `console.log('x'.repeat(65_535))`, expect: { stopped: null, check: ({ output }) => (output.length === 65_535 ? undefined : `${output.length} characters`) } },
  { id: 'output-past-limit', language: 'js', code: `console.log('x'.repeat(65_536))`, expect: { stopped: 'output' } },
  { id: 'output-cut-character', language: 'js', code: `console.log('é🙂'.repeat(60_000))`, expect: { stopped: 'output', lacks: /\ufffd/ } },
  { id: 'output-zeros', language: 'js', code: `console.log('\\0'.repeat(70_000))`, expect: { stopped: 'output' } },
  { id: 'output-lone-surrogates', language: 'js', code: `console.log('\\ud800'.repeat(30_000))`, expect: { stopped: 'output' } },
  { id: 'output-markup', language: 'js', code: `console.log('<img src=x onerror="document.title=1"><script>document.title=1</scr' + 'ipt>')`, expect: { stopped: null, matches: /<img/ } },
  { id: 'output-escape-codes', language: 'js', code: `console.log('\\u001b[2J\\u202e\\u0007\\u009b')`, expect: { stopped: null } },
  { id: 'output-python-lines', language: 'python', code: `while True: print('é')`, timeoutMs: 3_000, expect: { stopped: ['output', 'time'] } },
  { id: 'output-python-empty', language: 'python', code: `while True: print()`, timeoutMs: 1_500, expect: { stopped: ['output', 'time'] } },
  { id: 'output-python-unbuffered', language: 'python', code: `import os\nwhile True: os.write(1, b'x')`, timeoutMs: 1_500, expect: { stopped: ['output', 'time'] } },
  { id: 'output-python-caught', language: 'python', code: `while True:\n    try:\n        print('x' * 1000)\n    except BaseException:\n        pass`, timeoutMs: 1_500, expect: { stopped: ['output', 'time'] } },
  { id: 'output-sqlite-rows', language: 'sqlite', code: `with recursive c(n) as (select 1 union all select n + 1 from c where n < 50000) select n from c`, timeoutMs: 4_000, expect: { stopped: ['output', 'time'] } },
  { id: 'output-sql-notices', language: 'sql', code: `do $$ begin for n in 1..200000 loop raise notice 'x'; end loop; end $$`, timeoutMs: 4_000, expect: { stopped: ['output', 'time', 'memory'] } },
]
