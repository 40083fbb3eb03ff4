/** The package as it is published: built, installed beside a consumer, imported, type-checked and bundled. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buildPackage, type Manifest } from '../build/package.ts'
import { bundle, gzipped, limits, sizes, weigh } from '../build/weigh.ts'
import * as sluice from './index.ts'

describe('the published package', () => {
  /** A project that has it installed. */
  let project = ''
  let folder = ''
  before(() => {
    project = mkdtempSync(join(tmpdir(), 'sluice-package-'))
    folder = join(project, 'node_modules', '@viva', 'sluice')
    buildPackage(folder)
  })
  after(() => rmSync(project, { recursive: true, force: true }))

  test('holds what its manifest promises, and no source, test or dependency', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
    assert.deepEqual(Object.keys(manifest.exports), [
      '.',
      './node',
      './web',
      './testing',
      './telemetry',
      './http',
      './fetch',
      './nats',
      './rabbitmq',
      './redis',
      './kafka',
      './package.json',
    ])
    for (const target of Object.values(manifest.exports))
      for (const file of typeof target === 'string' ? [target] : [target.types, target.default])
        assert.ok(existsSync(join(folder, file)), file)
    for (const field of ['dependencies', 'devDependencies', 'scripts']) assert.equal(manifest[field], undefined, field)
    const files = globSync('**/*', { cwd: folder })
    assert.deepEqual(
      files.filter((file) => /\.test\.|(?<!\.d)\.ts$|leaks|overload\/|subjects|fixture|contract/.test(file)),
      [],
    )
    for (const file of ['README.md', 'LICENSE', 'LICENSE-THIRD-PARTY', 'docs/sluice.svg'])
      assert.ok(files.includes(file), file)
  })

  test('is imported and works under plain Node', () => {
    const consumer = `
      import { channel, gate } from '@viva/sluice'
      import { toReadable } from '@viva/sluice/node'
      import { toReadableStream } from '@viva/sluice/web'
      import { virtualClock } from '@viva/sluice/testing'
      import { traced } from '@viva/sluice/telemetry'
      import { Overloaded } from '@viva/sluice'
      import { admission, quota } from '@viva/sluice/http'
      import { fetcher } from '@viva/sluice/fetch'
      const ch = channel({ capacity: 2 })
      ch.trySend('through')
      const clock = virtualClock()
      console.log(await gate({ limit: 1, clock }).run(() => ch.receive()))
      console.log(await toReadable([1, 2]).toArray(), await Array.fromAsync(toReadableStream([3])), typeof traced)
      const none = gate({ limit: 1, queue: { capacity: 0 } })
      await none.acquire()
      // One class for all entries, and nothing to install for the fields.
      console.log(none.refusal() instanceof Overloaded, typeof fetcher(), (await admission({ gate: none }).fetch(() => {})(new Request('http://v'))).status)
    `
    writeFileSync(join(project, 'consumer.mjs'), consumer)
    // Without the flags of whoever runs this test.
    const printed = execFileSync(process.execPath, [join(project, 'consumer.mjs')], { encoding: 'utf8', env: {} })
    assert.equal(printed, 'through\n[ 1, 2 ] [ 3 ] function\ntrue function 503\n')
  })

  test('has types that a strict consumer can check, declarations included', () => {
    const consumer = `
      import { channel, type Channel, map, pipe, collect, none } from '@viva/sluice'
      import type { Readable } from 'node:stream'
      import { toReadable } from '@viva/sluice/node'
      import { virtualClock } from '@viva/sluice/testing'
      import { watchChannel } from '@viva/sluice/telemetry'
      import { toReadableStream } from '@viva/sluice/web'
      import { admission, quota } from '@viva/sluice/http'
      import { fetcher } from '@viva/sluice/fetch'
      export const ch: Channel<number> = channel<number>({ capacity: 2 })
      export const all: Promise<string[]> = pipe([1], map((n) => String(n)), collect())
      export const readable: Readable = toReadable(ch)
      export const item: number | typeof none = ch.tryReceive()
      export const others = [virtualClock, watchChannel, toReadableStream, admission, quota, fetcher]
      // @ts-expect-error: a channel of numbers takes no text
      ch.trySend('text')
    `
    writeFileSync(join(project, 'consumer.mts'), consumer)
    const require = createRequire(import.meta.url)
    const options = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'esnext',
      '--types',
      'node',
    ]
    const typeRoots = ['--typeRoots', join(require.resolve('@types/node/package.json'), '..', '..')]
    const tsc = [require.resolve('typescript/bin/tsc'), ...options, ...typeRoots, join(project, 'consumer.mts')]
    execFileSync(process.execPath, tsc, { stdio: ['ignore', 'inherit', 'inherit'], cwd: project })
  })

  test('is shaken: what is not used is not bundled', async () => {
    const fixed = gzipped(await bundle(project, "export { fixed } from '@viva/sluice'"))
    const all = gzipped(await bundle(project, "export * from '@viva/sluice'"))
    assert.ok(fixed < 600, `fixed alone takes ${fixed} bytes`)
    const channel = await bundle(project, "export { channel } from '@viva/sluice'")
    assert.ok(gzipped(channel) < all / 3, `channel alone takes ${gzipped(channel)} of ${all} bytes`)
    for (const stranger of ['queue.order', 'half-open', 'smoothing', 'perSecond', 'concurrency'])
      assert.ok(!channel.includes(stranger), `the bundle of channel holds ${stranger}`)
  })

  test('no edge is heavier than its limit, and the web ones need nothing of Node', async () => {
    for (const [entry, most] of Object.entries(limits)) {
      const bytes = (await weigh(project, ['*'], `@viva/sluice${entry}`)).get('*')!
      assert.ok(bytes <= most && bytes > most * 0.75, `${entry} weighs ${bytes} bytes, with a limit of ${most}`)
    }
    for (const entry of ['/http', '/fetch'])
      assert.doesNotMatch(await bundle(project, `export * from '@viva/sluice${entry}'`), /["']node:/, entry)
  })

  test('the sizes in the README are those of today', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const figures = (text: string): number[] => [...text.matchAll(/ ([\d.]+) kB/g)].map(([, kb]) => Number(kb))
    const names = Object.keys(sluice).toSorted()
    const [written, now] = [
      readme.split('<!-- sizes -->')[1]?.split('<!-- /sizes -->')[0] ?? '',
      await sizes(project, names),
    ]
    for (const name of names) assert.ok(written.includes(`\`${name}\``), `${name} is not in the README: npm run sizes`)
    const pairs = figures(now).map((kb, index) => [kb, figures(written)[index]!] as const)
    for (const [kb, said] of pairs)
      assert.ok(Math.abs(kb - said) <= 0.1 + kb * 0.1, `${said} kB is ${kb}: npm run sizes`)
  })
})
