import { answerQuietly } from '../../../platform/answer-quietly.ts'
import { ratePassword } from './rate-password.ts'
import type { RatingQuestion } from './rating.ts'

answerQuietly(({ password, personal }: RatingQuestion) => ratePassword(password, personal))
