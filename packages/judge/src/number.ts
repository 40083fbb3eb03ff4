/** Numbers as text: the same value in another notation has the same key, to the last digit. */

const shape = /^(-?)(\d[\d_]*)?(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/**
 * A key that equal values share: `1e3`, `1000`, `1_000` and `1000.0`. Digits are compared as text, so
 * `9007199254740993` differs from `9007199254740992`. `-0` differs from `0`. Undefined for anything else,
 * `007` included: no console prints a number with leading zeros.
 */
export function numberKey(text: string): string | undefined {
  const match = shape.exec(text)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', power = '0'] = match
  const digits = whole.replaceAll('_', '')
  if (digits + fraction === '' || /^0\d/.test(digits)) return undefined
  const significant = (digits + fraction).replace(/^0+/, '')
  if (significant === '') return `${sign}0`
  const shortened = significant.replace(/0+$/, '')
  return `${sign}${shortened}e${Number(power) - fraction.length + significant.length - shortened.length}`
}
