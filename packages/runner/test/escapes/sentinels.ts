/** Fences that show a clean start: what each language prints in a fresh engine, and what its realm looks like. */
import type { Language } from '../../src/fence.ts'

const javascript = `
const owners = [globalThis, Object, Object.prototype, Array.prototype, Function.prototype, Promise, Promise.prototype, MessagePort.prototype,
  MessageEvent.prototype, EventTarget.prototype, String.prototype, RegExp.prototype, Map.prototype, WeakMap.prototype, Error, Symbol, Reflect,
  WebAssembly, JSON, Blob.prototype, URL, TextDecoder.prototype, Response.prototype, Performance.prototype, WorkerGlobalScope.prototype]
const isNative = (value) => typeof value !== 'function' || /\\[native code\\]/.test(Function.prototype.toString.call(value))
for (const owner of owners) {
  const keys = Reflect.ownKeys(owner)
  const own = owner === globalThis ? [] : keys.filter((key) => {
    const { value, get } = Object.getOwnPropertyDescriptor(owner, key)
    return !isNative(value) || !isNative(get)
  })
  console.log(keys.length, own.map(String).join())
}
console.log(typeof attackerScriptRan, typeof left, await Promise.resolve(1), [3, 1, 2].sort(), JSON.stringify({ a: [1] }))`

/** One for each language. The output in a fresh page is the one that every later run must have. */
export const sentinels: Partial<Record<Language, string>> = {
  js: javascript,
  ts: `const one: number = 1\nconsole.log(one, Reflect.ownKeys(Object.prototype).length, Reflect.ownKeys(globalThis).length)`,
  mongodb: `
print(db.getCollectionNames(), db.left.countDocuments(), db.events.countDocuments())
db.c.insertMany([{ _id: 1, a: 2 }, { _id: 2, a: 3 }])
print(db.c.find({ a: { $gt: 2 } }).toArray(), db.c.aggregate([{ $group: { _id: null, sum: { $sum: '$a' } } }]).toArray())
print(Reflect.ownKeys(Object.prototype).length, Reflect.ownKeys(Array.prototype).length)`,
  sqlite: `
select count(*) as tables from sqlite_master;
select group_concat(name) as attached from pragma_database_list;
select count(*) as functions, sum(narg) as arity from pragma_function_list;
select group_concat(name || '=' || type) from (select 'foreign_keys' as name, foreign_keys as type from pragma_foreign_keys);`,
  sql: `
select count(*) as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema');
select count(*) as databases, (select count(*) from pg_roles) as roles, (select count(*) from pg_proc) as functions from pg_database;
select current_user, current_setting('search_path') as path, current_setting('work_mem') as memory;
select count(*) as files from pg_ls_dir('.');`,
  python: `
import sys, os, json, random, builtins, collections, gc, pathlib, hashlib
print(sorted(name for name in globals() if not name.startswith('__')))
print(json.dumps({'a': [1, 2.5, None]}), sum([1, 2, 3]), len(dir(builtins)), len(dir(json)), sorted({'b', 'a'}))
print(sorted(os.listdir('/')), os.listdir('/tmp'), os.getcwd(), os.listdir('.'), sorted(set(sys.path)))
print(hashlib.sha256(pathlib.Path('/lib/python314.zip').read_bytes()).hexdigest(), json.__file__)
print(json.loads.__module__, type(print).__name__, sys.getrecursionlimit(), sys.gettrace(), len(sys.meta_path), len(sys.path_hooks))
print({n: m.__name__ for n, m in sys.modules.items() if n != getattr(m, '__name__', n) and n in ('os', 'json', 're', 'random')})
from js import Object, globalThis
print(len(Object.getOwnPropertyNames(Object.prototype)), hasattr(globalThis, 'left'), hasattr(globalThis, 'attackerScriptRan'))`,
}
