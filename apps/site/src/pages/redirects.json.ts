/** Old addresses of renamed pages; the server answers them with 301. */
import { content } from '../build/content.ts'

export async function GET(): Promise<Response> {
  const { redirects } = await content()
  return Response.json(Object.fromEntries(redirects.map(({ from, to }) => [from, to])))
}
