const money = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD' })
const exactMoney = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 6,
})
const month = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' })

/** An amount that is charged, which is whole cents: `$12.50`. */
export function formatMoney(microUsd: number): string {
  return money.format(microUsd / 1e6)
}

/** A cost as the ledger has it, to the last digit: sums of these can be checked. */
export function formatExactMoney(microUsd: number): string {
  return exactMoney.format(microUsd / 1e6)
}

/** `2026-11` for people. */
export function formatMonth(label: string): string {
  return month.format(new Date(`${label}-01T00:00:00Z`))
}

/** Dollars as people write them (`20`, `1,234.50`) in micro-USD, whole cents; null for nothing, undefined for anything else. */
export function readMoney(text: string): number | null | undefined {
  const written = text.trim().replace(/^\$\s*/, '')
  if (written === '') return null
  if (!/^(\d{1,6}|\d{1,3}(,\d{3})+)([.,]\d{1,2})?$/.test(written)) return undefined
  // A comma before exactly three figures parts thousands.
  const plain = written.replaceAll(/,(?=\d{3})/g, '').replace(',', '.')
  return Math.round(Number(plain) * 100) * 10_000
}

/** The field's text for an amount. */
export function moneyText(microUsd: number | null): string {
  return microUsd === null ? '' : (microUsd / 1e6).toFixed(2).replace(/\.00$/, '')
}
