/** Predictions of JavaScript outputs, labelled by hand before the judge was written. */
import type { LabelledOutput } from './output.fixture.ts'

const language = 'js'

export const javascript: LabelledOutput[] = [
  {
    from: 'javascript/event-loop#1',
    language,
    expected: 'body · end · then 1 · after await · then 2 · timer A · micro of A · timer B',
    exact: ['body  ·  end · then 1 · after await · then 2 · timer A · micro of A · timer B '],
    equivalent: [
      'body, end, then 1, after await, then 2, timer A, micro of A, timer B',
      'body\nend\nthen 1\nafter await\nthen 2\ntimer A\nmicro of A\ntimer B',
      'body -> end -> then 1 -> after await -> then 2 -> timer A -> micro of A -> timer B',
      'body | end | then 1 | after await | then 2 | timer A | micro of A | timer B',
      'body → end → then 1 → after await → then 2 → timer A → micro of A → timer B.',
      'body - end - then 1 - after await - then 2 - timer A - micro of A - timer B',
    ],
    wrong: [
      'body, end, after await, then 1, then 2, timer A, micro of A, timer B',
      'body, end, then 1, after await, then 2, timer A, timer B, micro of A',
      'body, end, then 1, after await, then 2, timer A, micro of A',
      'body, body, end, then 1, after await, then 2, timer A, micro of A, timer B',
      'body, end, then 2, after await, then 1, timer A, micro of A, timer B',
    ],
  },
  {
    from: 'javascript/event-loop#2',
    language,
    expected: 'first · second · script goes on · micro of first · micro of second',
    equivalent: ['first, second, script goes on, micro of first, micro of second'],
    wrong: [
      'first, micro of first, second, micro of second, script goes on',
      'script goes on, first, second, micro of first, micro of second',
      'first, second, script goes on',
    ],
  },
  {
    from: 'javascript/event-loop#4',
    language,
    expected: 'one of 200 ms: { workMs: 200, missed: 10 }\n20 of 10 ms:   { workMs: 200, missed: 0 }',
    exact: ['one of 200 ms: { workMs: 200, missed: 10 }\n20 of 10 ms: { workMs: 200, missed: 0 }'],
    equivalent: [
      'one of 200 ms: {workMs: 200, missed: 10}\n20 of 10 ms: {workMs: 200, missed: 0}',
      'one of 200 ms {"workMs":200,"missed":10}\n20 of 10 ms {"workMs":200,"missed":0}',
      '{ workMs: 200, missed: 10 }\n{ workMs: 200, missed: 0 }',
    ],
    wrong: [
      'one of 200 ms: { workMs: 200, missed: 0 }\n20 of 10 ms: { workMs: 200, missed: 10 }',
      'one of 200 ms: { workMs: 200, missed: 1 }\n20 of 10 ms: { workMs: 200, missed: 0 }',
      'one of 200 ms: { workMs: 200 }\n20 of 10 ms: { workMs: 200, missed: 0 }',
      'one of 200 ms: { workMs: "200", missed: 10 }\n20 of 10 ms: { workMs: 200, missed: 0 }',
    ],
  },
  {
    from: 'javascript/event-loop#6',
    language,
    expected: "[ 'paid', 'paid' ] -60\n[ 'paid', 'refused' ] 20",
    equivalent: [
      "['paid', 'paid'] -60\n['paid', 'refused'] 20",
      '["paid", "paid"], -60\n["paid", "refused"], 20',
      '[paid, paid] -60\n[paid, refused] 20',
    ],
    wrong: [
      "['paid', 'paid'] 60\n['paid', 'refused'] 20",
      "['paid', 'refused'] 20\n['paid', 'paid'] -60",
      "['paid', 'paid'] -60\n['refused', 'paid'] 20",
      "['paid', 'paid'] -60",
      "['paid', ['paid']] -60\n['paid', 'refused'] 20",
    ],
  },
  {
    from: 'javascript/event-loop#7',
    language,
    expected: 'the try block is over\nUncaught Error: too late',
    equivalent: [
      'the try block is over\nError: too late',
      '"the try block is over"\nUncaught Error: "too late"',
      'the try block is over, Uncaught Error: too late',
    ],
    wrong: [
      'caught: too late\nthe try block is over',
      'the try block is over\nUncaught TypeError: too late',
      'the try block is over',
      'Uncaught Error: too late\nthe try block is over',
      'the try block is over\ntoo late',
    ],
  },
  {
    from: 'javascript/event-loop#8',
    language,
    expected: 'caught: too late',
    equivalent: ['caught "too late"', 'caught: too late.'],
    wrong: ['Uncaught Error: too late', 'too late', 'caught', 'caught: Error: too late'],
  },
  {
    from: 'javascript/promises#1',
    language,
    expected: 'start a · start b · start c · a · b · caught b · c',
    equivalent: ['start a, start b, start c, a, b, caught b, c', 'start a\nstart b\nstart c\na\nb\ncaught b\nc'],
    wrong: ['start a, a, start b, b, caught b, start c, c', 'start a, start b, start c, a, b, c, caught b'],
  },
  {
    from: 'javascript/promises#2',
    language,
    expected:
      "all        rejected: first\nrace       rejected: first\nany        second\nallSettled [ 'rejected', 'fulfilled', 'fulfilled' ]",
    exact: [
      "all rejected: first\nrace rejected: first\nany second\nallSettled [ 'rejected', 'fulfilled', 'fulfilled' ]",
    ],
    equivalent: [
      'all: rejected: first\nrace: rejected: first\nany: second\nallSettled: ["rejected", "fulfilled", "fulfilled"]',
      'all rejected first\nrace rejected first\nany second\nallSettled [rejected, fulfilled, fulfilled]',
    ],
    wrong: [
      'all rejected: first\nrace rejected: first\nany first\nallSettled [ rejected, fulfilled, fulfilled ]',
      "all rejected: first\nrace rejected: first\nany second\nallSettled [ 'fulfilled', 'rejected', 'fulfilled' ]",
      'all rejected: first\nrace second\nany second\nallSettled [ rejected, fulfilled, fulfilled ]',
      'all rejected: first\nrace rejected: first\nany second\nallSettled rejected, fulfilled, fulfilled',
    ],
  },
  {
    from: 'javascript/promises#4',
    language,
    expected: 'plain value · 1 · after await · 2 · returned promise · 3 · 4',
    equivalent: [
      'plain value 1 after await 2 returned promise 3 4',
      'plain value, 1, after await, 2, returned promise, 3, 4',
    ],
    wrong: [
      '1, plain value, after await, 2, returned promise, 3, 4',
      'plain value, 1, 2, after await, returned promise, 3, 4',
    ],
  },
  {
    from: 'javascript/promises#5',
    language,
    expected: 'peak 3 | 0 1 4 9 16 25 36 49 64 81',
    equivalent: ['peak 3, 0, 1, 4, 9, 16, 25, 36, 49, 64, 81', 'peak: 3\n0 1 4 9 16 25 36 49 64 81'],
    wrong: [
      'peak 10 | 0 1 4 9 16 25 36 49 64 81',
      'peak 3 | 0 1 4 9 16 25 36 49 64 81 100',
      'peak 3 | 1 4 9 16 25 36 49 64 81',
      'peak 3 | 0 1 2 3 4 5 6 7 8 9',
    ],
  },
  {
    from: 'javascript/promises#6',
    language,
    expected: 'forEach: 0\nfor of:  3\nmap:     3',
    equivalent: ['forEach 0, for of 3, map 3', 'forEach=0\nfor of=3\nmap=3', '0\n3\n3', '0, 3, 3'],
    wrong: [
      'forEach: 3\nfor of: 3\nmap: 3',
      '0 3',
      'forEach: 0\nmap: 3\nfor of: 3',
      '3, 0, 3',
      '0, 3, 3, 3',
      '0, 3, 3.0.0',
    ],
  },
  {
    from: 'javascript/promises#7',
    language: 'node',
    expected: 'unhandled: quick failed\ncaught late: quick failed\ncaught at once: quick failed',
    equivalent: ['unhandled quick failed\ncaught late quick failed\ncaught at once quick failed'],
    wrong: [
      'caught late: quick failed\nunhandled: quick failed\ncaught at once: quick failed',
      'quick failed\nquick failed\nquick failed',
      'caught late: quick failed\ncaught at once: quick failed',
    ],
  },
  {
    from: 'javascript/closures#1',
    language,
    expected: 'a: 2  b: 1\nadd(1): 11',
    exact: ['a: 2 b: 1\nadd(1): 11'],
    equivalent: ['a: 2, b: 1\nadd(1): 11', 'a = 2; b = 1\nadd(1) = 11', '2 1 11', '2 1\n11'],
    wrong: [
      'a: 1 b: 2\nadd(1): 11',
      'a: 2 b: 2\nadd(1): 11',
      'a: 2 b: 1\nadd(1): 12',
      'a: 2 b: 1',
      '2 1 1',
      '2 1 1 1',
      '2\n1 11 11',
    ],
  },
  {
    from: 'javascript/closures#2',
    language,
    expected: 'module',
    equivalent: ["'module'", '"module"', 'module.'],
    wrong: ['caller', 'undefined', 'modules', 'ReferenceError', 'module module'],
  },
  {
    from: 'javascript/closures#3',
    language,
    expected: '81 81 16 computed 2 times\n[ 11.9, 23.8 ]',
    equivalent: ['81, 81, 16, computed 2 times\n[11.9, 23.8]', '81 81 16 computed 2 times [11.90, 23.8]'],
    wrong: [
      '81 81 16 computed 3 times\n[11.9, 23.8]',
      '81 81 16 computed 2 times\n11.9 23.8',
      '81 81 16 computed 2 times\n[1.19, 2.38]',
    ],
  },
  {
    from: 'javascript/closures#4',
    language,
    expected: "150 [ 'deposit', 'balance' ]\nTypeError\n150",
    equivalent: ['150 ["deposit", "balance"]\nTypeError\n150', '150, [deposit, balance], TypeError, 150'],
    wrong: [
      "150 [ 'deposit', 'balance' ]\n150\n150",
      "150 [ 'deposit', 'balance' ]\nTypeError\n1000000",
      "150 [ 'deposit', 'balance' ]\nReferenceError\n150",
      "150 [ 'balance', 'deposit' ]\nTypeError\n150",
      "150 [ 'deposit' ]\nTypeError\n150",
      "150 [ 'deposit', 'balance' ]\nUncaught TypeError\n150",
      "'150' [ 'deposit,balance' ]\nTypeError\n150",
    ],
  },
  {
    from: 'javascript/closures#5',
    language,
    expected: 'var:  3 3 3\nlet:  0 1 2\ncall: 0 1 2',
    equivalent: [
      'var: 3, 3, 3\nlet: 0, 1, 2\ncall: 0, 1, 2',
      'var 3,3,3; let 0,1,2; call 0,1,2',
      '3 3 3\n0 1 2\n0 1 2',
      'var:3 3 3|let:0 1 2|call:0 1 2',
    ],
    wrong: [
      'var: 2 2 2\nlet: 0 1 2\ncall: 0 1 2',
      'var: 3 3 3\nlet: 0 1 2\ncall: 3 3 3',
      'var: 3\nlet: 0 1 2\ncall: 0 1 2',
      'var: 3 3 3\nlet: 1 2 3\ncall: 0 1 2',
      'var: 333\nlet: 012\ncall: 012',
      '3 3 3\n0 1 2',
      'let: 0 1 2\nvar: 3 3 3\ncall: 0 1 2',
    ],
  },
  {
    from: 'javascript/equality#1',
    language,
    expected:
      "null == 0, null >= 0 [ false, true ]\n[] == ![]            true\n'0' == false, if '0' [ true, true ]\n[NaN] has NaN        [ false, true ]\n0 and -0             [ true, false, 1 ]\n[1] === [1], == \"1\"  [ false, true ]",
    equivalent: [
      "null == 0, null >= 0 [false,true]\n[] == ![] true\n'0' == false, if '0' [true,true]\n[NaN] has NaN [false,true]\n0 and -0 [true,false,1]\n[1] === [1], == \"1\" [false,true]",
    ],
    wrong: [
      "null == 0, null >= 0 [false,true]\n[] == ![] false\n'0' == false, if '0' [true,true]\n[NaN] has NaN [false,true]\n0 and -0 [true,false,1]\n[1] === [1], == \"1\" [false,true]",
      "null == 0, null >= 0 [false,true]\n[] == ![] true\n'0' == false, if '0' [true,true]\n[NaN] has NaN [false,true]\n0 and -0 [true,false,true]\n[1] === [1], == \"1\" [false,true]",
    ],
  },
  {
    from: 'javascript/equality#3',
    language,
    expected: 'true false true\nfalse 9007199254740992 true',
    equivalent: [
      'true, false, true\nfalse, 9007199254740992, true',
      'True False True\nFalse 9007199254740992 True',
      'true\nfalse\ntrue\nfalse\n9007199254740992\ntrue',
    ],
    wrong: [
      'true false true\nfalse 9007199254740993 true',
      'true false true\nfalse 9007199254740992n true',
      'true false true true 9007199254740992 true',
      '1 0 1\n0 9007199254740992 1',
      'true false\ntrue false 9007199254740992 true',
    ],
  },
]
