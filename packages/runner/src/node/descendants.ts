/**
 * Ends every process that a run started, also those that left its process group (`setsid`, daemons).
 *
 * A process is of the run if its environment or its working directory names the run's folder, or if its parent is of the
 * run. A process that clears its environment, leaves the folder and loses its parent in between is not found.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

type Process = { pid: number; parent: number; isMarked: boolean }

/** New processes may start while others are killed: a few rounds, then it is a fork bomb that the caller reports. */
const rounds = 50

/** Sends SIGKILL until no process of the run is left. False if some still were after the last round. */
export async function endProcessesOf(folder: string): Promise<boolean> {
  for (let round = 0; round < rounds; round++) {
    if (killProcessesOf(folder) === 0) return true
    await sleep(round < 5 ? 1 : 10)
  }
  return false
}

/** Sends SIGKILL once to every process of the run; gives their number. */
export function killProcessesOf(folder: string): number {
  const found = processesOf(folder, process.platform === 'linux' ? listFromProc(folder) : listFromPs(folder))
  for (const pid of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
  return found.length
}

function processesOf(folder: string, all: Process[]): number[] {
  if (folder === '') throw new Error('A run without a folder has no processes.')
  const found = new Set(all.filter((one) => one.isMarked).map((one) => one.pid))
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const one of all) if (found.has(one.parent)) found.add(one.pid)
  }
  found.delete(process.pid)
  return [...found]
}

function listFromProc(folder: string): Process[] {
  const all: Process[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = read(() => readFileSync(`/proc/${name}/stat`, 'latin1'))
    // The name of the program stands in parentheses and may hold any character.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === undefined || state === '' || state === 'Z' || state === 'X') continue
    const isMarked =
      read(() => readFileSync(`/proc/${name}/environ`, 'latin1')).includes(folder) ||
      read(() => readlinkSync(`/proc/${name}/cwd`)).startsWith(folder)
    all.push({ pid: Number(name), parent: Number(parent), isMarked })
  }
  return all
}

/** macOS: `-E` shows the environment of one's own processes. */
function listFromPs(folder: string): Process[] {
  const text = read(() =>
    execFileSync('ps', ['-axww', '-E', '-o', 'pid=,ppid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
  )
  return text.split('\n').flatMap((line) => {
    const [, pid, parent] = /^\s*(\d+)\s+(\d+)\s/.exec(line) ?? []
    return pid ? [{ pid: Number(pid), parent: Number(parent), isMarked: line.includes(folder) }] : []
  })
}

/** Empty where the process has ended, or belongs to somebody else. */
function read(get: () => string): string {
  try {
    return get()
  } catch {
    return ''
  }
}
