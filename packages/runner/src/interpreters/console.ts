/** A console that prints what Node's console prints, through one print function. */
import type { Realm } from '../interpreter.ts'

type Options = Record<string, unknown>

/** The methods of Node's console that a fence can use. Times are real: do not assert them. `flushed` is when everything is printed. */
export function createConsole(print: (text: string) => void, realm: Pick<Realm, 'format' | 'inspect' | 'probe'>) {
  const counts = new Map<string, number>()
  const timers = new Map<string, number>()
  let indent = ''

  const queue = createQueue(print, realm)

  const write = (make: () => string) => {
    const margin = indent
    queue.add(() => `${margin === '' ? make() : margin + make().replaceAll('\n', `\n${margin}`)}\n`)
  }
  const log = (...values: unknown[]) => write(() => realm.format(...values))
  const elapsed = (label: string) => `${(performance.now() - (timers.get(label) ?? performance.now())).toFixed(3)}ms`

  const methods = {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    dirxml: log,
    dir: (value: unknown, options: Options = {}) =>
      write(() => realm.inspect(value, { customInspect: false, ...options })),
    trace: (...values: unknown[]) => write(() => (values.length > 0 ? `Trace: ${realm.format(...values)}` : 'Trace')),
    assert: (holds?: unknown, ...values: unknown[]) => {
      if (holds) return
      if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`
      else values.unshift('Assertion failed')
      log(...values)
    },
    group: (...values: unknown[]) => {
      if (values.length > 0) log(...values)
      indent += '  '
    },
    groupCollapsed: (...values: unknown[]) => {
      if (values.length > 0) log(...values)
      indent += '  '
    },
    groupEnd: () => {
      indent = indent.slice(2)
    },
    count: (label = 'default') => {
      counts.set(label, (counts.get(label) ?? 0) + 1)
      log(`${label}: ${counts.get(label)}`)
    },
    countReset: (label = 'default') => void counts.delete(label),
    time: (label = 'default') => void timers.set(label, performance.now()),
    timeLog: (label = 'default', ...values: unknown[]) => log(`${label}: ${elapsed(label)}`, ...values),
    timeEnd: (label = 'default') => {
      log(`${label}: ${elapsed(label)}`)
      timers.delete(label)
    },
    table: (data: unknown, columns?: string[]) => {
      if (data === null || typeof data !== 'object') return log(data)
      write(() => table(data, columns, realm.inspect))
    },
  }
  return { methods, flushed: queue.flushed }
}

/** Prints in order, holding back what shows a promise until its state at the time of the call is known. */
function createQueue(print: (text: string) => void, realm: Pick<Realm, 'probe'>) {
  type Entry = { text: string; isReady: boolean }
  const waiting: Entry[] = []
  let last: Promise<void> = Promise.resolve()
  const drain = () => {
    while (waiting[0]?.isReady) print((waiting.shift() as Entry).text)
  }
  return {
    add: (make: () => string) => {
      const text = make()
      const known = realm.probe?.()
      if (!known && waiting.length === 0) return print(text)
      const entry: Entry = { text, isReady: !known }
      waiting.push(entry)
      if (!known) return
      last = known.then(() => {
        entry.text = make()
        entry.isReady = true
        drain()
      })
      // What the output limit throws here belongs to no caller: the run has ended by then.
      last.catch(() => {})
    },
    flushed: () => last,
  }
}

/** Node's `console.table`: an index column, one column a key, and `Values` for rows that are not objects. */
function table(data: object, columns: string[] | undefined, inspect: Realm['inspect']): string {
  const show = (value: unknown) =>
    inspect(value, {
      maxArrayLength: 3,
      breakLength: Infinity,
      depth:
        value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0,
    })
  const isMap = data instanceof Map
  const isSet = data instanceof Set
  const indexHeader = isMap || isSet ? '(iteration index)' : '(index)'
  const rows: [string, unknown][] = isMap
    ? [...data].map(([, value], index) => [String(index), value])
    : isSet
      ? [...data].map((value, index) => [String(index), value])
      : Object.entries(data)
  const keys: string[] = []
  const cells: Map<string, string>[] = []
  const values: string[] = []
  let hasValues = false
  const mapKeys = isMap ? [...data.keys()].map(show) : []
  for (const [index, [, row]] of rows.entries()) {
    const line = new Map<string, string>()
    const isPrimitive = row === null || (typeof row !== 'object' && typeof row !== 'function')
    if (isPrimitive || isMap) {
      hasValues = true
      values[index] = show(row)
    } else {
      for (const key of columns ?? Object.keys(row)) {
        if (!keys.includes(key)) keys.push(key)
        if (Object.hasOwn(row, key)) line.set(key, show((row as Record<string, unknown>)[key]))
      }
    }
    cells.push(line)
  }
  const header = [indexHeader, ...(isMap ? ['Key'] : []), ...keys, ...(hasValues ? ['Values'] : [])]
  const lines = rows.map(([name], index) => [
    name,
    ...(isMap ? [mapKeys[index] ?? ''] : []),
    ...keys.map((key) => cells[index]?.get(key) ?? ''),
    ...(hasValues ? [values[index] ?? ''] : []),
  ])
  const widths = header.map(
    (name, column) => Math.max(name.length, ...lines.map((line) => (line[column] ?? '').length)) + 2,
  )
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width)).join(middle) + right
  const draw = (line: string[]) =>
    `│${line.map((cell, column) => ` ${cell}${' '.repeat((widths[column] ?? 0) - cell.length - 1)}`).join('│')}│`
  return [rule('┌', '┬', '┐'), draw(header), rule('├', '┼', '┤'), ...lines.map(draw), rule('└', '┴', '┘')].join('\n')
}
