/** `npm run advisories`: asks the registry for known vulnerabilities of the locked packages, and reports the new ones. */
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** A known vulnerability of one package. */
export type Advisory = {
  /** `GHSA-xxxx-xxxx-xxxx`, or the registry's own number. */
  id: string
  package: string
  severity: string
  title: string
  /** Affected versions. */
  range: string
  url: string
  /** Where the package is installed. */
  paths: string[]
}

/** An advisory that somebody has looked at, and why it does not concern us. */
export type JudgedAdvisory = { id: string; package: string; reason: string }

export const judgedAdvisories: JudgedAdvisory[] = []

/** What `npm audit --json` printed: a list, or why there is none. */
export type Audit = { isAvailable: true; advisories: Advisory[] } | { isAvailable: false; reason: string }

/** Reads the output of `npm audit --json` (audit report version 2). Never throws. */
export function readAudit(output: string): Audit {
  let report: unknown
  try {
    report = JSON.parse(output)
  } catch {
    return { isAvailable: false, reason: output.trim() === '' ? 'npm audit printed nothing' : clean(output, 200) }
  }
  if (!isRecord(report)) return { isAvailable: false, reason: 'npm audit printed no report' }
  const { vulnerabilities } = report
  if (report['auditReportVersion'] !== 2 || !isRecord(vulnerabilities)) {
    const { message, error } = report
    const detail = message ?? (isRecord(error) ? (error['summary'] ?? error['code']) : undefined)
    return { isAvailable: false, reason: clean(detail ?? 'npm audit printed a report of an unknown version', 200) }
  }
  const advisories = new Map<string, Advisory>()
  for (const found of Object.values(vulnerabilities)) {
    if (!isRecord(found) || !Array.isArray(found['via'])) continue
    const nodes = Array.isArray(found['nodes']) ? found['nodes'].map((path) => clean(path, 200)) : []
    // A string names another vulnerable package that this one depends on.
    for (const via of found['via']) {
      if (!isRecord(via)) continue
      const url = clean(via['url'] ?? '', 200)
      const id = /GHSA(-[0-9a-z]{4}){3}/.exec(url)?.[0] ?? clean(via['source'] ?? 'unknown', 40)
      const name = clean(via['name'] ?? found['name'] ?? 'unknown', 214)
      advisories.set(`${id} ${name}`, {
        id,
        package: name,
        severity: clean(via['severity'] ?? 'unknown', 20),
        title: clean(via['title'] ?? '', 200),
        range: clean(via['range'] ?? '', 100),
        url,
        paths: nodes,
      })
    }
  }
  return { isAvailable: true, advisories: [...advisories.values()].toSorted(bySeverity) }
}

/** A report for people, and whether nothing in it needs a decision. */
export function reportOf(audit: Audit, judged: JudgedAdvisory[] = judgedAdvisories): { text: string; isOk: boolean } {
  if (!audit.isAvailable)
    return { text: `advisories: not available. The registry gave no report: ${audit.reason}`, isOk: true }
  const judgementOf = (advisory: Advisory) =>
    judged.find(({ id, package: name }) => id === advisory.id && name === advisory.package)
  const open = audit.advisories.filter((advisory) => !judgementOf(advisory))
  const lines = audit.advisories.map((advisory) => {
    const { id, package: name, severity, title, range, url, paths } = advisory
    const judgement = judgementOf(advisory)
    const state = judgement ? `judged: ${judgement.reason}` : `update it, or judge it in tools/supply/advisories.ts`
    return `${severity} ${name} ${range}: ${title} (${id}${url === '' ? '' : `, ${url}`})\n  ${paths.join(', ')}\n  ${state}`
  })
  const stale = judged.filter(
    ({ id, package: name }) => !audit.advisories.some((one) => one.id === id && one.package === name),
  )
  for (const { id, package: name } of stale)
    lines.push(`${id} of ${name} is judged but not reported; remove it from tools/supply/advisories.ts`)
  lines.push(`advisories: ${audit.advisories.length} known, ${open.length} open`)
  return { text: lines.join('\n'), isOk: open.length === 0 }
}

const severities = ['critical', 'high', 'moderate', 'low', 'info']

function bySeverity(a: Advisory, b: Advisory): number {
  const rank = ({ severity }: Advisory) => (severities.indexOf(severity) + severities.length) % severities.length
  return rank(a) - rank(b) || (`${a.package} ${a.id}` < `${b.package} ${b.id}` ? -1 : 1)
}

/** Text from the registry in one line, without characters that a terminal would act on. */
function clean(value: unknown, most: number): string {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, most)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Runs `npm audit` under the npm that called us; ends it after a minute. */
function audit(cwd: string): Promise<string> {
  const npm = process.env['npm_execpath']
  const args = ['audit', '--json', '--package-lock-only', '--audit=true', '--loglevel=silent']
  const [command, all] = npm ? [process.execPath, [npm, ...args]] : ['npm', args]
  return new Promise((resolve) => {
    const options = { cwd, timeout: 60_000, shell: !npm && process.platform === 'win32' }
    const child = spawn(command, all, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => resolve(`npm cannot be started: ${error.message}`))
    child.on('close', () => resolve(output))
  })
}

if (import.meta.main) {
  const { text, isOk } = reportOf(readAudit(await audit(dirname(dirname(import.meta.dirname)))))
  console.log(text)
  process.exit(isOk ? 0 : 1)
}
