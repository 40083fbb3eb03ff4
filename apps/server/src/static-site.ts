/** The built site from its folder: the right file, in the encoding that the client takes, with validators. */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { z } from 'zod'
import { acceptedCodings, type Coding, codings } from './encoding.ts'
import { framePolicy, isFrame } from './security.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.jsonl': 'application/jsonl',
  '.xml': 'application/xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.zip': 'application/zip',
  '.webmanifest': 'application/manifest+json',
}

/** Bytes up to which a file is read whole; a larger one is streamed. */
const wholeBytes = 256 * 1024

const year = 'public, max-age=31536000, immutable'

/** A name that a build derives from the content: `/_astro/…`, or a part of eight or more hex digits under `/engines/`. */
function isImmutable(path: string): boolean {
  if (path.startsWith('/_astro/')) return true
  return path.startsWith('/engines/') && /[/.-][0-9a-f]{8,64}(?=[/.-]|$)/.test(path)
}

const redirectFile = z.record(
  z.string().startsWith('/'),
  z.string().regex(/^\/(?![/\\])/, 'a redirect stays on this site: it begins with one slash'),
)

function hasCode(error: unknown, ...wanted: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && wanted.includes(error.code)
}

/** Opens a regular file; `undefined` for anything else that may lie at that name, or nothing. */
async function openFile(path: string): Promise<{ handle: FileHandle; bytes: number; changedMs: number } | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES')) return undefined
    throw error
  }
  const about = await handle.stat()
  if (about.isFile()) return { handle, bytes: about.size, changedMs: about.mtimeMs }
  await handle.close()
  return undefined
}

/** The path's segments, decoded; `undefined` for one that names nothing that a build could have written. */
function segmentsOf(path: string): string[] | undefined {
  const segments: string[] = []
  for (const raw of path.slice(1).split('/')) {
    let segment: string
    try {
      segment = decodeURIComponent(raw)
    } catch {
      return undefined
    }
    // Also keeps out `.` and `..` however they were encoded, dot files, and Windows' separators and drives.
    const isWellKnown = segments.length === 0 && segment === '.well-known'
    if ((segment.startsWith('.') && !isWellKnown) || /[/\\:\0]/.test(segment)) return undefined
    segments.push(segment)
  }
  // Only the last may be empty: the trailing slash of a folder.
  return segments.slice(0, -1).includes('') ? undefined : segments
}

/** True when `header` (`If-None-Match`) names `tag`, compared weakly as RFC 9110 §13.1.2 asks. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (!header) return false
  return header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}

/** Answers GET and HEAD from a folder. */
export type StaticSite = {
  /** `undefined` when the folder has nothing for the path. */
  respond(request: Request, path: string): Promise<Response | undefined>
  /** The site's own 404 page, with status 404. */
  notFound(request: Request): Promise<Response>
}

/** Opens a built site. Throws when its `redirects.json` is not right. */
export async function openSite(folder: string): Promise<StaticSite> {
  const redirects = await readRedirects(join(folder, 'redirects.json'))
  const tags = new Map<string, { bytes: number; changedMs: number; tag: string }>()

  const hashing = new Map<string, Promise<string>>()

  /** Hashes a large file once, however many requests wait for it. */
  async function largeTag(path: string, handle: FileHandle, bytes: number, changedMs: number): Promise<string> {
    const known = tags.get(path)
    if (known?.bytes === bytes && known.changedMs === changedMs) return known.tag
    const key = `${path}\n${bytes}\n${changedMs}`
    let tag = hashing.get(key)
    if (!tag) {
      tag = hashOf(handle)
      hashing.set(key, tag)
      tag
        .then(
          (value) => tags.set(path, { bytes, changedMs, tag: value }),
          () => undefined,
        )
        .finally(() => hashing.delete(key))
    }
    return tag
  }

  async function hashOf(handle: FileHandle): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk)
    return tagOf(hash.digest('base64url'))
  }

  /** The first of `wanted` that is stored for `file`. */
  async function stored(file: string, wanted: Coding[]) {
    for (const coding of wanted) {
      const path = file + (codings.find(({ name }) => name === coding)?.suffix ?? '')
      const opened = await openFile(path)
      if (opened) return { ...opened, path, coding }
    }
    return undefined
  }

  async function send(request: Request, path: string, file: string, status: number): Promise<Response | undefined> {
    const found = await stored(file, acceptedCodings(request.headers.get('accept-encoding') ?? undefined))
    if (!found) return undefined
    const { handle, bytes, coding } = found
    let isHandedOver = false
    try {
      const whole = bytes <= wholeBytes ? await handle.readFile() : undefined
      const tag = whole
        ? tagOf(createHash('sha256').update(whole).digest('base64url'))
        : await largeTag(found.path, handle, bytes, found.changedMs)
      const headers = new Headers({
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        'cache-control': status === 200 && isImmutable(path) ? year : 'no-cache',
        etag: tag,
        vary: 'Accept-Encoding',
      })
      if (isFrame(path)) headers.set('content-security-policy', framePolicy(await readFile(file, 'utf8')))
      if (status === 200 && matchesTag(request.headers.get('if-none-match') ?? undefined, tag)) {
        headers.delete('content-type')
        return new Response(null, { status: 304, headers })
      }
      if (coding !== 'identity') headers.set('content-encoding', coding)
      headers.set('content-length', String(whole?.byteLength ?? bytes))
      if (request.method === 'HEAD') return new Response(null, { status, headers })
      if (whole) return new Response(new Uint8Array(whole), { status, headers })
      isHandedOver = true
      return new Response(streamOf(handle, bytes), { status, headers })
    } finally {
      if (!isHandedOver) await handle.close()
    }
  }

  return {
    async respond(request, path) {
      const target = redirects.get(path) ?? redirects.get(`${path}/`)
      if (target !== undefined) return redirect(target, request)
      const segments = segmentsOf(path)
      if (!segments) return undefined
      const name = segments.at(-1)
      if (name === '404.html' || name === 'redirects.json') return undefined
      if (name === '') {
        return send(request, path, join(folder, ...segments, 'index.html'), 200)
      }
      const file = join(folder, ...segments)
      if (name === 'index.html') {
        const page = await openFile(file)
        await page?.handle.close()
        return page && redirect(pathOf([...segments.slice(0, -1), '']), request)
      }
      if (await isEncodedSibling(file)) return undefined
      const sent = await send(request, path, file, 200)
      if (sent) return sent
      const index = await openFile(join(file, 'index.html'))
      await index?.handle.close()
      return index && redirect(pathOf([...segments, '']), request)
    },
    async notFound(request) {
      const page = await send(request, '/404.html', join(folder, '404.html'), 404)
      return (
        page ??
        new Response('Nothing is here.\n', {
          status: 404,
          headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' },
        })
      )
    },
  }
}

function tagOf(digest: string): string {
  return `"${digest.slice(0, 22)}"`
}

function pathOf(segments: string[]): string {
  return `/${segments.map(encodeURIComponent).join('/')}`
}

/** Moved for good, but not kept for ever: a wrong redirect must be curable. The query goes along. */
function redirect(target: string, request: Request): Response {
  const { search } = new URL(request.url)
  const location = target.includes('?') || target.includes('#') ? target : target + search
  return new Response(null, {
    status: 301,
    headers: { location, 'cache-control': 'public, max-age=3600', 'content-length': '0' },
  })
}

/** True for `x.br` and `x.gz` where `x` lies beside: they are that file, not files of their own. */
async function isEncodedSibling(file: string): Promise<boolean> {
  const suffix = codings.find((coding) => file.endsWith(coding.suffix))?.suffix
  if (!suffix) return false
  const original = await openFile(file.slice(0, -suffix.length))
  await original?.handle.close()
  return original !== undefined
}

async function readRedirects(file: string): Promise<Map<string, string>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return new Map()
    throw error
  }
  try {
    return new Map(Object.entries(redirectFile.parse(JSON.parse(text))))
  } catch (cause) {
    throw new Error(`${file} is no map from path to path: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** The file's bytes on demand: a slow client holds one chunk, not the file. Closes the file at the end, or when cancelled. */
function streamOf(handle: FileHandle, bytes: number): ReadableStream<Uint8Array> {
  let position = 0
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = new Uint8Array(Math.min(64 * 1024, bytes - position))
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
        position += bytesRead
        if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead))
        if (position < bytes && bytesRead > 0) return
        await handle.close()
        if (position < bytes) controller.error(new Error('the file was cut short while it was sent'))
        else controller.close()
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  )
}
