/** Everything may be read; the sitemap says where it is. */
import type { APIContext } from 'astro'

export function GET(context: APIContext): Response {
  return new Response(`User-agent: *\nAllow: /\nSitemap: ${new URL('/sitemap-index.xml', context.site).href}\n`)
}
