/** More predictions of SQL outputs: JSON, NULL, errors, SQLite. Labelled by hand before the judge was written. */
import type { LabelledOutput } from './output.fixture.ts'

const language = 'sql'

export const sqlValues: LabelledOutput[] = [
  {
    from: 'postgresql/jsonb#4',
    language,
    expected:
      '           json           |      jsonb\n--------------------------+------------------\n {"b": 1, "a": 2, "b": 3} | {"a": 2, "b": 3}\n(1 row)',
    equivalent: [
      '{"b": 1, "a": 2, "b": 3} | {"a": 2, "b": 3}',
      '{"b":1,"a":2,"b":3}, {"a":2,"b":3}',
      'json: {b: 1, a: 2, b: 3}\njsonb: {a: 2, b: 3}',
    ],
    wrong: [
      '{"b": 1, "a": 2, "b": 3} | {"b": 3, "a": 2}',
      '{"b": 1, "a": 2} | {"a": 2, "b": 1}',
      '{"a": 2, "b": 3} | {"a": 2, "b": 3}',
      '{"b": 1, "a": 2, "b": 3}',
      '{"a": 2, "b": 3} | {"b": 1, "a": 2, "b": 3}',
    ],
  },
  {
    from: 'postgresql/jsonb#5',
    language,
    expected:
      ' deeper | list | other_type | element\n--------+------+------------+---------\n f      | t    | f          | t\n(1 row)',
    equivalent: [
      'f t f t',
      'false, true, false, true',
      'f | t | f | t',
      'deeper f, list t, other_type f, element t',
      'F T F T',
    ],
    wrong: ['t f t f', 'f t f', 'f t f t t', 'f t f f', '0 1 0 1', 'f t null t'],
  },
  {
    from: 'postgresql/jsonb#7',
    language,
    expected: ' n | sku | qty\n---+-----+-----\n 1 | a   |   2\n 2 | b   |   1\n(2 rows)',
    equivalent: [
      '1 a 2\n2 b 1',
      '1 | a | 2\n2 | b | 1',
      "(1, 'a', 2)\n(2, 'b', 1)",
      '1,a,2\n2,b,1\n(2 rows)',
      '1 a 2, 2 b 1',
    ],
    wrong: [
      '2 b 1\n1 a 2',
      '1 a 1\n2 b 2',
      '1 a 2',
      '0 a 2\n1 b 1',
      '1 b 2\n2 a 1',
      '1 a 2\n2 b 1\n(1 row)',
      '1 a 2\n2 b 1\n3 c 0',
    ],
  },
  {
    from: 'postgresql/jsonb#11',
    language,
    expected:
      '       step       |  kb  | grown\n------------------+------+-------\n loaded           |  848 |\n column changed   |  880 |    32\n document changed | 1704 |   824\n(3 rows)',
    equivalent: [
      'loaded | 848 | null\ncolumn changed | 880 | 32\ndocument changed | 1704 | 824',
      'loaded 848\ncolumn changed 880 32\ndocument changed 1,704 824',
      'loaded, 848, NULL\ncolumn changed, 880, 32\ndocument changed, 1704, 824',
    ],
    wrong: [
      'loaded | 848 | 0\ncolumn changed | 880 | 32\ndocument changed | 1704 | 824',
      'loaded | null | 848\ncolumn changed | 880 | 32\ndocument changed | 1704 | 824',
      'loaded 848\ncolumn changed 880 32\ndocument changed 1740 824',
    ],
  },
  {
    from: 'postgresql/mvcc-and-vacuum#1',
    language,
    expected:
      '    step     | place | n\n-------------+-------+---\n inserted    | (0,1) | 0\n rolled back | (0,1) | 0\n updated     | (0,3) | 1\n(3 rows)',
    equivalent: [
      'inserted (0,1) 0\nrolled back (0,1) 0\nupdated (0,3) 1',
      'inserted | (0, 1) | 0\nrolled back | (0, 1) | 0\nupdated | (0, 3) | 1',
    ],
    wrong: [
      'inserted (0,1) 0\nrolled back (0,1) 0\nupdated (0,2) 1',
      'inserted (0,1) 0\nrolled back (0,2) 0\nupdated (0,3) 1',
      'inserted (1,0) 0\nrolled back (1,0) 0\nupdated (3,0) 1',
    ],
  },
  {
    from: 'postgresql/mvcc-and-vacuum#9',
    language,
    expected: ' moved\n-------\n  1000\n(1 row)\n written\n---------\n       0\n(1 row)',
    equivalent: [
      '1000\n0',
      '1000, 0',
      '1,000\n0',
      '1e3 0',
      'moved 1000\nwritten 0',
      'moved\n1000\nwritten\n0',
      'moved = 1000; written = 0',
    ],
    wrong: ['0\n1000', '100\n0', '1000', '1000\n1000', '1000\n0\n0', '10000', '1000\n-0', '1000\nnull', '1000\n'],
  },
  {
    from: 'postgresql/isolation-levels#4',
    language,
    expected:
      '      level      | same_snapshot\n-----------------+---------------\n read committed  | f\n repeatable read | t\n(2 rows)',
    equivalent: [
      'read committed f\nrepeatable read t',
      'read committed: false\nrepeatable read: true',
      "'read committed' | f\n'repeatable read' | t",
    ],
    wrong: [
      'read committed t\nrepeatable read f',
      'repeatable read t\nread committed f',
      'read committed f\nserializable t',
      'read committed f\nrepeatable read f',
    ],
  },
  {
    from: 'postgresql/materialized-view-vs-view#12',
    language,
    expected: 'ERROR:  materialized view "busy" has not been populated',
    exact: ['ERROR: materialized view "busy" has not been populated'],
    equivalent: [
      'ERROR',
      'error: materialized view busy has not been populated',
      'ERROR: materialized view has not been populated',
      'ERROR: not populated',
    ],
    wrong: ['(0 rows)', '0', 'no rows', 'ERROR: relation "busy" does not exist', 'ERROR: permission denied', 'busy'],
  },
  {
    from: 'engine: SQLite',
    language: 'sqlite',
    expected: ' name | total\n------+-------\n Ada  |   2.5\n Bo   |\n(2 rows)',
    equivalent: [
      'Ada 2.5\nBo NULL',
      'Ada | 2.5\nBo | ',
      'name|total\nAda|2.50\nBo|NULL',
      'Ada, 2.5\nBo, null',
      'Ada 2.5\nBo',
    ],
    wrong: [
      'Ada 2.5\nBo 0',
      'Ada 25\nBo NULL',
      'Bo NULL\nAda 2.5',
      'Ada NULL\nBo 2.5',
      'Ada 2.5',
      "Ada '2.5'\nBo undefined",
    ],
  },
  {
    from: 'engine: SQLite',
    language: 'sqlite',
    expected: 'Error: UNIQUE constraint failed: users.email',
    equivalent: ['UNIQUE constraint failed: users.email', 'error: unique constraint failed', 'Error'],
    wrong: ['1', '(0 rows)', 'Error: NOT NULL constraint failed: users.email', 'Error: no such table: users', 'ok'],
  },
]
