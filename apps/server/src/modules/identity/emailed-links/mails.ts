import { address, line, type MailContent } from '../../../platform/mail/index.ts'

const notMeant = line`If this was not you, ignore this mail: nothing happens.`

/** To an address that nobody has proven to be theirs: it says nothing that whoever typed the address could choose. */
export function signUpMail(url: string): MailContent {
  return {
    subject: line`Finish signing up`,
    title: line`Finish signing up`,
    body: [
      line`Somebody, you we hope, wants an account with this email address. Choose a name and a password to make it.`,
      { button: 'Make my account', url },
    ],
    footer: [line`The link works for one day, once.`, notMeant],
  }
}

/** Instead of a link to sign up, which would tell whoever typed the address nothing. */
export function haveAccountMail(publicUrl: string): MailContent {
  return {
    subject: line`You already have an account`,
    title: line`You already have an account`,
    body: [
      line`Somebody, you we hope, tried to sign up with this email address, which has an account already. Sign in with it.`,
      { button: 'Sign in', url: `${publicUrl}/login` },
      line`If you forgot the password, choose “Forgot your password?” there.`,
    ],
    footer: [notMeant],
  }
}

export function verifyMail(url: string): MailContent {
  return {
    subject: line`Confirm your email address`,
    title: line`Confirm your email address`,
    body: [line`Confirm that this address is yours.`, { button: 'Confirm address', url }],
    footer: [line`The link works for one day, once.`, notMeant],
  }
}

export function confirmNewAddressMail(url: string): MailContent {
  return {
    subject: line`Confirm your new email address`,
    title: line`Confirm your new email address`,
    body: [
      line`Somebody, you we hope, wants to sign in with this address from now on. Confirm that it is yours.`,
      { button: 'Confirm address', url },
    ],
    footer: [line`The link works for one day, once.`, notMeant],
  }
}

export function addressChangeAskedMail(newAddress: string, publicUrl: string): MailContent {
  return {
    subject: line`Your email address is about to change`,
    title: line`Your email address is about to change`,
    body: [
      line`Your account is to have the address ${address(newAddress)} instead of this one, once the link we sent there is opened.`,
      line`If this was not you, somebody knows your password. Change it now, which also stops this.`,
      { button: 'Choose a new password', url: `${publicUrl}/forgot-password` },
    ],
    footer: [line`If this was you, there is nothing to do.`],
  }
}

export function addressChangedMail(newAddress: string): MailContent {
  return {
    subject: line`Your email address has changed`,
    title: line`Your email address has changed`,
    body: [
      line`Your account now has the address ${address(newAddress)}. Mails no longer come here.`,
      line`If this was not you, tell the people who run this server at once.`,
    ],
    footer: [line`If this was you, there is nothing to do.`],
  }
}

export function resetMail(url: string): MailContent {
  return {
    subject: line`Choose a new password`,
    title: line`Choose a new password`,
    body: [
      line`Somebody, you we hope, forgot the password of the account with this address.`,
      { button: 'Choose a new password', url },
    ],
    footer: [
      line`The link works for one hour, once.`,
      line`If this was not you, ignore this mail: the password stays.`,
    ],
  }
}

export function passwordChangedMail(publicUrl: string): MailContent {
  return {
    subject: line`Your password has changed`,
    title: line`Your password has changed`,
    body: [
      line`The password of your account was changed, and the account was signed out everywhere else. API keys go on working.`,
      line`If this was not you, choose a new password now, then look through your API keys.`,
      { button: 'Choose a new password', url: `${publicUrl}/forgot-password` },
    ],
    footer: [line`If this was you, there is nothing to do.`],
  }
}
