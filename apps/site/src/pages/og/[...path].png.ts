/** One picture per page that people share. */
import type { APIContext } from 'astro'
import { categoryOf, content } from '../../build/content.ts'
import { allLabs } from '../../build/labs.ts'
import { plain } from '../../build/markdown.ts'
import { draw, type Picture } from '../../build/og.ts'

export async function getStaticPaths() {
  const bank = await content()
  const pictures: Record<string, Picture> = {
    home: {
      title: 'Interview answers that run, and were run.',
      label: 'Viva',
      foot: `${bank.questions.length} questions`,
    },
  }
  for (const question of bank.questions) {
    const runs = question.fences.filter((fence) => fence.run).length
    pictures[question.id] = {
      title: plain(question.title),
      label: `${categoryOf(bank, question).title} · ${question.difficulty}`,
      foot: `${runs} examples that run`,
    }
  }
  for (const { slug, title } of bank.categories) {
    pictures[slug] = {
      title,
      label: 'Questions',
      foot: `${bank.questions.filter(({ category }) => category === slug).length} questions`,
    }
  }
  for (const { slug, title, role, level, questions } of bank.kits)
    pictures[`kits/${slug}`] = { title, label: `${role} · ${level}`, foot: `${questions.length} questions` }
  for (const { slug, title, author } of bank.posts) pictures[`blog/${slug}`] = { title, label: 'Blog', foot: author }
  for (const { id, lab } of allLabs())
    pictures[`labs/${id}`] = { title: lab.predict.ask, label: `Lab · ${lab.title}`, foot: 'Predict, run, compare' }
  return Object.entries(pictures).map(([path, picture]) => ({ params: { path }, props: { picture } }))
}

export async function GET({ props }: APIContext): Promise<Response> {
  return new Response(new Uint8Array(await draw(props['picture'] as Picture)), {
    headers: { 'content-type': 'image/png' },
  })
}
