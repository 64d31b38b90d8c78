/** `scimType` of RFC 7644, table 9, as far as it happens here. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'

/** A refusal in SCIM's own words (RFC 7644, section 3.12): `detail` is what an identity provider shows its administrator. */
export class ScimError extends Error {
  readonly status: number
  readonly scimType: ScimType | undefined

  constructor(status: number, scimType: ScimType | undefined, detail: string) {
    super(detail)
    this.name = 'ScimError'
    this.status = status
    this.scimType = scimType
  }
}

/** What is not in the token's workspace does not exist. */
export function noSuchResource(kind: 'User' | 'Group'): ScimError {
  return new ScimError(404, undefined, `There is no such ${kind}.`)
}

export function invalidValue(detail: string): ScimError {
  return new ScimError(400, 'invalidValue', detail)
}
