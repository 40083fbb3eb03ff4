import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAudit, reportOf } from './advisories.ts'

const via = {
  source: 1_096_000,
  name: 'inner',
  dependency: 'inner',
  title: 'Prototype pollution',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'high',
  range: '<1.2.3',
}
const vulnerability = (name: string, causes: unknown[], nodes = [`node_modules/${name}`]) => ({
  name,
  severity: 'high',
  isDirect: false,
  via: causes,
  effects: [],
  range: '*',
  nodes,
  fixAvailable: true,
})
const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} })

test('reads each advisory once, the most severe first, and skips packages that only depend on it', () => {
  const low = { ...via, url: 'https://github.com/advisories/GHSA-dddd-eeee-ffff', severity: 'low', title: 'Slow' }
  const audit = readAudit(
    report({ outer: vulnerability('outer', ['inner']), inner: vulnerability('inner', [low, via, via]) }),
  )
  assert.ok(audit.isAvailable)
  assert.deepEqual(audit.advisories, [
    {
      id: 'GHSA-aaaa-bbbb-cccc',
      package: 'inner',
      severity: 'high',
      title: 'Prototype pollution',
      range: '<1.2.3',
      url: via.url,
      paths: ['node_modules/inner'],
    },
    {
      id: 'GHSA-dddd-eeee-ffff',
      package: 'inner',
      severity: 'low',
      title: 'Slow',
      range: '<1.2.3',
      url: low.url,
      paths: ['node_modules/inner'],
    },
  ])
})

test('an open advisory fails the report, a judged one does not', () => {
  const audit = readAudit(report({ inner: vulnerability('inner', [via]) }))
  const open = reportOf(audit, [])
  assert.ok(!open.isOk)
  assert.match(open.text, /^high inner <1\.2\.3: Prototype pollution \(GHSA-aaaa-bbbb-cccc, https:/)
  assert.match(open.text, /update it, or judge it in tools\/supply\/advisories\.ts\nadvisories: 1 known, 1 open$/)
  const judged = reportOf(audit, [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'inner', reason: 'tests only' }])
  assert.ok(judged.isOk)
  assert.match(judged.text, /judged: tests only\nadvisories: 1 known, 0 open$/)
  assert.ok(!reportOf(audit, [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'other', reason: 'x' }]).isOk)
})

test('names a judgement that no advisory needs', () => {
  const { text, isOk } = reportOf(readAudit(report({})), [{ id: 'GHSA-x', package: 'gone', reason: 'x' }])
  assert.ok(isOk)
  assert.match(text, /^GHSA-x of gone is judged but not reported; .*\nadvisories: 0 known, 0 open$/)
})

test('says "not available" with the reason when the registry gives no report', () => {
  const answers: [output: string, reason: RegExp][] = [
    [
      JSON.stringify({ message: '405 Method Not Allowed - POST', statusCode: 405, error: { summary: '' } }),
      /405 Method/,
    ],
    [JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'no network' } }), /no network/],
    ['', /printed nothing/],
    ['<html>', /<html>/],
    ['null', /no report/],
    ['[]', /no report/],
    ['{"auditReportVersion":3}', /unknown version/],
    ['{"auditReportVersion":2,"vulnerabilities":[]}', /unknown version/],
  ]
  for (const [output, reason] of answers) {
    const { text, isOk } = reportOf(readAudit(output), [])
    assert.ok(isOk)
    assert.match(text, /^advisories: not available\. The registry gave no report: /)
    assert.match(text, reason)
  }
})

test('nothing from the registry reaches the terminal as a control character', () => {
  const title = '\u001b[31mred\u202e\u0085\nnext'
  const { text } = reportOf(readAudit(report({ inner: vulnerability('inner', [{ ...via, title }]) })), [])
  for (const control of ['\u001b', '\u202e', '\u0085']) assert.ok(!text.includes(control))
  assert.match(text, /: red next \(GHSA/)
})

test('a report with holes in it is still read', () => {
  const audit = readAudit(report({ a: null, b: { via: 3 }, c: vulnerability('c', [null, 3, {}]) }))
  assert.ok(audit.isAvailable)
  assert.deepEqual(
    audit.advisories.map(({ id, package: name }) => [id, name]),
    [['unknown', 'c']],
  )
})
