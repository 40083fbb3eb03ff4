import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Channel, channel, none, type OnFull } from '../index.ts'

/** What became of each call, by its number; a call that is missing still waits. */
type Outcomes = Map<number, string>
type Command =
  | { do: 'send' | 'trySend'; weight: number }
  | { do: 'receive' | 'tryReceive' | 'next' | 'bulk' | 'close' | 'cancel' }
  | { do: 'abort'; call: number }

type Options = { capacity: number; onFull: OnFull }
type Held = { id: number; weight: number }

/** The channel in ten lines: everybody stands in a line, and `step` says who may go. */
class Reference {
  held: Held[] = []
  senders: Held[] = []
  receivers: { id: number; show: (item: string) => string; end: string }[] = []
  isClosed = false
  readonly outcomes: Outcomes
  readonly options: Options
  constructor(outcomes: Outcomes, options: Options) {
    this.outcomes = outcomes
    this.options = options
  }

  step(): void {
    const { held, senders, receivers, outcomes } = this
    const room = () => this.options.capacity - held.reduce((sum, item) => sum + item.weight, 0)
    const admit = () => {
      outcomes.set(senders[0]!.id, 'sent')
      return senders.shift()!
    }
    while (receivers.length > 0 && held.length + senders.length > 0) {
      const receiver = receivers.shift()!
      outcomes.set(receiver.id, receiver.show(`item ${(held.shift() ?? admit()).id}`))
      while (senders.length > 0 && senders[0]!.weight <= room()) held.push(admit())
    }
    while (senders.length > 0 && senders[0]!.weight <= room()) held.push(admit())
    if (this.isClosed && held.length + senders.length === 0)
      for (const { id, end } of receivers.splice(0)) outcomes.set(id, end)
  }

  run(id: number, command: Command): void {
    const { held, senders, receivers, outcomes, options } = this
    const leave = (line: { id: number }[], call: number) => {
      const at = line.findIndex((waiting) => waiting.id === call)
      if (at >= 0) outcomes.set(line.splice(at, 1)[0]!.id, 'aborted')
    }
    if (command.do === 'send' || command.do === 'trySend') {
      if (this.isClosed) outcomes.set(id, 'closed')
      else senders.push({ id, weight: command.weight })
      if (options.onFull !== 'wait' || command.do === 'trySend') {
        this.step()
        if (senders.at(-1)?.id !== id) return
        // It found no room: the policy speaks.
        const item = senders.pop()!
        if (options.onFull === 'latest') held.splice(0)
        while (
          options.onFull === 'drop-oldest' &&
          held.reduce((sum, one) => sum + one.weight, item.weight) > options.capacity
        )
          held.shift()
        const isKept = options.onFull === 'latest' || options.onFull === 'drop-oldest'
        if (isKept) held.push(item)
        const said = command.do === 'trySend' ? 'not taken' : options.onFull === 'fail' ? 'full' : 'sent'
        outcomes.set(id, isKept ? 'sent' : said)
      }
    } else if (command.do === 'receive') receivers.push({ id, show: (item) => item, end: 'end' })
    else if (command.do === 'bulk') {
      const first = held[0] ?? senders[0]
      const taken: string[] = []
      if (first === undefined || receivers.length > 0) receivers.push({ id, show: (item) => `[${item}]`, end: '[]' })
      else {
        for (let n = 0; n < 3 && held.length + senders.length > 0; n++) {
          receivers.push({ id, show: (item) => (taken.push(item), `[${taken.join()}]`), end: '[]' })
          this.step()
        }
      }
    } else if (command.do === 'next') receivers.push({ id, show: (item) => `{${item}}`, end: '{}' })
    else if (command.do === 'tryReceive') {
      receivers.push({ id, show: (item) => item, end: 'none' })
      this.step()
      if (receivers.at(-1)?.id === id) {
        receivers.pop()
        outcomes.set(id, 'none')
      }
    } else if (command.do === 'abort') {
      leave(senders, command.call)
      leave(receivers, command.call)
    } else {
      this.isClosed = true
      if (command.do === 'cancel') {
        held.splice(0)
        for (const sender of senders.splice(0)) outcomes.set(sender.id, 'closed')
      }
    }
    this.step()
  }
}

/** The same commands on the real one. */
function runReal(
  ch: Channel<Held>,
  id: number,
  command: Command,
  outcomes: Outcomes,
  aborts: Map<number, AbortController>,
): void {
  const controller = new AbortController()
  aborts.set(id, controller)
  const { signal } = controller
  const name = (item: Held) => `item ${item.id}`
  const note = async (run: () => unknown, show: (value: never) => string) => {
    try {
      outcomes.set(id, show((await run()) as never))
    } catch (error) {
      const names: Record<string, string> = { AbortError: 'aborted', ChannelClosed: 'closed', ChannelFull: 'full' }
      outcomes.set(id, names[(error as Error).name] ?? String(error))
    }
  }
  const start: Record<Command['do'], () => unknown> = {
    send: () =>
      note(
        () => ch.send({ id, weight: (command as Held & Command).weight }, { signal }),
        () => 'sent',
      ),
    trySend: () =>
      note(
        () => ch.trySend({ id, weight: (command as Held & Command).weight }),
        (ok) => (ok ? 'sent' : 'not taken'),
      ),
    receive: () =>
      note(
        () => ch.receive({ signal }),
        (item: Held | typeof none) => (item === none ? 'end' : name(item)),
      ),
    tryReceive: () =>
      note(
        () => ch.tryReceive(),
        (item: Held | typeof none) => (item === none ? 'none' : name(item)),
      ),
    next: () =>
      note(
        () => ch.values({ signal }).next(),
        (r: IteratorResult<Held>) => (r.done ? '{}' : `{${name(r.value)}}`),
      ),
    bulk: () =>
      note(
        () => ch.receiveUpTo(3, { signal }),
        (items: Held[]) => `[${items.map(name).join()}]`,
      ),
    close: () => ch.close(),
    cancel: () => ch.cancel(),
    abort: () => aborts.get((command as Command & { call: number }).call)?.abort(),
  }
  start[command.do]()
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

const command = (weights: number): fc.Arbitrary<Command> => {
  const weight = fc.integer({ min: 1, max: weights })
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), weight }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('trySend' as const), weight }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('receive' as const, 'tryReceive' as const, 'next' as const, 'bulk' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), call: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'cancel' as const) }) },
  )
}

for (const onFull of ['wait', 'drop-newest', 'drop-oldest', 'latest', 'fail'] as const) {
  for (const weights of [1, 3]) {
    test(`a channel with ${onFull} and items of weight up to ${weights} does what the reference does`, async () => {
      const min = weights > 1 ? weights : onFull === 'latest' || onFull === 'drop-oldest' ? 1 : 0
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min, max: 5 }),
          fc.array(command(weights), { maxLength: 40 }),
          async (capacity, commands) => {
            const outcomes: Outcomes = new Map()
            const expected: Outcomes = new Map()
            const aborts = new Map<number, AbortController>()
            const ch = channel<Held>({ capacity, onFull, ...(weights > 1 && { size: (item: Held) => item.weight }) })
            const reference = new Reference(expected, { capacity, onFull })
            for (const [id, one] of commands.entries()) {
              runReal(ch, id, one, outcomes, aborts)
              reference.run(id, one)
              await settle()
              assert.deepEqual(
                new Map([...outcomes].toSorted(([a], [b]) => a - b)),
                new Map([...expected].toSorted(([a], [b]) => a - b)),
              )
              const stats = ch.stats()
              assert.deepEqual(
                [stats.depth, stats.waitingSenders, stats.waitingReceivers, ch.isClosed, ch.isEnded],
                [
                  reference.held.length,
                  reference.senders.length,
                  reference.receivers.length,
                  reference.isClosed,
                  reference.isClosed && reference.held.length + reference.senders.length === 0,
                ],
              )
              const { sent, received, depth, dropped } = stats
              assert.equal(sent, received + depth + dropped.oldest + dropped.latest + dropped.discarded)
              assert.ok(stats.highWater <= capacity && stats.weight <= stats.highWater)
            }
          },
        ),
        { numRuns: 500 },
      )
    })
  }
}
