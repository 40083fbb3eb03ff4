/** Predictions of MongoDB, Python, Git and shell outputs, labelled by hand before the judge was written. */
import type { LabelledOutput } from './output.fixture.ts'

export const mongodb: LabelledOutput[] = [
  {
    from: 'mongodb/aggregation-pipeline#2',
    language: 'mongodb',
    expected: 'Kyiv 95, Oslo 90, Rome 120\nKyiv 105, Oslo 110, Rome 120',
    equivalent: [
      'Kyiv 95 Oslo 90 Rome 120\nKyiv 105 Oslo 110 Rome 120',
      'Kyiv: 95, Oslo: 90, Rome: 120\nKyiv: 105, Oslo: 110, Rome: 120',
      'Kyiv 95\nOslo 90\nRome 120\nKyiv 105\nOslo 110\nRome 120',
    ],
    wrong: [
      'Kyiv 105, Oslo 110, Rome 120\nKyiv 95, Oslo 90, Rome 120',
      'Kyiv 95, Oslo 90, Rome 102\nKyiv 105, Oslo 110, Rome 120',
      'Oslo 90, Kyiv 95, Rome 120\nKyiv 105, Oslo 110, Rome 120',
      'Kyiv 95, Oslo 90, Rome 120',
    ],
  },
  {
    from: 'mongodb/aggregation-pipeline#3',
    language: 'mongodb',
    expected: '6 into $match\n5 into $unwind\n4 into $group\n2 into $sort\n2 into $limit\n1 into result',
    equivalent: ['6 into $match, 5 into $unwind, 4 into $group, 2 into $sort, 2 into $limit, 1 into result'],
    wrong: [
      '6 into $match\n5 into $unwind\n4 into $group\n2 into $sort\n1 into $limit\n1 into result',
      '6 into $match\n5 into $unwind\n2 into $group\n4 into $sort\n2 into $limit\n1 into result',
    ],
  },
  {
    from: 'mongodb/aggregation-pipeline#8',
    language: 'mongodb',
    expected: '[ 1, 2 ]\n[ 5, 1 ]',
    equivalent: ['[1,2]\n[5,1]', '[1, 2] [5, 1]', '[1, 2], [5, 1]'],
    wrong: [
      '[5, 1]\n[1, 2]',
      '[1, 2]\n[1, 5]',
      '[1, 2, 5, 1]',
      '[[1, 2], [5, 1]]',
      '1 2\n5 1',
      '[1]\n[2, 5, 1]',
      '[2, 1]\n[5, 1]',
    ],
  },
  {
    from: 'mongodb/aggregation-pipeline#9',
    language: 'mongodb',
    expected: '55.83 55.00',
    equivalent: ['55.83, 55', '55.83\n55.00', '55.83 | 55.0'],
    wrong: ['55.00 55.83', '55.83 55.83', '55.38 55.00', '55.8 55.00', '5583 55', '55.83'],
  },
  {
    from: 'mongodb/compound-indexes#2',
    language: 'mongodb',
    expected: 'at,state FETCH<IXSCAN 100 10 10\nstate,at FETCH<IXSCAN 10 10 10\nstate,priority FETCH<IXSCAN 100 100 10',
    equivalent: [
      'at,state FETCH<IXSCAN 100, 10, 10\nstate,at FETCH<IXSCAN 10, 10, 10\nstate,priority FETCH<IXSCAN 100, 100, 10',
      'at, state: FETCH<IXSCAN 100 10 10\nstate, at: FETCH<IXSCAN 10 10 10\nstate, priority: FETCH<IXSCAN 100 100 10',
    ],
    wrong: [
      'at,state FETCH<IXSCAN 10 10 10\nstate,at FETCH<IXSCAN 100 10 10\nstate,priority FETCH<IXSCAN 100 100 10',
      'at,state COLLSCAN 100 10 10\nstate,at FETCH<IXSCAN 10 10 10\nstate,priority FETCH<IXSCAN 100 100 10',
      'at,state FETCH<IXSCAN 10 100 10\nstate,at FETCH<IXSCAN 10 10 10\nstate,priority FETCH<IXSCAN 100 100 10',
    ],
  },
  {
    from: 'mongodb/compound-indexes#8',
    language: 'mongodb',
    expected:
      'E11000 duplicate key error collection: test.members index: club_1_email_1 dup key: { club: "chess", email: null }\n2',
    equivalent: ['E11000 duplicate key error\n2', 'E11000\n2', 'MongoServerError: E11000 duplicate key error\n2'],
    wrong: ['3', 'E11000 duplicate key error\n3', '2\n2', 'WriteConflict\n2', 'E11000 duplicate key error'],
  },
  {
    from: 'mongodb/embed-vs-reference#3',
    language: 'mongodb',
    expected: '5 [ 3, 4, 5 ]\n5',
    equivalent: ['5 [3,4,5]\n5', '5, [3, 4, 5], 5'],
    wrong: [
      '5 [ 1, 2, 3 ]\n5',
      '5 [ 5, 4, 3 ]\n5',
      '3 [ 3, 4, 5 ]\n5',
      '5 3 4 5\n5',
      '5 [ 3, 4 ]\n5',
      '5 [ 3, 4, 5 ]\n3',
      '5 [ 3, 4, 5, 5 ]',
    ],
  },
  {
    from: 'mongodb/embed-vs-reference#6',
    language: 'mongodb',
    expected: "[ 'Ada B.', 'Ada B.' ]\n2 [ 'Ada L.', 'Ada L.' ]",
    equivalent: [
      '["Ada B.", "Ada B."]\n2 ["Ada L.", "Ada L."]',
      '[Ada B., Ada B.]\n2 [Ada L., Ada L.]',
      '[Ada B, Ada B]\n2 [Ada L, Ada L]',
    ],
    wrong: [
      "['Ada L.', 'Ada L.']\n2 ['Ada B.', 'Ada B.']",
      "['Ada B.', 'Ada L.']\n2 ['Ada L.', 'Ada L.']",
      "['Ada', 'B.', 'Ada', 'B.']\n2 ['Ada L.', 'Ada L.']",
      "['Ada B.']\n2 ['Ada L.', 'Ada L.']",
    ],
  },
  {
    from: 'mongodb/lookup#1',
    language: 'mongodb',
    expected: "a [ 'Ada' ]\nb []\nc [ 'Bob' ]\nafter $unwind: 2 of 3",
    equivalent: [
      "a ['Ada']\nb []\nc ['Bob']\nafter $unwind: 2 of 3",
      'a: [Ada], b: [], c: [Bob], after $unwind: 2 of 3',
    ],
    wrong: [
      "a ['Ada']\nc ['Bob']\nafter $unwind: 2 of 3",
      "a ['Ada']\nb null\nc ['Bob']\nafter $unwind: 2 of 3",
      "a ['Ada']\nb []\nc ['Bob']\nafter $unwind: 3 of 3",
      'a Ada\nb []\nc Bob\nafter $unwind: 2 of 3',
      "a ['Ada']\nb [null]\nc ['Bob']\nafter $unwind: 2 of 3",
    ],
  },
  {
    from: 'mongodb/lookup#4',
    language: 'mongodb',
    expected: 'a:small b:small c:large d:large e:large',
    equivalent: [
      'a: small, b: small, c: large, d: large, e: large',
      'a small b small c large d large e large',
      'a:small\nb:small\nc:large\nd:large\ne:large',
      'a=small b=small c=large d=large e=large',
    ],
    wrong: [
      'a:small b:small c:small d:large e:large',
      'small small large large large',
      'a:small b:small c:large d:large',
      'b:small a:small c:large d:large e:large',
      'a:large b:large c:small d:small e:small',
    ],
  },
  {
    from: 'mongodb/lookup#7',
    language: 'mongodb',
    expected: "[ undefined, undefined ]\n[ 'Ada', 'Cyd' ]\n[ 'Ada', 'Cyd' ]",
    equivalent: [
      '[undefined, undefined]\n["Ada", "Cyd"]\n["Ada", "Cyd"]',
      '[undefined undefined]\n[Ada Cyd]\n[Ada Cyd]',
    ],
    wrong: [
      "[ null, null ]\n[ 'Ada', 'Cyd' ]\n[ 'Ada', 'Cyd' ]",
      "[]\n[ 'Ada', 'Cyd' ]\n[ 'Ada', 'Cyd' ]",
      "[ undefined ]\n[ 'Ada', 'Cyd' ]\n[ 'Ada', 'Cyd' ]",
      "[ 'undefined', 'undefined' ]\n[ 'Ada', 'Cyd' ]\n[ 'Ada', 'Cyd' ]",
      "[ undefined, undefined ]\n[ 'Cyd', 'Ada' ]\n[ 'Ada', 'Cyd' ]",
    ],
  },
  {
    from: 'mongodb/text-indexes#3',
    language: 'mongodb',
    expected: 'Index basics 3.750\nTax 1.000\nFast queries 0.600',
    equivalent: ['Index basics 3.75\nTax 1\nFast queries 0.6', 'Index basics: 3.750, Tax: 1.000, Fast queries: .6'],
    wrong: [
      'Index basics 3.750\nFast queries 0.600\nTax 1.000',
      'Index basics 3.570\nTax 1.000\nFast queries 0.600',
      'Tax 1.000\nIndex basics 3.750\nFast queries 0.600',
      'Index basics 3750\nTax 1\nFast queries 0.6',
    ],
  },
  {
    from: 'mongodb/transactions#6',
    language: 'mongodb',
    expected: 'total 70\ntotal 100 [ 70, 30 ]',
    equivalent: ['total: 70\ntotal: 100 [70, 30]', 'total 70, total 100, [70, 30]'],
    wrong: [
      'total 100\ntotal 100 [ 70, 30 ]',
      'total 70\ntotal 100 [ 30, 70 ]',
      'total 70\ntotal 100 [ 100, 0 ]',
      'total 70\ntotal 100 70 30',
      'total 70 total [100, 70, 30]',
    ],
  },
  {
    from: 'operating-systems/mutex-vs-semaphore#4',
    language: 'python',
    expected:
      'Lock: release unlocked lock\nSemaphore takes: [True, True, False]\nBoundedSemaphore: Semaphore released too many times',
    equivalent: [
      'Lock: release unlocked lock\nSemaphore takes: [true, true, false]\nBoundedSemaphore: Semaphore released too many times',
      'Lock release unlocked lock\nSemaphore takes [True,True,False]\nBoundedSemaphore Semaphore released too many times.',
    ],
    wrong: [
      'Lock: release unlocked lock\nSemaphore takes: [True, True, True]\nBoundedSemaphore: Semaphore released too many times',
      'Lock: release unlocked lock\nSemaphore takes: [1, 1, 0]\nBoundedSemaphore: Semaphore released too many times',
      "Lock: release unlocked lock\nSemaphore takes: ['True', 'True', 'False']\nBoundedSemaphore: Semaphore released too many times",
    ],
  },
  {
    from: 'engine: Python',
    language: 'python',
    expected: "{'a': 1, 'b': None}\n(1, 2) 2.0",
    equivalent: ['{"a": 1, "b": None}\n(1,2) 2.0', "{'a': 1, 'b': none}\n(1, 2), 2.0", '{a: 1, b: None} (1, 2) 2.0'],
    wrong: [
      "{'a': 1, 'b': None}\n[1, 2] 2.0",
      "{'a': 1, 'b': None}\n(1, 2) 2",
      "{'a': 1, 'b': null}\n(1, 2) 2.0",
      "{'a': 1}\n(1, 2) 2.0",
      "{'a': '1', 'b': None}\n(1, 2) 2.0",
      "{'a': 1, 'b': False}\n(1, 2) 2.0",
    ],
  },
  {
    from: 'git/reset-revert-restore#2',
    language: 'git',
    expected:
      'soft: HEAD one, index three, file four\nmixed: HEAD one, index one, file four\nhard: HEAD one, index one, file one',
    equivalent: [
      'soft HEAD one index three file four\nmixed HEAD one index one file four\nhard HEAD one index one file one',
    ],
    wrong: [
      'soft: HEAD one, index one, file four\nmixed: HEAD one, index one, file four\nhard: HEAD one, index one, file one',
      'mixed: HEAD one, index three, file four\nsoft: HEAD one, index one, file four\nhard: HEAD one, index one, file one',
      'soft: HEAD one, index three, file four\nmixed: HEAD one, index one, file four',
    ],
  },
  {
    from: 'git/cherry-pick#6',
    language: 'git',
    expected: 'A..B:  c3 c2 c0\nA^..B: c3 c2 c1 c0',
    equivalent: ['A..B: c3, c2, c0\nA^..B: c3, c2, c1, c0', 'A..B c3 c2 c0\nA^..B c3 c2 c1 c0'],
    wrong: [
      'A..B: c0 c2 c3\nA^..B: c0 c1 c2 c3',
      'A..B: c3 c2 c1 c0\nA^..B: c3 c2 c0',
      'A..B: c3 c2\nA^..B: c3 c2 c1 c0',
    ],
  },
  {
    from: 'git/cherry-pick#4',
    language: 'git',
    expected: '- Fix one\n+ Feature\n- Fix two\n---\nFeature',
    equivalent: ['-Fix one\n+Feature\n-Fix two\n---\nFeature', '- Fix one, + Feature, - Fix two, ---, Feature'],
    wrong: [
      '+ Fix one\n- Feature\n+ Fix two\n---\nFeature',
      'Fix one\nFeature\nFix two\n---\nFeature',
      '- Fix one\n+ Feature\n+ Fix two\n---\nFeature',
      '- Fix one\n- Feature\n- Fix two\n---\nFeature',
    ],
  },
  {
    from: 'git/object-model#2',
    language: 'git',
    expected: '3 blob\n2 commit\n4 tree',
    equivalent: ['3 blob, 2 commit, 4 tree', '3 "blob"\n2 "commit"\n4 "tree"'],
    wrong: [
      '2 blob\n3 commit\n4 tree',
      '3 blob\n4 tree\n2 commit',
      '3 blob\n2 commit',
      '3 blob\n2 commit\n4 tree\n1 tag',
    ],
  },
  {
    from: 'operating-systems/process-vs-thread#6',
    language: 'bash',
    expected: 'pipeline:    0\nredirection: 3',
    equivalent: ['pipeline: 0, redirection: 3', '0\n3', 'pipeline=0 redirection=3'],
    wrong: ['pipeline: 3\nredirection: 3', '3 0', '0', '03', 'pipeline: 0\nredirection: -3'],
  },
]
