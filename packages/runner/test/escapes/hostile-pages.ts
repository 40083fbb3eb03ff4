/** The scripts of hostile pages. In scope: `site`, `frameUrl`, `attacker`, `engine`, and the tools of `embedding.ts`. */
import type { PageAttempt } from './attempt.ts'

const sandboxes: Record<string, string | undefined> = {
  none: undefined,
  empty: '',
  scripts: 'allow-scripts',
  'same-origin': 'allow-same-origin',
  'scripts-same-origin': 'allow-scripts allow-same-origin',
  everything:
    'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-forms allow-modals allow-top-navigation allow-downloads',
  'storage-access': 'allow-scripts allow-same-origin allow-storage-access-by-user-activation',
}

const scripts: Record<string, string> = {
  'window-open': `await siege(window.open(frameUrl))`,
  'window-open-query': `await siege(window.open(frameUrl + '?x#y'))`,
  'window-open-popup': `await siege(window.open(frameUrl, 'popup', 'popup,width=200,height=200'))`,
  'window-open-later': `const target = window.open('about:blank'); target.location = frameUrl; await siege(target)`,
  'window-open-from-frame': `
const inner = await frame(attacker + '/page')
const target = inner.contentWindow.open(frameUrl)
await siege(target)`,
  'window-open-from-sandbox': `
const inner = await frame('about:blank', { sandbox: 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox' })
const target = inner.contentWindow.open(frameUrl)
if (target) await siege(target)`,
  'window-open-twice': `const target = window.open(frameUrl, 'same'); await wait(200); window.open(frameUrl + '?again', 'same'); await siege(target)`,
  'top-navigation': `const target = window.open(attacker + '/page'); await wait(200); target.location = frameUrl; await siege(target)`,
  'two-ports': `
const target = window.open(frameUrl)
await wait(300)
const one = new MessageChannel(), two = new MessageChannel()
two.port1.onmessage = one.port1.onmessage = ({ data }) => tell(data)
target.postMessage('viva-runner-port', '*', [one.port2, two.port2])
for (const { port1 } of [one, two]) { const guest = new MessageChannel(); guest.port1.onmessage = ({ data }) => tell(data)
  port1.postMessage({ type: 'engine', engine: 'js', script: engine, assets: {}, modules: [] })
  port1.postMessage({ type: 'spawn', engine: 'js', id: 1, port: guest.port2 }, [guest.port2]) }`,
  'message-object': `const target = window.open(frameUrl); await siege(target, { type: 'viva-runner-port', data: 'viva-runner-port' })`,
  'message-target-origin': `
const target = window.open(frameUrl)
await wait(300)
const { port1, port2 } = new MessageChannel()
port1.onmessage = ({ data }) => tell(data)
target.postMessage('viva-runner-port', site, [port2])
port1.postMessage({ type: 'engine', engine: 'js', script: engine, assets: {}, modules: [] })`,
  object: `
const one = document.createElement('object')
one.data = frameUrl
document.body.append(one)
await wait(400)
if (one.contentWindow) await siege(one.contentWindow)`,
  embed: `
const one = document.createElement('embed')
one.src = frameUrl
document.body.append(one)
await wait(400)
if (window[0]) await siege(window[0])`,
  'frame-with-policy': `const one = await frame(frameUrl, { csp: "script-src 'unsafe-inline' * blob: 'unsafe-eval'" }); await siege(one.contentWindow)`,
  'frame-credentialless': `const one = await frame(frameUrl, { credentialless: '' }); await siege(one.contentWindow)`,
  'frame-allow-everything': `const one = await frame(frameUrl, { allow: 'storage-access *; camera *; clipboard-read *; cross-origin-isolated *' }); await siege(one.contentWindow)`,
  'frame-name-confusion': `const one = await frame(frameUrl, { name: 'viva-runner-port' }); await siege(window.frames['viva-runner-port'])`,
  'frame-then-unsandboxed': `
const one = await frame(frameUrl, { sandbox: 'allow-scripts' })
one.removeAttribute('sandbox')
one.contentWindow.location = frameUrl + '?again'
await wait(400)
await siege(one.contentWindow)`,
  'frame-of-own-copy': `
const html = await (await fetch(frameUrl).catch(() => null))?.text() ?? ''
const one = document.createElement('iframe')
one.srcdoc = html
document.body.append(one)
await wait(300)
await siege(one.contentWindow)`,
  'nested-data-frame': `
const one = await frame('data:text/html,<iframe src="' + frameUrl + '"></iframe>')
await wait(300)
if (one.contentWindow[0]) await siege(one.contentWindow[0])`,
  'nested-blob-frame': `
const one = await frame(URL.createObjectURL(new Blob(['<iframe src="' + frameUrl + '"></iframe>'], { type: 'text/html' })))
await wait(300)
if (one.contentWindow[0]) await siege(one.contentWindow[0])`,
  'sandboxed-child-posts': `
const target = await frame(frameUrl, { name: 'target', sandbox: 'allow-scripts' })
const child = document.createElement('iframe')
child.setAttribute('sandbox', 'allow-scripts')
child.srcdoc = '<script>const target = parent.frames.target; const channel = new MessageChannel(); channel.port1.onmessage = ({ data }) => parent.postMessage(data, "*"); target.postMessage("viva-runner-port", "*", [channel.port2])</scr' + 'ipt>'
document.body.append(child)
await wait(400)`,
  'site-frame-second-port': `
const one = await frame(site + '/#run')
await wait(900)
if (one.contentWindow[0]) await siege(one.contentWindow[0])`,
  'site-popup-second-port': `
const target = window.open(site + '/#run')
await wait(1200)
if (target[0]) await siege(target[0])`,
  'site-popup-early-port': `
const target = window.open(site + '/#run')
for (let turn = 0; turn < 60; turn++) { try { if (target[0]) attack(target[0]) } catch {} await wait(20) }`,
  'site-popup-engine-swap': `
const target = window.open(site + '/#run')
await wait(1000)
const { port1, port2 } = new MessageChannel()
port1.onmessage = ({ data }) => tell(data)
if (target[0]) target[0].postMessage('viva-runner-port', '*', [port2])
const forge = 'addEventListener("message", ({ data: { port } }) => { port.onmessage = ({ data }) => port.postMessage(data.type === "load" ? { type: "ready" } : { type: "output", text: "forged" }) })'
for (const language of ['js', 'ts', 'python', 'sql']) port1.postMessage({ type: 'engine', engine: language, script: forge, assets: {}, modules: [] })
for (let id = 0; id < 50; id++) port1.postMessage({ type: 'terminate', id })
await wait(200)`,
  'site-popup-navigate-sandbox': `
const target = window.open(site + '/#run')
await wait(1000)
try { target[0].location = attacker + '/page' } catch (error) { tell({ thrown: error.name }) }
await wait(300)`,
  'site-frame-navigate-sandbox': `
const one = await frame(site + '/#run')
await wait(900)
try { one.contentWindow[0].location = attacker + '/page' } catch (error) { tell({ thrown: error.name }) }
await wait(300)`,
  'site-frame-impostor': `
const one = await frame(site + '/#run')
for (let turn = 0; turn < 60; turn++) { try { if (one.contentWindow[0]) { one.contentWindow[0].location = attacker + '/impostor'; break } } catch {} await wait(10) }
await wait(900)`,
  'site-frame-impostor-early': `
const one = document.createElement('iframe')
one.src = site + '/#run'
document.body.append(one)
for (let turn = 0; turn < 300; turn++) { try { if (one.contentWindow[0]) { one.contentWindow[0].location = attacker + '/impostor'; if (turn % 3 === 2) break } } catch {} await wait(5) }
await wait(900)`,
  'site-post-messages': `
const target = window.open(site + '/')
await wait(500)
for (const data of ['viva-runner-port', { type: 'hello' }, { type: 'gone', id: 1, message: 'out of memory' }, { type: 'end' }]) target.postMessage(data, '*')`,
  'opener-of-site': `
const target = window.open(site + '/')
await wait(500)
try { tell({ read: target.document.title }) } catch (error) { tell({ thrown: error.name }) }
try { tell({ read: target.localStorage.canary }) } catch (error) { tell({ thrown: error.name }) }`,
  'worker-of-site-script': `try { new Worker(frameUrl.replace('frame.html', 'javascript.js')) } catch (error) { tell({ thrown: error.name }) }`,
  'script-of-site': `await new Promise((resolve) => { const one = document.createElement('script'); one.src = site + '/site.js'; one.type = 'module'; one.onload = one.onerror = resolve; document.head.append(one) })`,
  'fetch-with-cookies': `tell({ read: await (await fetch(site + '/', { credentials: 'include' })).text() })`,
  'prerendered-frame': `
document.head.insertAdjacentHTML('beforeend', '<script type="speculationrules">{"prerender":[{"urls":["' + frameUrl + '"]}]}</scr' + 'ipt>')
await wait(300)
await siege(window.open(frameUrl))`,
  'javascript-address': `
const target = window.open(frameUrl)
await wait(300)
try { target.location = 'javascript:parent.opener.postMessage(origin, "*")' } catch (error) { tell({ thrown: error.name }) }`,
  'history-back': `
const target = window.open(frameUrl)
await wait(300)
target.location = attacker + '/page'
await wait(300)
try { target.history.back() } catch (error) { tell({ thrown: error.name }) }
await siege(target)`,
  'shared-frame-in-popup': `
const target = window.open(attacker + '/page')
await wait(300)
const one = target.document.createElement('iframe')
one.src = frameUrl
target.document.body.append(one)
await wait(300)
await siege(one.contentWindow)`,
}

/** From another host name the browser separates more by itself: there only what differs is tried again. */
const fromElsewhere = new Set([
  'window-open',
  'window-open-from-frame',
  'object',
  'site-popup-engine-swap',
  'site-frame-second-port',
])

function pages(from: PageAttempt['from']): PageAttempt[] {
  const framed = Object.entries(sandboxes).map(([name, value]): PageAttempt => {
    const attributes = JSON.stringify(value === undefined ? {} : { sandbox: value })
    const script = `const one = await frame(frameUrl, ${attributes}); await siege(one.contentWindow)`
    return { id: `pages-${from}-sandbox-${name}`, from, script }
  })
  const others = Object.entries(scripts)
    .filter(([name]) => from === '127.0.0.1' || fromElsewhere.has(name))
    .map(([name, script]): PageAttempt => ({ id: `pages-${from}-${name}`, from, script }))
  return [...framed, ...others]
}

export const hostilePages: PageAttempt[] = [...pages('127.0.0.1'), ...pages('localhost')]
