import { createHmac } from 'node:crypto'
import { type Platform, perServer } from '../../platform/context.ts'
import { type Foreign, fence } from '../models/index.ts'

/** Fences text of a message for the model; `place` is where it stands in the message. */
export type FenceForeign = (messageId: string, place: string, origin: Foreign, from: string, text: string) => string

/**
 * The ids of fences are a keyed hash of where the text stands. Nobody who writes such a text can know its id, not even
 * from the ids of others; and the same message is always the same text, so that providers recognise a prompt that grows.
 */
export const fenceForeign = perServer((platform: Platform): FenceForeign => {
  const key = platform.keyring.derive('prompt-fences')
  return (messageId, place, origin, from, text) => {
    const id = createHmac('sha256', key).update(`${messageId}/${place}`).digest('base64url').slice(0, 22)
    return fence(text, { id, origin, from })
  }
})
