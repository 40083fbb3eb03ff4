/** Tables as psql draws them. */

export type Column = { name: string; isNumeric: boolean }

/** An aligned table with its row count; a null cell is empty, a line break in a cell is continued with `+`. */
export function table(columns: Column[], rows: (string | null)[][]): string {
  const cells = rows.map((row) => row.map((cell) => (cell ?? '').split('\n')))
  const widths = columns.map((column, index) =>
    Math.max(width(column.name), ...cells.flatMap((row) => (row[index] ?? ['']).map(width)), 0),
  )
  const lines = [
    columns.map((column, index) => ` ${center(column.name, widths[index] ?? 0)} `).join('|'),
    widths.map((n) => '-'.repeat(n + 2)).join('+'),
  ]
  for (const row of cells) {
    const height = Math.max(1, ...row.map((cell) => cell.length))
    for (let at = 0; at < height; at++) {
      lines.push(
        columns
          .map((column, index) => {
            const text = row[index]?.[at] ?? ''
            const pad = ' '.repeat((widths[index] ?? 0) - width(text))
            const mark = at < (row[index]?.length ?? 0) - 1 ? '+' : ' '
            return ` ${column.isNumeric ? pad + text : text + pad}${mark}`
          })
          .join('|'),
      )
    }
  }
  return [...lines.map((line) => line.trimEnd()), `(${rows.length} row${rows.length === 1 ? '' : 's'})`].join('\n')
}

function center(text: string, n: number): string {
  const left = Math.floor((n - width(text)) / 2)
  return ' '.repeat(left) + text + ' '.repeat(n - width(text) - left)
}

/** Columns of a terminal: wide characters take two, combining ones none. */
function width(text: string): number {
  let n = 0
  for (const char of text)
    n += /\p{Mark}/u.test(char)
      ? 0
      : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
            char,
          )
        ? 2
        : 1
  return n
}
