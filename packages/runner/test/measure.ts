/** `node packages/runner/test/measure.ts`: the size of each engine, and how long its first and its next run take in Chromium. */
import { launchChromium } from '../../../tools/chromium.ts'
import type { Language } from '../src/fence.ts'
import { openSite } from './engines.fixture.ts'

const codes: [Language, string][] = [
  ['js', 'console.log(1)'],
  ['ts', 'const a: number = 1; console.log(a)'],
  ['mongodb', 'print(db.t.countDocuments())'],
  ['sqlite', 'select 1'],
  ['sql', 'select 1'],
  ['python', 'print(1)'],
]

const browser = await launchChromium()
console.log('| language | gzip | first run | next at once | next after a pause |\n|---|---|---|---|---|')
for (const [language, code] of codes) {
  const times: number[][] = []
  let gzipBytes = 0
  for (let round = 0; round < 3; round++) {
    const site = await openSite(browser)
    gzipBytes = site.manifest.engines[language]?.gzipBytes ?? 0
    const timed = async () => {
      const startedAt = performance.now()
      await site.runner.run({ language, code })
      return performance.now() - startedAt
    }
    const first = await timed()
    const next = await timed()
    // Long enough for the worker that was prepared meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    times.push([first, next, await timed()])
    await site.close()
  }
  const [first, next, later] = [0, 1, 2].map((column) =>
    Math.round(times.map((row) => row[column] ?? 0).toSorted((a, b) => a - b)[1] ?? 0),
  )
  console.log(`| ${language} | ${(gzipBytes / 1024).toFixed(0)} KB | ${first} ms | ${next} ms | ${later} ms |`)
}
await browser.close()
