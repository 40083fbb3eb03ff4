/** Attempts in TypeScript: the same worker, behind a compiler that could be fooled. */
import { each, type FenceAttempt } from '../attempt.ts'

const codes: Record<string, string> = {
  fetch: `const one = (globalThis as any).fetch\nconsole.log(typeof one)`,
  'import-attacker': `try { await import('{{attacker}}' as string) } catch (error: unknown) { console.log('refused') }`,
  'import-type': `import type { x } from '{{attacker}}'\nconsole.log('x')`,
  'import-equals': `import x = globalThis\nconsole.log(typeof (x as any).fetch)`,
  'triple-slash': `/// <reference path="{{attacker}}" />\n/// <reference types="{{attacker}}" />\nconsole.log('x')`,
  'jsx-pragma': `/** @jsxImportSource {{attacker}} */\nconsole.log('x')`,
  'source-map': `//# sourceMappingURL={{attacker}}\nconsole.log('x')`,
  'computed-class': `class One { static [Symbol.hasInstance](one: any) { return true } static { MessagePort.prototype.postMessage = function () {} as any } }
console.log('x')`,
  enum: `enum Names { fetch = 'fetch', constructor = 'constructor' }\nconsole.log(typeof (globalThis as any)[Names.fetch])`,
  namespace: `namespace globalThis2 { export const port = 1 }\nconsole.log(typeof (globalThis as any).port)`,
  'declare-global': `declare global { var indexedDB: IDBFactory; var postMessage: any }\nconsole.log(typeof indexedDB, typeof postMessage)\nexport {}`,
  'parameter-property': `class One { constructor(public constructor2 = Function('return typeof fetch')()) {} }\nconsole.log(new One().constructor2)`,
  'regexp-in-types': `type A = \`\${string}*/ fetch('{{attacker}}') /*\`\nconst a: A = '*/ fetch("{{attacker}}") /*'\nconsole.log(a.length)`,
  'comment-end': `const x = 1 as /* fetch('{{attacker}}') */ number
console.log(x)`,
  'non-null-chain': `console.log(typeof (self as any)!.navigator?.sendBeacon)`,
  'compiler-patched': `String.prototype.replace = function () { return 'forged' }\nArray.prototype.join = function () { return 'forged' }\nconsole.log('x')`,
  satisfies: `const one = { __proto__: { keep: { lock: 'x' } } } satisfies object\nconsole.log(Object.keys(one).length)`,
}

export const attempts: FenceAttempt[] = each(Object.keys(codes), (name) => ({
  id: `typescript-${name}`,
  language: 'ts',
  code: codes[name] ?? '',
  expect: { lacks: /function/ },
}))
