/** The bench that labs run on: virtual time, probes, knobs, claims. It knows no lab. */

export {
  Bench,
  type BenchHost,
  type Cell,
  type EngineJob,
  type Mark,
  type Measured,
  type MeasureOptions,
  type RunEngine,
} from './bench.ts'
export {
  constant,
  type Distribution,
  empirical,
  erlang,
  exponential,
  lognormal,
  normal,
  pareto,
  uniform,
  zipf,
} from './distributions.ts'
export { engineOf } from './engine.ts'
export { exp, ln, pow } from './exact.ts'
export { formatFigure } from './figure.ts'
export {
  choice,
  type ChoiceKnob,
  corners,
  defaults,
  type Knob,
  type Knobs,
  type KnobValues,
  number,
  type NumberKnob,
  onOff,
  readKnobs,
  type SwitchKnob,
  whyNot,
  writeKnobs,
} from './knobs.ts'
export {
  type ChartSpec,
  type Claim,
  defineLab,
  type Diagram,
  type Edge,
  type Lab,
  type Node,
  type Prediction,
  type Quantity,
  type Run,
  type SeriesSpec,
  type Table,
  type Tone,
} from './lab.ts'
export { BatchMeans, type Interval, Level, Tally } from './probes.ts'
export { pick, type Random, randomStream, shuffled } from './random.ts'
export { Servers, Signal, Store } from './resources.ts'
export { judge, type Outcome, runLab, type RunLabOptions, type Said, valueAt, type Verdict, verdicts } from './run.ts'
export { type Points, Series } from './series.ts'
export {
  type Parked,
  type Process,
  Simulation,
  type SimulationClock,
  type SimulationOptions,
  type Step,
  type Waitable,
} from './simulation.ts'
export * as theory from './theory.ts'
