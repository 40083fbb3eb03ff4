/** Predictions of other outputs, labelled by hand after the judge was written and before it saw them. */
import type { LabelledOutput } from './output.fixture.ts'

export const later: LabelledOutput[] = [
  {
    from: 'microservices/backpressure#3',
    language: 'js',
    expected:
      'wait: [1,2,3,4,5,6,7,8,9,10] in 10 ticks\ndrop newest: [1,2,3,4,5,7,9] in 7 ticks\ndrop oldest: [1,2,4,6,8,9,10] in 7 ticks\nfail: [1,2,3,4,5,7,9] in 7 ticks, 3 senders told',
    equivalent: [
      'wait: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] in 10 ticks\ndrop newest: [1, 2, 3, 4, 5, 7, 9] in 7 ticks\ndrop oldest: [1, 2, 4, 6, 8, 9, 10] in 7 ticks\nfail: [1, 2, 3, 4, 5, 7, 9] in 7 ticks; 3 senders told',
    ],
    wrong: [
      'wait: [1,2,3,4,5,6,7,8,9,10] in 10 ticks\ndrop newest: [1,2,3,4,5,7,9] in 7 ticks\ndrop oldest: [1,2,3,4,5,7,9] in 7 ticks\nfail: [1,2,3,4,5,7,9] in 7 ticks, 3 senders told',
      'wait: [1,2,3,4,5,6,7,8,9,10] in 10 ticks\ndrop newest: [1,2,3,4,5,7,9] in 10 ticks\ndrop oldest: [1,2,4,6,8,9,10] in 7 ticks\nfail: [1,2,3,4,5,7,9] in 7 ticks, 3 senders told',
    ],
  },
  {
    from: 'microservices/backpressure#7',
    language: 'js',
    expected: '200 200 200 503 503\nretry after 2 s\nonce they are done: 200',
    equivalent: [
      '200, 200, 200, 503, 503\nretry after 2s\nonce they are done: 200',
      '200\n200\n200\n503\n503\nretry after 2 s\nonce they are done: 200',
    ],
    wrong: [
      '200 200 503 503 503\nretry after 2 s\nonce they are done: 200',
      '200 200 200 503 503\nretry after 20 s\nonce they are done: 200',
      '200 200 200 503\nretry after 2 s\nonce they are done: 200',
    ],
  },
  {
    from: 'microservices/caching#5',
    language: 'js',
    expected: 'set:    database 12, readers see 10\ndelete: database 12, readers see 12',
    equivalent: [
      'set: database 12; readers see 10\ndelete: database 12; readers see 12',
      'set database 12 readers see 10, delete database 12 readers see 12',
    ],
    wrong: [
      'set: database 12, readers see 12\ndelete: database 12, readers see 10',
      'set: database 10, readers see 12\ndelete: database 12, readers see 12',
      'database 12, readers see 10\ndatabase 12, readers see 10',
    ],
  },
  {
    from: 'microservices/circuit-breaker#3',
    language: 'js',
    expected: '5 in a row: opens at call never\n50 % of the last 20: opens at call 20',
    equivalent: ['5 in a row: opens at call never\n50% of the last 20: opens at call 20'],
    wrong: [
      '5 in a row: opens at call 5\n50 % of the last 20: opens at call 20',
      '5 in a row: opens at call never\n50 % of the last 20: opens at call 10',
    ],
  },
  {
    from: 'microservices/saga#2',
    language: 'js',
    expected:
      "no step fails, crash before each log write: [ 'reserve+charge+ship' ]\nship fails, crash before each log write: [ 'nothing done' ]",
    equivalent: [
      'no step fails, crash before each log write: ["reserve+charge+ship"]\nship fails, crash before each log write: ["nothing done"]',
      'no step fails, crash before each log write: [reserve+charge+ship]\nship fails, crash before each log write: [nothing done]',
      "['reserve+charge+ship']\n['nothing done']",
    ],
    wrong: [
      "no step fails, crash before each log write: ['reserve', 'charge', 'ship']\nship fails, crash before each log write: ['nothing done']",
      "no step fails, crash before each log write: ['nothing done']\nship fails, crash before each log write: ['reserve+charge+ship']",
      'no step fails, crash before each log write: [reserve+ship+charge]\nship fails, crash before each log write: [nothing done]',
    ],
  },
  {
    from: 'operating-systems/process-vs-thread#7',
    language: 'js',
    expected: 'original: false 0 | received: true 9\nDataCloneError\nafter transfer: 0 bytes left',
    equivalent: [
      'original: false 0, received: true 9\nDataCloneError\nafter transfer: 0 bytes left',
      'original: False 0\nreceived: True 9\nDataCloneError\nafter transfer: 0 bytes left',
    ],
    wrong: [
      'original: true 9 | received: true 9\nDataCloneError\nafter transfer: 0 bytes left',
      'original: false 0 | received: true 9\nTypeError\nafter transfer: 0 bytes left',
      'original: false 0 | received: true 9\nafter transfer: 0 bytes left',
      'original: 0 false | received: 9 true\nDataCloneError\nafter transfer: 0 bytes left',
    ],
  },
  {
    from: 'operating-systems/mutex-vs-semaphore#7',
    language: 'js',
    expected: "[ 'consumer stuck at -filled', 'producer stuck at -mutex' ]\n[ 'consumer done', 'producer done' ]",
    equivalent: [
      '["consumer stuck at -filled", "producer stuck at -mutex"]\n["consumer done", "producer done"]',
      '[consumer stuck at -filled, producer stuck at -mutex]\n[consumer done, producer done]',
    ],
    wrong: [
      "[ 'producer stuck at -mutex', 'consumer stuck at -filled' ]\n[ 'consumer done', 'producer done' ]",
      "[ 'consumer done', 'producer done' ]\n[ 'consumer done', 'producer done' ]",
      "[ 'consumer stuck at -mutex', 'producer stuck at -filled' ]\n[ 'consumer done', 'producer done' ]",
    ],
  },
  {
    from: 'javascript/this-binding#2',
    language: 'js',
    expected: 'undefined timer undefined timer',
    equivalent: [
      'undefined, timer, undefined, timer',
      'undefined\ntimer\nundefined\ntimer',
      "undefined 'timer' undefined 'timer'",
    ],
    wrong: [
      'timer timer timer timer',
      'undefined undefined timer timer',
      'timer undefined timer undefined',
      'null timer null timer',
      'undefined timer',
      'undefined timer timer',
    ],
  },
  {
    from: 'javascript/this-binding#7',
    language: 'js',
    expected: 'undefined 100',
    equivalent: ['undefined, 100', 'Undefined 1e2', 'undefined\n100.'],
    wrong: ['100 undefined', '100 100', 'undefined 10', 'undefined', 'TypeError', 'null 100', 'undefined 1000'],
  },
  {
    from: 'javascript/prototypes#6',
    language: 'js',
    expected: 'somebody else is admin: true\nsomebody else is admin: undefined',
    equivalent: ['true\nundefined', 'somebody else is admin true, somebody else is admin undefined', 'true, undefined'],
    wrong: [
      'somebody else is admin: undefined\nsomebody else is admin: true',
      'true\nfalse',
      'true\nnull',
      'somebody else is admin: true',
      'true',
      'somebody else is admin: 1\nsomebody else is admin: undefined',
    ],
  },
  {
    from: 'javascript/promises#8',
    language: 'js',
    expected: 'race only, parts sent: 5\nAbortError\nwith a signal, fewer than 5: true',
    equivalent: [
      'race only, parts sent 5\nAbortError\nwith a signal, fewer than 5 true',
      'race only, parts sent = 5; AbortError; with a signal, fewer than 5 = true',
    ],
    wrong: [
      'race only, parts sent: 5\nTimeoutError\nwith a signal, fewer than 5: true',
      'race only, parts sent: 1\nAbortError\nwith a signal, fewer than 5: true',
      'race only, parts sent: 5\nAbortError\nwith a signal, fewer than 5: false',
      'AbortError\nrace only, parts sent: 5\nwith a signal, fewer than 5: true',
    ],
  },
  {
    from: 'nodejs/error-handling#5',
    language: 'js',
    expected: "all saved: 0\nin truth: [ 1, 3 ] [ 'row 2' ]",
    equivalent: ['all saved: 0\nin truth: [1,3] ["row 2"]', '0\n[1, 3] [row 2]', 'all saved 0; in truth [1 3] [row 2]'],
    wrong: [
      "all saved: 3\nin truth: [ 1, 3 ] [ 'row 2' ]",
      "all saved: 0\nin truth: [ '1', '3' ] [ 'row 2' ]",
      'all saved: 0\nin truth: [ 1, 2, 3 ] []',
      "all saved: 0\nin truth: [ 1, 3, 'row 2' ]",
      "all saved: 0\nin truth: [ 1, 3 ] [ 'row', 2 ]",
    ],
  },
  {
    from: 'nodejs/commonjs-vs-esm#3',
    language: 'node',
    expected: '1 2\nERR_REQUIRE_ASYNC_MODULE\n2',
    equivalent: ['1, 2\nERR_REQUIRE_ASYNC_MODULE\n2', "1 2, 'ERR_REQUIRE_ASYNC_MODULE', 2"],
    wrong: [
      '1 2\nERR_REQUIRE_ESM\n2',
      '1 2\nERR_REQUIRE_ASYNC_MODULE\n1',
      '2 1\nERR_REQUIRE_ASYNC_MODULE\n2',
      '1 2\n2',
    ],
  },
  {
    from: 'typescript/structural-typing#8',
    language: 'ts',
    expected: 'string\nUncaught TypeError: not an e-mail: ada',
    equivalent: ['"string"\nTypeError: not an e-mail: ada', 'string\nUncaught TypeError: not an e-mail: "ada"'],
    wrong: [
      'string\nError: not an e-mail: ada',
      'string\nUncaught TypeError: not an e-mail: bob',
      'object\nUncaught TypeError: not an e-mail: ada',
      'string',
      'string\nundefined',
    ],
  },
  {
    from: 'typescript/any-unknown-never#8',
    language: 'tsc',
    expected: "6:10 error TS18047: 'port' is possibly 'null'.",
    equivalent: [
      'TS18047',
      "'port' is possibly 'null'",
      'port is possibly null',
      '6:10 port is possibly null',
      "error TS18047: 'port' is possibly 'null'.",
    ],
    wrong: [
      "'port' is possibly 'undefined'",
      'no errors',
      'TS18048',
      "7:10 error TS18047: 'port' is possibly 'null'.",
      'null',
    ],
  },
]
