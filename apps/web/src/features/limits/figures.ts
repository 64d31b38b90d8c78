/** What stands in a field for a figure: nothing for none. */
export function fieldText(figure: number | null | undefined): string {
  return figure === null || figure === undefined ? '' : String(figure)
}

/** A whole number of at least 1, as people write it (`1,000,000`); null for an empty field, undefined for anything else. */
export function readWhole(text: string): number | null | undefined {
  const plain = text.replace(/[\s_'’.,]/g, '')
  if (plain === '') return text.trim() === '' ? null : undefined
  const value = /^\d{1,13}$/.test(plain) ? Number(plain) : 0
  return value >= 1 && value <= 1e12 ? value : undefined
}
