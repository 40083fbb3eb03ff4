/** The search index; fetched when search is opened. */
import { buildIndex } from '@viva/bank/search'
import { searchDocument } from '@viva/bank/load'
import { content } from '../build/content.ts'

export async function GET(): Promise<Response> {
  const bank = await content()
  return Response.json(buildIndex(bank.questions.map(searchDocument)))
}
