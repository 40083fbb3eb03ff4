/** A YAML text that remembers on which line each of its fields stands, held against a schema. */
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type ContentError, contentError, show } from './error.ts'

export type YamlSource = {
  value: unknown
  /** Line in the file of the deepest part of the path that exists. */
  lineOf: (path: readonly PropertyKey[]) => number
  errors: ContentError[]
}

/** `linesBefore`: lines of the file above the first line of the text (frontmatter). */
export function readYaml(file: string, text: string, linesBefore = 0): YamlSource {
  const lineCounter = new LineCounter()
  const lineAt = (offset: number) => linesBefore + Math.max(1, lineCounter.linePos(offset).line)
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent' })
  const errors = document.errors.map((error) =>
    contentError(file, lineAt(error.pos[0]), 'yaml', firstLine(error.message), 'valid YAML'),
  )
  let value: unknown
  if (errors.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 50 })
    } catch (error) {
      errors.push(
        contentError(
          file,
          linesBefore + 1,
          'yaml',
          firstLine(error instanceof Error ? error.message : String(error)),
          'plain YAML',
        ),
      )
    }
  }

  function lineOf(path: readonly PropertyKey[]): number {
    let node: unknown = document.contents
    let offset = (node as Node | null)?.range?.[0] ?? 0
    for (const key of path) {
      if (isMap(node)) {
        const pair: Pair | undefined = node.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
        )
        if (!pair) break
        offset = (pair.key as Node).range?.[0] ?? offset
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(key)]
        if (node === undefined) break
        offset = (node as Node).range?.[0] ?? offset
      } else break
    }
    return lineAt(offset)
  }
  return { value, lineOf, errors }
}

/** The value as the schema has it, or undefined with one error for each thing that is wrong. */
export function validate<S extends z.ZodType>(
  schema: S,
  source: YamlSource,
  file: string,
  under: readonly PropertyKey[] = [],
  name: string = '',
): { value: z.infer<S> | undefined; errors: ContentError[] } {
  const value = at(source.value, under)
  const result = schema.safeParse(value, { error: expectation })
  if (result.success) return { value: result.data, errors: [] }
  const errors = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const path = [...issue.path, key]
        return contentError(
          file,
          source.lineOf([...under, ...path]),
          fieldName(name, path),
          'a field that is not known',
          issue.message,
        )
      })
    }
    const params = issue.code === 'custom' ? (issue.params as { found?: string } | undefined) : undefined
    const found = params?.found ?? measure(issue, at(value, issue.path))
    return [
      contentError(file, source.lineOf([...under, ...issue.path]), fieldName(name, issue.path), found, issue.message),
    ]
  })
  return { value: undefined, errors }
}

/** `sources[1].url`. */
export function fieldName(name: string, path: readonly PropertyKey[]): string {
  let text = name
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(String(key)) ? String(key) : JSON.stringify(key)}`
  }
  return text === '' ? 'file' : text
}

/** What a schema without words of its own expects. */
const expectation: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'string' && issue.input === undefined) return 'text'
      return (
        {
          string: 'text (in quotes, if it looks like a number or a date)',
          array: 'a list',
          object: 'a map of fields',
          record: 'a map',
          int: 'a whole number',
          number: 'a number',
          boolean: 'true or false',
        }[String(issue.expected)] ?? issue.expected
      )
    case 'too_small':
      return `at least ${issue.minimum}${unit(issue.origin)}`
    case 'too_big':
      return `at most ${issue.maximum}${unit(issue.origin)}`
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'invalid_union':
      return 'one of single, multi, order, fill'
    case 'unrecognized_keys': {
      const shape = (issue.inst as unknown as { shape?: object } | undefined)?.shape
      return shape ? `only ${Object.keys(shape).join(', ')}` : 'known fields only'
    }
    case 'invalid_key':
      return issue.issues[0]?.message
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      break
  }
  return issue.message
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' of them' : ''
}

function measure(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    if (typeof value === 'string') return `${value.length} characters`
    if (Array.isArray(value)) return `${value.length}`
  }
  if (issue.code === 'invalid_key') return show(issue.path.at(-1))
  return show(value)
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let part = value
  for (const key of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined
    part = (part as Record<PropertyKey, unknown>)[key]
  }
  return part
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
