/** An outbound request that Parley does not make. `message` is reason and remedy, and is safe to show to the person who asked. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
  /** What is wrong, one sentence. */
  readonly reason: string
  /** What to do about it, one sentence. */
  readonly remedy: string

  constructor(reason: string, remedy: string) {
    super(`${reason} ${remedy}`)
    this.reason = reason
    this.remedy = remedy
  }
}
