/** The quiz items of one category. */
import type { APIContext } from 'astro'
import { content, inCategory } from '../../../build/content.ts'
import { quizData } from '../../../build/quiz.ts'

export async function getStaticPaths() {
  const bank = await content()
  return bank.categories.map(({ slug }) => ({ params: { category: slug } }))
}

export async function GET({ params }: APIContext): Promise<Response> {
  return Response.json(await quizData(inCategory(await content(), params['category']!)))
}
