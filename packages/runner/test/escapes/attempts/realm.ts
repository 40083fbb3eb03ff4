/** Attempts to turn JavaScript's own machinery against the worker's code: patched prototypes, getters, hooks, clones. */
import { each, js } from '../attempt.ts'

/** What a captured port would be used for: an end that never happened, and a flood. */
const forge = `
const forge = (port) => {
  if (!port) return print('no port')
  const post = MessagePort.prototype.post ?? MessagePort.prototype.postMessage
  post.call(port, { type: 'output', text: 'for' + 'ged output\\n' })
  post.call(port, { type: 'end', durationMs: -1, error: { name: 'For' + 'ged', message: 'for' + 'ged' }, notice: 'for' + 'ged', stopped: 'memory' })
}`

const notForged = { lacks: /forged output|Forged/, stopped: null }

/** Each replaces something that the worker's code may call with a port in its hands. */
const captures: Record<string, string> = {
  'post-message': `
const { postMessage } = MessagePort.prototype
let stolen
MessagePort.prototype.postMessage = function (...values) { stolen = this; return postMessage.apply(this, values) }
print('x')
MessagePort.prototype.post = postMessage
forge(stolen)`,
  'post-message-defined': `
const { postMessage } = MessagePort.prototype
let stolen
Object.defineProperty(MessagePort.prototype, 'postMessage', { get() { stolen = this; return postMessage } })
print('x')
MessagePort.prototype.post = postMessage
forge(stolen)`,
  'post-message-own-through-object': `
const { postMessage } = MessagePort.prototype
let stolen
delete MessagePort.prototype.postMessage
Object.defineProperty(EventTarget.prototype, 'postMessage', { configurable: true, get() { stolen = this; return postMessage } })
print('x')
MessagePort.prototype.post = postMessage
forge(stolen)`,
  'function-call': `
const { call, apply, bind } = Function.prototype
let stolen
Function.prototype.call = function (self, ...rest) { if (self instanceof MessagePort) stolen = self; return Reflect.apply(this, self, rest) }
Function.prototype.apply = function (self, rest) { if (self instanceof MessagePort) stolen = self; return Reflect.apply(this, self, rest ?? []) }
Function.prototype.bind = function (self, ...rest) { if (self instanceof MessagePort) stolen = self; return Reflect.apply(bind, this, [self, ...rest]) }
print('x')
Object.assign(Function.prototype, { call, apply, bind })
forge(stolen)`,
  'reflect-apply': `
const { apply } = Reflect
let stolen
Reflect.apply = (target, self, rest) => { if (self instanceof MessagePort) stolen = self; return apply(target, self, rest) }
print('x')
Reflect.apply = apply
forge(stolen)`,
  'string-coercion': `
let stolen
const old = String.prototype.toString
String.prototype.toString = function () { return old.call(this) }
console.log({ toString() { stolen = this; return 'x' } })
forge(stolen instanceof MessagePort ? stolen : undefined)`,
  'array-species': `
let stolen
class Odd extends Array { static get [Symbol.species]() { return Odd } push(...values) { stolen = values.find((one) => one instanceof MessagePort); return super.push(...values) } }
Object.setPrototypeOf(Array.prototype, Odd.prototype)
print('x', [1])
Object.setPrototypeOf(Array.prototype, Object.prototype)
forge(stolen)`,
  'array-push': `
const { push } = Array.prototype
let stolen
Array.prototype.push = function (...values) { stolen ??= values.find((one) => one instanceof MessagePort); return push.apply(this, values) }
print('x', [1, 2], { a: 1 })
Array.prototype.push = push
forge(stolen)`,
  'array-iterator': `
const iterator = Array.prototype[Symbol.iterator]
let stolen
Array.prototype[Symbol.iterator] = function () { stolen ??= Array.from === 0 ? undefined : this.length && this[0] instanceof MessagePort ? this[0] : undefined; return iterator.call(this) }
print('x', 1)
Array.prototype[Symbol.iterator] = iterator
forge(stolen)`,
  'promise-then': `
const { then } = Promise.prototype
let stolen
Promise.prototype.then = function (...callbacks) { return then.call(this, (value) => { if (value instanceof MessagePort || value?.port) stolen = value.port ?? value; return callbacks[0]?.(value) }, callbacks[1]) }
print(Promise.resolve(1))
await new Promise((resolve) => setTimeout(resolve, 20))
Promise.prototype.then = then
forge(stolen)`,
  'port-dispatch': `
let stolen
const { dispatchEvent } = EventTarget.prototype
EventTarget.prototype.dispatchEvent = function (event) { if (this instanceof MessagePort) stolen = this; return dispatchEvent.call(this, event) }
print('x')
EventTarget.prototype.dispatchEvent = dispatchEvent
forge(stolen)`,
  'port-add-listener': `
let stolen
const { addEventListener } = EventTarget.prototype
EventTarget.prototype.addEventListener = function (...values) { if (this instanceof MessagePort) stolen = this; return addEventListener.apply(this, values) }
print('x')
await new Promise((resolve) => setTimeout(resolve, 20))
EventTarget.prototype.addEventListener = addEventListener
forge(stolen)`,
  'port-onmessage': `
let stolen
const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage')
Object.defineProperty(MessagePort.prototype, 'onmessage', { configurable: true, get() { stolen = this; return get.call(this) }, set(value) { stolen = this; set.call(this, value) } })
print('x')
await new Promise((resolve) => setTimeout(resolve, 20))
Object.defineProperty(MessagePort.prototype, 'onmessage', { get, set })
forge(stolen)`,
  'event-data': `
let stolen
const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')
Object.defineProperty(MessageEvent.prototype, 'data', { configurable: true, get() { stolen = this.target; return get.call(this) } })
await new Promise((resolve) => setTimeout(resolve, 60))
forge(stolen instanceof MessagePort ? stolen : undefined)`,
  'event-ports': `
let stolen
for (const name of ['ports', 'source']) Object.defineProperty(MessageEvent.prototype, name, { configurable: true, get() { stolen = this.target; return [] } })
for (const name of ['target', 'currentTarget', 'srcElement']) Object.defineProperty(Event.prototype, name, { configurable: true, get() { stolen = this; return null } })
print('x')
await new Promise((resolve) => setTimeout(resolve, 30))
forge(stolen instanceof MessagePort ? stolen : undefined)`,
  'object-setters': `
let stolen
for (const name of ['type', 'data', 'keep', 'then', 'ports', 'port', 'assets', 'setup', 'text', 'listen', 'post']) {
  Object.defineProperty(Object.prototype, name, { configurable: true, set(value) { if (this instanceof MessagePort || value instanceof MessagePort) stolen = value instanceof MessagePort ? value : this
    Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true }) } })
}
print('x')
await new Promise((resolve) => setTimeout(resolve, 20))
for (const name of ['type', 'data', 'keep', 'then', 'ports', 'port', 'assets', 'setup', 'text', 'listen', 'post']) delete Object.prototype[name]
forge(stolen)`,
  'object-getters': `
let stolen
const names = ['transfer', 'port', 'postMessage', 'signal', 'once', 'capture', 'passive', 'stopped', 'error', 'notice']
for (const name of names) Object.defineProperty(Object.prototype, name, { configurable: true, get() { if (this instanceof MessagePort) stolen = this } })
print('x')
for (const name of names) delete Object.prototype[name]
forge(stolen)`,
  'has-instance': `
let stolen
Object.defineProperty(Error, Symbol.hasInstance, { configurable: true, value: (one) => { if (one instanceof MessagePort) stolen = one; return false } })
Object.defineProperty(Function.prototype, Symbol.hasInstance, { value() { return true } })
print('x', new Error('x'))
forge(stolen)`,
  'inspect-custom': `
let stolen
print({ [Symbol.for('nodejs.util.inspect.custom')](...values) { stolen = values.find((one) => one instanceof MessagePort); try { throw new Error() } catch {} return 'x' } })
forge(stolen)`,
  'inspect-options': `
let found
print({ [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { found = inspect.constructor('return this')(); return 'x' } })
forge(found.port)`,
  'to-primitive': `
let stolen
print('%s %d %i %o', { [Symbol.toPrimitive]() { stolen = arguments.callee?.caller; return 1 } }, 1, 2, {})
forge(undefined)`,
  'structured-clone': `
let stolen
const old = globalThis.structuredClone
globalThis.structuredClone = (value, options) => { stolen = options?.transfer?.[0] ?? value; return old(value, options) }
print('x', { a: 1 })
forge(stolen instanceof MessagePort ? stolen : undefined)`,
  'queue-microtask': `
let stolen
const old = queueMicrotask
globalThis.queueMicrotask = (callback) => old(() => { const result = callback.call(undefined); if (result instanceof MessagePort) stolen = result })
print(Promise.resolve(1))
await new Promise((resolve) => setTimeout(resolve, 20))
forge(stolen)`,
  'message-channel': `
let stolen
const old = globalThis.MessageChannel
globalThis.MessageChannel = class extends old { constructor() { super(); stolen = this.port1 } }
print('x')
await new Promise((resolve) => setTimeout(resolve, 20))
forge(stolen && stolen.isOfTheSite ? stolen : undefined)`,
  'performance-now': `
Performance.prototype.now = () => -1e9
performance.now = () => -1e9
Date.now = () => -1e9
print('x')`,
}

export const realmCaptures = captures
export const attempts = [
  ...each(Object.keys(captures), (name) => js(`realm-${name}`, `${forge}\n${captures[name]}`, { expect: notForged })),
]
