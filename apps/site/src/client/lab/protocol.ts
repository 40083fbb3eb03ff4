/** What the page and the lab's worker say to each other. */
import type { Cell, EngineJob, Mark, Outcome, Points, Said, Verdict } from '@viva/lab'

export type Frame = {
  progress: number
  figures: Record<string, number | string>
  series: Record<string, Points>
  marks: Mark[]
  cells: Record<string, Cell[]>
  rows: Record<string, (string | number)[][]>
}

export type ToLab =
  | {
      type: 'run'
      lab: string
      knobs: Record<string, number | string | boolean>
      seed: number
      /** In step with real time, so that one can watch; otherwise as fast as it goes. */
      isShown: boolean
      said: Said | undefined
      /** The reader's own events, where there are any. */
      events: number[] | undefined
    }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'step' }
  | { type: 'finish' }
  | { type: 'printed'; id: number; text: string }
  | { type: 'engine'; id: number; output?: string; error?: string }

export type FromLab =
  | { type: 'theory'; lines: ({ label: string; points: Points } | undefined)[] }
  | { type: 'frame'; frame: Frame }
  | { type: 'status'; text: string }
  | { type: 'execute'; id: number; job: EngineJob }
  | { type: 'done'; frame: Frame; verdicts: Verdict[]; why: string; outcome: Outcome | undefined }
  | { type: 'failed'; message: string }
