import { ParleyError } from '@parley/sdk'

/** Pages that are shown without anyone signed in, or in the middle of it. */
const before = /^\/(login|setup|second-factor|forgot-password|reset-password|confirm-email|sign-up|invitation)/
/** Several requests may fail at once; the page is left once. */
let leaving = false

/** The session was ended elsewhere, or its workspace now asks for a second factor: leads to where that is dealt with. */
export function leaveIfSignedOut(error: unknown): void {
  if (!(error instanceof ParleyError)) return
  if (error.code === 'unauthenticated') goToSignIn()
  if (error.code === 'second_factor_required') leaveTo('/second-factor')
}

/** Leads to the sign-in, and from there back here. */
export function goToSignIn(): void {
  leaveTo('/login')
}

/** The person signs out by themselves: what fails from now on leads nowhere. */
export function signsOut(now: boolean): void {
  leaving = now
}

/** Loads the page anew, so that nothing of the person stays in memory. */
function leaveTo(path: string): void {
  if (leaving || before.test(location.pathname)) return
  leaving = true
  location.assign(`${path}?${new URLSearchParams({ next: location.pathname + location.search })}`)
}
