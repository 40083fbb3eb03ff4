/** Code to coloured HTML at build time: Shiki's tokens as a few classes, so that no inline style is needed. */
import { createHighlighter, type Highlighter, type ThemeRegistration } from 'shiki'

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

/** Class by the colour that the theme below gives: the colours are names, never seen. */
const classes: Record<string, string> = {
  '#000001': 'hl-comment',
  '#000002': 'hl-string',
  '#000003': 'hl-constant',
  '#000004': 'hl-function',
  '#000005': 'hl-keyword',
}

const theme: ThemeRegistration = {
  name: 'viva',
  type: 'light',
  fg: '#000000',
  bg: '#ffffff',
  settings: [
    { scope: ['comment', 'punctuation.definition.comment'], settings: { foreground: '#000001' } },
    { scope: ['string', 'string.regexp', 'punctuation.definition.string'], settings: { foreground: '#000002' } },
    { scope: ['constant', 'support.constant', 'variable.language'], settings: { foreground: '#000003' } },
    { scope: ['entity.name.function', 'support.function'], settings: { foreground: '#000004' } },
    {
      scope: ['keyword', 'storage', 'keyword.operator.new', 'keyword.operator.expression'],
      settings: { foreground: '#000005' },
    },
    {
      scope: ['keyword.operator', 'storage.type.function.arrow', 'meta.template.expression'],
      settings: { foreground: '#000000' },
    },
    { scope: ['constant.character.escape'], settings: { foreground: '#000003' } },
  ],
}

let starting: Promise<Highlighter> | undefined

function highlighter(): Promise<Highlighter> {
  starting ??= createHighlighter({ themes: [theme], langs: [...new Set(Object.values(grammars))] })
  return starting
}

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Inner HTML of a `<code>`: escaped, with `<span class="hl-…">` around what has a class. */
export async function highlight(code: string, language: string): Promise<string> {
  const lang = grammars[language]
  if (!lang) return escapeText(code)
  const lines = (await highlighter()).codeToTokensBase(code, { lang: lang as never, theme })
  return lines
    .map((tokens) => {
      let html = ''
      let open = ''
      for (const { content, color } of tokens) {
        // Blanks take the colour of what stands before them: fewer elements, the same picture.
        const name = /^\s*$/.test(content) ? open : (classes[color?.toLowerCase() ?? ''] ?? '')
        if (name !== open) {
          if (open) html += '</span>'
          if (name) html += `<span class="${name}">`
          open = name
        }
        html += escapeText(content)
      }
      return open ? `${html}</span>` : html
    })
    .join('\n')
}
