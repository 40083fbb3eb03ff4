/**
 * The clients, in a process of their own: an open loop, so arrivals do not wait for answers; the moments are random (Poisson) and seeded.
 * Time counts from the moment at which a request was to be sent, so that a client that is late itself hides nothing. Who is not answered at the deadline hangs up.
 */

import { fetcher } from '@viva/sluice/fetch'
import { seededRandom } from '@viva/sluice/testing'
import { type ClosedPlan, type FromLoader, type LoadPlan, type Outcome, outcomes, type ToLoader } from './messages.ts'
import { Requests } from './requests.ts'

const mostRequests = 200_000
const mostMs = 120_000
const naiveRetries = 3

const epochNow = (): number => performance.timeOrigin + performance.now()
const say = (message: FromLoader): void => void process.send!(message)

const headOf = (isImportant: boolean): string =>
  `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${isImportant ? 'Priority: u=0\r\n' : ''}\r\n`

/** The moments of all arrivals, in ms from the start. */
function arrivals({ seed, phases }: LoadPlan): number[] {
  const random = seededRandom(seed)
  const moments: number[] = []
  let now = 0
  for (const { untilMs, perSecond } of phases) {
    if (untilMs > mostMs) throw new Error(`A load ends at ${untilMs} ms; at most ${mostMs} ms are allowed`)
    for (;;) {
      const next = now - (Math.log(1 - random()) * 1000) / perSecond
      if (!(next < untilMs)) break
      now = next
      if (moments.push(now) > mostRequests) throw new Error(`A load has more than ${mostRequests} requests`)
    }
    now = untilMs
  }
  return moments
}

/** One way to make a request: `done` is called once. */
type Ask = (isImportant: boolean, arrivedAt: number, done: (outcome: Outcome) => void) => void

/** Who waits, in the order of their deadlines: all wait equally long. */
class Deadlines {
  readonly #line: { at: number; isOver: boolean; giveUp: () => void }[] = []
  #head = 0

  /** Gives what ends the wait. */
  add(at: number, giveUp: () => void): () => void {
    const entry = { at, isOver: false, giveUp }
    this.#line.push(entry)
    return () => {
      entry.isOver = true
      entry.giveUp = nothing
    }
  }

  pass(now: number): void {
    for (; this.#head < this.#line.length && this.#line[this.#head]!.at <= now; this.#head++) {
      const entry = this.#line[this.#head]!
      if (!entry.isOver) entry.giveUp()
    }
    if (this.#head > 10_000) {
      this.#line.splice(0, this.#head)
      this.#head = 0
    }
  }
}

const nothing = (): void => {}

let attempts = 0

function plain(requests: Requests, deadlines: Deadlines, deadlineMs: number): Ask {
  return (isImportant, arrivedAt, done) => {
    attempts++
    const hangUp = requests.send(headOf(isImportant), (status) => {
      over()
      done(status === 200 ? 'good' : status === 503 || status === 429 ? 'refused' : 'broken')
    })
    const over = deadlines.add(arrivedAt + deadlineMs, () => {
      hangUp()
      done('gaveUp')
    })
  }
}

/** As is often written: whatever goes wrong is tried again at once. */
function naive(ask: Ask): Ask {
  return (isImportant, arrivedAt, done) => {
    let left = naiveRetries
    const settle = (outcome: Outcome): void => {
      if (outcome === 'good' || left-- === 0) done(outcome)
      else ask(isImportant, performance.now(), settle)
    }
    ask(isImportant, arrivedAt, settle)
  }
}

function careful(port: number, deadlineMs: number): Ask {
  const ask: typeof fetch = (input, init) => {
    attempts++
    return fetch(input, init)
  }
  const call = fetcher({ timeoutMs: deadlineMs, fetch: ask })
  return (isImportant, _arrivedAt, done) => {
    const headers = isImportant ? { priority: 'u=0' } : {}
    call(`http://127.0.0.1:${port}/`, { headers }).then(
      async (response) => {
        await response.text()
        done(
          response.status === 200 ? 'good' : response.status === 503 || response.status === 429 ? 'refused' : 'broken',
        )
      },
      (error: Error) => done(error.name === 'Overloaded' ? 'refused' : error.name === 'TimedOut' ? 'gaveUp' : 'broken'),
    )
  }
}

async function open(plan: LoadPlan, startAt: number): Promise<void> {
  const moments = arrivals(plan)
  const { length } = moments
  const dice = seededRandom(plan.seed + 1)
  const found = {
    at: Float64Array.from(moments),
    tookMs: new Float32Array(length),
    outcome: new Uint8Array(length),
    isImportant: Uint8Array.from(moments, () => Number(dice() < (plan.importantShare ?? 0))),
    lateMs: new Float32Array(length),
  }
  const deadlines = new Deadlines()
  const once = plain(new Requests(plan.port), deadlines, plan.deadlineMs)
  const ask = { plain: () => once, naive: () => naive(once), fetcher: () => careful(plan.port, plan.deadlineMs) }[
    plan.client
  ]()
  const zero = startAt - performance.timeOrigin
  let [next, left] = [0, length]
  const cpu = process.cpuUsage()
  await new Promise<void>((resolve) => {
    const send = (index: number): void => {
      const arrivedAt = zero + moments[index]!
      found.lateMs[index] = performance.now() - arrivedAt
      ask(found.isImportant[index] === 1, arrivedAt, (outcome) => {
        found.tookMs[index] = performance.now() - arrivedAt
        found.outcome[index] = outcomes.indexOf(outcome)
        left--
      })
    }
    // A timer of Node is up to a millisecond late; whatever is due by then is sent.
    const tick = (): void => {
      const now = performance.now()
      while (next < length && zero + moments[next]! <= now) send(next++)
      deadlines.pass(now)
      if (left === 0) resolve()
      else setTimeout(tick, 1)
    }
    setTimeout(tick, Math.max(0, startAt - epochNow()))
  })
  const { user, system } = process.cpuUsage(cpu)
  say({ outcomes: { ...found, attempts, loaderCpuMs: (user + system) / 1000 } })
}

function closed({ port, connections, ms }: ClosedPlan): Promise<void> {
  const requests = new Requests(port)
  const head = headOf(false)
  // The first answers are of a server that has just begun.
  const from = performance.now() + 500
  let answered = 0
  return new Promise((resolve) => {
    const ask = (): void => {
      requests.send(head, (status) => {
        if (status !== 200) throw new Error(`Answered with ${status}`)
        const now = performance.now()
        if (now >= from + ms) {
          if (answered > 0) say({ answered, ms })
          answered = 0
          resolve()
          return
        }
        if (now >= from) answered++
        ask()
      })
    }
    for (let i = 0; i < connections; i++) ask()
  })
}

process.on('message', (message: ToLoader) => {
  void ('open' in message ? open(message.open, message.startAt) : closed(message.closed))
})
process.on('disconnect', () => process.exit())
say('ready')
