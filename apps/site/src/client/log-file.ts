/** Exports and deletes the log. */
import { eventBatches, logDatabase } from './log.ts'

/** JSON Lines, oldest first. A blob, because the whole log need not fit into one string. */
export async function exportLog(): Promise<{ file: Blob; count: number }> {
  const parts: string[] = []
  let count = 0
  for await (const batch of eventBatches()) {
    parts.push(batch.map((event) => `${JSON.stringify(event)}\n`).join(''))
    count += batch.length
  }
  return { file: new Blob(parts, { type: 'application/jsonl' }), count }
}

/** Returns how many events were deleted. */
export async function deleteLog(): Promise<number> {
  const transaction = (await logDatabase()).transaction('events', 'readwrite')
  const [count] = await Promise.all([transaction.store.count(), transaction.store.clear(), transaction.done])
  return count
}
