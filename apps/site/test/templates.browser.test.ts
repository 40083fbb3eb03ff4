/** Every template, in both themes, narrow and wide: no accessibility violation, nothing wider than the screen, nothing that moves. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import { startSite, type Site } from './site.fixture.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** One address per template. */
export const templates: Record<string, string> = {
  home: '/',
  categories: '/questions/',
  category: '/questions/microservices/',
  question: '/questions/microservices/backpressure/#answer',
  attempt: '/questions/postgresql/isolation-levels/',
  tags: '/tags/',
  tag: '/tags/performance/',
  quiz: '/quiz/',
  'quiz under way': '/quiz/run/?scope=microservices&count=10&seed=7',
  kits: '/kits/',
  kit: '/kits/senior-back-end/',
  blog: '/blog/',
  post: '/blog/how-a-fence-is-verified/',
  text: '/about/',
  licences: '/licences/',
  feedback: '/feedback/',
  log: '/log/',
  '404': '/no-such-page/',
}

suite('templates', () => {
  let site: Site
  before(async () => {
    site = await startSite()
  })
  after(() => site.close())

  for (const [name, path] of Object.entries(templates)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [320, 1280]) {
        test(`${name}, ${colorScheme}, ${width} px`, async () => {
          const { page, context, problems } = await site.open(undefined, {
            viewport: { width, height: 900 },
            colorScheme,
            reducedMotion: 'reduce',
            bypassCSP: true,
          })
          try {
            // Layout shifts are observed from the first paint on.
            await page.addInitScript(() => {
              const scope = globalThis as unknown as { shift: number }
              scope.shift = 0
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries() as (PerformanceEntry & {
                  value: number
                  hadRecentInput: boolean
                })[])
                  if (!entry.hadRecentInput) scope.shift += entry.value
              }).observe({ type: 'layout-shift', buffered: true })
            })
            await page.goto(site.base + path)
            await page.waitForLoadState('networkidle')
            const { width: widest, shift } = await page.evaluate(() => ({
              width: document.documentElement.scrollWidth,
              shift: (globalThis as unknown as { shift: number }).shift,
            }))
            assert.ok(widest <= width, `the page is ${widest} px wide on a screen of ${width} px`)
            assert.ok(shift < 0.02, `the layout shifted by ${shift.toFixed(3)} (0.02 is what a font swap may cost)`)
            await page.evaluate(axe)
            const violations = await page.evaluate(async () => {
              const { axe } = globalThis as unknown as {
                axe: {
                  run(
                    options: object,
                  ): Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }>
                }
              }
              const { violations } = await axe.run({
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
              })
              return violations.map(
                ({ id, nodes }) =>
                  `${id}: ${nodes
                    .slice(0, 3)
                    .map(
                      ({ target, failureSummary }) => `${target.join(' ')} (${failureSummary.replaceAll(/\s+/g, ' ')})`,
                    )
                    .join(' | ')}`,
              )
            })
            assert.deepEqual(violations, [])
            assert.deepEqual(
              problems.filter((problem) => name !== '404' || !problem.includes('404')),
              [],
            )
          } finally {
            await context.close()
          }
        })
      }
    }
  }
})
