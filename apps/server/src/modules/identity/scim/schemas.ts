export const userSchemaId = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupSchemaId = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const enterpriseSchemaId = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** One attribute of a schema, in the words of RFC 7643, section 7. */
export interface Attribute {
  name: string
  type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'binary' | 'complex'
  multiValued: boolean
  description: string
  required: boolean
  caseExact: boolean
  mutability: 'readOnly' | 'readWrite' | 'immutable'
  returned: 'always' | 'default'
  uniqueness: 'none' | 'server'
  canonicalValues?: string[]
  referenceTypes?: string[]
  subAttributes?: Attribute[]
}

export interface Schema {
  id: string
  name: string
  description: string
  attributes: Attribute[]
}

/** What a resource is made of: its core schema, and the extensions that hang under their own URN. */
export interface ResourceSchema {
  core: Schema
  extensions: Schema[]
}

function attribute(name: string, description: string, more: Partial<Attribute> = {}): Attribute {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...more,
  }
}

function complex(name: string, description: string, subAttributes: Attribute[], more: Partial<Attribute> = {}) {
  return attribute(name, description, { type: 'complex', subAttributes, ...more })
}

/** A multi-valued attribute with the usual sub-attributes (RFC 7643, section 2.4). */
function values(name: string, description: string, types: string[], value: Partial<Attribute> = {}): Attribute {
  return complex(
    name,
    description,
    [
      attribute('value', 'The value itself.', value),
      attribute('display', 'The value for people to read.'),
      attribute('type', 'What it is for.', types.length > 0 ? { canonicalValues: types } : {}),
      attribute('primary', 'Whether it is the one to use first; true at most once.', { type: 'boolean' }),
    ],
    { multiValued: true },
  )
}

const readOnly = { mutability: 'readOnly' } as const
const link = { type: 'reference', caseExact: true } as const

const user: Schema = {
  id: userSchemaId,
  name: 'User',
  description: 'A person of the workspace.',
  attributes: [
    attribute('userName', 'What the directory calls the person; unique in the workspace.', {
      required: true,
      uniqueness: 'server',
    }),
    complex('name', 'The parts of the name.', [
      attribute('formatted', 'The whole name.'),
      attribute('familyName', 'Family name.'),
      attribute('givenName', 'Given name.'),
      attribute('middleName', 'Middle names.'),
      attribute('honorificPrefix', 'Title before the name.'),
      attribute('honorificSuffix', 'Suffix behind the name.'),
    ]),
    attribute('displayName', 'The name that others see.'),
    attribute('nickName', 'What friends say.'),
    attribute('profileUrl', 'Page about the person.', link),
    attribute('title', 'Job title.'),
    attribute('userType', 'Kind of employment.'),
    attribute('preferredLanguage', 'As in Accept-Language.'),
    attribute('locale', 'For dates and numbers.'),
    attribute('timezone', 'In the form of the Olson database.'),
    attribute('active', 'Whether the person may use the workspace.', { type: 'boolean' }),
    values('emails', 'Addresses; the primary one is the account’s.', ['work', 'home', 'other']),
    values('phoneNumbers', 'Telephone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
    values('ims', 'Addresses for instant messages.', []),
    values('photos', 'Addresses of pictures.', ['photo', 'thumbnail'], link),
    complex(
      'addresses',
      'Postal addresses.',
      [
        attribute('formatted', 'The whole address.'),
        attribute('streetAddress', 'Street and number.'),
        attribute('locality', 'Town.'),
        attribute('region', 'State or region.'),
        attribute('postalCode', 'Postal code.'),
        attribute('country', 'Country, as in ISO 3166-1 alpha-2.'),
        attribute('type', 'What it is for.', { canonicalValues: ['work', 'home', 'other'] }),
        attribute('primary', 'Whether it is the one to use first.', { type: 'boolean' }),
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'Groups the person is in; changed through the groups.',
      [
        attribute('value', 'Id of the group.', { ...readOnly, caseExact: true }),
        attribute('$ref', 'Address of the group.', { ...readOnly, ...link, referenceTypes: ['Group'] }),
        attribute('display', 'Name of the group.', readOnly),
        attribute('type', 'How the person is in it.', { ...readOnly, canonicalValues: ['direct'] }),
      ],
      { ...readOnly, multiValued: true },
    ),
    values('entitlements', 'What the person is entitled to elsewhere; kept, not acted on.', []),
    values('roles', 'The one role in the workspace: admin, member, viewer, or a role made there.', []),
    values('x509Certificates', 'Certificates.', [], { type: 'binary', caseExact: true }),
  ],
}

const enterprise: Schema = {
  id: enterpriseSchemaId,
  name: 'EnterpriseUser',
  description: 'A person in an organisation.',
  attributes: [
    attribute('employeeNumber', 'Number of the employee.'),
    attribute('costCenter', 'Cost centre.'),
    attribute('organization', 'Organisation.'),
    attribute('division', 'Division.'),
    attribute('department', 'Department.'),
    complex('manager', 'The manager.', [
      attribute('value', 'Id of the manager.', { caseExact: true }),
      attribute('$ref', 'Address of the manager.', { ...link, referenceTypes: ['User'] }),
      attribute('displayName', 'Name of the manager.'),
    ]),
  ],
}

const group: Schema = {
  id: groupSchemaId,
  name: 'Group',
  description: 'People of the workspace under a name.',
  attributes: [
    attribute('displayName', 'Name of the group; unique in the workspace.', { required: true, uniqueness: 'server' }),
    complex(
      'members',
      'People in the group.',
      [
        attribute('value', 'Id of the person.', { mutability: 'immutable', caseExact: true }),
        attribute('$ref', 'Address of the person.', { mutability: 'immutable', ...link, referenceTypes: ['User'] }),
        attribute('type', 'People alone.', { mutability: 'immutable', canonicalValues: ['User'] }),
        attribute('display', 'Name of the person.', readOnly),
      ],
      { multiValued: true },
    ),
  ],
}

/** Of every resource (RFC 7643, section 3.1); not part of any schema's own list. */
const common: Attribute[] = [
  attribute('id', 'Made by Parley.', { ...readOnly, caseExact: true, returned: 'always' }),
  attribute('externalId', 'The directory’s own name for it.', { caseExact: true }),
  complex(
    'meta',
    'About the resource.',
    [
      attribute('resourceType', 'Its type.', { ...readOnly, caseExact: true }),
      attribute('created', 'When it came to be.', { ...readOnly, type: 'dateTime' }),
      attribute('lastModified', 'When it changed last.', { ...readOnly, type: 'dateTime' }),
      attribute('location', 'Its address.', { ...readOnly, ...link }),
      attribute('version', 'Its ETag.', { ...readOnly, caseExact: true }),
    ],
    readOnly,
  ),
]

export const userResource: ResourceSchema = { core: user, extensions: [enterprise] }
export const groupResource: ResourceSchema = { core: group, extensions: [] }
export const allSchemas: Schema[] = [user, enterprise, group]

/** The attributes that stand at the top of a resource. */
export function topAttributes({ core }: ResourceSchema): Attribute[] {
  return [...common, ...core.attributes]
}

/** The attribute of this name, whose case does not matter (RFC 7643, section 2.1). */
export function findAttribute(attributes: readonly Attribute[] | undefined, name: string): Attribute | undefined {
  const wanted = name.toLowerCase()
  return attributes?.find((each) => each.name.toLowerCase() === wanted)
}
