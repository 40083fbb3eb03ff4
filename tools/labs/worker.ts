/** Checks one simulated lab in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Lab } from '@viva/lab'
import { type Checked, checkLab } from '@viva/lab/check'

export type Answer = { checked?: Checked; error?: string }

const { url, seeds } = workerData as { url: string; seeds: number }
const answer: Answer = await import(url).then(
  async ({ default: lab }: { default: Lab }) => ({ checked: await checkLab(lab, { seeds }) }),
  (error: unknown) => ({ error: String(error) }),
)
parentPort!.postMessage(answer)
