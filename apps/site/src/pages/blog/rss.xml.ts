/** The blog as RSS. */
import rss from '@astrojs/rss'
import type { APIContext } from 'astro'
import { content } from '../../build/content.ts'

export async function GET(context: APIContext): Promise<Response> {
  const { posts } = await content()
  return rss({
    title: 'Viva: blog',
    description: 'How Viva is made, and what we learn from making every answer run.',
    site: context.site!,
    items: posts.map((post) => ({
      title: post.title,
      description: post.summary,
      pubDate: new Date(`${post.date}T00:00:00Z`),
      link: `/blog/${post.slug}/`,
    })),
  })
}
