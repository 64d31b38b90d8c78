const microUsdPerCent = 10_000n

/** `amount × numerator ÷ denominator` in micro-USD, rounded half up to whole cents: what can be paid. Exact, however large. */
export function centsOf(amountMicroUsd: number, numerator = 1, denominator = 1): number {
  const divisor = BigInt(denominator) * microUsdPerCent
  const share = BigInt(amountMicroUsd) * BigInt(numerator)
  return Number(((share * 2n + divisor) / (divisor * 2n)) * microUsdPerCent)
}
