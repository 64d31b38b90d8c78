import type { ApiKey, KeyResources, Scope } from '@parley/contract'

/** What the dialog of a key holds. */
export interface KeyForm {
  name: string
  scopes: Scope[]
  resources: KeyResources
  /** A line each. */
  addresses: string
  /** Days from now; empty: never; `keep`: as it is. */
  days: string
  signing: '' | 'hmac-sha256' | 'ed25519'
  publicKey: string
}

export function formOf(key: ApiKey | undefined, scopes: Scope[]): KeyForm {
  return {
    name: key?.name ?? '',
    scopes: key?.scopes ?? scopes,
    resources: key?.resources ?? {},
    addresses: key?.allowedAddresses.join('\n') ?? '',
    days: key ? 'keep' : '90',
    signing: key?.signing?.algorithm ?? '',
    publicKey: '',
  }
}

/** Whether everything that has to be chosen is. */
export function isComplete({ scopes, resources }: KeyForm): boolean {
  return scopes.length > 0 && Object.values(resources).every((chosen) => chosen === undefined || chosen.length > 0)
}

/** The body of a request that makes the key. */
export function newKeyOf(form: KeyForm, serviceAccountId: string | undefined) {
  const { signing, publicKey } = form
  return {
    name: form.name,
    serviceAccountId,
    scopes: form.scopes,
    resources: form.resources,
    allowedAddresses: addressesOf(form),
    expiresAt: expiryOf(form) ?? undefined,
    signing: signing === 'ed25519' ? { algorithm: signing, publicKey } : signing ? { algorithm: signing } : undefined,
  }
}

/** The body of a request that changes it. */
export function changeOf(form: KeyForm) {
  return {
    name: form.name,
    scopes: form.scopes,
    resources: form.resources,
    allowedAddresses: addressesOf(form),
    ...(form.days === 'keep' ? {} : { expiresAt: expiryOf(form) }),
  }
}

function addressesOf({ addresses }: KeyForm): string[] {
  return addresses.split(/[\s,;]+/).filter(Boolean)
}

function expiryOf({ days }: KeyForm): string | null {
  return days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString()
}
