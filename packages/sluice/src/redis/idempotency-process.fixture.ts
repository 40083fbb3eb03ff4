/** A process of its own that runs keys through a store on Redis; `idempotency.test.ts` starts it, asks it, and kills it. */

import { createClient } from 'redis'
import { idempotency } from '../idempotency.ts'
import { redisStore } from './idempotency.ts'

/** What it is asked, and what it tells: that the work of a key has begun here, and what its run came to. */
export type Asked = { key: string; takesMs: number; leaseMs: number }
export type Told = { ready: true } | { begun: string } | { key: string; result: string }

async function main(prefix: string): Promise<void> {
  const client = await createClient().connect()
  const store = redisStore(client, { prefix })
  const tell = (told: Told): void => void process.send!(told)
  process.on('message', ({ key, takesMs, leaseMs }: Asked) => {
    const work = async (): Promise<string> => {
      tell({ begun: key })
      await new Promise((resolve) => setTimeout(resolve, takesMs))
      return `done by ${process.pid}`
    }
    void idempotency({ store, leaseMs })
      .run(key, 'payload', work)
      .then((result) => tell({ key, result }))
  })
  process.on('disconnect', () => process.exit(0))
  tell({ ready: true })
}

// Only where it was forked.
if (process.send !== undefined && process.argv[2] !== undefined) void main(process.argv[2])
