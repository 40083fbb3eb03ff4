/** Processes, what they wait for, and the moments at which they go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Servers, Signal, Store } from './resources.ts'
import { type Process, Simulation } from './simulation.ts'

/** A simulation whose processes write down what they do and when. */
function bench() {
  const sim = new Simulation()
  const log: string[] = []
  return { sim, log, note: (text: string) => void log.push(`${sim.now} ${text}`) }
}

test('processes take turns in virtual time; those due at once go in the order in which they were set', () => {
  const { sim, log, note } = bench()
  function* walker(name: string, stepMs: number): Process {
    for (let i = 0; i < 3; i++) {
      yield stepMs
      note(name)
    }
  }
  sim.start(walker('a', 10))
  sim.start(walker('b', 15))
  sim.after(30, () => note('moment'))
  sim.runUntil(40)
  assert.deepEqual(log, ['10 a', '15 b', '20 a', '30 moment', '30 b', '30 a'])
  assert.equal(sim.now, 40)
  sim.runUntil(Infinity)
  assert.equal(log.at(-1), '45 b')
  assert.equal(sim.now, 45)
})

test('runUntil stops at the moment, inclusive, and goes on from there', () => {
  const { sim, log, note } = bench()
  for (const at of [1, 2, 3]) sim.after(at, () => note('x'))
  sim.runUntil(2)
  assert.deepEqual(log, ['1 x', '2 x'])
  assert.equal(sim.events, 2)
})

test('refuses a wait that is none, and a seed that is none', () => {
  const { sim } = bench()
  for (const wrong of [-1, Number.NaN, Infinity]) {
    sim.start(
      (function* (): Process {
        yield wrong
      })(),
    )
    assert.throws(() => sim.runUntil(0), /a process can wait 0 ms or more, got/)
  }
  assert.throws(() => sim.after(-1, () => {}), RangeError)
  assert.throws(() => new Simulation({ seed: 1.5 }), /seed must be a whole number, got 1.5/)
})

test('servers: as many as there are work, the rest first come first served', () => {
  const { sim, log, note } = bench()
  const servers = new Servers(2)
  function* customer(name: string): Process {
    yield servers.take()
    note(`${name} begins`)
    yield 10
    servers.give()
  }
  for (const name of ['a', 'b', 'c', 'd']) sim.start(customer(name))
  sim.runUntil(5)
  assert.deepEqual([servers.busy, servers.waiting], [2, 2])
  assert.equal(servers.tryTake(), false)
  sim.runUntil(Infinity)
  assert.deepEqual(log, ['0 a begins', '0 b begins', '10 c begins', '10 d begins'])
  assert.deepEqual([servers.busy, servers.waiting], [0, 0])
  assert.equal(servers.tryTake(), true)
  servers.give()
  assert.throws(() => servers.give(), /nobody had/)
  assert.throws(() => new Servers(0), /count must be a whole number above 0, got 0/)
})

test('servers: never more busy than there are, everybody served, in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 9 })), { maxLength: 40 }),
      (count, customers) => {
        const sim = new Simulation()
        const servers = new Servers(count)
        const [came, begun]: [number[], number[]] = [[], []]
        let working = 0
        function* customer(id: number, at: number, work: number): Process {
          yield at
          came.push(id)
          yield servers.take()
          begun.push(id)
          assert.ok(++working <= count)
          yield work
          working--
          servers.give()
        }
        for (const [id, [at, work]] of customers.entries()) sim.start(customer(id, at, work))
        sim.runUntil(Infinity)
        assert.deepEqual(begun, came)
        assert.deepEqual([working, servers.busy, servers.waiting], [0, 0, 0])
      },
    ),
    { numRuns: 100 },
  )
})

test('store: a producer waits for room, a consumer for an item; order is kept', () => {
  const { sim, log, note } = bench()
  const store = new Store<number>(2)
  function* producer(): Process {
    for (let i = 1; i <= 5; i++) {
      yield store.put(i)
      note(`put ${i}`)
    }
  }
  function* consumer(): Process {
    for (let i = 0; i < 5; i++) {
      yield 10
      note(`got ${yield store.get()}`)
    }
  }
  sim.start(producer())
  sim.start(consumer())
  sim.runUntil(5)
  assert.deepEqual([store.length, store.waitingToPut], [2, 1])
  sim.runUntil(Infinity)
  assert.deepEqual(log, [
    ...['0 put 1', '0 put 2', '10 got 1', '10 put 3', '20 got 2', '20 put 4'],
    ...['30 got 3', '30 put 5', '40 got 4', '50 got 5'],
  ])
})

test('store: consumers that came first get the item, without it being stored', () => {
  const { sim, log, note } = bench()
  const store = new Store<string>(1)
  function* consumer(name: string): Process {
    note(`${name} got ${yield store.get()}`)
  }
  sim.start(consumer('a'))
  sim.start(consumer('b'))
  sim.runUntil(0)
  assert.equal(store.waitingToGet, 2)
  for (const item of ['x', 'y', 'z']) assert.equal(store.tryPut(item), true)
  assert.equal(store.tryPut('full'), false)
  sim.runUntil(0)
  assert.deepEqual(log, ['0 a got x', '0 b got y'])
  assert.equal(store.tryGet(), 'z')
  assert.equal(store.tryGet(), undefined)
  assert.throws(() => new Store(0), /capacity must be a whole number above 0, or Infinity, got 0/)
})

test('store: taking the newest lets a waiting producer in as well', () => {
  const { sim, log, note } = bench()
  const store = new Store<number>(2)
  sim.start(
    (function* (): Process {
      for (let i = 1; i <= 3; i++) yield store.put(i)
      note('all are in')
    })(),
  )
  sim.after(7, () => note(`took ${store.tryGetNewest()}`))
  sim.runUntil(10)
  assert.deepEqual(log, ['7 took 2', '7 all are in'])
  assert.deepEqual([store.tryGet(), store.tryGet(), store.tryGetNewest()], [1, 3, undefined])
})

test('signal: those who wait go on when it is fired, later comers at once, with its answer', () => {
  const { sim, log, note } = bench()
  const signal = new Signal()
  function* waiter(name: string, at: number): Process {
    yield at
    note(`${name} ${yield signal}`)
  }
  sim.start(waiter('early', 0))
  sim.start(waiter('late', 20))
  sim.after(10, () => signal.fire('yes'))
  sim.after(11, () => signal.fire('again'))
  sim.runUntil(Infinity)
  assert.deepEqual(log, ['10 early yes', '20 late yes'])
})

test('promises: a process waits for one as await does, in virtual time; a rejection is thrown into it', async () => {
  const { sim, log, note } = bench()
  const { clock } = sim
  const soon = (delayMs: number, error?: Error) =>
    new Promise<string>((resolve, reject) => {
      clock.schedule(delayMs, () => (error ? reject(error) : resolve('done')))
    })
  function* process(): Process {
    note(String(yield soon(5)))
    try {
      yield soon(10, new Error('broke'))
    } catch (error) {
      note((error as Error).message)
    }
    // A chain of promises settles before time goes on.
    note(String(yield (async () => `${await soon(5)} and ${await soon(0)}`)()))
  }
  sim.start(process())
  await sim.advance(100)
  assert.deepEqual(log, ['5 done', '15 broke', '20 done and done'])
  assert.equal(sim.now, 100)
})

test('the clock cancels, takes Infinity for never, and a moment in the past for now', async () => {
  const { sim, log, note } = bench()
  const cancel = sim.clock.schedule(5, () => note('cancelled'))
  sim.clock.schedule(Infinity, () => note('never'))()
  sim.clock.schedule(-3, () => note('at once'))
  cancel()
  await sim.advance(10)
  assert.deepEqual(log, ['0 at once'])
})

test('a simulation with promises says so instead of leaving processes behind', () => {
  const { sim } = bench()
  sim.start(
    (function* (): Process {
      yield Promise.resolve()
    })(),
  )
  assert.throws(() => sim.runUntil(10), /a process waited for a promise: use `advance`/)
  assert.throws(() => sim.runUntil(10), /has promises in it: use `advance`/)
})

test('what a process throws comes out of the run', async () => {
  for (const run of ['runUntil', 'advance'] as const) {
    const { sim } = bench()
    sim.start(
      (function* (): Process {
        yield 3
        throw new Error('its own')
      })(),
    )
    await assert.rejects(async () => sim[run](10), /its own/)
    assert.equal(sim.now, 3)
  }
})
