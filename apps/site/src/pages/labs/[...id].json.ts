// What each lab says of itself, for the page's script; a question page does not carry it before it is wanted.
import type { APIRoute } from 'astro'
import { allLabs, dataOf } from '../../build/labs.ts'

export const getStaticPaths = () =>
  allLabs().map(({ id, lab }) => ({ params: { id }, props: { data: dataOf(id, lab) } }))

export const GET: APIRoute = ({ props }) =>
  new Response(String(props.data), { headers: { 'content-type': 'application/json' } })
