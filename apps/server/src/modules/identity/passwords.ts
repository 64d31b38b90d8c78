import { quietProcesses } from '../../platform/quiet-process.ts'

/** With `passwordHash` whether the password is the one of it, else what the hash of the password is. */
export interface HashingQuestion {
  password: string
  passwordHash?: string
}

/** The hash of random bytes nobody kept. Costs as much to check as a real one, so that time tells no email address. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$MFIKEWoZk/FOupcQrOKXuQ$uSLMgk6f0Z+XEaXEzjI5xVbBzQcsAiNwqCi/7EvWTvs'

// Not on libuv's threads: replies being written, files and name look-ups would wait for them.
const processes = quietProcesses<HashingQuestion, string | boolean>(new URL('./hashing-process.ts', import.meta.url), {
  most: 2,
  waitingAtMost: 100,
  busy: 'Too many people sign in at this moment. Try again.',
})

/**
 * The argon2id hash of a password, as PHC string.
 * @throws AppError unavailable when too many wait
 */
export async function hashPassword(password: string): Promise<string> {
  return String(await processes.ask({ password }))
}

/**
 * Whether the password is the one of `passwordHash`; takes as long when there is no hash.
 * @throws AppError unavailable when too many wait
 */
export async function checkPassword(password: string, passwordHash: string | null | undefined): Promise<boolean> {
  const right = await processes.ask({ password, passwordHash: passwordHash ?? nobodysHash })
  return right === true && typeof passwordHash === 'string'
}
