import { createHash } from 'node:crypto'
import type { ToolResult } from '@parley/contract'
import { z } from 'zod'
import type { Ctx } from '../../platform/context.ts'
import { canonicalJson, isId } from '../../platform/crypto/index.ts'
import { notFound } from '../../platform/errors.ts'
import { maySeeResult } from './access.ts'
import { findToolResultPage } from './store.ts'
import type { OfferedTool } from './types.ts'

const definition = {
  tool: 'read_result',
  title: 'Read a long result',
  description: 'Reads one page of a tool result that was too long to be shown whole.',
  inputSchema: {
    type: 'object',
    properties: {
      resultId: { type: 'string', description: 'The id given with the result that was cut.' },
      page: { type: 'integer', minimum: 1, description: 'Which page, from 1 on.' },
    },
    required: ['resultId', 'page'],
    additionalProperties: false,
  },
}

/** Parley's own tool, there as soon as any server has one. */
export const readResultTool: OfferedTool = {
  ...definition,
  name: `parley__${definition.tool}`,
  serverId: 'parley',
  serverName: 'Parley',
  readOnly: true,
  destructive: false,
  idempotent: true,
  policy: 'allow',
  policySource: 'default',
  definitionHash: createHash('sha256').update(canonicalJson(definition)).digest('hex'),
}

/** Answers a call of it. A page that is not there is the model's mistake, and said to it. */
export async function readResult(ctx: Ctx, args: Record<string, unknown>): Promise<ToolResult> {
  const { resultId, page } = z.object({ resultId: z.string(), page: z.number().int().min(1) }).parse(args)
  const found = isId(resultId) ? await openResultPage(ctx, resultId, page) : undefined
  const answer = (text: string, isError: boolean): ToolResult => ({
    content: [{ type: 'text', text }],
    isError,
    origin: 'tool',
  })
  if (!found) return answer('There is no such result.', true)
  if (found.text === null) return answer(`There is no page ${page}; the result has ${found.pages}.`, true)
  return answer(found.text, false)
}

async function openResultPage(ctx: Ctx, id: string, page: number) {
  const found = await findToolResultPage(ctx, id, page)
  return found && (await maySeeResult(ctx, found)) ? found : undefined
}

/**
 * One page of a large result, for people.
 * @throws AppError not_found when there is no such page, or it is another's
 */
export async function getResultPage(ctx: Ctx, id: string, page: number) {
  const found = await openResultPage(ctx, id, page)
  if (!found || found.text === null) throw notFound('page of a tool result')
  return { resultId: id, page, pages: found.pages, text: found.text }
}
