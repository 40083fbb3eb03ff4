/** Attempts with the language itself: other evaluators, shared memory, WebAssembly, weak references, global errors. */
import { each, type FenceAttempt, js } from '../attempt.ts'

const reach = `const reach = (root) => String(['fetch', 'Worker', 'indexedDB', 'postMessage', 'navigator', 'importScripts'].filter((name) => root?.[name]))`

/** Every way to another global object or to a name that was deleted; each prints what it reached: nothing. */
const roots: Record<string, string> = {
  'function-constructor': `Function('return this')()`,
  'generator-function': `Object.getPrototypeOf(function* () {}).constructor('return this')().next.call ? Object.getPrototypeOf(function* () {}).constructor('yield this')().next().value : undefined`,
  'async-function': `await Object.getPrototypeOf(async () => {}).constructor('return globalThis')()`,
  'async-generator': `(await Object.getPrototypeOf(async function* () {}).constructor('yield globalThis')().next()).value`,
  'constructor-chain': `[].constructor.constructor('return this')()`,
  'console-constructor': `console.log.constructor('return this')()`,
  'timer-constructor': `setTimeout.constructor('return this')()`,
  'error-constructor': `(() => { try { null.x } catch (error) { return error.constructor.constructor('return this')() } })()`,
  'promise-constructor': `Promise.resolve().constructor.constructor('return this')()`,
  'proxy-constructor': `Proxy.constructor('return this')()`,
  'proxy-get': `new Proxy(globalThis, { get: (target, name) => Reflect.get(target, name) ?? Reflect.get(Object.getPrototypeOf(target), name) })`,
  'proxy-revocable': `Proxy.revocable?.(globalThis, {}).proxy`,
  'reflect-construct': `Reflect.construct(Function, ['return this'])()`,
  'import-meta': `import.meta.constructor?.constructor('return this')() ?? Object(import.meta)`,
  'module-namespace': `await import(URL.createObjectURL(new Blob(['export const root = globalThis'], { type: 'text/javascript' }))).then(({ root }) => root)`,
  'set-prototype': `(() => { try { Object.setPrototypeOf(globalThis, Object.create(DedicatedWorkerGlobalScope.prototype)) } catch {} return globalThis })()`,
  'proto-readd': `(() => { try { globalThis.__proto__ = { __proto__: globalThis.__proto__ } } catch {} return globalThis.__proto__.__proto__ })()`,
  'event-target-view': `new UIEvent('x', { view: globalThis }).view`,
  'bound-sloppy-this': `(function () { return this })()`,
  'with-scope': `Function('with (globalThis) { return typeof fetch === "function" ? this : {} }')()`,
  'indirect-eval-var': `(0, eval)('var fetch; this')`,
  'shadow-realm': `typeof ShadowRealm === 'function' ? new ShadowRealm().evaluate('globalThis') : undefined`,
  'getter-receiver': `Object.create(WorkerGlobalScope.prototype)`,
  'dedicated-scope-constructor': `Reflect.construct(Object, [], DedicatedWorkerGlobalScope)`,
  'structured-clone-error': `structuredClone(new Error('x')).constructor.constructor('return this')()`,
  'wasm-exports': `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))).exports.constructor?.constructor('return this')()`,
  'wasm-error': `(() => { try { new WebAssembly.Module(new Uint8Array(1)) } catch (error) { return error.constructor.constructor('return this')() } })()`,
  'iterator-helper': `[1].values().map((one) => one).constructor?.constructor('return this')()`,
  'offscreen-canvas': `new OffscreenCanvas(1, 1).getContext('2d').canvas.constructor.constructor('return this')()`,
  'url-pattern': `URLPattern.constructor('return this')()`,
}

export const attempts: FenceAttempt[] = [
  ...each(Object.keys(roots), (name) =>
    js(`language-${name}`, `${reach}\nprint('reached:' + reach(${roots[name]}))`, {
      expect: { matches: /^(reached:\n|refused)/ },
    }),
  ),
  js(
    'language-shared-memory',
    `const memory = new SharedArrayBuffer(8); new Int32Array(memory)[0] = 1; new MessageChannel().port1.postMessage(memory)`,
  ),
  js('language-atomics-wait', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)`),
  js(
    'language-atomics-wait-shared-wasm',
    `const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }); Atomics.wait(new Int32Array(buffer), 0, 0, 300)`,
  ),
  {
    id: 'language-atomics-wait-forever',
    language: 'js' as const,
    code: `const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })\nconsole.log('before')\nAtomics.wait(new Int32Array(buffer), 0, 0)`,
    timeoutMs: 600,
    expect: { stopped: 'time' as const, output: 'before' },
  },
  js(
    'language-wasm-import-getter',
    `
const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0, 8, 1, 0])
const imports = { get a() { return { get b() { return () => print('called', typeof this, typeof fetch) } } } }
await WebAssembly.instantiate(bytes, imports)`,
    { expect: { matches: /called undefined undefined|called object undefined/ } },
  ),
  js(
    'language-wasm-patched-instantiate',
    `WebAssembly.instantiate = WebAssembly.compile = () => Promise.resolve({ exports: {} }); WebAssembly.Module = class {}`,
  ),
  js(
    'language-weak-ref',
    `let one = {}; const weak = new WeakRef(one); one = undefined; await new Promise((resolve) => setTimeout(resolve, 20)); return typeof weak.deref()`,
  ),
  js(
    'language-finalization',
    `const registry = new FinalizationRegistry((value) => print('finalized', value)); for (let turn = 0; turn < 1000; turn++) registry.register({ turn }, turn)`,
    { expect: { lacks: /canary/ } },
  ),
  {
    id: 'language-self-onerror',
    language: 'js' as const,
    code: `self.onerror = () => true\nsetTimeout(() => { throw new Error('seen') })`,
    expect: { matches: /^Uncaught Error: seen$/ },
  },
  {
    id: 'language-stop-immediate',
    language: 'js' as const,
    code: `addEventListener('error', (event) => event.stopImmediatePropagation(), true)\nsetTimeout(() => { throw new Error('seen') })\nsetTimeout(() => {}, 50)`,
    timeoutMs: 2_000,
  },
  {
    id: 'language-error-event-getter',
    language: 'js' as const,
    code: `Object.defineProperty(ErrorEvent.prototype, 'error', { get: () => ({ name: 'Odd', message: { toString: () => 'x'.repeat(1e6) } }) })\nsetTimeout(() => { throw new Error('x') })`,
  },
  {
    id: 'language-rejection-reason-getter',
    language: 'js' as const,
    code: `Object.defineProperty(PromiseRejectionEvent.prototype, 'reason', { get() { throw new Error('again') } })\nPromise.reject(1)\nsetTimeout(() => {}, 30)`,
    timeoutMs: 1_000,
  },
  {
    id: 'language-rejection-proxy',
    language: 'js' as const,
    code: `Promise.reject(new Proxy({}, { get() { throw new Error('trap') }, getPrototypeOf() { throw new Error('trap') } }))`,
    timeoutMs: 1_000,
  },
  {
    id: 'language-throw-proxy-error',
    language: 'js' as const,
    code: `throw new Proxy(new Error('x'), { get: (target, name) => name === 'message' ? { toString() { while (true); } } : target[name] })`,
    timeoutMs: 600,
  },
  {
    id: 'language-throw-huge-message',
    language: 'js' as const,
    code: `throw new Error('x'.repeat(50_000_000))`,
    expect: {
      check: ({ error }) =>
        (error?.message.length ?? 0) > 1_000_000 ? `${error?.message.length} characters of error message` : undefined,
    },
  },
  {
    id: 'language-throw-huge-name',
    language: 'js' as const,
    code: `throw Object.assign(new Error('x'), { name: 'n'.repeat(50_000_000) })`,
    expect: {
      check: ({ error }) =>
        (error?.name.length ?? 0) > 1_000_000 ? `${error?.name.length} characters of error name` : undefined,
    },
  },
  {
    id: 'language-throw-odd-fields',
    language: 'js' as const,
    code: `throw Object.assign(new Error('x'), { name: { a: 1 }, message: Symbol('x'), stack: 'fence.js:99999999999999999999' })`,
  },
  {
    id: 'language-throw-line-forged',
    language: 'js' as const,
    code: `const error = new Error('x')\nerror.stack = 'Error: x\\n at fence.js:1e9 fence.js:-5'\nthrow error`,
  },
  { id: 'language-throw-null', language: 'js' as const, code: `throw null` },
  {
    id: 'language-throw-thenable',
    language: 'js' as const,
    code: `throw { then(resolve) { resolve({ error: { name: 'Forged', message: 'forged' } }) } }`,
    expect: { check: ({ error }) => (error?.name === 'object' ? undefined : `error is ${JSON.stringify(error)}`) },
  },
  {
    id: 'language-export-then',
    language: 'js' as const,
    code: `export function then(resolve) { resolve({ error: { name: 'Forged', message: 'forged' }, notice: 'forged' }) }\nconsole.log('x')`,
    expect: { lacks: /[Ff]orged/ },
  },
  {
    id: 'language-object-then',
    language: 'js' as const,
    code: `Object.defineProperty(Object.prototype, 'then', { value(resolve) { resolve({ error: { name: 'For' + 'ged', message: 'x' }, notice: 'for' + 'ged' }) } })\nconsole.log('x')`,
    timeoutMs: 1_500,
  },
  {
    id: 'language-object-error-value',
    language: 'js' as const,
    code: `Object.prototype.error = { name: 'For' + 'ged', message: 'x' }\nObject.prototype.notice = 'for' + 'ged'\nObject.prototype.stopped = 'memory'\nconsole.log('x')`,
    expect: { stopped: null, output: 'x' },
  },
  {
    id: 'language-resolve-patched',
    language: 'js' as const,
    code: `const forged = { notice: 'for' + 'ged' }\nPromise.resolve = () => ({ then: (done) => done(forged) })\nPromise.all = Promise.resolve\nconsole.log(Promise.reject === 1)`,
    timeoutMs: 1_500,
  },
  js(
    'language-freeze-everything',
    `for (const one of [Object, Array, Promise, Function, Map, Set, WeakMap, String, Error]) { Object.freeze(one); Object.freeze(one.prototype) }`,
  ),
  js(
    'language-delete-everything',
    `for (const name of Reflect.ownKeys(globalThis)) { try { delete globalThis[name] } catch {} }`,
    { timeoutMs: 2_000 },
  ),
  {
    id: 'language-timers-patched',
    language: 'js' as const,
    code: `globalThis.setTimeout = globalThis.clearTimeout = () => {}\nconsole.log('x')`,
    timeoutMs: 2_000,
    expect: { output: 'x', stopped: null },
  },
  {
    id: 'language-timer-of-prototype',
    language: 'js' as const,
    code: `const own = Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, 'setTimeout')?.value ?? setTimeout\nown.call(globalThis, () => console.log('late'), 300)\nconsole.log('x')`,
    expect: { matches: /^x/ },
  },
]
