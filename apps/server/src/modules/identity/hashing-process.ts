import { hashSync, verifySync } from '@node-rs/argon2'
import { answerQuietly } from '../../platform/answer-quietly.ts'
import type { HashingQuestion } from './passwords.ts'

// argon2id with OWASP's parameters: 19 MiB, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

answerQuietly(({ password, passwordHash }: HashingQuestion) =>
  passwordHash === undefined ? hashSync(password, cost) : verifySync(passwordHash, password),
)
