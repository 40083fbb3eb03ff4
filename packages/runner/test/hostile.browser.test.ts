/** Code that attacks its own worker: the channel to the page, the page's time, and the next run. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../../tools/chromium.ts'
import type { Fence } from '../src/fence.ts'
import { type EnginesSite, openSite } from './engines.fixture.ts'

let browser: Browser
let site: EnginesSite
before(async () => {
  browser = await launchChromium()
  site = await openSite(browser)
})
after(async () => {
  await site.close()
  await browser.close()
})

/**
 * Replaces every method, getter and setter that JavaScript or the worker offers, and puts accessors for the names of the
 * protocol on `Object.prototype`. Whatever passes through that is a port is used at once to forge output and an end.
 */
const patchEverything = `
{
  const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty, getPrototypeOf } = Reflect
  const Port = MessagePort
  const postMessage = Port.prototype.postMessage
  const isPort = (value) => { try { return getPrototypeOf(value) === Port.prototype } catch { return false } }
  let isBusy = false
  const steal = (value) => {
    if (value === null || typeof value !== 'object') return
    if (isPort(value)) {
      apply(postMessage, value, [{ type: 'output', text: 'STOLEN' }])
      apply(postMessage, value, [{ type: 'end', durationMs: 1 }])
      return
    }
    for (const key of ownKeys(value)) {
      const descriptor = getOwnPropertyDescriptor(value, key)
      if (descriptor && 'value' in descriptor && isPort(descriptor.value)) steal(descriptor.value)
    }
  }
  const look = (values) => {
    if (isBusy) return
    isBusy = true
    try { for (let index = 0; index < values.length; index++) steal(values[index]) } catch {}
    isBusy = false
  }
  const wrap = (original) => function (...values) {
    const all = [this]
    for (let index = 0; index < values.length; index++) all[index + 1] = values[index]
    look(all)
    return new.target ? Reflect.construct(original, values, new.target) : apply(original, this, values)
  }
  const owners = []
  for (const name of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, name)?.value
    if (typeof value !== 'function' && typeof value !== 'object' || value === null || value === globalThis) continue
    if (name !== 'console') owners.push(value)
    if (value.prototype) owners.push(value.prototype)
  }
  owners.push(getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(async function () {}), Object.prototype)
  const kept = new Set(['constructor', 'prototype', 'hasInstance', 'toString', 'valueOf'])
  for (const owner of owners) {
    for (const key of ownKeys(owner)) {
      if (kept.has(key) || key === Symbol.hasInstance) continue
      const descriptor = getOwnPropertyDescriptor(owner, key)
      if (!descriptor?.configurable) continue
      if (typeof descriptor.value === 'function' && !ownKeys(descriptor.value).includes('prototype')) descriptor.value = wrap(descriptor.value)
      if (descriptor.get) descriptor.get = wrap(descriptor.get)
      if (descriptor.set) descriptor.set = wrap(descriptor.set)
      try { defineProperty(owner, key, descriptor) } catch {}
    }
  }
  for (const name of ['type', 'setup', 'port', 'assets', 'stopped', 'error', 'notice', 'line', 'text', 'data', 'ports', 'snapshot', 'keep', 'durationMs', 'post', 'transfer']) {
    defineProperty(Object.prototype, name, {
      configurable: true,
      get() { look([this]); return undefined },
      set(value) { look([this, value]); defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true }) },
    })
  }
  Error.prepareStackTrace = (error, sites) => { for (const site of sites) look([site.getThis?.(), site.getFunction?.()]); return 'stack' }
}
`

const use = `
for (let index = 0; index < 300; index++) console.log(index, [index], { index })
console.table([{ a: 1 }])
console.log(Promise.resolve(1), new Map([[1, 2]]))
await new Promise((resolve) => setTimeout(resolve, 20))
`

describe('Chromium, hostile code', () => {
  for (const [name, end] of [
    ['ends by itself', ''],
    ['throws', `throw new Error('x')`],
    ['throws in a callback', `setTimeout(() => { throw new Error('x') }, 1)`],
    ['reaches the output limit', `for (;;) console.log('x')`],
  ] as const) {
    it(`never meets the port to the page in code that ${name}`, async () => {
      const code = `${patchEverything}${use}${end}`
      const { output } = await site.runner.run({ language: 'js', code })
      assert.match(output, /^0 \[ 0 \]/)
      assert.doesNotMatch(output, /STOLEN/)
    })
  }

  it('never meets the port in Python, through the globals of JavaScript', async () => {
    const patch = `
      const { postMessage } = MessagePort.prototype
      const steal = (port) => Reflect.apply(postMessage, port, [{ type: 'output', text: 'STOLEN' }])
      MessagePort.prototype.postMessage = function () { steal(this) }
      Object.defineProperty(MessageEvent.prototype, 'data', { get() { steal(this.target) } })
      Object.defineProperty(Object.prototype, 'stopped', { get() { steal(this) } })
      EventTarget.prototype.dispatchEvent = EventTarget.prototype.addEventListener = function () { steal(this) }`
    const { output, error } = await site.runner.run({
      language: 'python',
      code: `from pyodide.code import run_js
run_js(${JSON.stringify(patch)})
for index in range(300): print(index)
raise ValueError('end')`,
    })
    assert.doesNotMatch(output, /STOLEN/)
    assert.match(output, /^0\n1\n/)
    assert.equal(error?.name, 'ValueError')
  })

  it('gives the code no way to post to the frame or the page', async () => {
    const { output } = await site.runner.run({
      language: 'js',
      code: `
const names = []
for (let owner = globalThis; owner; owner = Object.getPrototypeOf(owner)) names.push(...Object.getOwnPropertyNames(owner))
console.log(names.filter((name) => /postMessage|onmessage$|^close$|importScripts|Worker$|BroadcastChannel/.test(name)).join())
addEventListener('message', () => console.log('heard'))
await new Promise((resolve) => setTimeout(resolve, 50))`,
    })
    assert.equal(output, '')
  })

  it('gives Python no network, no packages and no other worker', async () => {
    const before = site.requests.length
    const { output } = await site.runner.run({
      language: 'python',
      code: `
import js, pyodide_js
from pyodide.code import run_js
async def attempt(name, call):
    try:
        value = call()
        if hasattr(value, '__await__'): value = await value
        print(name, 'worked', value)
    except BaseException as error:
        print(name, 'refused')
async def fetched():
    from pyodide.http import pyfetch
    return await pyfetch('/site.js')
def opened():
    from pyodide.http import open_url
    return open_url('/site.js')
def posted(): return js.postMessage('x')
def installed():
    import micropip
await attempt('pyfetch', fetched)
await attempt('open_url', opened)
await attempt('postMessage', posted)
await attempt('micropip', installed)
await attempt('import', lambda: run_js("import('/site.js')"))
await attempt('Worker', lambda: js.Worker.new('data:text/javascript,0'))
await attempt('socket', lambda: __import__('socket').create_connection(('127.0.0.1', 80), 1))
await attempt('loadBinaryFile', lambda: pyodide_js._api.loadBinaryFile('/site.js'))`,
    })
    assert.doesNotMatch(output, /worked/)
    assert.equal(output.match(/refused/g)?.length, 8)
    assert.equal(site.requests.length, before)
  })

  const hostile: [string, Fence, Fence, string][] = [
    [
      'its own address is revoked',
      { language: 'js', code: 'URL.revokeObjectURL(location.href)\nURL.revokeObjectURL(self.location.href)' },
      { language: 'js', code: 'console.log(1)' },
      '1',
    ],
    [
      'prototypes were changed',
      {
        language: 'js',
        code: `Object.prototype.snapshot = new Uint8Array(9)\nArray.prototype.map = () => { throw 1 }`,
      },
      { language: 'js', code: 'console.log([1].map((x) => x + 1), {}.snapshot)' },
      '[ 2 ] undefined',
    ],
    [
      'Python changed its library, its builtins and JavaScript',
      {
        language: 'python',
        code: `import builtins, json, sys, js
from pyodide.code import run_js
json.dumps = lambda *a: 'changed'
builtins.len = lambda x: 99
open('/lib/python314.zip', 'wb').write(b'changed')
run_js("Object.prototype.snapshot = new Uint8Array(9); WebAssembly.Memory.prototype.grow = () => 0")`,
      },
      { language: 'python', code: `import json\nprint(json.dumps({'a': 1}), len('abc'))` },
      '{"a": 1} 3',
    ],
  ]
  for (const [name, first, second, output] of hostile) {
    it(`starts the next run clean after ${name}`, async () => {
      for (let round = 0; round < 2; round++) {
        await site.runner.run(first)
        assert.equal((await site.runner.run(second)).output, output)
      }
    })
  }

  it('ends a memory bomb in Python with a MemoryError', async () => {
    const { error } = await site.runner.run(
      { language: 'python', code: 'x = []\nwhile True: x.append(bytearray(10_000_000))' },
      { timeoutMs: 30_000 },
    )
    assert.equal(error?.name, 'MemoryError')
  })
})

describe('Chromium, a flood of output', () => {
  for (const [name, fence] of [
    ['empty lines', { language: 'js', code: `for (;;) console.log('')` }],
    [
      'empty lines between turns of the event loop',
      {
        language: 'js',
        code: `const { port1, port2 } = new MessageChannel()
port1.onmessage = () => { console.log(''); port2.postMessage(0) }
port2.postMessage(0)
await new Promise((resolve) => setTimeout(resolve, 3_000))`,
      },
    ],
    ['newlines in Python', { language: 'python', code: `while True: print()` }],
  ] as [string, Fence][]) {
    it(`reaches the page in few messages: ${name}`, async () => {
      let messages = 0
      const { output } = await site.runner.run(fence, { onOutput: () => void messages++ })
      assert.ok(output.length > 1_000, `${output.length} characters`)
      assert.ok(messages < 800, `${messages} messages`)
    })
  }

  it('leaves Stop at work while the page is slow', async () => {
    const throttle = await site.page.context().newCDPSession(site.page)
    await throttle.send('Emulation.setCPUThrottlingRate', { rate: 6 })
    const stoppedAfterMs = await site.page.evaluate(async () => {
      const { runner } = window as unknown as {
        runner: { run: (...values: unknown[]) => Promise<{ stopped: string }> }
      }
      const controller = new AbortController()
      let calls = 0
      const run = runner.run(
        { language: 'js', code: `for (;;) console.log('')` },
        { signal: controller.signal, onOutput: () => void calls++, outputLimitBytes: 2 ** 27, timeoutMs: 60_000 },
      )
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const abortedAt = performance.now()
      controller.abort()
      const { stopped } = await run
      return stopped === 'abort' && calls > 100 ? performance.now() - abortedAt : Number.POSITIVE_INFINITY
    })
    await throttle.detach()
    // Medians are near 40 ms; a machine that runs other tests as well needs the rest.
    assert.ok(stoppedAfterMs < 500, `${stoppedAfterMs} ms`)
  })
})
