/** Judges predictions of a program's output, and says how to ask for them. */
export { fitsInput, inputFor, type InputKind, type InputOptions, type PredictionInput } from './input-for.ts'
export { judge, type Difference, type Judgement, type JudgeOptions, type LineCredit, type Verdict } from './judge.ts'
