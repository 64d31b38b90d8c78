import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { emailSchema, passwordSchema } from './identity.ts'

const token = z.string().min(1).max(200)

export const emailedLinkEndpoints = {
  requestSignUp: endpoint({
    method: 'POST',
    path: '/api/v1/auth/sign-up',
    tag: 'Identity',
    summary: 'Have a link to sign up mailed; the answer is the same whether or not there is an account',
    access: 'public',
    body: z.object({
      email: emailSchema,
      /** Token of an invitation by link, for people whom sign-up is not open to. */
      invitation: token.optional(),
    }),
  }),
  requestPasswordReset: endpoint({
    method: 'POST',
    path: '/api/v1/auth/forgot-password',
    tag: 'Identity',
    summary: 'Have a link to choose a new password mailed; the answer is the same whether or not there is an account',
    access: 'public',
    body: z.object({ email: emailSchema }),
  }),
  resetPassword: endpoint({
    method: 'POST',
    path: '/api/v1/auth/reset-password',
    tag: 'Identity',
    summary: 'Choose a new password with the token of the mailed link; all sessions end',
    access: 'public',
    body: z.object({ token, newPassword: passwordSchema }),
  }),
  confirmEmail: endpoint({
    method: 'POST',
    path: '/api/v1/auth/confirm-email',
    tag: 'Identity',
    summary: 'Confirm an email address with the token of the mailed link',
    access: 'public',
    body: z.object({ token }),
    response: z.object({ email: z.string() }),
  }),
  ratePassword: endpoint({
    method: 'POST',
    path: '/api/v1/auth/rate-password',
    tag: 'Identity',
    summary: 'Tell how easy a password is to guess; nothing is kept, and nothing leaves the server',
    access: 'public',
    body: z.object({
      password: z.string().max(200),
      /** What others know of the person: name, email address. */
      personal: z.array(z.string().max(300)).max(10).optional(),
    }),
    response: z.object({
      score: z.int().min(0).max(4),
      accepted: z.boolean(),
      warning: z.string().nullable(),
      suggestions: z.array(z.string()),
    }),
  }),
  requestEmailVerification: endpoint({
    method: 'POST',
    path: '/api/v1/me/email/verification',
    tag: 'Identity',
    summary: 'Have a link mailed that confirms one’s own address',
    access: 'session',
  }),
  changeEmail: endpoint({
    method: 'POST',
    path: '/api/v1/me/email',
    tag: 'Identity',
    summary: 'Change one’s email address; `pending` until the link mailed to the new one is opened',
    access: 'session',
    body: z.object({ email: emailSchema, currentPassword: z.string().max(200) }),
    response: z.object({ pending: z.boolean() }),
  }),
}
