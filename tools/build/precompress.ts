/** Compressed copies beside the files of a built site, made once per content and kept in a cache. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const brotli = promisify(brotliCompress)
const deflate = promisify(gzip)

/** What shrinks; pictures, fonts and archives are compressed already. */
const compressible = new Set([
  '.html',
  '.css',
  '.js',
  '.mjs',
  '.json',
  '.map',
  '.xml',
  '.txt',
  '.svg',
  '.md',
  '.wasm',
  '.data',
  '.webmanifest',
  '.tar',
])

const leastBytes = 1024

/** Above this brotli's highest quality takes half a minute a file and saves a few per cent. */
const bestQualityBytes = 512 * 1024

const encodings = [
  {
    suffix: '.br',
    encode: (content: Buffer) =>
      brotli(content, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: content.length <= bestQualityBytes ? 11 : 9,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        },
      }),
  },
  { suffix: '.gz', encode: (content: Buffer) => deflate(content, { level: 9 }) },
]

/** Writes `.br` and `.gz` beside every file in `folder` that shrinks; forgets cached copies that nothing uses. */
export async function precompress(folder: string, cacheDir: string): Promise<{ files: number; fresh: number }> {
  await mkdir(cacheDir, { recursive: true })
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && compressible.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
  const cached = new Set(await readdir(cacheDir))
  const used = new Set<string>()
  let fresh = 0

  async function copy(file: string): Promise<void> {
    if ((await stat(file)).size < leastBytes) return
    const content = await readFile(file)
    const hash = createHash('sha256').update(content).digest('hex')
    for (const { suffix, encode } of encodings) {
      const name = hash + suffix
      const path = join(cacheDir, name)
      if (!cached.has(name) && !used.has(name)) {
        used.add(name)
        fresh++
        const draft = join(cacheDir, `${process.pid}-${Math.random()}.draft`)
        const encoded = await encode(content)
        // An empty file in the cache says that it does not pay.
        await writeFile(draft, encoded.length < content.length * 0.95 ? encoded : '')
        await rename(draft, path)
      }
      used.add(name)
      if ((await stat(path).catch(() => undefined))?.size) await copyFile(path, file + suffix)
    }
  }

  const queue = files.values()
  const work = async () => {
    for (const file of queue) await copy(file)
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work))
  await Promise.all(
    [...cached].filter((name) => !used.has(name)).map((name) => rm(join(cacheDir, name), { force: true })),
  )
  return { files: files.length, fresh }
}
