import type { Connection } from '../types.ts'
import type { Adapter } from './adapter.ts'
import { anthropic } from './anthropic.ts'
import { openai } from './openai.ts'

export type { AdapterEvent } from './adapter.ts'

export function adapterFor(protocol: Connection['protocol']): Adapter {
  return protocol === 'openai' ? openai : anthropic
}
