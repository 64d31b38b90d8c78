import { AppError } from '../../../platform/errors.ts'
import { quietProcesses } from '../../../platform/quiet-process.ts'
import { enoughScore, type Rating, type RatingQuestion } from './rating.ts'

// Loading the lists takes half a second, and rating a long password up to a fifth, in which no reply could be written.
const processes = quietProcesses<RatingQuestion, Rating>(new URL('./rating-process.ts', import.meta.url), {
  most: 1,
  waitingAtMost: 50,
  busy: 'Too many people choose a password at this moment. Try again.',
})

/**
 * Rates a password against what was stolen elsewhere, and against what others know of the person; nothing leaves this
 * machine.
 * @throws AppError unavailable when too many wait
 */
export function ratePassword(password: string, personal: readonly string[]): Promise<Rating> {
  return processes.ask({ password, personal })
}

/**
 * Refuses a password that is easy to guess. `personal`: name and address of whoever chooses it; `pointer` names the field.
 * @throws AppError weak_password
 */
export async function requireStrongPassword(
  password: string,
  personal: readonly string[],
  pointer: string,
): Promise<void> {
  const { score, warning, suggestions } = await ratePassword(password, personal)
  if (score >= enoughScore) return
  const message = [warning ?? 'It is easy to guess.', ...suggestions].join(' ')
  throw new AppError('weak_password', `Choose another password. ${message}`, { fields: [{ pointer, message }] })
}
