/** Judges one run by what is seen from outside: the hosts' logs, the page's canaries, the result and the page's clock. */
import type { RunResult } from '../../src/fence.ts'
import { type FenceAttempt, pageDelayLimitMs, stopLimitMs } from './attempt.ts'
import type { PageRun } from './page.ts'

/** What was observed around one run. */
export type Observation = {
  run: PageRun
  canariesBefore: string
  canariesAfter: string
  /** Requests to the site and anything at the attacker, during the run. */
  requests: string[]
  /** How late the timers of an idle page in another process were meanwhile: the load of the machine, in milliseconds. */
  idleDelayMs: number
}

/** The canary's value in every stored place of the site, and what a forged result carries. */
export const secret = 'canary-value'
export const forged = /forged/i

const stops = ['time', 'memory', 'output', 'exit', 'abort']
const resultKeys = ['output', 'error', 'stopped', 'notice', 'durationMs', 'engine']
const defaultTimeoutMs = 5_000
const defaultOutputLimitBytes = 65_536

/** Every run, hostile or not, has a result of this shape, with a duration that agrees with the page's clock. */
function wrongShape(result: RunResult, tookMs: number, attempt: FenceAttempt): string[] {
  const wrong: string[] = []
  const other = Object.keys(result).filter((key) => !resultKeys.includes(key))
  if (other.length > 0) wrong.push(`the result has keys ${other.join(', ')}`)
  if (typeof result.output !== 'string') wrong.push(`output is ${typeof result.output}`)
  if (result.notice !== undefined && typeof result.notice !== 'string') wrong.push(`notice is ${typeof result.notice}`)
  if (result.stopped !== undefined && !stops.includes(result.stopped)) wrong.push(`stopped is ${result.stopped}`)
  const { error, durationMs } = result
  if (error && (typeof error.name !== 'string' || typeof error.message !== 'string'))
    wrong.push(`error is ${JSON.stringify(error)}`)
  if (error?.line !== undefined && !(Number.isInteger(error.line) && error.line > 0))
    wrong.push(`error.line is ${String(error.line)}`)
  if (!(typeof durationMs === 'number' && durationMs >= 0 && durationMs <= tookMs + 50))
    wrong.push(`durationMs is ${String(durationMs)}, and the page waited ${Math.round(tookMs)} ms`)
  const limit = attempt.outputLimitBytes ?? defaultOutputLimitBytes
  const bytes = new TextEncoder().encode(String(result.output)).length
  if (bytes > limit) wrong.push(`${bytes} bytes of output, with a limit of ${limit}`)
  return wrong
}

function unmetExpectation(attempt: FenceAttempt, { result, tookMs }: PageRun): string[] {
  const { output, matches, lacks, stopped, withinMs, check } = attempt.expect ?? {}
  const wrong: string[] = []
  const shown = JSON.stringify(result.output).slice(0, 300)
  if (output !== undefined && result.output !== output) wrong.push(`output is ${shown}, not ${JSON.stringify(output)}`)
  if (matches && !matches.test(result.output)) wrong.push(`output is ${shown}, which does not match ${matches}`)
  const text = JSON.stringify(result)
  if (lacks?.test(text)) wrong.push(`${text.slice(0, 300)} matches ${lacks}`)
  if (stopped === null && result.stopped) wrong.push(`stopped by ${result.stopped}`)
  if (stopped && !(Array.isArray(stopped) ? stopped : [stopped]).some((one) => one === result.stopped))
    wrong.push(`stopped is ${result.stopped}, not ${String(stopped)}`)
  if (withinMs !== undefined && tookMs > withinMs) wrong.push(`took ${Math.round(tookMs)} ms, not ${withinMs}`)
  // An attempt with a typing mistake would always be held.
  if (attempt.isBare && !result.output.startsWith('began')) wrong.push(`never ran: ${text.slice(0, 300)}`)
  if (result.error?.name === 'SyntaxError' && /^(js|ts)$/.test(attempt.language))
    wrong.push(`the attempt does not parse: ${result.error.message}`)
  const more = check?.(result)
  if (more) wrong.push(more)
  return wrong
}

/** What got through; empty when the attempt was held. */
export function judge(
  attempt: FenceAttempt,
  { run, canariesBefore, canariesAfter, requests, idleDelayMs }: Observation,
): string[] {
  const { result, tookMs, longestDelayMs, stopDelayMs } = run
  const wrong = wrongShape(result, tookMs, attempt)
  if (JSON.stringify(result).includes(secret)) wrong.push('the canary was read')
  if (canariesBefore !== canariesAfter) wrong.push(`the page changed: ${difference(canariesBefore, canariesAfter)}`)
  if (requests.length > 0) wrong.push(`requests: ${requests.slice(0, 5).join(', ')}`)
  if (forged.test(JSON.stringify([result.error, result.notice]))) wrong.push('error or notice was forged')
  const delayLimit = Math.round((attempt.pageDelayMs ?? pageDelayLimitMs) + idleDelayMs)
  if (longestDelayMs > delayLimit)
    wrong.push(`the page's timers were ${Math.round(longestDelayMs)} ms late, more than ${delayLimit}`)
  const limitMs = (attempt.timeoutMs ?? defaultTimeoutMs) + 1_500
  if (result.durationMs > limitMs) wrong.push(`ran for ${Math.round(result.durationMs)} ms`)
  if (attempt.abortAfterMs !== undefined && (stopDelayMs === undefined || stopDelayMs > stopLimitMs + idleDelayMs))
    wrong.push(`${stopDelayMs === undefined ? 'never' : `${Math.round(stopDelayMs)} ms after Stop`} it ended`)
  return [...wrong, ...unmetExpectation(attempt, run)]
}

function difference(before: string, after: string): string {
  let at = 0
  while (before[at] === after[at]) at++
  return `${before.slice(Math.max(0, at - 30), at + 40)} became ${after.slice(Math.max(0, at - 30), at + 40)}`
}
