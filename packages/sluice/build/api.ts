/** `npm run api -w @viva/sluice`: the reference, from the declarations and the comments above them. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const home = join(import.meta.dirname, '..')

/** Each entry, and the file behind it. */
const entries = {
  '@viva/sluice': 'src/index.ts',
  '@viva/sluice/node': 'src/bridges/node.ts',
  '@viva/sluice/web': 'src/bridges/web.ts',
  '@viva/sluice/testing': 'src/testing/index.ts',
  '@viva/sluice/telemetry': 'src/telemetry/index.ts',
  '@viva/sluice/http': 'src/http/index.ts',
  '@viva/sluice/fetch': 'src/fetch/index.ts',
  '@viva/sluice/nats': 'src/nats/index.ts',
  '@viva/sluice/rabbitmq': 'src/rabbitmq/index.ts',
  '@viva/sluice/redis': 'src/redis/index.ts',
  '@viva/sluice/kafka': 'src/kafka/index.ts',
}

/** The whole page. */
export function api(): string {
  const files = Object.values(entries).map((file) => join(home, file))
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.esnext.d.ts'],
    types: ['node'],
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
  })
  const checker = program.getTypeChecker()
  /** The entry under which a symbol is shown: the first that has it. */
  const shown = new Map<ts.Symbol, string>()
  const sections = Object.entries(entries).map(([name, file]) => {
    const source = program.getSourceFile(join(home, file))!
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
    const all = symbols.map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    const elsewhere = Map.groupBy(
      all.filter((symbol) => shown.has(symbol)),
      (symbol) => shown.get(symbol)!,
    )
    const also = [...elsewhere].map(([entry, those]) => {
      const names = those.map((symbol) => `\`${symbol.name}\``).toSorted()
      return `As in \`${entry}\`: ${names.join(', ')}.\n`
    })
    const parts = all
      .filter((symbol) => !shown.has(symbol))
      .toSorted((a, b) => Number(isType(a)) - Number(isType(b)) || a.name.localeCompare(b.name, 'en'))
      .map((symbol) => part(symbol, checker))
    for (const symbol of all) if (!shown.has(symbol)) shown.set(symbol, name)
    return `## \`${name}\`\n\n${[...also, ...parts].join('\n')}`
  })
  const intro =
    'Made of the declarations and the comments above them by `npm run api -w @viva/sluice`: functions, classes and values first, then types.'
  return `# API\n\n${intro}\n\n${sections.join('\n')}`
}

/** It has no value at run time. */
const isType = (symbol: ts.Symbol): boolean => (symbol.flags & ts.SymbolFlags.Value) === 0

function part(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const declarations = symbol.declarations ?? []
  const codes = declarations.filter(isShown).map(signature)
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const examples = symbol
    .getJsDocTags(checker)
    .filter((tag) => tag.name === 'example')
    .map((tag) => `\n\`\`\`js\n${ts.displayPartsToString(tag.text).trim()}\n\`\`\`\n`)
  const text = comment === '' ? '' : `\n${comment}\n`
  return `### ${symbol.name}\n\n\`\`\`typescript\n${[...new Set(codes)].join('\n')}\n\`\`\`\n${text}${examples.join('')}`
}

/** Of an overloaded function the overloads are shown, not what implements them. */
function isShown(node: ts.Declaration, _index: number, all: ts.Declaration[]): boolean {
  return !(ts.isFunctionDeclaration(node) && node.body !== undefined && all.length > 1 && all.some(isOverload))
}
const isOverload = (node: ts.Declaration): boolean => ts.isFunctionDeclaration(node) && node.body === undefined

/** The declaration without what does it. */
function signature(node: ts.Declaration): string {
  const file = node.getSourceFile()
  const text = (of: ts.Node): string => file.text.slice(of.getStart(file), of.end)
  if (ts.isFunctionDeclaration(node)) {
    const until = node.body === undefined ? node.end : node.body.getStart(file)
    return file.text
      .slice(node.getStart(file), until)
      .replace(/^export /, '')
      .trim()
  }
  if (ts.isVariableDeclaration(node)) {
    if (node.type === undefined) throw new Error(`${node.name.getText(file)} is exported without a type to show`)
    return `const ${node.name.getText(file)}: ${text(node.type)}`
  }
  if (ts.isClassDeclaration(node)) {
    const members = node.members.filter((member) => !(member.name !== undefined && ts.isPrivateIdentifier(member.name)))
    const shown = members.map((member) => {
      const body = 'body' in member ? (member.body as ts.Node | undefined) : undefined
      const code = file.text.slice(member.getStart(file), body === undefined ? member.end : body.getStart(file)).trim()
      return `  ${code.replace(/^(declare|override) /, '')}`
    })
    const heritage = node.heritageClauses?.map((clause) => ` ${text(clause)}`).join('') ?? ''
    return `class ${node.name!.text}${heritage} {\n${shown.join('\n')}\n}`
  }
  return text(node).replace(/^export /, '')
}

if (import.meta.main) writeFileSync(join(home, 'docs', 'api.md'), api())
