/** The entry of `@viva/runner`: types and the table of languages. The engines are behind `/node` and `/browser`. */
export type { Engine, Fence, Language, RunError, Runner, RunOptions, RunResult, StopCause } from './fence.ts'
export { type LanguageFacts, languages } from './languages.ts'
