/** Attempts to leave a Node worker: modules, process, the host's files, the network. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Runner } from '../fence.ts'
import { createNodeRunner } from '../node.ts'

let runner: Runner
before(() => {
  runner = createNodeRunner()
})
after(() => runner.close())

test('refuses every import to code that patched what a guard might use', async () => {
  const { output } = await runner.run({
    language: 'js',
    code: `
String.prototype.startsWith = () => false
Object.prototype.parentURL = 'file:///other.js'
const attempts = {
  direct: () => import('node:fs'),
  bare: () => import('fs'),
  function: () => Function('return import("node:fs")')(),
  evaluated: () => Promise.resolve('import("node:fs")').then(eval),
  timer: () => new Promise((resolve, reject) => setTimeout(Function('f', 'g', 'import("node:fs").then(f, g)'), 1, resolve, reject)),
  data: () => import('data:text/javascript,export default 1'),
  file: () => import('file:///etc/passwd'),
  query: () => import('file:///fence.js?other'),
  resolve: () => import.meta.resolve('node:fs'),
}
for (const [name, attempt] of Object.entries(attempts)) {
  try { await attempt(); console.log(name, 'worked') } catch { console.log(name, 'refused') }
}`,
  })
  assert.doesNotMatch(output, /worked/)
  assert.equal(output.split('\n').length, 9)
})

test('leaves no global that leads to the process or the network', async () => {
  const { output } = await runner.run({
    language: 'js',
    code: `
let inspect
console.log({ [Symbol.for('nodejs.util.inspect.custom')](depth, options, own) { inspect = own; return 'shown' } })
const names = ['process', 'require', 'module', 'Buffer', 'global', 'fetch', 'WebSocket', 'BroadcastChannel', 'navigator']
console.log(names.filter((name) => inspect.constructor('return typeof ' + name)() !== 'undefined').join())
console.log(typeof setTimeout(() => {}, 1))
Error.prepareStackTrace = (error, sites) => sites.map((site) => [site.getThis(), site.getFunction()].join('')).join('')
console.log(new Error().stack)`,
  })
  assert.equal(output, 'shown\n\nnumber\n')
})

test("gives Python none of the host's files, processes, sockets or packages", async () => {
  const { output } = await runner.run(
    {
      language: 'python',
      code: `
import ctypes, js, pyodide_js
from pyodide.code import run_js
async def attempt(name, call):
    try:
        value = call()
        if hasattr(value, '__await__'): value = await value
        print(name, 'worked', str(value)[:60])
    except BaseException:
        print(name, 'refused')
def inside(code):
    ctypes.CDLL(None).emscripten_run_script(('try { globalThis.got = ' + code + ' } catch { globalThis.got = undefined }').encode())
    if run_js('got') is None: raise ValueError()
    return run_js('got')
preload = "(FS) => new Promise((f, g) => FS.createPreloadedFile('/tmp', 'x', '/etc/passwd', true, true, f, g))"
await attempt('open', lambda: open('/etc/passwd'))
await attempt('mountNodeFS', lambda: pyodide_js.mountNodeFS('/host', '/etc'))
await attempt('loadBinaryFile', lambda: pyodide_js._api.loadBinaryFile('/etc/passwd'))
await attempt('preload', lambda: run_js(preload)(pyodide_js.FS))
await attempt('import', lambda: run_js("import('node:fs')"))
await attempt('process', lambda: js.process)
await attempt('require', lambda: inside("require('node:child_process')"))
await attempt('native', lambda: inside("require.extensions['.node']"))
await attempt('fs', lambda: inside("fs.readFileSync('/etc/passwd')"))
await attempt('subprocess', lambda: __import__('subprocess').run(['ls']))
await attempt('socket', lambda: __import__('socket').create_connection(('127.0.0.1', 80), 1))
await attempt('micropip', lambda: __import__('micropip'))
await attempt('fetch', lambda: js.fetch('http://127.0.0.1/'))`,
    },
    { timeoutMs: 20_000 },
  )
  assert.doesNotMatch(output, /worked/)
  assert.equal(output.match(/refused/g)?.length, 13)
})

test('runs no command for Python', async () => {
  const { output } = await runner.run({ language: 'python', code: `import os\nos.system('echo worked')` })
  assert.doesNotMatch(output, /worked/)
})

test('starts Python clean after code that changed its library', async () => {
  const hostile = `import json, builtins
from pyodide.code import run_js
json.dumps = lambda *a: 'changed'
run_js("Object.prototype.snapshot = new Uint8Array(9)")`
  await runner.run({ language: 'python', code: hostile })
  const { output } = await runner.run({ language: 'python', code: `import json\nprint(json.dumps([1]))` })
  assert.equal(output, '[1]')
})

test('keeps the type checker from reading other files', async () => {
  const file = join(import.meta.dirname, '../snowball-stemmers.d.ts')
  const { output } = await runner.run({
    language: 'tsc',
    code: `/// <reference path="${file}" />\nimport * as stemmers from 'snowball-stemmers'\nstemmers`,
  })
  assert.match(output, /Cannot find module 'snowball-stemmers'/)
  assert.doesNotMatch(output, /TS2318/)
})
