/** Keys on nodes: what moves when a node joins or leaves, by remainder, on a ring, and by the highest score. */

import { choice, defineLab, number } from '@viva/lab'

const keyCount = 10_000
/** The ring is drawn in so many pieces. */
const pieces = 48

type Place = (key: number) => number

export default defineLab({
  kind: 'simulation',
  title: 'Which keys move?',
  task: 'Let a node join or leave, and count how many of 10,000 keys change their node. Then give each node more points on the ring, and watch the spread.',
  knobs: {
    method: choice({
      label: 'Placement',
      options: {
        modulo: 'hash mod n',
        ring: 'ring',
        rendezvous: 'highest score (rendezvous)',
      },
      value: 'modulo',
    }),
    nodes: number({
      label: 'Nodes before',
      unit: 'nodes',
      min: 3,
      max: 20,
      value: 10,
    }),
    points: number({
      label: 'Points for each node',
      unit: 'points',
      min: 1,
      max: 200,
      value: 1,
      hint: 'Virtual nodes; ring only.',
    }),
    change: choice({
      label: 'Then',
      options: { join: 'a node joins', leave: 'a node leaves' },
      value: 'join',
    }),
  },
  presets: [
    {
      name: 'Remainder',
      knobs: {},
      look: 'One node more, and nearly every key has another home.',
    },
    {
      name: 'Ring, one point each',
      knobs: { method: 'ring' },
      look: 'Few keys move, and the nodes’ shares differ widely.',
    },
    {
      name: 'Ring, 100 points each',
      knobs: { method: 'ring', points: 100 },
      look: 'Few move, and the shares are close.',
    },
    {
      name: 'A node leaves a bare ring',
      knobs: { method: 'ring', change: 'leave' },
      look: 'All its keys go to one neighbour.',
    },
    {
      name: 'A node leaves, 100 points',
      knobs: { method: 'ring', points: 100, change: 'leave' },
      look: 'Its keys spread over all the others.',
    },
    {
      name: 'Highest score',
      knobs: { method: 'rendezvous' },
      look: 'As few move, evenly, and there is no ring to keep.',
    },
  ],
  predict: {
    ask: 'What share of the keys changes its node?',
    kind: 'number',
    quantity: { label: 'Moved', unit: '%', digits: 0 },
    min: 0,
    max: 100,
    slack: 3,
    share: 0.1,
    actual: (run) => run.figure('moved'),
  },
  series: {
    before: { label: 'Keys before', unit: 'keys', as: 'bars', tone: 'plain' },
    after: { label: 'Keys after', unit: 'keys', as: 'bars', tone: 'signal' },
    ring: {
      label: 'On a ring',
      unit: '× the mean',
      as: 'line',
      tone: 'signal',
    },
    even: {
      label: 'By the highest score',
      unit: '× the mean',
      as: 'line',
      tone: 'ok',
    },
  },
  charts: [
    {
      title: 'Keys on each node, after the change',
      x: { label: 'Node', digits: 0 },
      y: { label: 'Keys' },
      lines: ['after'],
      theory: ({ nodes, change }) => {
        const n = change === 'join' ? nodes + 1 : nodes - 1
        const mean = keyCount / n
        return {
          label: `even: ${mean.toFixed(0)}`,
          points: [0, mean, n - 1, mean],
        }
      },
    },
    {
      title: 'The fullest node, by points on the ring',
      x: { label: 'Points for each node', log: true },
      y: { label: '× the mean' },
      lines: ['ring', 'even'],
    },
  ],
  figures: {
    moved: { label: 'Moved', unit: '%', digits: 1 },
    least: { label: 'One node’s even share', unit: '%', digits: 1 },
    needless: {
      label: 'Moved between nodes that stayed',
      unit: '%',
      digits: 1,
    },
    fullest: { label: 'Fullest node', unit: '× the mean', digits: 2 },
    emptiest: { label: 'Emptiest node', unit: '× the mean', digits: 2 },
    takers: { label: 'Nodes that gave or got', unit: 'nodes', digits: 0 },
    worst: {
      label: 'Most keys that one node gained',
      unit: '% of all',
      digits: 1,
    },
    kept: { label: 'Numbers to keep', digits: 0 },
    bare: {
      label: 'Fullest with 1 point',
      unit: '× the mean',
      digits: 2,
      hidden: true,
    },
    many: {
      label: 'Fullest with 200 points',
      unit: '× the mean',
      digits: 2,
      hidden: true,
    },
  },
  diagram: {
    kind: 'cells',
    rows: [
      { id: 'before', label: 'Before' },
      { id: 'after', label: 'After' },
    ],
  },
  claims: [
    {
      says: 'By remainder all but one key in n move, n being the larger number of nodes.',
      when: ({ knobs }) => knobs.method === 'modulo',
      holds: (run) => Math.abs(run.figure('moved') - 100 * (1 - 1 / larger(run.knobs))) < 2.5,
    },
    {
      says: 'On a ring and by score keys move only to the node that joins, or from the one that leaves.',
      when: ({ knobs }) => knobs.method !== 'modulo',
      holds: (run) => run.figure('needless') === 0,
    },
    {
      says: 'By score, or with 100 points on a ring, about one key in n moves.',
      when: ({ knobs }) => knobs.method === 'rendezvous' || (knobs.method === 'ring' && knobs.points >= 100),
      holds: (run) => Math.abs(run.figure('moved') / (100 / larger(run.knobs)) - 1) < 0.4,
    },
    {
      says: 'A ring with one point for each node is uneven: with ten nodes or more the fullest has over a third more than the mean.',
      when: ({ knobs }) => knobs.nodes >= 10,
      holds: (run) => run.figure('bare') > 1.35,
    },
    {
      says: 'With 200 points for each node the fullest is within 30 % of the mean.',
      holds: (run) => run.figure('many') < 1.3,
    },
    {
      says: 'On a bare ring one neighbour inherits everything from a node that leaves.',
      when: ({ knobs }) => knobs.method === 'ring' && knobs.points === 1 && knobs.change === 'leave',
      holds: (run) => run.figure('takers') === 2,
    },
    {
      says: 'With 100 points each, up to ten nodes: all the others inherit a part.',
      when: ({ knobs }) =>
        knobs.method === 'ring' && knobs.points >= 100 && knobs.change === 'leave' && knobs.nodes <= 10,
      holds: (run) => run.figure('takers') === run.knobs.nodes,
    },
  ],
  why(run) {
    const { method, nodes, points, change } = run.knobs
    const n = larger(run.knobs)
    const [moved, fullest] = [run.figure('moved').toFixed(1), run.figure('fullest').toFixed(2)]
    const event = change === 'join' ? 'joined' : 'left'
    if (method === 'modulo')
      return `A key stays only where its hash leaves the same remainder by ${nodes} and by ${change === 'join' ? nodes + 1 : nodes - 1}: about one in ${n}. So ${moved} % moved, although the node that ${event} needs no more than ${run.figure('least').toFixed(1)} % of them; the rest was shuffled between nodes that stayed. The spread is good, the fullest has ${fullest} times the mean: the fault is not in the hash.`
    if (method === 'rendezvous')
      return `Each key goes to the node with the highest score for it, and a score does not depend on the other nodes: a key moves only if the node that ${event} has its highest. That is ${moved} %, about one in ${n}, and the fullest node has ${fullest} times the mean. The price is ${n} hashes for each look-up.`
    const spread =
      points < 10
        ? `With ${points === 1 ? 'one point' : `${points} points`} for each node the pieces of the ring differ by chance, and the fullest node has ${fullest} times the mean.`
        : `${points} points for each node average the pieces out: the fullest has ${fullest} times the mean, for ${run.figure('kept')} points to keep in order.`
    return `Only the pieces before the points of the node that ${event} changed their owner: ${moved} % of the keys, and none moved between two nodes that stayed. ${spread} The most that one node gained is ${run.figure('worst').toFixed(1)} % of all keys.`
  },
  async run({ method, nodes, points, change }, bench) {
    const salt = Math.floor(bench.random('circle')() * 2 ** 31)
    const keys = Array.from({ length: keyCount }, (_, key) => hash(key, salt))
    const after = change === 'join' ? nodes + 1 : nodes - 1
    // The node that joins or leaves is the last one, so that the others keep their names.
    const place = (count: number, each: number, by = method): Place => {
      if (by === 'modulo') return (key) => keys[key]! % count
      if (by === 'ring') return onRing(count, each, salt, (key) => keys[key]!)
      return (key) => {
        let [best, top] = [0, -1]
        for (let node = 0; node < count; node++) {
          const score = hash(keys[key]!, node + 1)
          if (score > top) [top, best] = [score, node]
        }
        return best
      }
    }
    const [from, to] = [place(nodes, points), place(after, points)]
    const [had, has] = [counts(nodes, from), counts(after, to)]
    await bench.turn(0.3)
    let [moved, needless] = [0, 0]
    const gained = Array.from({ length: Math.max(nodes, after) }, () => 0)
    const touched = new Set<number>()
    for (let key = 0; key < keyCount; key++) {
      const [old, now] = [from(key), to(key)]
      if (old === now) continue
      moved++
      gained[now]!++
      touched.add(old).add(now)
      if (old < after && now < nodes) needless++
    }
    const percent = (count: number): number => (100 * count) / keyCount
    bench.figure('moved', percent(moved))
    bench.figure('least', 100 / larger({ nodes, change }))
    bench.figure('needless', percent(needless))
    bench.figure('takers', touched.size)
    bench.figure('worst', percent(Math.max(...gained)))
    bench.figure('fullest', (Math.max(...has) * after) / keyCount)
    bench.figure('emptiest', (Math.min(...has) * after) / keyCount)
    bench.figure('kept', method === 'ring' ? points * after : after)
    for (const [node, count] of had.entries()) bench.point('before', node, count)
    for (const [node, count] of has.entries()) bench.point('after', node, count)
    // Each piece of the circle of hashes, by whom a key in its middle belongs to: by remainder neighbours have nothing in common.
    const shown = (count: number): number[] => {
      const middle = (piece: number): number => Math.floor(((piece + 0.5) * 2 ** 32) / pieces)
      const ring = onRing(count, points, salt, middle)
      return Array.from({ length: pieces }, (_, piece) =>
        method === 'ring' ? ring(piece) : place(count, points)(piece),
      )
    }
    const [was, is] = [shown(nodes), shown(after)]
    bench.show(
      'before',
      was.map((node) => ({ text: String(node), tone: 'plain' })),
    )
    bench.show(
      'after',
      is.map((node, piece) => ({
        text: String(node),
        tone: node === was[piece] ? 'plain' : 'signal',
      })),
    )
    await bench.turn(0.5)
    const fullest = (each: number, by: typeof method): number =>
      (Math.max(...counts(after, place(after, each, by))) * after) / keyCount
    const score = fullest(1, 'rendezvous')
    for (const each of [1, 2, 5, 10, 20, 50, 100, 200]) {
      const measured = fullest(each, 'ring')
      bench.point('ring', each, measured)
      bench.point('even', each, score)
      if (each === 1) bench.figure('bare', measured)
      if (each === 200) bench.figure('many', measured)
      await bench.turn(0.5 + each / 400)
    }
  },
})

/** The number of nodes with the one that joins or leaves. */
function larger({ nodes, change }: { nodes: number; change: 'join' | 'leave' }): number {
  return change === 'join' ? nodes + 1 : nodes
}

function counts(nodes: number, place: Place): number[] {
  const found = Array.from({ length: nodes }, () => 0)
  for (let key = 0; key < keyCount; key++) found[place(key)]!++
  return found
}

/** Each node at so many points of a circle of 2³² hashes; a key belongs to the next point (Karger et al. 1997). */
function onRing(nodes: number, points: number, salt: number, hashOf: (key: number) => number): Place {
  const ring: { at: number; node: number }[] = []
  for (let node = 0; node < nodes; node++)
    for (let point = 0; point < points; point++) ring.push({ at: hash(node * 1000 + point, salt + 1), node })
  ring.sort((a, b) => a.at - b.at)
  return (key) => {
    const at = hashOf(key)
    let [low, high] = [0, ring.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ring[middle]!.at < at) low = middle + 1
      else high = middle
    }
    return ring[low % ring.length]!.node
  }
}

/** 32 bits from a number and a salt: MurmurHash3's mixer, twice. */
function hash(value: number, salt: number): number {
  let mixed = mix(value ^ mix(salt + 0x9e3779b9))
  mixed = mix(mixed + salt)
  return mixed >>> 0
}
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
