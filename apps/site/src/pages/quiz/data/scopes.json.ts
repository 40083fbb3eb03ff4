/** Which questions each kit and each tag holds, and all categories: what a quiz's address can name. */
import { content, withTag } from '../../../build/content.ts'

export async function GET(): Promise<Response> {
  const bank = await content()
  return Response.json({
    categories: bank.categories.map(({ slug, title }) => ({ slug, title })),
    kits: bank.kits.map(({ slug, title, questions }) => ({
      slug,
      title,
      questions: questions.map(({ id }) => ({ id })),
    })),
    tags: bank.tags.flatMap((tag) => {
      const questions = withTag(bank, tag)
      return questions.length > 0
        ? [{ slug: tag.id, title: tag.title, categories: [...new Set(questions.map(({ category }) => category))] }]
        : []
    }),
  })
}
