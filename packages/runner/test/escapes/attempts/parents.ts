/** Attempts to reach the frame, the page, their windows and each other. */
import { each, js } from '../attempt.ts'

const uses: Record<string, string> = {
  'parent-document': `return parent.document.cookie`,
  'top-location': `top.location = '{{attacker}}'`,
  opener: `return opener.document.title`,
  'frames-index': `return frames[0].location.href`,
  'window-name': `return window.name`,
  'document-title': `document.title = 'changed'`,
  'document-all': `return document.documentElement.outerHTML`,
  'global-this-window': `return globalThis.window.parent.localStorage.canary`,
  'function-realm-window': `return Function('return this')().document.title`,
  'post-to-parent': `parent.postMessage('x', '*')`,
  'post-to-frame': `postMessage({ type: 'gone' })`,
  'post-to-frame-prototype': `DedicatedWorkerGlobalScope.prototype.postMessage.call(globalThis, { snapshot: 1 })`,
  'post-by-descriptor': `Object.getOwnPropertyDescriptor(DedicatedWorkerGlobalScope.prototype, 'postMessage').value.call(globalThis, {})`,
  'post-by-inherited': `
for (let one = globalThis; one; one = Object.getPrototypeOf(one)) if (Object.hasOwn(one, 'postMessage')) one.postMessage.call(globalThis, { snapshot: 1 })
throw new ReferenceError('postMessage')`,
  'message-to-self': `self.dispatchEvent(new MessageEvent('message', { data: { assets: {}, port: new MessageChannel().port1 } }))`,
  'message-listener': `addEventListener('message', (event) => print('heard', JSON.stringify(event.data))); await new Promise((resolve) => setTimeout(resolve, 100))`,
  onmessage: `self.onmessage = (event) => print('heard', JSON.stringify(event.data)); await new Promise((resolve) => setTimeout(resolve, 100))`,
  'onmessage-setter': `Object.getOwnPropertyDescriptor(DedicatedWorkerGlobalScope.prototype, 'onmessage').set.call(globalThis, (event) => print('heard', event.data))`,
  'message-error': `addEventListener('messageerror', () => print('heard')); self.onmessageerror = () => print('heard')`,
  'close-worker': `(globalThis.close ?? Function('return close')())()`,
  'close-prototype': `DedicatedWorkerGlobalScope.prototype.close.call(globalThis)`,
  'error-event-to-frame': `self.dispatchEvent(new ErrorEvent('error', { message: 'out of memory', error: new Error('x') }))`,
  'connect-event': `self.dispatchEvent(Object.assign(new Event('connect'), { ports: [new MessageChannel().port1] }))`,
  'port-by-event-target': `
for (const type of ['message', 'connect', 'close', 'rtctransform']) self.dispatchEvent(new MessageEvent(type, { data: null, ports: [new MessageChannel().port1] }))`,
  'rtc-transform': `addEventListener('rtctransform', (event) => print(event.transformer)); await new Promise((resolve) => setTimeout(resolve, 20))`,
  'global-scope-name': `self.name = 'changed'; return self.name`,
  'caller-stack': `
const look = () => {}
Error.prepareStackTrace = (error, frames) => frames.map((one) => [one.getThis?.(), one.getFunction?.()])
const frames = new Error('x').stack
return String(frames.flat().find((one) => one && one !== globalThis && typeof one === 'object' && 'postMessage' in one) ?? 'nothing')`,
  'caller-arguments': `
const walk = Function('let found = []; let one = arguments.callee.caller; for (let turn = 0; one && turn < 20; turn++) { found.push(one); one = one.caller } return found')
return String(walk().some((one) => /postMessage/.test(String(one))))`,
  'async-stack': `
Error.stackTraceLimit = Infinity
await null
Error.prepareStackTrace = (error, frames) => frames
const frames = new Error('x').stack
const things = frames.flatMap((one) => [one.getThis?.(), one.getFunction?.()]).filter(Boolean)
return String(things.some((one) => one instanceof MessagePort))`,
  'prepare-throw': `Error.prepareStackTrace = () => { throw new Error('forged') }\nnull.x`,
  'prepare-shape': `Error.prepareStackTrace = (error, frames) => ({ toString: () => 'fence.js:1e99' })\nthrow new Error('x')`,
  'weak-ref-port': `
const kept = []
const old = MessagePort.prototype.dispatchEvent
MessagePort.prototype.dispatchEvent = function (event) { kept.push(this); return old.call(this, event) }
await new Promise((resolve) => setTimeout(resolve, 50))
return String(kept.length)`,
  'find-port-in-globals': `
const seen = new Set()
const queue = Reflect.ownKeys(globalThis).map((key) => { try { return globalThis[key] } catch { return undefined } })
while (queue.length > 0 && seen.size < 20_000) {
  const one = queue.pop()
  if (one === null || (typeof one !== 'object' && typeof one !== 'function') || seen.has(one)) continue
  seen.add(one)
  if (one instanceof MessagePort) throw new Error('forged port')
  for (const key of Reflect.ownKeys(one)) { try { const { value, get } = Object.getOwnPropertyDescriptor(one, key); queue.push(value, get) } catch {} }
}
return 'no port'`,
  'symbol-hook': `const hook = globalThis[Symbol.for('viva.promise')]; return typeof hook + String(hook?.(Promise.resolve(1)))`,
  'symbol-hook-replaced': `globalThis[Symbol.for('viva.promise')] = () => [1, 'forged state']; print(Promise.reject(0).catch(() => {}))`,
  'begin-hook': `return typeof globalThis.__begin`,
  'console-private': `return Object.keys(console).join() + String(console.log)`,
  'proxy-visible': `return String(new Proxy(globalThis, {}).postMessage ?? 'none')`,
  'function-tostring': `return String(/port|postMessage/.test(String(console.log)))`,
}

export const attempts = [
  ...each(Object.keys(uses), (name) => js(`parents-${name}`, uses[name] ?? '')),
  js(
    'parents-close-ends-only-this-run',
    `try { globalThis.close() } catch {}\nDedicatedWorkerGlobalScope.prototype.close?.call(globalThis)\nprint('alive')`,
    { expect: { matches: /alive/ } },
  ),
]
