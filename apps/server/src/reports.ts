/**
 * POST /api/reports/csp: what browsers say about violations of the policy. Logged, never stored.
 */
import type { Context } from 'hono'
import { z } from 'zod'
import { readBody } from './body.ts'
import type { Client } from './client.ts'
import { problem } from './problem.ts'
import type { ClientLimit } from './rate-limit.ts'
import type { SecurityLog } from './security-log.ts'

const limitBytes = 16 * 1024

/** Reports of one body that are logged; a browser sends what gathered within about a minute. */
const mostReports = 10

const types = new Set(['application/csp-report', 'application/reports+json', 'application/json'])

const text = z.string().optional().catch(undefined)
const number = z.number().optional().catch(undefined)

/** `report-uri`: one report, CSP level 2. */
const uriReport = z.object({
  'csp-report': z.object({
    'document-uri': text,
    'blocked-uri': text,
    'effective-directive': text,
    'violated-directive': text,
    'source-file': text,
    'line-number': number,
  }),
})

/** `report-to`: a list of reports of any type, W3C Reporting API. */
const apiReport = z.object({
  type: z.literal('csp-violation'),
  body: z.object({
    documentURL: text,
    blockedURL: text,
    effectiveDirective: text,
    sourceFile: text,
    lineNumber: number,
  }),
})

/**
 * An address without query and fragment, which can hold what a reader typed; at most 200
 * characters.
 */
function shortAddress(address: string | undefined): string | undefined {
  return address?.split(/[?#]/, 1)[0]?.slice(0, 200)
}

type Violation = Record<'page' | 'blocked' | 'directive' | 'source', string | undefined> & { line: number | undefined }

function violationOf(value: unknown): Violation | undefined {
  const old = uriReport.safeParse(value).data?.['csp-report']
  if (old) {
    return {
      page: shortAddress(old['document-uri']),
      blocked: shortAddress(old['blocked-uri']),
      directive: (old['effective-directive'] ?? old['violated-directive'])?.slice(0, 100),
      source: shortAddress(old['source-file']),
      line: old['line-number'],
    }
  }
  const body = apiReport.safeParse(value).data?.body
  return (
    body && {
      page: shortAddress(body.documentURL),
      blocked: shortAddress(body.blockedURL),
      directive: body.effectiveDirective?.slice(0, 100),
      source: shortAddress(body.sourceFile),
      line: body.lineNumber,
    }
  )
}

export type ReportOptions = { limit: ClientLimit; client: (context: Context) => Client; events: SecurityLog }

/**
 * The handler: 204 for every readable body, so that a sender learns nothing about what was logged.
 */
export function receiveReports({ limit, client, events }: ReportOptions) {
  return async (context: Context): Promise<Response> => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
    if (!types.has(type)) return problem(415, 'Send application/reports+json or application/csp-report.')
    const from = client(context)
    const waitMs = limit.take(from)
    if (waitMs > 0) {
      events('rate limited', from, { path: context.req.path })
      const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)), connection: 'close' }
      return problem(429, 'Too many reports from one place.', { headers })
    }
    const bytes = await readBody(context.req.raw, limitBytes)
    if (bytes === 'too-large')
      return problem(413, `The body is longer than ${limitBytes} bytes.`, { headers: { connection: 'close' } })
    if (bytes === 'broken-off') return problem(400, 'The body broke off before its end.')
    let value: unknown
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    } catch {
      return problem(400, 'The body is not JSON in UTF-8.')
    }
    for (const one of Array.isArray(value) ? value.slice(0, mostReports) : [value]) {
      const violation = violationOf(one)
      if (violation) events('policy violation', from, violation)
    }
    return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
  }
}
