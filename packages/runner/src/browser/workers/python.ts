/** The worker for `python`: Pyodide, whose requests for its own files are answered from the given assets. */
import createPyodideModule from 'pyodide/pyodide.asm.mjs'
import { loadPyodide } from 'pyodide/pyodide.mjs'
import { type LoadPyodide, loadPython } from '../../interpreters/python.ts'
import type { Assets } from '../../protocol.ts'
import { startWorker } from '../worker.ts'

/** Never requested: a place for file names to hang on. */
const nowhere = 'https://engines.invalid/'

startWorker(async (assets: Assets) => {
  const { instantiateStreaming, instantiate } = WebAssembly
  const { fetch } = globalThis
  // Pyodide fetches its standard library and streams its WebAssembly; both are here already.
  globalThis.fetch = (request) =>
    Promise.resolve(
      String(request).endsWith('.zip') ? new Response(assets['library'] as ArrayBuffer) : new Response(null),
    )
  WebAssembly.instantiateStreaming = async (_response, imports) => {
    const module = assets['python'] as WebAssembly.Module
    return { module, instance: await instantiate(module, imports) }
  }
  try {
    return await loadPython(
      assets,
      loadPyodide as unknown as LoadPyodide,
      {
        indexURL: nowhere,
        packageBaseUrl: nowhere,
        lockFileContents: assets['lock'] as string,
        createPyodideModule,
      } as never,
    )
  } finally {
    globalThis.fetch = fetch
    WebAssembly.instantiateStreaming = instantiateStreaming
  }
})
