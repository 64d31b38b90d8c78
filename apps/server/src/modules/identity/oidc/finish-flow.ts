import { z } from 'zod'
import type { Actor, Platform } from '../../../platform/context.ts'
import { inTransaction } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { addPerson, type Member } from '../add-person.ts'
import { auditAccount } from '../audit-account.ts'
import type { Client } from '../client.ts'
import { completeSignIn, type SignInOutcome } from '../sign-in.ts'
import { findUserByEmail, getFirstWorkspaceId } from '../store.ts'
import { admit, roleFor } from './admit.ts'
import { exchangeCode } from './exchange-code.ts'
import { findFlow, savePending, takeFlow } from './flow-store.ts'
import type { ProvenIdentity } from './identity.ts'
import { findProvider, type KnownProvider } from './providers.ts'
import { SignInRefused } from './refusal.ts'
import { flowSecrets } from './start-flow.ts'
import { findAccount, insertAccount, listMemberships, touchAccount } from './store.ts'

/** How long people may take to say that an existing account is theirs. */
const pendingMs = 15 * 60_000

/** How a sign-in came out: in a session (or the question for a second factor), in an account connected, or in a question. */
export type Finished =
  | { kind: 'signed-in'; outcome: SignInOutcome; next: string }
  | { kind: 'connected'; next: string }
  | { kind: 'asks-to-connect' }

/**
 * Takes what the provider had the browser bring. What was begun is looked up by its state, counts once, in the browser it
 * began in, and for the provider it was begun with.
 * @throws SignInRefused, or what `refusalOf` understands
 */
export async function finishFlow(
  platform: Platform,
  providerId: string,
  answer: URLSearchParams,
  client: Client,
  whoIsSignedIn: () => Promise<Actor | null>,
): Promise<Finished> {
  const state = answer.get('state') ?? ''
  const flow = await takeBegun(platform, state, client)
  if (flow.providerId !== providerId) {
    throw new SignInRefused('wrong_issuer', 'The answer came in at the address of another provider.')
  }
  const provider = await findProvider(platform, flow.providerId)
  if (provider === undefined) throw new SignInRefused('provider_gone', 'The provider was removed meanwhile.')
  const identity = await exchangeCode(platform, provider, answer, { state, ...flowSecrets(platform, flow) })
  if (flow.userId !== null) {
    const actor = await whoIsSignedIn()
    if (actor?.kind !== 'session' || actor.userId !== flow.userId || actor.credentialId !== flow.sessionId) {
      throw new SignInRefused('session_changed', 'Another session, or none, than the one that began.')
    }
    const { userId, workspaceId } = actor
    await inTransaction(platform, (tx) => connectTo(tx, provider, identity, { userId, workspaceId }))
    return { kind: 'connected', next: flow.next }
  }
  return signIn(platform, provider, identity, flow, client)
}

async function takeBegun(platform: Platform, state: string, client: Client) {
  const now = platform.clock.now()
  const stateHash = hashToken(state)
  const flow = await takeFlow(platform.db, { stateHash, browserHash: hashToken(client.browser ?? '') }, now)
  if (flow === undefined) {
    const known = await findFlow(platform.db, stateHash)
    if (known === undefined) throw new SignInRefused('unknown_state', 'No sign-in has this state.')
    if (known.usedAt !== null) throw new SignInRefused('already_used', 'The state was used before.')
    throw new SignInRefused('other_browser', 'The sign-in began in another browser.')
  }
  if (flow.expiresAt <= now) throw new SignInRefused('took_too_long', 'The sign-in took over ten minutes.')
  return flow
}

interface Wanted {
  workspaceId: string | null
  next: string
}

/** Someone whom we know by this account, someone new, or someone whose address is an account here already. */
async function signIn(
  platform: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  wanted: Wanted,
  client: Client,
): Promise<Finished> {
  const wantedId = provider.workspaceId ?? wanted.workspaceId ?? (await getFirstWorkspaceId(platform.db))
  const known = await findAccount(platform.db, identity.issuer, identity.subject)
  if (known === undefined && (await asksToConnect(platform, provider, identity, wanted, client))) {
    return { kind: 'asks-to-connect' }
  }
  if (known !== undefined) await touchAccount(platform.db, known.id, seenAs(provider, identity), platform.clock.now())
  const userId =
    known?.userId ?? (await inTransaction(platform, (tx) => welcome(tx, provider, identity, wantedId))).userId
  const member = await admit(platform, provider, identity, userId, wantedId)
  return { kind: 'signed-in', outcome: await enter(platform, provider, identity, member, client), next: wanted.next }
}

/** Begins the session of someone who was admitted. */
export async function enter(
  platform: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  member: Member,
  client: Client,
): Promise<SignInOutcome> {
  const { idToken, twoFactors } = identity
  const memberships = provider.workspaceId === null ? [] : await listMemberships(platform.db, member.userId)
  return completeSignIn(platform, member, client, {
    method: 'provider',
    twoFactors,
    provider: {
      id: provider.id,
      onlyWorkspaceId: provider.workspaceId,
      provesAccount: memberships.every(({ workspaceId }) => workspaceId === provider.workspaceId),
      sealedIdToken: idToken === null ? null : platform.keyring.seal(idToken, idTokenContext(member.userId)),
    },
  })
}

/** Binds a kept ID token to the person it is about. */
export function idTokenContext(userId: string): string {
  return `session-id-token:${userId}`
}

/**
 * Where the address is someone's here already: notes what waits, for that person to say that the account is theirs. The
 * address alone connects nothing, however well the provider verified it.
 */
async function asksToConnect(
  platform: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  wanted: Wanted,
  { browser }: Client,
): Promise<boolean> {
  const { email, emailVerified } = identity
  if (email === null) throw new SignInRefused('email_missing', 'The provider told no email address.')
  if (!emailVerified) throw new SignInRefused('email_unverified', 'The provider does not vouch for the address.')
  const existing = await findUserByEmail(platform.db, email)
  if (existing === undefined) return false
  if (browser === undefined) throw new SignInRefused('other_browser', 'The browser keeps no cookies.')
  const now = platform.clock.now()
  const browserHash = hashToken(browser)
  await savePending(
    platform.db,
    {
      browserHash,
      userId: existing.id,
      providerId: provider.id,
      workspaceId: wanted.workspaceId,
      sealed: platform.keyring.seal(JSON.stringify(identity), pendingContext(browserHash)),
      next: wanted.next,
      expiresAt: new Date(now.getTime() + pendingMs),
    },
    now,
  )
  return true
}

const identitySchema: z.ZodType<ProvenIdentity> = z.object({
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  name: z.string(),
  label: z.string(),
  claims: z.record(z.string(), z.unknown()),
  idToken: z.string().nullable(),
  twoFactors: z.boolean(),
})

/** What the provider said of whoever waits to be connected. */
export function pendingIdentity(platform: Platform, pending: { browserHash: string; sealed: string }): ProvenIdentity {
  const text = platform.keyring.open(pending.sealed, pendingContext(pending.browserHash))
  return identitySchema.parse(JSON.parse(text))
}

function pendingContext(browserHash: string): string {
  return `pending-connection:${browserHash}`
}

/** Makes an account for someone new, where that is allowed. */
async function welcome(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  wantedId: string,
): Promise<Member> {
  const role = await roleFor(tx, provider, identity, wantedId)
  const { email, name } = identity
  if (role === undefined || email === null) {
    throw new SignInRefused('not_admitted', 'No rule, domain or invitation lets this person in.')
  }
  const emailVerifiedAt = identity.emailVerified ? tx.clock.now() : null
  const person = { email, name, passwordHash: null, emailVerifiedAt }
  const member = await addPerson(tx, person, wantedId, { ...role, managedBy: provider.id })
  await insertConnected(tx, provider, identity, member)
  return member
}

/**
 * Connects the account to a person who proved to be the one.
 * @throws SignInRefused account_taken
 */
export async function connectTo(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  person: { userId: string; workspaceId: string },
): Promise<void> {
  const known = await findAccount(tx.db, identity.issuer, identity.subject)
  if (known === undefined) return insertConnected(tx, provider, identity, person)
  if (known.userId !== person.userId) {
    throw new SignInRefused('account_taken', 'The account is connected to somebody else.')
  }
  await touchAccount(tx.db, known.id, seenAs(provider, identity), tx.clock.now())
}

async function insertConnected(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  { userId, workspaceId }: { userId: string; workspaceId: string },
): Promise<void> {
  const { issuer, subject } = identity
  const account = { userId, issuer, subject, kind: provider.kind, ...seenAs(provider, identity) }
  const stored = await insertAccount(tx.db, account, tx.clock.now())
  if (stored === undefined) throw new SignInRefused('account_taken', 'Someone was quicker with the account.')
  await auditAccount(tx, userId, { action: 'account.connected', after: { providerId: provider.id }, actorId: userId })
  await emit(tx, {
    type: 'account-connected',
    workspaceId,
    subjectId: userId,
    data: { accountId: stored.id, providerId: provider.id },
  })
}

function seenAs(provider: KnownProvider, identity: ProvenIdentity) {
  return { providerId: provider.id, providerName: provider.name, label: identity.label.slice(0, 254) }
}
