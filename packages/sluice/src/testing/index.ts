/** What tests of flow control need: a clock moved by hand, chance that repeats, suites a part can be held to. */

export { seededRandom } from './random.ts'
export { type VirtualClock, virtualClock } from './virtual-clock.ts'
