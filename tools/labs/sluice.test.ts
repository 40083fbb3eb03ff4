/** Sluice's parts inside the lab's simulation: unchanged, on its clock, in its order. Packages import none of ours, so the two meet here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exponential, type Process, Simulation, theory } from '@viva/lab'
import { channel, fixed, gate, none, Overloaded } from '@viva/sluice'

test('a channel between two processes: the producer waits for room, in virtual time', async () => {
  const sim = new Simulation()
  const log: string[] = []
  const queue = channel<number>({ capacity: 2, onFull: 'wait' })
  function* producer(): Process {
    for (let i = 1; i <= 5; i++) {
      const room = queue.send(i)
      if (room !== undefined) yield room
      log.push(`${sim.now} sent ${i}`)
    }
    queue.close()
  }
  function* consumer(): Process {
    for (;;) {
      yield 10
      const received = queue.receive()
      const item = received instanceof Promise ? yield received : received
      if (item === none) return void log.push(`${sim.now} end`)
      assert.ok(queue.depth <= 2)
      log.push(`${sim.now} got ${item}`)
    }
  }
  sim.start(producer())
  sim.start(consumer())
  await sim.advance(1000)
  const [sent, got] = ['sent', 'got'].map((word) => log.filter((line) => line.includes(word)))
  assert.deepEqual(got, ['10 got 1', '20 got 2', '30 got 3', '40 got 4', '50 got 5'])
  assert.deepEqual(sent, ['0 sent 1', '0 sent 2', '10 sent 3', '20 sent 4', '30 sent 5'])
  assert.equal(log.at(-1), '60 end')
})

test('a gate on the simulation’s clock: who runs, who waits, who is refused, and when', async () => {
  const sim = new Simulation()
  const log: string[] = []
  const { clock } = sim
  const door = gate({ limit: fixed(1), queue: { capacity: 1, order: 'fifo' }, clock })
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.schedule(ms, resolve))
  function* customer(name: string, at: number): Process {
    yield at
    try {
      yield door.run(() => sleep(10))
      log.push(`${sim.now} ${name} done`)
    } catch (error) {
      log.push(`${sim.now} ${name} ${error instanceof Overloaded ? error.cause : String(error)}`)
    }
  }
  for (const [name, at] of Object.entries({ a: 0, b: 1, c: 2, d: 15 })) sim.start(customer(name, at))
  await sim.advance(100)
  assert.deepEqual(log, ['2 c queue-full', '10 a done', '20 b done', '30 d done'])
})

/** M/M/1/K with a channel that refuses when it is full; the one at work has left the channel. */
async function lossOf(seed: number): Promise<{ lost: number; waits: number }> {
  const sim = new Simulation({ seed })
  const queue = channel<number>({ capacity: 4, onFull: 'fail' })
  let [offered, served, waited] = [0, 0, 0]
  function* producer(): Process {
    const [gaps, chance] = [exponential(1), sim.random('arrivals')]
    for (;;) {
      yield gaps.draw(chance)
      offered++
      queue.trySend(sim.now)
    }
  }
  function* consumer(): Process {
    const [work, chance] = [exponential(1 / 1.2), sim.random('service')]
    for (;;) {
      const received = queue.receive()
      const at = (received instanceof Promise ? yield received : received) as number
      served++
      waited += sim.now - at
      yield work.draw(chance)
    }
  }
  sim.start(producer())
  sim.start(consumer())
  await sim.advance(20_000)
  return { lost: queue.stats().refused / offered, waits: waited / served }
}

test('a bounded channel with one consumer is M/M/1/K, to the last digit the same for one seed', async () => {
  const found = await lossOf(1)
  const { lost, wait } = theory.mm1k(1, 1.2, 5)
  assert.ok(Math.abs(found.lost / lost - 1) < 0.05, `${found.lost} against ${lost}`)
  assert.ok(Math.abs(found.waits / wait - 1) < 0.05, `${found.waits} against ${wait}`)
  assert.deepEqual(await lossOf(1), found)
})
