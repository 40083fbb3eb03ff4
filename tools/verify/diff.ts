/** The difference of two texts, line by line. */

/** Lines of both, each marked `- ` (only in `expected`), `+ ` (only in `printed`) or two spaces; far equal lines are left out. */
export function diffLines(expected: string, printed: string, context = 2): string[] {
  const a = expected.split('\n')
  const b = printed.split('\n')
  // lengths[i][j]: the longest common subsequence of a from i and b from j. Outputs are short; 2,000 lines a side are not diffed.
  if (a.length * b.length > 4_000_000)
    return [`  ${a.length} lines expected, ${b.length} printed: too long to compare here`]
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      row(lengths, i)[j] =
        a[i] === b[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1))
    }
  }
  const marked: string[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      marked.push(`  ${a[i]}`)
      i++
      j++
    } else if (j >= b.length || (i < a.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      marked.push(`- ${a[i++]}`)
    } else {
      marked.push(`+ ${b[j++]}`)
    }
  }
  const isNear = (index: number) =>
    marked.slice(Math.max(0, index - context), index + context + 1).some((line) => !line.startsWith('  '))
  const shown: string[] = []
  for (const [index, line] of marked.entries()) {
    if (isNear(index)) shown.push(line)
    else if (shown.at(-1) !== '  …') shown.push('  …')
  }
  return shown
}

function row(lengths: Uint32Array[], i: number): Uint32Array {
  return lengths[i] as Uint32Array
}

function at(lengths: Uint32Array[], i: number, j: number): number {
  return row(lengths, i)[j] ?? 0
}
