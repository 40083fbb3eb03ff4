/** Fetches an engine's files for the frame, with progress. */
import type { Language } from '../fence.ts'
import type { EngineFile, EngineManifest } from '../manifest.ts'
import type { EngineMessage } from './protocol.ts'

/** Bytes as they travel, compressed. */
export type Progress = { loadedBytes: number; totalBytes: number }

export type DownloadOptions = {
  baseUrl: string
  fetch: typeof fetch
  onProgress: (progress: Progress) => void
}

/** Fetches the worker script and the assets of a language. Rejects where a file is missing or of another length. */
export async function downloadEngine(
  language: Language,
  manifest: EngineManifest,
  { baseUrl, fetch, onProgress }: DownloadOptions,
): Promise<EngineMessage> {
  const entry = manifest.engines[language]
  if (!entry) throw new Error(`No engine for ${language} was built.`)
  const loaded = new Map<string, number>()
  const report = () =>
    onProgress({
      loadedBytes: Math.round([...loaded.values()].reduce((sum, bytes) => sum + bytes, 0)),
      totalBytes: entry.gzipBytes,
    })
  const bytesOf = async (file: EngineFile) => {
    const response = await fetch(baseUrl + file.path)
    if (!response.ok || !response.body) throw new Error(`${baseUrl}${file.path}: ${response.status}`)
    const bytes = new Uint8Array(file.bytes)
    let at = 0
    // Not `for await`: Safari's streams cannot be iterated.
    const reader = response.body.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value
      if (at + chunk.length > bytes.length) throw new Error(`${baseUrl}${file.path} is longer than its manifest says.`)
      bytes.set(chunk, at)
      at += chunk.length
      loaded.set(file.path, (at / file.bytes) * file.gzipBytes)
      report()
    }
    if (at !== bytes.length) throw new Error(`${baseUrl}${file.path} was cut off after ${at} of ${file.bytes} bytes.`)
    return bytes.buffer
  }
  const names = Object.keys(entry.assets)
  const [script, ...contents] = await Promise.all([entry.worker, ...Object.values(entry.assets)].map(bytesOf))
  const isText = (name: string) => entry.assets[name]?.path.endsWith('.json')
  const assets = Object.fromEntries(
    names.map((name, index) => {
      const content = contents[index] as ArrayBuffer
      return [name, isText(name) ? new TextDecoder().decode(content) : content]
    }),
  )
  onProgress({ loadedBytes: entry.gzipBytes, totalBytes: entry.gzipBytes })
  return { type: 'engine', engine: language, script: new TextDecoder().decode(script), assets, modules: entry.modules }
}
