/** What stands in a field for a figure: nothing for none. */
export function fieldText(figure: number | null | undefined): string {
  return figure === null || figure === undefined ? '' : String(figure)
}

/**
 * A whole number of at least 1, as people write it, in groups of three or without (`1,000,000`); null for an empty field,
 * undefined for anything else, `2.5` too.
 */
export function readWhole(text: string): number | null | undefined {
  const written = text.trim()
  if (written === '') return null
  if (!/^(\d{1,13}|\d{1,3}([\s_'’.,]\d{3})+)$/.test(written)) return undefined
  const value = Number(written.replace(/\D/g, ''))
  return value >= 1 && value <= 1e12 ? value : undefined
}
