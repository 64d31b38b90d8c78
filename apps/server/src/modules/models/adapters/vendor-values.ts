import type { Model } from '../types.ts'

/** The id without the provider's slug. */
export function nameAtProvider(model: Model): string {
  return model.id.slice(model.id.indexOf('/') + 1)
}

/** A number of tokens from a vendor, who may have left it out. */
export function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0
}
