/** Judges predictions of a program's output. */
export { judge, type JudgeOptions, type Judgement, type LineCredit, type Verdict } from './judge.ts'
