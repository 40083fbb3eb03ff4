/** Internal links and redirects: each must lead to a page that will be there. */
import type { Bank } from './bank.ts'
import type { Link } from './document.ts'
import { type ContentError, contentError, show } from './error.ts'
import { routeOf, routesOf } from './routes.ts'

/** `folders`: ids of all question folders; one whose file is broken is still no dead link. */
export function checkLinks(links: Link[], bank: Bank, folders: ReadonlySet<string>): ContentError[] {
  const routes = routesOf(bank)
  const own = new Map<string, ReadonlySet<string>>()
  for (const document of [...bank.questions, ...bank.posts, ...bank.pages, ...bank.categories])
    own.set(document.file, new Set(document.headings.map(({ anchor }) => anchor)))
  const redirects = new Map(bank.redirects.map(({ from, to }) => [from, to]))
  const unread = unreadRoutes(folders, routes)
  return links.flatMap((link) => {
    const wrong = (expected: string) => [contentError(link.file, link.line, 'link', show(link.url), expected)]
    if (/^(https?:\/\/|mailto:)/.test(link.url)) return URL.canParse(link.url) ? [] : wrong('a valid address')
    const [path, anchor] = split(link.url)
    if (path === '') {
      const anchors = own.get(link.file) ?? own.get(link.file.replace(/quiz\.yaml$/, 'question.md'))
      if (!anchor) return wrong('an address')
      return !anchors || anchors.has(anchor) ? [] : wrong(expectedAnchor(anchors))
    }
    if (!path.startsWith('/') || path.startsWith('//'))
      return wrong('https://…, a path from the root like /questions/git/rebase/, or #heading')
    const moved = redirects.get(path)
    if (moved !== undefined) return wrong(`its new path, ${moved}`)
    if (unread.has(path)) return []
    const anchors = routes.get(path)
    if (!anchors)
      return wrong(routes.has(`${path}/`) ? `${path}/ (with a slash at the end)` : 'the path of a page that exists')
    if (anchor !== undefined && anchors.size > 0 && !anchors.has(anchor)) return wrong(expectedAnchor(anchors))
    return []
  })
}

export function checkRedirects(
  file: string,
  bank: Bank,
  folders: ReadonlySet<string>,
  lineOf: (path: string[]) => number,
): ContentError[] {
  const routes = routesOf(bank)
  const unread = unreadRoutes(folders, routes)
  const next = new Map(bank.redirects.map(({ from, to }) => [from, to]))
  return bank.redirects.flatMap(({ from, to }) => {
    const wrong = (found: string, expected: string) => [contentError(file, lineOf([from]), from, found, expected)]
    if (routes.has(from) || unread.has(from)) return wrong('a page that exists', 'a path that no page has any more')
    const seen = new Set([from])
    let at = to
    while (next.has(at)) {
      if (seen.has(at)) return wrong(`a loop (${[...seen, at].join(' → ')})`, 'a path that ends at a page')
      seen.add(at)
      at = next.get(at) ?? at
    }
    return routes.has(at) || unread.has(at) ? [] : wrong(show(at), 'the path of a page that exists')
  })
}

function unreadRoutes(folders: ReadonlySet<string>, routes: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  return new Set([...folders].map(routeOf.question).filter((route) => !routes.has(route)))
}

function split(url: string): [path: string, anchor?: string] {
  const hash = url.indexOf('#')
  const path = (hash < 0 ? url : url.slice(0, hash)).replace(/\?.*$/, '')
  if (hash < 0) return [path]
  try {
    return [path, decodeURIComponent(url.slice(hash + 1))]
  } catch {
    return [path, url.slice(hash + 1)]
  }
}

function expectedAnchor(anchors: ReadonlySet<string>): string {
  return `the anchor of a heading there (${
    [...anchors]
      .slice(0, 8)
      .map((anchor) => `#${anchor}`)
      .join(', ') || 'it has none'
  })`
}
