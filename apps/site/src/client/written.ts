/** A figure as it is read: no more digits than say something. `digits` fixes how many stand behind the point. */
export function written(value: number | string | undefined, digits?: number): string {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '–'
  const places = digits ?? (Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}
