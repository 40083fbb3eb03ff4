/** A Vite plugin that records what went into the bundles which readers load; the third-party notices are made from it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'

type Chunk = { type: 'chunk'; modules: Record<string, { renderedLength: number }> }
type Asset = { type: 'asset'; originalFileNames?: string[] }

/** The part of Vite's plugin interface that is used, for pages and for their workers. */
export type ModuleRecorder = {
  name: string
  generateBundle(
    this: { environment?: { name: string } },
    options: unknown,
    bundle: Record<string, Chunk | Asset>,
  ): void
}

/**
 * Makes plugins that write one sorted JSON list of paths from `root` into `file`: modules with code in a bundle, style
 * sheets, and the sources of copied files. Ids of generated modules begin with a NUL character.
 */
export function moduleRecorder(root: string, file: string): () => ModuleRecorder {
  const found = new Set<string>()
  const add = (id: string, folder: string) => {
    const path = id.replace(/\?.*$/, '')
    found.add(
      path.startsWith('/') || /^[A-Za-z]:/.test(path) ? relative(root, path).split(sep).join('/') : folder + path,
    )
  }
  return () => ({
    name: 'viva-module-recorder',
    generateBundle(_options, bundle) {
      // Code that renders the pages is not sent to readers; files that it asks for (fonts) are.
      const isSent = !this.environment || this.environment.name === 'client'
      for (const part of Object.values(bundle)) {
        if (part.type === 'asset') for (const name of part.originalFileNames ?? []) add(name, 'apps/site/')
        else if (isSent)
          for (const [id, { renderedLength }] of Object.entries(part.modules))
            if (renderedLength > 0 || /\.css(\?|$)/.test(id)) add(id, '')
      }
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${JSON.stringify([...found].toSorted(), undefined, 1)}\n`)
    },
  })
}
