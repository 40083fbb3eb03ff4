/** Puts several attempts of a slow engine into one fence, and takes its output apart again. */
import type { Language } from '../../src/fence.ts'
import type { FenceAttempt } from './attempt.ts'

const mark = (id: string) => `@@${id}@@`

/** How each language runs attempts one after the other, each with what it throws caught. */
const joiners: Partial<Record<Language, (attempts: readonly FenceAttempt[]) => string>> = {
  python: (attempts) => `
from pyodide.code import eval_code_async as _evaluate
for _id, _code in ${JSON.stringify(attempts.map(({ id, code }) => [mark(id), code]))}:
    print(_id)
    try:
        await _evaluate(_code, {'__name__': 'attempt'})
    except BaseException as _error:
        print('refused:', type(_error).__name__, str(_error)[-200:])`,
  sql: (attempts) =>
    attempts
      .map(({ id, code }) => {
        const isQuery = /^\s*(select|with|table|values)\b/i.test(code)
        const statement = isQuery ? `select string_agg(t::text, E'\\n') from (${code}) as t` : code
        return `do $batch$ declare answer text; begin
  raise notice '${mark(id)}';
  execute $statement$${statement}$statement$${isQuery ? ' into answer' : ''};
  raise notice 'ended: %', left(answer, 2000);
exception when others then raise notice 'refused: %', sqlerrm;
end $batch$;`
      })
      .join('\n'),
}

export type Batch = { attempts: FenceAttempt[]; language: Language }

const batchSize = 14

/** Attempts that can share a fence, in groups; the others are left out. */
export function batches(attempts: readonly FenceAttempt[]): Batch[] {
  const found: Batch[] = []
  for (const language of Object.keys(joiners)) {
    const shared = attempts.filter((one) => one.language === language && canShare(one))
    for (let at = 0; at < shared.length; at += batchSize) {
      const some = shared.slice(at, at + batchSize)
      found.push({ attempts: some, language: language as Language })
    }
  }
  return found
}

/** One fence that runs these attempts of one language. */
export function joined(attempts: readonly FenceAttempt[], language: Language): FenceAttempt {
  const join = joiners[language]
  if (!join) throw new Error(`batch.ts has no joiner for ${language}.`)
  // Addresses carry the id of the attempt, not of the batch.
  const own = attempts.map((one) => ({
    ...one,
    code: one.code.replaceAll('{{attacker}}', `http://{{attackerHost}}/${one.id}`).replaceAll('{{id}}', one.id),
  }))
  return { id: `batch-of-${attempts[0]?.id}`, language, code: join(own), timeoutMs: 10_000, persists: true }
}

function canShare({ alone, timeoutMs, setup, abortAfterMs, outputLimitBytes, mayReplaceFrame }: FenceAttempt): boolean {
  const special = [timeoutMs, setup, abortAfterMs, outputLimitBytes, mayReplaceFrame]
  return !alone && special.every((one) => one === undefined)
}

/** The part of a batch's output that belongs to one attempt; undefined when it was not reached. */
export function outputOf(output: string, id: string): string | undefined {
  const [, after] = output.split(mark(id))
  return after?.split(/(?:NOTICE: {2})?@@[\w-]+@@/)[0]?.trim()
}
