import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingLibraries } from './chromium.ts'

test('names exactly the libraries that the loader does not find', () => {
  const ldd = `\tlinux-vdso.so.1 (0x00007ffd)
\tlibnss3.so => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
\tlibgbm.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f)`
  assert.deepEqual(missingLibraries(ldd), ['libnss3.so', 'libgbm.so.1'])
})
