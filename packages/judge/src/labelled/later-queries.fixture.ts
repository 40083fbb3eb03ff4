/** Predictions of other SQL, MongoDB and Git outputs, labelled by hand after the judge was written and before it saw them. */
import type { LabelledOutput } from './output.fixture.ts'

export const laterQueries: LabelledOutput[] = [
  {
    from: 'postgresql/materialized-view-vs-view#1',
    language: 'sql',
    expected: ' source | eur\n--------+-----\n live   | 100\n by_day |  30\n total  |  30\n(3 rows)',
    equivalent: [
      'live 100\nby_day 30\ntotal 30',
      'live: 100, by_day: 30, total: 30',
      'source | eur\nlive | 100\nby_day | 30\ntotal | 30',
      'live | 100\nby_day | 30\ntotal | 30\n3 rows',
      'live = 100; by_day = 30; total = 30',
    ],
    wrong: [
      'live 100\nby_day 100\ntotal 100',
      'live 30\nby_day 30\ntotal 100',
      '100\n30\n30\n30',
      'by_day 30\nlive 100\ntotal 30',
      'live 100\nby_day 30',
      'live 100\nby_day 30\ntotal 3',
    ],
  },
  {
    from: 'postgresql/materialized-view-vs-view#4',
    language: 'sql',
    expected:
      ' same_file_after_concurrently\n------------------------------\n t\n(1 row)\n same_file_after_plain\n-----------------------\n f\n(1 row)',
    equivalent: [
      't\nf',
      'true, false',
      't f',
      'same_file_after_concurrently: true\nsame_file_after_plain: false',
      'TRUE\nFALSE',
    ],
    wrong: ['f\nt', 't\nt', 't', '1\n0', 'f f', 't\nf\nf'],
  },
  {
    from: 'postgresql/isolation-levels#12',
    language: 'sql',
    expected:
      ' count\n-------\n  1000\n(1 row)\n transaction_isolation\n-----------------------\n serializable\n(1 row)',
    equivalent: ['1000\nserializable', '1,000, serializable', "count 1000\ntransaction_isolation 'serializable'"],
    wrong: [
      '1000\nread committed',
      'serializable\n1000',
      '0\nserializable',
      '1000',
      '1000\nrepeatable read',
      '100\nserializable',
    ],
  },
  {
    from: 'postgresql/jsonb#9',
    language: 'sql',
    expected:
      '      document      | with_arrow | with_text | has_key\n--------------------+------------+-----------+---------\n {"email": "a@b.c"} | f          | f         | t\n {"email": null}    | f          | t         | t\n {}                 | t          | t         | f\n(3 rows)',
    equivalent: [
      '{"email": "a@b.c"} f f t\n{"email": null} f t t\n{} t t f',
      "{email: 'a@b.c'} | false | false | true\n{email: null} | false | true | true\n{} | true | true | false",
    ],
    wrong: [
      '{"email": "a@b.c"} f f t\n{"email": null} t t t\n{} t t f',
      '{"email": "a@b.c"} f f t\n{"email": "null"} f t t\n{} t t f',
      '{"email": "a@b.c"} f f t\n{} t t f\n{"email": null} f t t',
      'f f t\nf t t\nt t f',
    ],
  },
  {
    from: 'mongodb/text-indexes#1',
    language: 'mongodb',
    expected: 'fast index -> [ 1, 2 ]\nblue -> []\nto be -> []\nindexing -> [ 1 ]',
    equivalent: [
      'fast index: [1,2]\nblue: []\nto be: []\nindexing: [1]',
      'fast index [1 2]\nblue []\nto be []\nindexing [1]',
      'fast index => [1, 2], blue => [], to be => [], indexing => [1]',
    ],
    wrong: [
      'fast index -> [ 2, 1 ]\nblue -> []\nto be -> []\nindexing -> [ 1 ]',
      'fast index -> [ 1, 2 ]\nblue -> [ 1 ]\nto be -> []\nindexing -> []',
      'fast index -> 1, 2\nblue -> nothing\nto be -> nothing\nindexing -> 1',
      "fast index -> [ '1', '2' ]\nblue -> []\nto be -> []\nindexing -> [ '1' ]",
    ],
  },
  {
    from: 'mongodb/transactions#7',
    language: 'js',
    expected: 'ada left\nbob WriteConflict\nbob, again: refused',
    equivalent: ['ada: left\nbob: WriteConflict\nbob again: refused', 'ada left, bob WriteConflict, bob again refused'],
    wrong: [
      'ada left\nbob left\nbob, again: refused',
      'ada WriteConflict\nbob left\nbob, again: refused',
      'ada left\nbob WriteConflict\nbob, again: left',
      'ada left\nbob WriteConflict',
    ],
  },
  {
    from: 'git/reflog-recovery#3',
    language: 'git',
    expected:
      'HEAD@{0} reset: moving to HEAD~1\nHEAD@{1} checkout: moving from main to topic\nHEAD@{2} commit (amend): Two, better\nHEAD@{3} commit: Two\nHEAD@{4} commit (initial): One',
    equivalent: [
      'HEAD@{0}: reset: moving to HEAD~1\nHEAD@{1}: checkout: moving from main to topic\nHEAD@{2}: commit (amend): Two, better\nHEAD@{3}: commit: Two\nHEAD@{4}: commit (initial): One',
    ],
    wrong: [
      'HEAD@{0} commit (initial): One\nHEAD@{1} commit: Two\nHEAD@{2} commit (amend): Two, better\nHEAD@{3} checkout: moving from main to topic\nHEAD@{4} reset: moving to HEAD~1',
      'HEAD@{0} reset: moving to HEAD~2\nHEAD@{1} checkout: moving from main to topic\nHEAD@{2} commit (amend): Two, better\nHEAD@{3} commit: Two\nHEAD@{4} commit (initial): One',
    ],
  },
  {
    from: 'git/merge-vs-rebase#7',
    language: 'git',
    expected: 'merge,  --ours: mine\nrebase, --ours: main',
    equivalent: ['merge --ours: mine\nrebase --ours: main', 'merge, --ours mine; rebase, --ours main'],
    wrong: [
      'merge, --ours: main\nrebase, --ours: mine',
      'mine\nmain',
      'merge, --ours: mine\nrebase, --ours: mine',
      'rebase, --ours: main\nmerge, --ours: mine',
    ],
  },
]
