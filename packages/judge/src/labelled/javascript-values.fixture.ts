/** More predictions of JavaScript outputs: single values, arrays, objects, errors. Labelled by hand. */
import type { LabelledOutput } from './output.fixture.ts'

const language = 'js'

export const javascriptValues: LabelledOutput[] = [
  {
    from: 'javascript/equality#4',
    language,
    expected: 'the same undefined nan\nnumber string\n2 3',
    equivalent: [
      'the same, undefined, nan\nnumber, string\n2, 3',
      "'the same' undefined 'nan'\n'number' 'string'\n2 3",
      'the same UNDEFINED nan\nnumber string\n2 3',
    ],
    wrong: [
      'the same null nan\nnumber string\n2 3',
      'the same the same nan\nnumber string\n2 3',
      'the same undefined nan\nstring number\n2 3',
      'the same undefined nan\nnumber string\n1 2',
      'the same undefined undefined\nnumber string\n2 3',
    ],
  },
  {
    from: 'javascript/equality#5',
    language,
    expected: 'true true false\ntrue false false\ntrue\nquantity: found "", expected a whole number',
    equivalent: ["true, true, false\ntrue, false, false\ntrue\nquantity: found '', expected a whole number"],
    wrong: [
      'true true false\ntrue false false\ntrue\nquantity: found, expected a whole number',
      'true true false\ntrue false false\ntrue\nquantity: found "0", expected a whole number',
      'true true true\ntrue false false\ntrue\nquantity: found "", expected a whole number',
    ],
  },
  {
    from: 'javascript/equality#7',
    language,
    expected: 'false 0.30000000000000004\ntrue false\nfixed EPSILON: true false\nin cents: true',
    equivalent: ['false, .30000000000000004\ntrue, false\nfixed EPSILON: true, false\nin cents: true'],
    wrong: [
      'false 0.3\ntrue false\nfixed EPSILON: true false\nin cents: true',
      'false 0.30000000000000001\ntrue false\nfixed EPSILON: true false\nin cents: true',
      'true 0.30000000000000004\ntrue false\nfixed EPSILON: true false\nin cents: true',
    ],
  },
  {
    from: 'javascript/equality#8',
    language,
    expected: 'other / zero / not a number\ntrue false',
    equivalent: ['other, zero, not a number\ntrue, false', 'other zero not a number\ntrue false'],
    wrong: [
      'zero / other / not a number\ntrue false',
      'other / zero / NaN\ntrue false',
      'other / zero / not a number\nfalse true',
    ],
  },
  {
    from: 'javascript/prototypes#1',
    language,
    expected: "[ 'roll' ] 4 [ 'name', 'legs' ]\n5 5\n5 6 false",
    equivalent: ["['roll'], 4, ['name', 'legs']\n5, 5\n5, 6, false", '["roll"] 4 ["name","legs"]\n5 5\n5 6 False'],
    wrong: [
      "[ 'roll' ] 4 [ 'legs', 'name' ]\n5 5\n5 6 false",
      "'roll' 4 [ 'name', 'legs' ]\n5 5\n5 6 false",
      "[ 'roll' ] 4 [ 'name', 'legs' ]\n5 5\n6 5 false",
      "[ 'roll' ] 4 [ 'name', 'legs' ]\n5 5\n5 6 true",
      "[ 'roll', 'name', 'legs' ] 4 []\n5 5\n5 6 false",
    ],
  },
  {
    from: 'javascript/prototypes#2',
    language,
    expected:
      "area 9 | Square > Shape > Object\ntrue function\n[ 'side' ] false true\nClass constructor Square cannot be invoked without 'new'",
    equivalent: [
      "area 9, Square, Shape, Object\ntrue, function\n['side'], false, true\nClass constructor Square cannot be invoked without new",
      "area 9 | Square -> Shape -> Object\ntrue function\n['side'] false true\nClass constructor Square cannot be invoked without 'new'.",
    ],
    wrong: [
      "area 9 | Object > Shape > Square\ntrue function\n[ 'side' ] false true\nClass constructor Square cannot be invoked without 'new'",
      "area 9 | Square > Shape > Object\ntrue object\n[ 'side' ] false true\nClass constructor Square cannot be invoked without 'new'",
      "area 9 | Square > Shape > Object\ntrue function\n[ 'side' ] false true\nTypeError",
    ],
  },
  {
    from: 'javascript/prototypes#3',
    language,
    expected: '5 true\n{ returned: true } { returned: true }',
    equivalent: [
      '5, true\n{returned: true}, {returned: true}',
      "5 true\n{ 'returned': true } { 'returned': true }",
      '5 true\n{returned true} {returned true}',
    ],
    wrong: [
      '5 true\n{ returned: true }',
      '5 true\n{ returned: false } { returned: true }',
      "5 true\n{ returned: 'true' } { returned: true }",
      '5 true\nreturned true returned true',
    ],
  },
  {
    from: 'javascript/prototypes#5',
    language,
    expected: "string [ 'a', 'constructor' ]\n[ [ 'a', 2 ], [ 'constructor', 1 ], [ '__proto__', 1 ] ]",
    equivalent: [
      "string ['a', 'constructor']\n[['a', 2], ['constructor', 1], ['__proto__', 1]]",
      'string [a, constructor]\n[[a, 2], [constructor, 1], [__proto__, 1]]',
    ],
    wrong: [
      "string ['a', 'constructor']\n['a', 2, 'constructor', 1, '__proto__', 1]",
      "string ['a', 'constructor']\n[['a', 2], ['constructor', 1]]",
      "string ['a', 'constructor']\n[['a', '2'], ['constructor', '1'], ['__proto__', '1']]",
      "string ['a', 'constructor']\n[['a', 2], ['__proto__', 1], ['constructor', 1]]",
      "string ['a', 'constructor']\n[['a', 2, 'constructor', 1], ['__proto__', 1]]",
    ],
  },
  {
    from: 'javascript/prototypes#7',
    language,
    expected: "[ 'roll' ] [] false",
    equivalent: ["['roll'], [], false", '[roll] [] false'],
    wrong: [
      "[ 'roll' ] {} false",
      "[ 'roll' ] [ '' ] false",
      "[ 'roll' ] false",
      "[] [ 'roll' ] false",
      "[ 'roll' ] [] 0",
    ],
  },
  {
    from: 'javascript/this-binding#1',
    language,
    expected: '1 Ada 2 Bo\n3 Ada 4 nobody\n5 nobody 6 Ada\n7 Ada',
    equivalent: [
      '1 Ada, 2 Bo\n3 Ada, 4 nobody\n5 nobody, 6 Ada\n7 Ada',
      '1: Ada\n2: Bo\n3: Ada\n4: nobody\n5: nobody\n6: Ada\n7: Ada',
    ],
    wrong: [
      '1 Ada 2 Ada\n3 Ada 4 nobody\n5 nobody 6 Ada\n7 Ada',
      '1 Ada 2 Bo\n3 Ada 4 nobody\n5 nobody 6 Ada\n7 Bo',
      '1 Ada 2 Bo\n3 Ada 4 nobody\n5 nobody 6 Ada',
    ],
  },
  {
    from: 'javascript/this-binding#3',
    language,
    expected: '3 undefined true\nfirst\nTypeError',
    equivalent: ['3, undefined, true, first, TypeError', "3 undefined true\n'first'\nTypeError"],
    wrong: [
      '3 null true\nfirst\nTypeError',
      '3 undefined true\nfirst\nsecond',
      '3 undefined true\nfirst\nError',
      '3 undefined true\nsecond\nTypeError',
    ],
  },
  {
    from: 'javascript/this-binding#6',
    language,
    expected: "TypeError: Cannot read properties of undefined (reading 'items')\n2 3\n2",
    equivalent: [
      'TypeError\n2 3\n2',
      "TypeError: Cannot read property 'items' of undefined\n2 3\n2",
      'TypeError: this is undefined\n2 3\n2',
      'TypeError: cannot read properties of undefined\n2, 3\n2',
    ],
    wrong: [
      "TypeError: Cannot read properties of null (reading 'items')\n2 3\n2",
      'ReferenceError\n2 3\n2',
      'undefined\n2 3\n2',
      'TypeError: items is not a function\n2 3\n2',
      "Uncaught TypeError: Cannot read properties of undefined (reading 'items')",
      'TypeError\n3 2\n2',
    ],
  },
  {
    from: 'javascript/debounce-throttle#10',
    language,
    expected: 'as it comes:  ca\nnewest only:  cat',
    equivalent: ["as it comes: 'ca'\nnewest only: 'cat'", 'as it comes ca; newest only cat'],
    wrong: [
      'as it comes: cat\nnewest only: ca',
      'as it comes: cat\nnewest only: cat',
      'as it comes: ca\nnewest only: CAT',
    ],
  },
  {
    from: 'javascript/debounce-throttle#3',
    language,
    expected: "trailing: [ '120 at 420' ]\nleading:  [ '0 at 0' ]\nboth:     [ '0 at 0', '120 at 420' ]",
    equivalent: [
      'trailing: ["120 at 420"]\nleading: ["0 at 0"]\nboth: ["0 at 0", "120 at 420"]',
      'trailing: [120 at 420]\nleading: [0 at 0]\nboth: [0 at 0, 120 at 420]',
    ],
    wrong: [
      "trailing: ['120 at 300']\nleading: ['0 at 0']\nboth: ['0 at 0', '120 at 420']",
      "trailing: ['120 at 420']\nleading: ['0 at 0']\nboth: ['120 at 420', '0 at 0']",
      "trailing: ['120', 'at', '420']\nleading: ['0 at 0']\nboth: ['0 at 0', '120 at 420']",
      "trailing: '120 at 420'\nleading: '0 at 0'\nboth: '0 at 0', '120 at 420'",
    ],
  },
  {
    from: 'operating-systems/context-switching#1',
    language,
    expected:
      '{ quantum: 12, end: 37, mean: 24.5, switches: 2 }\n{ quantum: 4, end: 40, mean: 35.5, switches: 8 }\n{ quantum: 1, end: 53.5, mean: 52, switches: 35 }',
    equivalent: [
      '{quantum:12,end:37,mean:24.5,switches:2}\n{quantum:4,end:40,mean:35.5,switches:8}\n{quantum:1,end:53.5,mean:52.0,switches:35}',
    ],
    wrong: [
      '{quantum:12,end:37,mean:24.5,switches:2}\n{quantum:4,end:40,mean:35.5,switches:8}\n{quantum:1,end:53.5,mean:52,switches:53}',
      '{end:37,quantum:12,mean:24.5,switches:2}\n{quantum:4,end:40,mean:35.5,switches:8}\n{quantum:1,end:53.5,mean:52,switches:35}',
      '{quantum:12,end:37,mean:2.45,switches:2}\n{quantum:4,end:40,mean:35.5,switches:8}\n{quantum:1,end:53.5,mean:52,switches:35}',
    ],
  },
  {
    from: 'operating-systems/deadlock#1',
    language,
    expected: 'AB / BA { finished: 2, deadlocked: 2 }\nAB / AB { finished: 2, deadlocked: 0 }',
    equivalent: [
      'AB, BA {finished: 2, deadlocked: 2}\nAB, AB {finished: 2, deadlocked: 0}',
      'AB / BA: {"finished": 2, "deadlocked": 2}\nAB / AB: {"finished": 2, "deadlocked": 0}',
    ],
    wrong: [
      'AB / BA { finished: 2, deadlocked: 0 }\nAB / AB { finished: 2, deadlocked: 2 }',
      'AB / BA { finished: 2, deadlocked: -2 }\nAB / AB { finished: 2, deadlocked: 0 }',
      'BA / AB { finished: 2, deadlocked: 2 }\nAB / AB { finished: 2, deadlocked: 0 }',
    ],
  },
  {
    from: 'operating-systems/deadlock#2',
    language,
    expected: 'none\nT2 -> T3 -> T4 -> T2',
    equivalent: ['None\nT2, T3, T4, T2', 'none\nT2 → T3 → T4 → T2', 'none, T2 > T3 > T4 > T2'],
    wrong: [
      'T2 -> T3 -> T4 -> T2',
      'none\nT2 -> T4 -> T3 -> T2',
      'none\nT2 <- T3 <- T4 <- T2',
      'none\nT2 -> T3 -> T4',
      'null\nT2 -> T3 -> T4 -> T2',
    ],
  },
  {
    from: 'microservices/scalability#8',
    language,
    expected:
      '300 arrive, by CPU:     { instances: 4, done: 100 }\n300 arrive, by backlog: { instances: 40, done: 100 }',
    equivalent: [
      '300 arrive by CPU {instances: 4, done: 100}\n300 arrive by backlog {instances: 40, done: 100}',
      '{instances: 4, done: 100} {instances: 40, done: 100}',
    ],
    wrong: [
      '300 arrive by CPU {instances: 40, done: 100}\n300 arrive by backlog {instances: 4, done: 100}',
      '{instances: 4, done: 10} {instances: 40, done: 100}',
      '{instances: 4, done: 100}, {instances: 4, done: 100}',
    ],
  },
  {
    from: 'operating-systems/virtual-memory#8',
    language,
    expected:
      'LRU, 10 frames, 10 pages: 99 %\nLRU, 10 frames, 11 pages: 0 %\nfixed by a smaller loop : 99 %\nfixed by evicting newest: 89 %',
    equivalent: [
      'LRU, 10 frames, 10 pages: 99%\nLRU, 10 frames, 11 pages: 0%\nfixed by a smaller loop: 99%\nfixed by evicting newest: 89%',
      '99%\n0%\n99%\n89%',
    ],
    wrong: [
      'LRU, 10 frames, 10 pages: 99%\nLRU, 10 frames, 11 pages: 91%\nfixed by a smaller loop: 99%\nfixed by evicting newest: 89%',
      '0%, 99%, 99%, 89%',
      '99%, 0%, 99%, 98%',
    ],
  },
  {
    from: 'operating-systems/virtual-memory#9',
    language,
    expected:
      'flash, 100 µs, 1 fault in 1000: 2.00x\nflash, 100 µs, 1 fault in 1000000: 1.00x\ndisk, 8 ms, 1 fault in 1000: 81.00x\ndisk, 8 ms, 1 fault in 1000000: 1.08x',
    equivalent: [
      'flash, 100 us, 1 fault in 1,000: 2x\nflash, 100 us, 1 fault in 1,000,000: 1x\ndisk, 8 ms, 1 fault in 1,000: 81x\ndisk, 8 ms, 1 fault in 1,000,000: 1.08x',
      'flash, 100 µs, 1 fault in 1e3: 2 x\nflash, 100 µs, 1 fault in 1e6: 1 x\ndisk, 8 ms, 1 fault in 1e3: 81 x\ndisk, 8 ms, 1 fault in 1e6: 1.08 x',
    ],
    wrong: [
      'flash, 100 µs, 1 fault in 1000: 2x\nflash, 100 µs, 1 fault in 1000000: 1x\ndisk, 8 ms, 1 fault in 1000: 81x\ndisk, 8 ms, 1 fault in 1000000: 1.80x',
      'flash, 100 µs, 1 fault in 1000: 2x\nflash, 100 µs, 1 fault in 1000000: 1x\ndisk, 8 ms, 1 fault in 1000: 8.1x\ndisk, 8 ms, 1 fault in 1000000: 1.08x',
    ],
  },
]
