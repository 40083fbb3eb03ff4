/** Four balancers before ten servers, given the same requests: the longest queue, the slow answers, and what old information does. */

import { defineLab, exponential, number, pick } from '@viva/lab'

const seconds = 60
const servers = 10
/** Mean work of a request on a server of full speed. */
const workMs = 50
/** So many of the servers are the slow ones. */
const slowServers = 3
/** Before that the queues are filling. */
const warmUpMs = 5000

const policies = ['random', 'round', 'least', 'two'] as const
type Policy = (typeof policies)[number]
const names: Record<Policy, string> = {
  random: 'Random',
  round: 'Round robin',
  least: 'Least requests',
  two: 'Better of two',
}

/** One balancer with its ten servers, each first in, first out. */
class Balanced {
  readonly inFlight = Array.from({ length: servers }, () => 0)
  readonly counts = Array.from({ length: servers }, () => 0)
  /** What the balancer believes of `inFlight`. */
  seen = this.inFlight
  readonly #finishes: number[][] = Array.from({ length: servers }, () => [])
  readonly #freeAt = Array.from({ length: servers }, () => 0)
  #next = 0

  /** Lets finish what is finished by then. */
  advance(now: number): void {
    for (let server = 0; server < servers; server++) {
      const finishes = this.#finishes[server]!
      while (finishes.length > 0 && finishes[0]! <= now) {
        finishes.shift()
        this.inFlight[server]!--
      }
    }
  }

  /** Chance is drawn by the caller, so that all policies see the same. */
  choose(policy: Policy, first: number, second: number): number {
    if (policy === 'random') return first
    if (policy === 'round') return this.#next++ % servers
    if (policy === 'two') return this.seen[second]! < this.seen[first]! ? second : first
    // Among equals a random one: it begins to look at a random place.
    let best = first
    for (let i = 1; i < servers; i++) {
      const server = (first + i) % servers
      if (this.seen[server]! < this.seen[best]!) best = server
    }
    return best
  }

  /** Gives the time until the answer. */
  send(server: number, now: number, serviceMs: number): number {
    const finish = Math.max(now, this.#freeAt[server]!) + serviceMs
    this.#freeAt[server] = finish
    this.#finishes[server]!.push(finish)
    this.inFlight[server]!++
    this.counts[server]!++
    return finish - now
  }

  get longest(): number {
    return Math.max(...this.inFlight)
  }
}

/** The mean longest of ten queues in equilibrium, given the share of servers with `k` or more. */
function meanLongest(share: (k: number) => number): number {
  let mean = 0
  for (let k = 1; k <= 200; k++) mean += 1 - (1 - share(k)) ** servers
  return mean
}
/** M/M/1 at each server. */
const longestRandom = (rho: number): number => meanLongest((k) => rho ** k)
/** Mitzenmacher 2001, for many servers: k or more with probability ρ^(2^k − 1). */
const longestOfTwo = (rho: number): number => meanLongest((k) => rho ** (2 ** k - 1))

export default defineLab({
  kind: 'simulation',
  title: 'Four ways to choose a server',
  task: 'Give four balancers the same requests and compare their longest queues. Then make three servers slow, or the load figures old.',
  knobs: {
    load: number({
      label: 'Load',
      unit: '%',
      min: 30,
      max: 95,
      step: 5,
      value: 85,
      hint: 'Of all servers together.',
    }),
    speed: number({
      label: 'Speed of three servers',
      unit: '%',
      min: 20,
      max: 100,
      step: 10,
      value: 100,
      hint: 'The other seven have 100 %.',
    }),
    ageMs: number({
      label: 'Load figures renewed every',
      unit: 'ms',
      min: 0,
      max: 2000,
      step: 100,
      value: 0,
      hint: '0: always fresh.',
    }),
  },
  presets: [
    {
      name: 'Equal servers',
      knobs: {},
      look: 'One choice more takes most of random’s queue away.',
    },
    {
      name: 'Three slow servers',
      knobs: { speed: 30 },
      look: 'Random and round robin give them an equal share, and their queues grow for ever.',
    },
    {
      name: 'Figures a second old',
      knobs: { ageMs: 1000 },
      look: 'All go to the server that was least loaded: least requests is now the worst.',
    },
    {
      name: 'Little to do',
      knobs: { load: 40 },
      look: 'With idle servers about, the choice matters little.',
    },
    {
      name: 'Nearly full',
      knobs: { load: 95 },
      look: 'No policy adds capacity: all queues are longer.',
    },
  ],
  predict: {
    ask: 'Which balancer has the shortest 99th percentile of response times?',
    kind: 'choice',
    options: policies.map((policy) => ({
      value: policy,
      label: names[policy],
    })),
    actual: (run) => policies.toSorted((a, b) => run.figure(`${a}P99`) - run.figure(`${b}P99`))[0],
  },
  series: {
    random: { label: 'Random', unit: 'requests', tone: 'bad' },
    round: { label: 'Round robin', unit: 'requests', tone: 'plain' },
    least: { label: 'Least requests', unit: 'requests', tone: 'signal' },
    two: { label: 'Better of two', unit: 'requests', tone: 'ok' },
    p99: { label: '99th percentile', unit: 'ms', as: 'bars', tone: 'signal' },
  },
  charts: [
    {
      title: 'Longest queue, mean of each second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'In flight on one server' },
      lines: [...policies],
      theory: ({ load, speed }) => {
        if (speed < 100) return undefined
        const mean = longestRandom(load / 100)
        return {
          label: `random, M/M/1 each: ${mean.toFixed(1)}`,
          points: [0, mean, seconds, mean],
        }
      },
    },
    {
      title: 'Response time, 99th percentile',
      x: { label: 'Balancer', names: policies.map((policy) => names[policy]) },
      y: { label: 'ms' },
      lines: ['p99'],
    },
  ],
  figures: {
    randomP99: { label: 'Random, p99', unit: 'ms', digits: 0 },
    roundP99: { label: 'Round robin, p99', unit: 'ms', digits: 0 },
    leastP99: { label: 'Least requests, p99', unit: 'ms', digits: 0 },
    twoP99: { label: 'Better of two, p99', unit: 'ms', digits: 0 },
    randomLongest: { label: 'Random, mean longest queue', digits: 1 },
    roundLongest: { label: 'Round robin, mean longest queue', digits: 1 },
    leastLongest: { label: 'Least requests, mean longest queue', digits: 1 },
    twoLongest: { label: 'Better of two, mean longest queue', digits: 1 },
    randomSlow: {
      label: 'To the three slow ones: random',
      unit: '%',
      digits: 0,
    },
    twoSlow: { label: 'better of two', unit: '%', digits: 0 },
    leastSlow: { label: 'least requests', unit: '%', digits: 0 },
    roundSlow: { label: 'round robin', unit: '%', digits: 0, hidden: true },
  },
  diagram: {
    kind: 'cells',
    rows: policies.map((policy) => ({ id: policy, label: names[policy] })),
  },
  claims: [
    {
      says: 'Random choice among equal servers is ten M/M/1 queues: the longest is as theory says.',
      when: ({ knobs }) => knobs.speed === 100 && knobs.load <= 80,
      holds: (run) => Math.abs(run.figure('randomLongest') / longestRandom(run.knobs.load / 100) - 1) < 0.35,
    },
    {
      says: 'The better of two random servers takes more than a third off random’s longest queue.',
      when: ({ knobs }) => knobs.ageMs === 0 && knobs.speed === 100 && knobs.load >= 80,
      holds: (run) => run.figure('twoLongest') < 0.67 * run.figure('randomLongest'),
    },
    {
      says: 'It comes to what Mitzenmacher’s limit says for many servers.',
      when: ({ knobs }) => knobs.ageMs === 0 && knobs.speed === 100 && knobs.load <= 85,
      holds: (run) => Math.abs(run.figure('twoLongest') / longestOfTwo(run.knobs.load / 100) - 1) < 0.2,
    },
    {
      says: 'With fresh figures and equal servers least requests is the best, the better of two comes next.',
      when: ({ knobs }) => knobs.ageMs === 0 && knobs.speed === 100 && knobs.load >= 80 && knobs.load <= 90,
      holds: (run) =>
        run.figure('leastP99') < run.figure('twoP99') &&
        run.figure('twoP99') < run.figure('roundP99') &&
        run.figure('roundP99') < run.figure('randomP99'),
    },
    {
      says: 'With figures a second old or more, least requests is worse than choosing blindly.',
      when: ({ knobs }) => knobs.ageMs >= 1000 && knobs.speed === 100,
      holds: (run) => run.figure('leastP99') > run.figure('randomP99'),
    },
    {
      says: 'The better of two suffers less from old figures than least requests does.',
      when: ({ knobs }) => knobs.ageMs >= 1000,
      holds: (run) => run.figure('twoP99') < run.figure('leastP99'),
    },
    {
      says: 'Blind policies give slow servers an equal share; those that count give them less.',
      when: ({ knobs }) => knobs.ageMs === 0 && knobs.speed <= 40 && knobs.load >= 80,
      holds: (run) =>
        Math.abs(run.figure('roundSlow') - 30) < 1 && run.figure('leastSlow') < 24 && run.figure('twoSlow') < 24,
    },
    {
      says: 'So behind round robin the slow servers’ queues grow without end, with capacity left elsewhere.',
      when: ({ knobs }) => knobs.ageMs === 0 && knobs.speed <= 40 && knobs.load >= 80,
      holds: (run) => run.figure('roundLongest') > 5 * run.figure('twoLongest'),
    },
  ],
  why(run) {
    const { load, speed, ageMs } = run.knobs
    const p99 = (policy: Policy): string => `${run.figure(`${policy}P99`).toFixed(0)} ms`
    const longest = (policy: Policy): string => run.figure(`${policy}Longest`).toFixed(1)
    if (ageMs >= 300)
      return `For ${ageMs} ms all requests see the same figures, so least requests sends ${Math.round((ratePerSecond(load, speed) * ageMs) / 1000)} of them in a row to what was the emptiest server: its p99 is ${p99('least')}, against ${p99('random')} for choosing blindly. The better of two spreads them, because its candidates change from request to request: ${p99('two')}.`
    if (speed <= 60)
      return `Three servers at ${speed} % of the speed got ${run.figure('roundSlow').toFixed(0)} % of the requests from round robin, and ${run.figure('leastSlow').toFixed(0)} % from least requests. A request that lasts longer counts as load for longer, so counting finds slow servers without being told: p99 ${p99('least')} against ${p99('round')}. Blind policies would need weights.`
    return `At ${load} % load chance piles up ${longest('random')} requests on the unluckiest of ten servers if you choose at random; the better of two has ${longest('two')}, and knowing all ten only brings it to ${longest('least')}. p99: ${p99('random')}, ${p99('two')}, ${p99('least')}. The step from one choice to two is what counts.`
  },
  async run({ load, speed, ageMs }, bench) {
    const gaps = exponential(1000 / ratePerSecond(load, speed))
    const work = exponential(workMs)
    const [arrivals, service, choices] = [bench.random('arrivals'), bench.random('service'), bench.random('choices')]
    const runs = policies.map((policy) => ({
      policy,
      balanced: new Balanced(),
      times: bench.tally(),
      second: 0,
      sum: 0,
      count: 0,
    }))
    const publish = (): void => {
      for (const { policy, balanced, times, sum, count } of runs) {
        const slow = balanced.counts.slice(servers - slowServers).reduce((total, some) => total + some, 0)
        const all = balanced.counts.reduce((total, some) => total + some, 0)
        bench.figure(`${policy}P99`, times.percentile(99))
        bench.figure(`${policy}Longest`, count === 0 ? 0 : sum / count)
        bench.figure(`${policy}Slow`, all === 0 ? 0 : (100 * slow) / all)
        bench.show(
          policy,
          balanced.inFlight.map((depth, server) => ({
            text: String(depth),
            tone:
              depth > 5
                ? 'bad'
                : depth > 2
                  ? 'signal'
                  : server >= servers - slowServers && speed < 100
                    ? 'second'
                    : 'ok',
          })),
        )
      }
    }
    bench.beforeTurn(publish)
    let [renewedAt, second, requests] = [-Infinity, 1, 0]
    for (let now = gaps.draw(arrivals); now < seconds * 1000; now += gaps.draw(arrivals)) {
      const base = work.draw(service)
      const first = pick(choices, servers)
      const other = (first + 1 + pick(choices, servers - 1)) % servers
      const isDue = ageMs > 0 && now - renewedAt >= ageMs
      if (isDue) renewedAt = now
      if (now >= second * 1000) {
        for (const one of runs) {
          bench.point(one.policy, second, requests === 0 ? 0 : one.second / requests)
          one.second = 0
        }
        second++
        requests = 0
        await bench.turn(now / (seconds * 1000))
      }
      requests++
      for (const one of runs) {
        const { policy, balanced, times } = one
        balanced.advance(now)
        if (isDue) balanced.seen = [...balanced.inFlight]
        // Arrivals at random moments see what the average over time is (PASTA), so this is the mean longest queue.
        const { longest } = balanced
        one.second += longest
        const server = balanced.choose(policy, first, other)
        const time = balanced.send(server, now, server >= servers - slowServers ? (base * 100) / speed : base)
        if (now < warmUpMs) continue
        times.record(time)
        one.sum += longest
        one.count++
      }
    }
    for (const [index, { times }] of runs.entries()) bench.point('p99', index, times.percentile(99))
    publish()
    await bench.turn(1)
  },
})

/** Requests a second that are so much of what all servers can do together. */
function ratePerSecond(load: number, speed: number): number {
  return ((load / 100) * (servers - slowServers + (slowServers * speed) / 100) * 1000) / workMs
}
