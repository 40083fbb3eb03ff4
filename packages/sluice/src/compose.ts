/** Puts policies around one another, in an order that can be read. */

import { call, type Context, noContext, type Policy, type Work } from './context.ts'
import { InvalidOption } from './errors.ts'

/** One policy out of several: `compose(a, b).run(work)` is `a.run((context) => b.run(work, context))`; the first is the outermost. */
export function compose(...policies: Policy[]): Policy {
  policies.forEach((policy, index) => {
    if (typeof policy?.run !== 'function')
      throw new InvalidOption(`policies[${index}]`, policy, 'a policy, with a method `run`')
  })
  const from = <T>(index: number, work: Work<T>, context: Context): Promise<T> => {
    const policy = policies[index]
    if (policy === undefined) return call(work, context)
    if (index === policies.length - 1) return policy.run(work, context)
    return policy.run((inner) => from(index + 1, work, inner), context)
  }
  return { run: (work, context = noContext) => from(0, work, context) }
}

/** Policies by what they are for; each may be left out. */
export type Protection = {
  deadline?: Policy
  retries?: Policy
  hedge?: Policy
  breaker?: Policy
  rate?: Policy
  gate?: Policy
}

/** From the outermost to the innermost. */
const order = ['deadline', 'retries', 'hedge', 'breaker', 'rate', 'gate'] as const

/**
 * Composes policies in the order in which they do no harm to one another, whatever order they are written in:
 *
 * 1. `deadline` outermost: it covers every attempt and every wait, and all below know how much time is left. Inside the gate it would not count the
 *    waiting.
 * 2. `retries` outside the breaker, which so sees every attempt. Inside, it would see one failure in three, and hammer on for longer. Outside the gate
 *    as well: a pause between attempts must not hold a permit.
 * 3. `hedge` the same.
 * 4. `breaker` outside the gate: what it refuses must not wait for a permit first. The gate's own refusals are no failures to it.
 * 5. `rate` before the gate: what is over the rate must not take a place in the queue.
 * 6. `gate` innermost: a permit is held exactly while the work runs, so what the limit measures is the work.
 */
export function protect(policies: Protection): Policy {
  for (const name of Object.keys(policies))
    if (!(order as readonly string[]).includes(name))
      throw new InvalidOption('protect', name, `one of ${order.join(', ')}`)
  return compose(...order.flatMap((name) => policies[name] ?? []))
}
