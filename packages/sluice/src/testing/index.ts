/** What tests of flow control need: a clock moved by hand, chance that repeats, suites a part can be held to. */

export type { Case } from './case.ts'
export { type ChannelUnderTest, conformsToChannel } from './conforms-to-channel.ts'
export { conformsToLimit, type LimitUnderTest } from './conforms-to-limit.ts'
export { conformsToOperator, type OperatorUnderTest } from './conforms-to-operator.ts'
export { type ProbeOptions, type ProbeSource, probeSource } from './probe-source.ts'
export { seededRandom } from './random.ts'
export { type VirtualClock, virtualClock } from './virtual-clock.ts'
