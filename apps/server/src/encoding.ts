/** Which of a file's stored encodings a client gets: `Accept-Encoding` negotiation, RFC 9110 §12.5.3. */

/** Content codings that the build stores beside a file, best first. */
export const codings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const

export type Coding = (typeof codings)[number]['name'] | 'identity'

function qualities(header: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const part of header.split(',').slice(0, 32)) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    if (!name) continue
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const quality = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
    found.set(name === 'x-gzip' ? 'gzip' : name, quality)
  }
  return found
}

/**
 * The codings that a client accepts, the one to be tried first first: by its weights, ties by ours (br, gzip, as is).
 * `identity` always stays as the last resort, also where a client forbids it: bytes as they are beat an error.
 */
export function acceptedCodings(header: string | undefined): Coding[] {
  if (!header) return ['identity']
  const accepted = qualities(header)
  const any = accepted.get('*')
  const ranked = codings
    .map(({ name }): { name: Coding; quality: number } => ({ name, quality: accepted.get(name) ?? any ?? 0 }))
    .filter(({ quality }) => quality > 0)
  // Without a word about it, identity is acceptable but least wanted.
  const identity = accepted.get('identity') ?? 0
  ranked.push({ name: 'identity', quality: identity })
  return ranked.toSorted((a, b) => b.quality - a.quality).map(({ name }) => name)
}
