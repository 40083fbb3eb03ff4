/** Code to coloured HTML at build time: Shiki's tokens as a few classes, so that no inline style is needed. */
import { createHighlighter, type Highlighter } from 'shiki'

const grammars: Record<string, string> = {
  js: 'javascript',
  ts: 'typescript',
  tsc: 'typescript',
  node: 'javascript',
  mongodb: 'javascript',
  sql: 'sql',
  sqlite: 'sql',
  python: 'python',
  git: 'shellscript',
  bash: 'shellscript',
  json: 'json',
  yaml: 'yaml',
  c: 'c',
  cpp: 'cpp',
  css: 'css',
  diff: 'diff',
  dockerfile: 'dockerfile',
  go: 'go',
  graphql: 'graphql',
  html: 'html',
  http: 'http',
  ini: 'ini',
  java: 'java',
  jsx: 'jsx',
  nginx: 'nginx',
  proto: 'proto',
  rust: 'rust',
  toml: 'toml',
  tsx: 'tsx',
  xml: 'xml',
}

/** From the most particular scope to the plainest; the first that a token's scopes contain gives its class. */
const classes: [RegExp, string][] = [
  [/comment/, 'hl-comment'],
  [/string|regexp/, 'hl-string'],
  [/constant|support\.constant|variable\.language/, 'hl-constant'],
  [/entity\.name\.function|support\.function/, 'hl-function'],
  [/keyword\.operator(?!\.(new|expression))/, ''],
  [/keyword|storage/, 'hl-keyword'],
]

let starting: Promise<Highlighter> | undefined

function highlighter(): Promise<Highlighter> {
  starting ??= createHighlighter({ themes: ['github-light'], langs: [...new Set(Object.values(grammars))] })
  return starting
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Inner HTML of a `<code>`: escaped, with `<span class="hl-…">` around what has a class. */
export async function highlight(code: string, language: string): Promise<string> {
  const lang = grammars[language]
  if (!lang) return escape(code)
  const shiki = await highlighter()
  let lines: ReturnType<Highlighter['codeToTokensBase']>
  try {
    lines = shiki.codeToTokensBase(code, {
      lang: lang as never,
      theme: 'github-light',
      includeExplanation: 'scopeName',
    })
  } catch {
    // Shiki 4.6 fails to explain some tokens at the end of a line; such a fence stays in one colour.
    return escape(code)
  }
  return lines
    .map((tokens) => {
      let html = ''
      let open = ''
      for (const token of tokens) {
        for (const part of token.explanation ?? [{ content: token.content, scopes: [] }]) {
          const scopes = part.scopes.map(({ scopeName }) => scopeName).join(' ')
          const name = /^\s*$/.test(part.content)
            ? open
            : (classes.find(([pattern]) => pattern.test(scopes))?.[1] ?? '')
          if (name !== open) {
            if (open) html += '</span>'
            if (name) html += `<span class="${name}">`
            open = name
          }
          html += escape(part.content)
        }
      }
      return open ? `${html}</span>` : html
    })
    .join('\n')
}
