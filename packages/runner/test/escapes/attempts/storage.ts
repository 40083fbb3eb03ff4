/** Attempts to read or change what the site stores: log, cookies, caches, files, and messages between its tabs. */
import { each, js } from '../attempt.ts'

/** A deleted name by its owners' prototypes, and by functions of other kinds. */
const owner = (name: string) => `(() => {
  for (let one = globalThis; one; one = Object.getPrototypeOf(one)) {
    const found = Object.getOwnPropertyDescriptor(one, '${name}')
    if (found) return found.get ? found.get.call(globalThis) : found.value
  }
  return Function('return ${name}')()
})()`

const readLog = `
const open = store.open('viva', 1)
const database = await new Promise((resolve, reject) => { open.onsuccess = () => resolve(open.result); open.onerror = () => reject(open.error); open.onupgradeneeded = () => open.transaction.abort() })
const rows = database.transaction('events').objectStore('events').getAll()
await new Promise((resolve) => (rows.onsuccess = resolve))
return JSON.stringify(rows.result)`

export const uses: Record<string, string> = {
  'indexeddb-read': `const store = ${owner('indexedDB')}${readLog}`,
  'indexeddb-delete': `const store = ${owner('indexedDB')}\nstore.deleteDatabase('viva')\nawait new Promise((resolve) => setTimeout(resolve, 50))`,
  'indexeddb-list': `return JSON.stringify(await ${owner('indexedDB')}.databases())`,
  'indexeddb-factory': `const store = Object.create(${owner('IDBFactory')}.prototype)${readLog}`,
  'indexeddb-request-prototype': `return String(IDBOpenDBRequest.prototype.constructor.constructor('return indexedDB')())`,
  'indexeddb-key-range': `return IDBKeyRange.only(1).constructor.constructor('return this.indexedDB')().open('viva').constructor.name`,
  'cache-read': `return await (await ${owner('caches')}.match('{{site}}/canary')).text()`,
  'cache-write': `await (await ${owner('caches')}.open('viva')).put('{{site}}/canary', new Response('changed'))`,
  'cache-delete': `return String(await ${owner('caches')}.delete('viva'))`,
  'cache-storage-prototype': `return await ${owner('CacheStorage')}.prototype.match.call(${owner('caches')}, '{{site}}/canary')`,
  'cache-prototype': `return await Cache.prototype.match.call(Object.create(Cache.prototype), '{{site}}/canary')`,
  'opfs-read': `return await (await (await (await ${owner('navigator')}.storage.getDirectory()).getFileHandle('canary')).getFile()).text()`,
  'opfs-write': `const file = await (await ${owner('navigator')}.storage.getDirectory()).getFileHandle('canary', { create: true }); (await file.createSyncAccessHandle()).truncate(0)`,
  'opfs-storage-manager': `return await StorageManager.prototype.getDirectory.call(Object.create(StorageManager.prototype))`,
  'opfs-handle-prototype': `return await FileSystemDirectoryHandle.prototype.getFileHandle.call(Object.create(FileSystemDirectoryHandle.prototype), 'canary')`,
  'local-storage': `return ${owner('localStorage')}.canary`,
  'session-storage': `return ${owner('sessionStorage')}.canary`,
  'storage-prototype': `return ${owner('Storage')}.prototype.getItem.call({}, 'canary')`,
  cookie: `return document.cookie`,
  'cookie-store': `return JSON.stringify(await ${owner('cookieStore')}.getAll())`,
  'cookie-store-prototype': `return JSON.stringify(await ${owner('CookieStore')}.prototype.getAll.call(Object.create(${owner('CookieStore')}.prototype)))`,
  'cookie-store-set': `await ${owner('cookieStore')}.set('canary', 'changed')`,
  broadcast: `const one = new (${owner('BroadcastChannel')})('viva'); one.onmessage = ({ data }) => print(data); one.postMessage('hello'); await new Promise((resolve) => setTimeout(resolve, 60))`,
  'broadcast-structured-clone': `return structuredClone(new (${owner('BroadcastChannel')})('viva')).name`,
  'file-system-request': `await new Promise((resolve, reject) => ${owner('webkitRequestFileSystem')}(0, 1e6, resolve, reject))`,
  'file-system-sync': `return ${owner('webkitRequestFileSystemSync')}(0, 1e6).root.name`,
  'file-system-resolve': `return webkitResolveLocalFileSystemSyncURL('filesystem:{{site}}/temporary/canary').name`,
  locks: `return JSON.stringify(await ${owner('navigator')}.locks.query())`,
  'lock-manager-prototype': `return JSON.stringify(await LockManager.prototype.query.call(Object.create(LockManager.prototype)))`,
  'storage-buckets': `return JSON.stringify(await ${owner('navigator')}.storageBuckets.keys())`,
  'storage-estimate': `return JSON.stringify(await ${owner('navigator')}.storage.estimate())`,
  'storage-persist': `return String(await ${owner('navigator')}.storage.persisted())`,
  'shared-storage': `return await sharedStorage.get('canary')`,
  credentials: `return JSON.stringify(await ${owner('navigator')}.credentials.get({ password: true }))`,
  permissions: `return (await ${owner('navigator')}.permissions.query({ name: 'storage-access' })).state`,
  'storage-access': `return await document.requestStorageAccess({ all: true })`,
  'navigator-by-prototype': `return WorkerNavigator.prototype.constructor.constructor('return navigator')().userAgent`,
  'navigator-descriptor': `return Object.getOwnPropertyDescriptor(WorkerGlobalScope.prototype, 'navigator').get.call(globalThis).userAgent`,
  'navigator-getter-of-copy': `
const inherited = Object.create(globalThis)
return inherited.navigator.storage`,
  'navigator-storage-getter': `return await Object.getOwnPropertyDescriptor(WorkerNavigator.prototype, 'storage').get.call({}).getDirectory()`,
  'site-blob': `return await import('blob:{{site}}/00000000-0000-0000-0000-000000000000')`,
  'client-hints': `return JSON.stringify(await NavigatorUAData.prototype.getHighEntropyValues.call(Object.create(NavigatorUAData.prototype), ['platform']))`,
  'origin-claim': `Object.defineProperty(globalThis, 'origin', { value: '{{site}}' }); const store = ${owner('indexedDB')}${readLog}`,
  'location-claim': `Object.defineProperty(WorkerLocation.prototype, 'origin', { get: () => '{{site}}' }); return await (await ${owner('caches')}.match('/canary')).text()`,
}

export const attempts = [
  ...each(Object.keys(uses), (name) => js(`storage-${name}`, uses[name] ?? '')),
  js(
    'storage-nothing-global',
    `
const names = new Set()
for (let one = globalThis; one; one = Object.getPrototypeOf(one)) for (const name of Reflect.ownKeys(one)) names.add(String(name))
return [...names].filter((name) => /^(indexedDB|caches|cookieStore|navigator|storage|localStorage|fetch|Worker|close|postMessage|importScripts)$/.test(name)).join()`,
    {
      expect: { output: 'ended: ' },
    },
  ),
]
