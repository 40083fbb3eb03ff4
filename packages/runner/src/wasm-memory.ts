/** A limit on the memory of WebAssembly engines. Without one, a query or a script can take gigabytes. */

/** Bytes that one memory may grow to. An engine that is refused more reports it as its language does: a `MemoryError`. */
export const wasmMemoryLimitBytes = 512 * 2 ** 20

const pageBytes = 65_536

type Memory = { buffer: ArrayBuffer; grow: (pages: number) => number }

/** Makes every memory of this realm refuse to grow beyond `limitBytes`. Emscripten grows its memory by this method. */
export function limitWasmMemory(limitBytes = wasmMemoryLimitBytes): void {
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } }).WebAssembly
  const { grow } = Memory.prototype
  const { apply } = Reflect
  Memory.prototype.grow = function (this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * pageBytes > limitBytes)
      throw new RangeError(`WebAssembly memory is limited to ${limitBytes / 2 ** 20} MiB in a run.`)
    return apply(grow, this, [pages])
  }
}
