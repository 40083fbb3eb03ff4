/** The same queue on the npm package `simscript`. It yields to the page with `requestAnimationFrame`, which Node lacks: a turn of the event loop stands in. */
import { createRequire } from 'node:module'
import type { Measured } from './mm1.ts'

type Entity = {
  enterQueue(queue: unknown): Promise<number>
  delay(ms: number): Promise<number>
  leaveQueue(queue: unknown): void
  readonly simulation: Simulation
}
type Simulation = {
  readonly timeNow: number
  start(): Promise<void>
  onStarting(): void
  onFinished(): void
  generateEntities(type: unknown, gap: unknown, most: number): void
}
type Simscript = {
  Simulation: new () => Simulation
  Entity: new () => Entity
  Queue: new (name: string, capacity: number) => unknown
  Exponential: new (mean: number, seed: number) => { sample(): number }
  FecItem: { prototype: { dispatch(this: unknown): Promise<unknown> } }
}

export async function simscript(customers: number): Promise<Measured> {
  Object.assign(globalThis, { requestAnimationFrame: (step: () => void) => setImmediate(step) })
  const library = createRequire(import.meta.url)('simscript') as Simscript
  let [events, sum] = [0, 0]
  const { dispatch } = library.FecItem.prototype
  library.FecItem.prototype.dispatch = function (this: unknown) {
    events++
    return dispatch.call(this)
  }
  const server = new library.Queue('server', 1)
  const work = new library.Exponential(0.7, 2)
  class Customer extends library.Entity {
    async script(): Promise<void> {
      const at = this.simulation.timeNow
      await this.enterQueue(server)
      await this.delay(work.sample())
      this.leaveQueue(server)
      sum += this.simulation.timeNow - at
    }
  }
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    class Queueing extends library.Simulation {
      override onStarting(): void {
        super.onStarting()
        this.generateEntities(Customer, new library.Exponential(1, 1), customers)
      }
      override onFinished(): void {
        super.onFinished()
        resolve()
      }
    }
    new Queueing().start().catch(reject)
  })
  library.FecItem.prototype.dispatch = dispatch
  return { customers, events, seconds: (performance.now() - begun) / 1000, meanTime: sum / customers }
}
