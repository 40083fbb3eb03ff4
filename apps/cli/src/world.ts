/** What a command may touch: passed in, so that tests give it another. */
export type World = {
  /** The repository's root; `content/` lies in it. */
  root: string
  now: () => Date
  /** An integer from 0 to 2³² − 1. */
  newSeed: () => number
  /** Whether somebody sits at the keyboard. */
  isInteractive: boolean
  print: (text: string) => void
  complain: (text: string) => void
  /** One line from the keyboard; undefined when the input has ended. */
  ask: (prompt: string) => Promise<string | undefined>
  /** Runs another program in the root and gives its exit status. */
  start: (program: string, args: string[]) => Promise<number>
}

/** A mistake of the person at the keyboard: shown as one line, exit 1. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export type Command = {
  /** After `viva`. */
  usage: string
  summary: string
  /** Longer help, below the usage. */
  details?: string
  run: (args: string[], world: World) => Promise<number>
}
