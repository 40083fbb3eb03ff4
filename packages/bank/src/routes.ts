/** The addresses of the site's pages. A link in the content must lead to one of them. */
import type { Bank } from './bank.ts'

/** Pages that are there whatever the content is. */
export const fixedRoutes = [
  '/',
  '/questions/',
  '/categories/',
  '/tags/',
  '/kits/',
  '/blog/',
  '/blog/rss.xml',
  '/quiz/',
  '/search/',
  '/feedback/',
  '/log/',
  '/practice/',
  '/sitemap.xml',
]

export const routeOf = {
  category: (slug: string) => `/questions/${slug}/`,
  question: (id: string) => `/questions/${id}/`,
  tag: (id: string) => `/tags/${id}/`,
  kit: (slug: string) => `/kits/${slug}/`,
  post: (slug: string) => `/blog/${slug}/`,
  page: (slug: string) => `/${slug}/`,
}

/** Every page of the bank with the anchors of its headings; redirected paths are not among them. */
export function routesOf(bank: Omit<Bank, 'redirects'>): Map<string, ReadonlySet<string>> {
  const routes = new Map<string, ReadonlySet<string>>(fixedRoutes.map((path) => [path, new Set<string>()]))
  const anchors = (headings: { anchor: string }[]) => new Set(headings.map((heading) => heading.anchor))
  for (const category of bank.categories) routes.set(routeOf.category(category.slug), anchors(category.headings))
  for (const question of bank.questions) routes.set(routeOf.question(question.id), anchors(question.headings))
  for (const tag of bank.tags) routes.set(routeOf.tag(tag.id), new Set())
  for (const kit of bank.kits) routes.set(routeOf.kit(kit.slug), new Set())
  for (const post of bank.posts) routes.set(routeOf.post(post.slug), anchors(post.headings))
  for (const page of bank.pages) routes.set(routeOf.page(page.slug), anchors(page.headings))
  return routes
}
