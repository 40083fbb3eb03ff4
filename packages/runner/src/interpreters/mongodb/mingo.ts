/** mingo with its differences from MongoDB mended: field order, `$lookup` with a pipeline, `$median`, `$meta`. */
import { Aggregator } from 'mingo/aggregator'
import { Context } from 'mingo/core'
import { Lazy } from 'mingo/lazy'
import * as accumulators from 'mingo/operators/accumulator'
import * as expressions from 'mingo/operators/expression'
import * as stages from 'mingo/operators/pipeline'
import * as projections from 'mingo/operators/projection'
import * as queries from 'mingo/operators/query'
import * as windows from 'mingo/operators/window'
import { Query } from 'mingo/query'
import { updateOne } from 'mingo/updater'
import { compare, type Doc } from './compare.ts'
import { keyOf, MongoServerError, valuesAt } from './document.ts'

export { updateOne as mingoUpdateOne }

/** Where a matched document carries its text score through the stages. */
export const scoreKey = Symbol('textScore')

type Scored = Doc & { [scoreKey]?: number }
type Rows = { map: (change: (row: Doc) => Doc) => Rows; transform: (change: (rows: Doc[]) => Rows | Doc[]) => Rows }
type Stage = (rows: Rows, expression: Doc, options: unknown) => Rows

const project = stages.$project as unknown as Stage
const group = stages.$group as unknown as Stage
const sort = stages.$sort as unknown as Stage

export function scoreOf(row: Scored): number {
  const score = row[scoreKey]
  if (score === undefined) {
    throw new MongoServerError('query requires text score metadata, but it is not available', 40218, 'Location40218')
  }
  return score
}

/** `_id` first, then included fields in the order of the document, then computed ones in the order of the projection. */
function inServerOrder(source: Scored, row: Doc, expression: Doc): Doc {
  const ordered: Scored = {}
  if (Object.hasOwn(row, '_id')) ordered['_id'] = row['_id']
  const isIncluded = (field: string) =>
    Object.entries(expression).some(
      ([path, how]) => path.split('.')[0] === field && (how === 1 || how === true || how === 0 || how === false),
    )
  for (const field of Object.keys(source))
    if (Object.hasOwn(row, field) && isIncluded(field)) ordered[field] = row[field]
  for (const [field, value] of Object.entries(row)) ordered[field] = value
  if (source[scoreKey] !== undefined) ordered[scoreKey] = source[scoreKey]
  return ordered
}

const mended: Record<string, Stage> = {
  $project: (rows, expression, options) => {
    let source: Doc = {}
    // Rows are pulled one by one, so the row that comes out belongs to the one that went in last.
    const watched = rows.map((row) => {
      source = row
      return row
    })
    return project(watched, expression, options).map((row) => inServerOrder(source, row, expression))
  },
  $group: (rows, expression, options) =>
    group(rows, expression, options).map((row) => ({ ...('_id' in row && { _id: row['_id'] }), ...row })),
  $sort: (rows, expression, options) => {
    const keys = Object.entries(expression)
    if (!keys.some(([, how]) => isMeta(how))) return sort(rows, expression, options)
    return rows.transform((all) => {
      const ordered = all.toSorted((a, b) => {
        for (const [field, how] of keys) {
          const order = isMeta(how)
            ? scoreOf(b) - scoreOf(a)
            : compare(valuesAt(a, field)[0], valuesAt(b, field)[0]) * (how === -1 ? -1 : 1)
          if (order !== 0) return order
        }
        return 0
      })
      return Lazy(ordered) as unknown as Rows
    })
  },
}

function isMeta(how: unknown): boolean {
  return typeof how === 'object' && how !== null && (how as Doc)['$meta'] === 'textScore'
}

export type Database = (name: string) => Doc[]

/** The query language over the collections of one database. */
export function createLanguage(collections: Database) {
  /** Wrong on unsorted input otherwise. */
  const onSorted = (accumulator: unknown) => {
    const original = accumulator as (rows: Doc[], expression: Doc, options: unknown) => unknown
    return (rows: Doc[], expression: Doc, options: unknown) => {
      const input = String(expression['input']).replace(/^\$/, '')
      return original(
        rows.toSorted((a, b) => compare(valuesAt(a, input)[0], valuesAt(b, input)[0])),
        expression,
        options,
      )
    }
  }
  const lookup: Stage = (rows, expression, options) => {
    const {
      from,
      localField,
      foreignField,
      pipeline,
      as,
      let: variables,
    } = expression as {
      from?: string
      localField?: string
      foreignField?: string
      pipeline?: Doc[]
      as: string
      let?: Doc
    }
    if (from === undefined || localField === undefined || foreignField === undefined || !pipeline) {
      return (stages.$lookup as unknown as Stage)(rows, expression, options)
    }
    // Both forms at once: the equality first, the pipeline on its matches only.
    return rows.map((row) => {
      const wanted = new Set(valuesAt(row, localField).map((value) => keyOf(value ?? null)))
      const matches = collections(from).filter((other) =>
        valuesAt(other, foreignField).some((value) => wanted.has(keyOf(value ?? null))),
      )
      const inner = createWith({ ...(variables && { variables: resolve(row, variables) }) })
      return { ...row, [as]: inner.aggregate(matches, pipeline) }
    })
  }
  const context = Context.init({
    accumulator: {
      ...accumulators,
      $median: onSorted(accumulators.$median),
      $percentile: onSorted(accumulators.$percentile),
    } as never,
    expression: { ...expressions, $meta: (row: Scored) => scoreOf(row) } as never,
    pipeline: { ...stages, ...mended, $lookup: lookup } as never,
    projection: projections,
    query: queries,
    window: windows,
  })

  function resolve(row: Doc, variables: Doc): Doc {
    const [values = {}] = createWith({}).aggregate([row], [{ $project: { _id: 0, ...variables } }])
    return values
  }

  function createWith(more: { variables?: Doc }) {
    const options = { context, collectionResolver: collections as never, ...more }
    return {
      options,
      matches: (document: Doc, filter: Doc) => new Query(filter, options).test(document),
      filter: (documents: readonly Doc[], filter: Doc) => {
        const query = new Query(filter, options)
        return documents.filter((document) => query.test(document))
      },
      aggregate: (documents: readonly Doc[], pipeline: Doc[]): Doc[] =>
        new Aggregator(pipeline, options).run(documents as Doc[]),
    }
  }
  return createWith({})
}

export type Language = ReturnType<typeof createLanguage>
