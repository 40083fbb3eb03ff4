/** Who may import whom, and who may touch what: DESIGN.md §1 as a program. `node tools/boundaries.ts` lists what crosses a line. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, posix, relative, sep } from 'node:path'
import ts from 'typescript'

/** A line that was crossed, and how to come back. */
export type Violation = { file: string; line: number; message: string }

/** One import in a file, by its specifier as written. */
type Import = { from: string; line: number; isTypeOnly: boolean }

type Source = { file: string; imports: Import[]; globals: { name: string; line: number }[] }

/** A workspace as its package.json describes it. */
type Workspace = { name: string; folder: string; exports: Set<string>; dependencies: Set<string> }

const database = 'apps/server/src/database/'
const databasePackages = new Set(['kysely', 'pg', 'better-sqlite3', 'node:sqlite'])

/** Packages of ours that import no other of ours. */
const alone = new Set(['@viva/sluice', '@viva/lab', '@viva/runner', '@viva/recall', '@viva/judge'])

/** Whose types, not values, `bank` may import. */
const typesForBank = new Set(['@viva/runner', '@viva/lab'])

/** Whose values `bank` imports: they run in Node and in a browser, and bring nothing along. */
const valuesForBank = new Set(['@viva/judge'])

const labImports = new Set(['@viva/lab', '@viva/sluice'])

/** The page's own globals. Workers have `self`, `fetch` and `postMessage`; those are everybody's. */
const pageGlobals = new Set([
  'document',
  'window',
  'localStorage',
  'sessionStorage',
  'HTMLElement',
  'MutationObserver',
  'IntersectionObserver',
  'requestAnimationFrame',
  'matchMedia',
  'alert',
])

const skipped = new Set(['node_modules', 'dist', '.astro', '.cache', '.git'])

function isTest(file: string): boolean {
  return /\.(test|fixture)\.tsx?$/.test(file) || /^(packages|apps)\/[^/]+\/test\//.test(file)
}

/** All source files below `base`, by their path from there. */
async function sourceFiles(base: string): Promise<string[]> {
  const found: string[] = []
  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (skipped.has(entry.name)) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await walk(path)
      else if (/\.(ts|tsx|js|mjs|astro)$/.test(entry.name)) found.push(relative(base, path).split(sep).join('/'))
    }
  }
  for (const folder of ['packages', 'apps', 'tools', 'content']) await walk(join(base, folder))
  return found.toSorted()
}

/** An Astro file as TypeScript: its frontmatter and scripts stay, all else becomes blank, so that lines stay where they are. */
function scriptsOf(text: string): string {
  const keep: [number, number][] = []
  const front = /^\s*---\r?\n([\s\S]*?)\r?\n---/.exec(text)
  if (front) keep.push([front[0].indexOf(front[1] ?? '') + front.index, front.index + front[0].length - 3])
  for (const match of text.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)) {
    const end = match.index + match[0].length - '</script>'.length
    keep.push([end - (match[1] ?? '').length, end])
  }
  return Array.from(text, (character, index) =>
    character === '\n' || keep.some(([from, to]) => index >= from && index < to) ? character : ' ',
  ).join('')
}

/** The imports of a source text, and the page's globals that it uses without declaring them. */
export function readSource(file: string, text: string): Source {
  const code = file.endsWith('.astro') ? scriptsOf(text) : text
  const kind = /\.(tsx|astro)$/.test(file)
    ? ts.ScriptKind.TSX
    : /\.m?js$/.test(file)
      ? ts.ScriptKind.JS
      : ts.ScriptKind.TS
  const parsed = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true, kind)
  const imports: Import[] = []
  const declared = new Set<string>()
  const used: { name: string; line: number }[] = []
  const lineOf = (node: ts.Node) => parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1

  function add(specifier: ts.Node | undefined, isTypeOnly: boolean): void {
    if (specifier && ts.isStringLiteralLike(specifier)) {
      imports.push({ from: specifier.text.replace(/\?.*$/, ''), line: lineOf(specifier), isTypeOnly })
    }
  }

  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node)) {
      const { importClause: clause } = node
      const named =
        clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : undefined
      const areAllTypes = !!named && named.length > 0 && !clause?.name && named.every((element) => element.isTypeOnly)
      add(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || areAllTypes)
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    else if (ts.isCallExpression(node)) {
      const { expression } = node
      const isImport = expression.kind === ts.SyntaxKind.ImportKeyword
      const isRequire = ts.isIdentifier(expression) && expression.text === 'require'
      if (isImport || isRequire) add(node.arguments[0], false)
    }
    if (ts.isIdentifier(node) && pageGlobals.has(node.text)) {
      const { parent } = node
      const isName =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        ts.isPropertySignature(parent) ||
        ts.isMethodDeclaration(parent) ||
        ts.isPropertyDeclaration(parent) ||
        ts.isMethodSignature(parent) ||
        ts.isTypeReferenceNode(parent) ||
        ts.isExportSpecifier(parent) ||
        ts.isJsxAttribute(parent)
      const isDeclaration =
        (ts.isVariableDeclaration(parent) ||
          ts.isParameter(parent) ||
          ts.isBindingElement(parent) ||
          ts.isFunctionDeclaration(parent) ||
          ts.isImportSpecifier(parent) ||
          ts.isImportClause(parent)) &&
        parent.name === node
      if (isDeclaration) declared.add(node.text)
      else if (!isName) used.push({ name: node.text, line: lineOf(node) })
    }
    ts.forEachChild(node, visit)
  }
  visit(parsed)
  return { file, imports, globals: used.filter(({ name }) => !declared.has(name)) }
}

function strings(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

async function workspaces(base: string): Promise<Workspace[]> {
  const found: Workspace[] = []
  for (const group of ['packages', 'apps']) {
    for (const name of await readdir(join(base, group)).catch(() => [])) {
      const text = await readFile(join(base, group, name, 'package.json'), 'utf8').catch(() => undefined)
      if (text === undefined) continue
      const manifest: Record<string, unknown> = JSON.parse(text)
      found.push({
        name: String(manifest.name),
        folder: `${group}/${name}/`,
        exports: new Set(strings(manifest.exports)),
        dependencies: new Set(
          ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((key) =>
            strings(manifest[key]),
          ),
        ),
      })
    }
  }
  return found
}

/** `@scope/name/sub/path` → the package and the path within it as `exports` writes it. */
function split(specifier: string): { name: string; path: string } {
  const parts = specifier.split('/')
  const length = specifier.startsWith('@') ? 2 : 1
  const rest = parts.slice(length).join('/')
  return { name: parts.slice(0, length).join('/'), path: rest ? `./${rest}` : '.' }
}

/** Everything in the repository at `base` that crosses a line. */
export async function boundaries(base: string): Promise<Violation[]> {
  const all = await workspaces(base)
  const rootManifest: Record<string, unknown> = JSON.parse(
    await readFile(join(base, 'package.json'), 'utf8').catch(() => '{}'),
  )
  const shared = new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((key) => strings(rootManifest[key])),
  )
  const violations: Violation[] = []

  for (const file of await sourceFiles(base)) {
    const source = readSource(file, await readFile(join(base, file), 'utf8'))
    const own = all.find(({ folder }) => file.startsWith(folder))
    const at = (line: number, message: string) => violations.push({ file, line, message })
    for (const one of source.imports)
      for (const message of wrongImport(file, one, own, all, shared)) at(one.line, message)
    if (!file.startsWith('apps/site/') && !isTest(file) && !file.startsWith('tools/')) {
      for (const { name, line } of source.globals) {
        at(line, `touches the page (${name}); only apps/site/src does. Pass in what is needed.`)
      }
    }
  }
  return violations
}

function wrongImport(
  file: string,
  { from, isTypeOnly }: Import,
  own: Workspace | undefined,
  all: Workspace[],
  shared: Set<string>,
): string[] {
  if (from.startsWith('.')) return wrongPath(file, posix.normalize(posix.join(posix.dirname(file), from)), own, all)
  if (file.startsWith('content/') && !labImports.has(split(from).name))
    return [`imports ${from}; a lab imports @viva/lab and @viva/sluice only.`]
  if (from.startsWith('node:')) return wrongDatabase(file, from)
  if (/^(astro|virtual|data|https?|file):/.test(from) || from.startsWith('/') || from.startsWith('#')) return []
  const { name, path } = split(from)
  const wrong = wrongDatabase(file, name)
  const target = all.find((workspace) => workspace.name === name)
  if (target && target !== own) wrong.push(...wrongCrossing(file, { from, isTypeOnly, path }, own, target))
  if (own) {
    const isDeclared = own.name === name || own.dependencies.has(name) || own.dependencies.has(`@types/${name}`)
    if (!isDeclared && !(isTest(file) && shared.has(name)))
      wrong.push(`imports ${name}, which ${own.folder}package.json does not list. Add it there.`)
  }
  return wrong
}

function wrongDatabase(file: string, name: string): string[] {
  if (!databasePackages.has(name) || file.startsWith(database)) return []
  return [`imports ${name}; only ${database} touches the database. Use what @viva/server exports.`]
}

function wrongPath(file: string, target: string, own: Workspace | undefined, all: Workspace[]): string[] {
  if (target.startsWith('tools/') && !file.startsWith('tools/')) {
    // A browser test has to find the browser.
    return isTest(file) && target === 'tools/chromium.ts' ? [] : [`imports ${target}; nothing imports tools/.`]
  }
  const other = all.find(({ folder }) => `${target}/`.startsWith(folder))
  if (other && other !== own)
    return [`reaches into ${other.folder}; cross a package through its exports: ${other.name}.`]
  if (file.startsWith('content/') && !target.startsWith('content/'))
    return [`imports ${target}; a lab imports @viva/lab and @viva/sluice only.`]
  return []
}

function wrongCrossing(
  file: string,
  { from, isTypeOnly, path }: { from: string; isTypeOnly: boolean; path: string },
  own: Workspace | undefined,
  target: Workspace,
): string[] {
  const wrong: string[] = []
  if (!target.exports.has(path))
    wrong.push(
      `imports ${from}, which ${target.name} does not export. It exports ${[...target.exports].join(', ') || 'nothing'}.`,
    )
  if (!own?.folder.startsWith('packages/')) return wrong
  if (target.folder.startsWith('apps/')) wrong.push(`imports ${from}; packages never import apps.`)
  if (alone.has(own.name)) wrong.push(`imports ${from}; ${own.name} imports no other package of ours.`)
  const isBankImport = valuesForBank.has(target.name) || (typesForBank.has(target.name) && isTypeOnly)
  if (own.name === '@viva/bank' && !isTest(file) && !isBankImport) {
    wrong.push(
      `imports ${from}; bank imports ${[...valuesForBank].join(' and ')}, and types of ${[...typesForBank].join(' and ')} (import type).`,
    )
  }
  return wrong
}

if (import.meta.main) {
  const violations = await boundaries(dirname(import.meta.dirname))
  for (const { file, line, message } of violations) console.log(`${file}:${line}: ${message}`)
  console.log(violations.length === 0 ? 'boundaries: ok' : `boundaries: ${violations.length} crossed`)
  process.exit(violations.length === 0 ? 0 : 1)
}
