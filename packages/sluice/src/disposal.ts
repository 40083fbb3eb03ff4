/**
 * The keys of `using` and `await using`, where the platform has them and where it has not (Node
 * 20.3, Safari): compilers look there as well.
 */

const symbols = Symbol as { readonly dispose?: symbol; readonly asyncDispose?: symbol }

export const dispose: typeof Symbol.dispose = /* @__PURE__ */ keyOf('dispose') as never
export const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ keyOf('asyncDispose') as never

function keyOf(name: 'dispose' | 'asyncDispose'): symbol {
  return symbols[name] ?? Symbol.for(`Symbol.${name}`)
}
