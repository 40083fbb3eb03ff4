/** One build at a time, also among processes: the lock is a file that holds its owner's process id. */
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Runs `work` while it holds `file`; waits for another process that holds it, takes over from one that died. */
export async function lock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  for (;;) {
    try {
      const handle = await open(file, 'wx')
      await handle.writeFile(String(process.pid))
      await handle.close()
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const owner = Number(await readFile(file, 'utf8').catch(() => ''))
      if (owner && !isRunning(owner)) await rm(file, { force: true })
      else await wait(100)
    }
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}
