import { hash, verify } from '@node-rs/argon2'
import { AppError } from '../../platform/errors.ts'

// argon2id with OWASP's parameters: 19 MiB, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** The hash of random bytes nobody kept. Costs as much to check as a real one, so that time tells no email address. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$MFIKEWoZk/FOupcQrOKXuQ$uSLMgk6f0Z+XEaXEzjI5xVbBzQcsAiNwqCi/7EvWTvs'

// Hashing runs on libuv's four threads, which files and name look-ups need too; more than two at once would delay them.
const atOnce = 2
const waitingAtMost = 100
let running = 0
const waiting: (() => void)[] = []

/** The argon2id hash of a password, as PHC string. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost))
}

/** Whether the password is the one of `passwordHash`; takes as long when there is no hash. */
export async function checkPassword(password: string, passwordHash: string | null | undefined): Promise<boolean> {
  const right = await inTurn(() => verify(passwordHash ?? nobodysHash, password))
  return right && typeof passwordHash === 'string'
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) {
    if (waiting.length >= waitingAtMost) {
      throw new AppError('unavailable', 'Too many people sign in at this moment. Try again.', { retryAfterSeconds: 5 })
    }
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running++
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
