/** Takes from a worker thread what sandboxed code must not reach: modules, the process, network, the host's files. */
import fs from 'node:fs'
import Module, { registerHooks, syncBuiltinESMExports } from 'node:module'

const scope = globalThis as unknown as Record<string, unknown>

/** The address of the module that the sandboxed code is. */
export const fenceUrl = 'file:///fence.js'

/**
 * The web's globals that a browser worker has too, without network and storage. What is not here and not of the language
 * is deleted, so that a name that a later Node adds is not there either.
 */
const webGlobals = `console URL URLSearchParams URLPattern DOMException QuotaExceededError AbortController AbortSignal
Event EventTarget CustomEvent MessageEvent CloseEvent ErrorEvent TextEncoder TextDecoder TransformStream
TransformStreamDefaultController WritableStream WritableStreamDefaultController WritableStreamDefaultWriter
ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest
ReadableByteStreamController ReadableStreamDefaultController ByteLengthQueuingStrategy CountQueuingStrategy
TextEncoderStream TextDecoderStream CompressionStream DecompressionStream clearInterval clearTimeout setInterval
setTimeout queueMicrotask structuredClone atob btoa MessageChannel MessagePort Blob File Performance PerformanceEntry
PerformanceMark PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming performance
FormData Headers Request Response crypto Crypto CryptoKey SubtleCrypto WebAssembly`

/** ECMAScript's globals, of the version that this Node has. */
const languageGlobals = `Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date
Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError
globalThis JSON Math Intl ArrayBuffer SharedArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array
Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt Set
Iterator AsyncIterator WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef DisposableStack AsyncDisposableStack
Temporal decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite isNaN`

/**
 * Registers an import guard and gives the function that closes it. From then on only the fence's own module resolves,
 * whoever asks: code that a native function evaluates has no address to tell it by. `kept` names more globals to leave.
 */
export function createLock(sourceOfFence: () => string): (kept?: string[]) => void {
  let isLocked = false
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === fenceUrl) return { url: specifier, format: 'module', shortCircuit: true }
      if (!isLocked) return next(specifier, context)
      throw new TypeError(
        `Cannot import '${specifier}': a js or ts fence runs in the browser too, where only its own code is there.`,
      )
    },
    load: (url, context, next) =>
      url === fenceUrl ? { format: 'module', source: sourceOfFence(), shortCircuit: true } : next(url, context),
  })
  return (kept = []) => {
    if (isLocked) return
    isLocked = true
    const allowed = new Set([...webGlobals.split(/\s+/), ...languageGlobals.split(/\s+/), ...kept])
    for (const name of Object.getOwnPropertyNames(scope)) if (!allowed.has(name)) delete scope[name]
    // Pyodide's own `require` is in reach of Python, and could load a native library.
    delete (Module as unknown as { _extensions: Record<string, unknown> })._extensions['.node']
    closeFiles(fs as unknown as Record<string, unknown>)
    closeFiles(fs.promises as unknown as Record<string, unknown>)
    syncBuiltinESMExports()
  }
}

/** An engine may have taken the module before: what it calls on it is refused as well. */
function closeFiles(module: Record<string, unknown>): void {
  const refuse = () => {
    throw new TypeError('A fence has no access to the files of the host.')
  }
  for (const name of Object.keys(module)) {
    if (typeof module[name] === 'function') Reflect.defineProperty(module, name, { value: refuse })
  }
}
