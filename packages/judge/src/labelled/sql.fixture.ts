/** Predictions of PostgreSQL and SQLite outputs, labelled by hand before the judge was written. */
import type { LabelledOutput } from './output.fixture.ts'

const language = 'sql'

export const sql: LabelledOutput[] = [
  {
    from: 'microservices/idempotency#3',
    language,
    expected: ' claimed\n---------\n key-1\n(1 row)\n claimed\n---------\n(0 rows)',
    exact: ['claimed\n---------\nkey-1\n(1 row)\n claimed\n---------\n(0 rows)'],
    equivalent: [
      'key-1\n(0 rows)',
      'claimed\nkey-1\nclaimed\n0 rows',
      'key-1\nno rows',
      "'key-1'\nnothing",
      'key-1, (0 rows)',
      'key-1 (1 row)\n(0 rows)',
    ],
    wrong: [
      'key-1',
      'key-1\nkey-1',
      '(0 rows)\nkey-1',
      'key-2\n(0 rows)',
      'key-1\nERROR',
      'key-1\n(1 row)\nkey-1\n(1 row)',
      'key-1\n0',
    ],
  },
  {
    from: 'microservices/idempotency#4',
    language,
    expected:
      ' after_step_twice\n------------------\n               60\n(1 row)\n after_result_twice\n--------------------\n                 80\n(1 row)\n condition\n-----------\n applied\n(1 row)\n condition\n-----------\n(0 rows)',
    equivalent: [
      '60\n80\napplied\n(0 rows)',
      'after_step_twice: 60\nafter_result_twice: 80\ncondition: applied\ncondition: (0 rows)',
      '60, 80, applied, no rows',
    ],
    wrong: [
      '80\n60\napplied\n(0 rows)',
      '60\n80\napplied\napplied',
      '60\n60\napplied\n(0 rows)',
      '60\n80\napplied',
      '600\n80\napplied\n(0 rows)',
    ],
  },
  {
    from: 'microservices/idempotency#5',
    language,
    expected: ' balance | keys\n---------+------\n     100 |    0\n(1 row)',
    exact: [' balance | keys\n---------+------\n 100 | 0\n(1 row)'],
    equivalent: [
      '100 | 0',
      '100, 0',
      '100 0',
      'balance | keys\n100 | 0',
      'balance keys\n100 0',
      'balance: 100, keys: 0',
      '| balance | keys |\n|---|---|\n| 100 | 0 |',
      '100\t0',
    ],
    wrong: [
      '0 | 100',
      '100 | 1',
      '10 | 0',
      '100',
      '100 | 0 | 0',
      '100 | null',
      '1000',
      '80 | 1',
      '100 | 0\n(2 rows)',
      'ERROR',
      '100 | -0',
    ],
  },
  {
    from: 'microservices/saga#4',
    language,
    expected:
      ' id |     topic      |           payload\n----+----------------+-----------------------------\n  1 | payment.charge | {"order": 17, "amount": 20}\n(1 row)',
    equivalent: [
      '1 | payment.charge | {"order": 17, "amount": 20}',
      '1, payment.charge, {"order":17,"amount":20}',
      '1 payment.charge {order: 17, amount: 20}',
    ],
    wrong: [
      '1 | payment.charge | {"amount": 20, "order": 17}',
      '1 | payment.charge | {"order": 17, "amount": "20"}',
      '1 | payment.charge | {"order": 17}',
      '2 | payment.charge | {"order": 17, "amount": 20}',
      '1 | payment.refund | {"order": 17, "amount": 20}',
    ],
  },
  {
    from: 'postgresql/explain-analyze#2',
    language,
    expected:
      "                 condition                 | estimated | actual\n-------------------------------------------+-----------+--------\n city = 'city 7'                           |       100 |    100\n country = 'country 7'                     |       100 |    100\n city = 'city 7' and country = 'country 7' |         1 |    100\n(3 rows)",
    equivalent: [
      "city = 'city 7' | 100 | 100\ncountry = 'country 7' | 100 | 100\ncity = 'city 7' and country = 'country 7' | 1 | 100",
    ],
    wrong: [
      "city = 'city 7' | 100 | 100\ncountry = 'country 7' | 100 | 100\ncity = 'city 7' and country = 'country 7' | 100 | 100",
      "city = 'city 7' | 100 | 100\ncountry = 'country 7' | 100 | 100\ncity = 'city 7' and country = 'country 7' | 100 | 1",
    ],
  },
  {
    from: 'postgresql/explain-analyze#7',
    language,
    expected:
      ' memory |  sort_method\n--------+----------------\n 4MB    | quicksort\n 64kB   | external merge\n(2 rows)',
    equivalent: [
      '4MB quicksort\n64kB external merge',
      '4 MB | quicksort\n64 kB | external merge',
      '4MB, quicksort; 64kB, external merge',
      'memory, sort_method\n4MB, quicksort\n64kB, external merge',
    ],
    wrong: [
      '64kB quicksort\n4MB external merge',
      '4MB external merge\n64kB quicksort',
      '64kB external merge\n4MB quicksort',
      '4MB quicksort\n64MB external merge',
      '4MB quicksort',
      '4MB quicksort\n64kB',
    ],
  },
  {
    from: 'postgresql/indexes#2',
    language,
    expected:
      "    condition     |                plan\n------------------+-------------------------------------\n state = 'queued' | Index Scan using jobs_state on jobs\n state = 'done'   | Seq Scan on jobs\n id = 7.0         | Seq Scan on jobs\n(3 rows)",
    equivalent: [
      "state = 'queued' | Index Scan using jobs_state on jobs\nstate = 'done' | Seq Scan on jobs\nid = 7.0 | Seq Scan on jobs",
      'state = "queued": Index Scan using jobs_state on jobs\nstate = "done": Seq Scan on jobs\nid = 7.0: Seq Scan on jobs',
    ],
    wrong: [
      "state = 'queued' | Index Scan using jobs_state on jobs\nstate = 'done' | Index Scan using jobs_state on jobs\nid = 7.0 | Seq Scan on jobs",
      "state = 'queued' | Seq Scan on jobs\nstate = 'done' | Index Scan using jobs_state on jobs\nid = 7.0 | Seq Scan on jobs",
    ],
  },
  {
    from: 'postgresql/explain-analyze#11',
    language,
    expected:
      "              QUERY PLAN\n---------------------------------------\n Aggregate\n   ->  Seq Scan on people\n         Filter: (city = 'Oslo'::text)\n(3 rows)\n                    QUERY PLAN\n--------------------------------------------------\n Aggregate\n   ->  Bitmap Heap Scan on people\n         Recheck Cond: (city = $1)\n         ->  Bitmap Index Scan on people_city_idx\n               Index Cond: (city = $1)\n(5 rows)",
    equivalent: [
      "Aggregate\n-> Seq Scan on people\nFilter: (city = 'Oslo'::text)\nAggregate\n-> Bitmap Heap Scan on people\nRecheck Cond: (city = $1)\n-> Bitmap Index Scan on people_city_idx\nIndex Cond: (city = $1)",
    ],
    wrong: [
      "Aggregate\n-> Bitmap Heap Scan on people\nRecheck Cond: (city = $1)\n-> Bitmap Index Scan on people_city_idx\nIndex Cond: (city = $1)\nAggregate\n-> Seq Scan on people\nFilter: (city = 'Oslo'::text)",
      "Aggregate\n-> Seq Scan on people\nFilter: (city = 'Oslo'::text)",
    ],
  },
  {
    from: 'postgresql/indexes#6',
    language,
    expected:
      ' partial_pages | full_has_more\n---------------+---------------\n             2 | t\n(1 row)\n                 QUERY PLAN\n--------------------------------------------\n Limit\n   ->  Index Only Scan using queued on jobs\n(2 rows)',
    equivalent: [
      '2 | t\nLimit\n  Index Only Scan using queued on jobs',
      '2, true\nLimit\n-> Index Only Scan using queued on jobs',
      '2 TRUE\nLimit -> Index Only Scan using queued on jobs',
    ],
    wrong: [
      '2 | f\nLimit\n-> Index Only Scan using queued on jobs',
      '2 | 1\nLimit\n-> Index Only Scan using queued on jobs',
      '2 | t\nLimit\n-> Index Scan using queued on jobs',
      '2 | t\nIndex Only Scan using queued on jobs',
    ],
  },
  {
    from: 'postgresql/indexes#10',
    language,
    expected:
      ' count\n-------\n     2\n(1 row)\nERROR:  duplicate key value violates unique constraint "strict_email_key"',
    equivalent: [
      '2\nERROR: duplicate key value violates unique constraint "strict_email_key"',
      '2\nERROR: duplicate key value violates unique constraint',
      '2\nERROR',
      'count\n2\nerror: duplicate key',
      '2, ERROR: duplicate key value',
    ],
    wrong: [
      '2',
      '1\nERROR: duplicate key',
      'ERROR: duplicate key',
      '2\n2',
      '2\nERROR: null value violates not-null constraint',
      '2\nERROR: deadlock detected',
      'ERROR\n2',
    ],
  },
]
