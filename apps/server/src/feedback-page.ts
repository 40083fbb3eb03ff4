/**
 * The page that answers the feedback form without script: whether the message was stored, said by
 * who stored it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the page says. `title` is its heading; every text is escaped. */
export type Answer = { status: number; title: string; lines: string[]; headers?: Record<string, string> }

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * The style sheets of the built feedback page, so that its answer looks like it; empty when it is
 * not there.
 */
export async function feedbackStyles(siteDir: string): Promise<string> {
  const page = await readFile(join(siteDir, 'feedback', 'index.html'), 'utf8').catch(() => '')
  const sheets = [...page.matchAll(/<link\b[^>]*\brel="stylesheet"[^>]*\bhref="(\/[\w./-]+)"/g)]
  return sheets.map(([, href]) => `<link rel="stylesheet" href="${href}">`).join('')
}

/**
 * The response to a form post. It is the answer to this request and has no address of its own, so
 * that no link can show a stranger's claim that something was stored.
 */
export function feedbackPage(styles: string, { status, title, lines, headers }: Answer): Response {
  const body =
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">' +
    `<meta name="robots" content="noindex"><title>${escapeHtml(title)} · Viva</title>${styles}</head><body><main id="content" class="narrow">` +
    `<h1>${escapeHtml(title)}</h1>${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')}` +
    '<p><a href="/">Home</a> · <a href="/feedback/">Feedback</a></p></main></body></html>\n'
  return new Response(body, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      ...headers,
    },
  })
}
