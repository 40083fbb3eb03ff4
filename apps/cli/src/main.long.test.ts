import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('a typed command cannot steer the terminal', async () => {
  const main = join(import.meta.dirname, 'main.ts')
  const failure: unknown = await promisify(execFile)(process.execPath, [main, 'a\u202eb\u009bc\u200b']).catch(
    (error: unknown) => error,
  )
  assert.ok(failure instanceof Error && 'stderr' in failure)
  assert.match(String(failure.stderr), /unknown command "a\\u202eb\\u009bc\\u200b"/)
})
