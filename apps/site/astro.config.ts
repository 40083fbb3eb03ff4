// How the site is built: static pages, no inline scripts or styles (the server's Content-Security-Policy forbids them).
import { join } from 'node:path'
import sitemap from '@astrojs/sitemap'
import { defineConfig } from 'astro/config'
import { moduleRecorder } from './src/build/modules.ts'

/** Where this copy is reached from outside; canonical addresses, feeds and pictures are made with it. */
const site = process.env['SITE_URL'] ?? 'http://localhost:4000'

const root = join(import.meta.dirname, '../..')
const recorder = moduleRecorder(root, join(root, '.cache/site-modules.json'))

export default defineConfig({
  site,
  trailingSlash: 'always',
  output: 'static',
  integrations: [sitemap({ filter: (page) => !/\/(log|404|quiz\/run)\/?$/.test(page) })],
  // Keeps the space between words and inline elements on separate lines; the default drops it.
  compressHTML: true,
  build: { inlineStylesheets: 'never', format: 'directory' },
  devToolbar: { enabled: false },
  prefetch: false,
  vite: {
    plugins: [recorder()],
    build: { assetsInlineLimit: 0, cssMinify: true, target: 'es2022' },
    worker: { format: 'es', plugins: () => [recorder()] },
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  },
})
