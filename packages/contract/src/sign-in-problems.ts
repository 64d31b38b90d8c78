/**
 * Why a sign-in through a provider was refused, and what to do about it. Closed: the error page's address holds one of
 * these codes, and the page shows nothing else of it.
 */
export const signInProblems = {
  unknown_state: {
    title: 'This sign-in did not begin here',
    advice: 'The answer belongs to no sign-in that this server knows. Begin again from the sign-in page.',
  },
  already_used: {
    title: 'This sign-in was used already',
    advice: 'Each one counts once, also after going back or reloading. Begin again from the sign-in page.',
  },
  took_too_long: { title: 'That took too long', advice: 'A sign-in is kept for ten minutes. Begin again.' },
  other_browser: {
    title: 'This sign-in began in another browser',
    advice: 'Finish where you began, under the same address of Parley and with cookies allowed, or begin again here.',
  },
  wrong_issuer: {
    title: 'The answer came from someone else',
    advice:
      'It names another issuer than the provider you chose. Begin again; if it stays so, ask your administrator to check the issuer’s address.',
  },
  wrong_nonce: {
    title: 'The answer belongs to another sign-in',
    advice: 'It was made for another request. Begin again from the sign-in page.',
  },
  token_expired: {
    title: 'The provider’s answer has expired',
    advice:
      'Begin again. If it stays so, the clock of this server or of the provider is wrong: tell your administrator.',
  },
  token_invalid: {
    title: 'The provider’s answer could not be trusted',
    advice: 'Its signature or contents are not right. Begin again; if it stays so, tell your administrator.',
  },
  code_refused: {
    title: 'The provider did not confirm the sign-in',
    advice: 'Its code was used already, or is too old. Begin again from the sign-in page.',
  },
  client_refused: {
    title: 'The provider does not know this server',
    advice: 'It refused the client id or secret. Ask your administrator to correct them in the sign-in settings.',
  },
  denied: {
    title: 'You did not agree',
    advice: 'The provider says that the sign-in was cancelled. Begin again, or sign in another way.',
  },
  provider_failed: {
    title: 'The provider could not sign you in',
    advice: 'It answered with an error. Try again in a moment, or sign in another way.',
  },
  provider_unreachable: {
    title: 'The provider cannot be reached',
    advice: 'It did not answer this server. Try again in a moment, or sign in another way.',
  },
  provider_gone: {
    title: 'This way to sign in is no longer offered',
    advice: 'Its provider was removed. Sign in another way, or ask your administrator.',
  },
  email_missing: {
    title: 'The provider told no email address',
    advice:
      'Parley knows people by one. Add an address to your account there and allow that it is shared, then begin again.',
  },
  email_unverified: {
    title: 'Your email address is not verified there',
    advice: 'Confirm the address with the provider, then begin again. Until then it does not count as yours.',
  },
  not_admitted: {
    title: 'You have no account here',
    advice:
      'Nobody has invited this address, and it gets none by itself. Ask an administrator of the workspace for access.',
  },
  wrong_tenant: {
    title: 'Your organization is not admitted',
    advice: 'Accounts of this organization cannot sign in here. Choose another account, or ask your administrator.',
  },
  account_taken: {
    title: 'That account belongs to someone else here',
    advice: 'It is connected to another person’s account. Disconnect it there first, or choose another one.',
  },
  session_changed: {
    title: 'You are no longer signed in as before',
    advice: 'Connecting an account needs the session in which it began. Sign in and begin again.',
  },
  sso_required: {
    title: 'Your workspace asks for another provider',
    advice: 'It accepts single sign-on through certain providers only. Choose one of them on its sign-in page.',
  },
  too_many: { title: 'Too many tries', advice: 'Wait a little, then begin again.' },
  internal: {
    title: 'Something went wrong here',
    advice: 'It is not your fault. Try again; whoever runs this server finds the reason in its log.',
  },
} as const satisfies Record<string, { title: string; advice: string }>
export type SignInProblem = keyof typeof signInProblems
