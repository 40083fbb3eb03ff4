/** Figures as text, the same on the page and in the terminal. */

/**
 * A number with as many digits as say something (`digits` fixes how many follow the point), thousands separated by commas.
 * Text is returned as it is; a missing or undefined figure is a dash.
 */
export function formatFigure(value: number | string | undefined, digits?: number): string {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  const places = digits ?? (Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 4)
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}
