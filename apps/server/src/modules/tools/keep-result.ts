import type { CallToolResult } from '@modelcontextprotocol/client'
import type { ResultContent, ToolResult } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import { linkFile, saveFile } from '../files/index.ts'
import { cleanJson, cleanText } from './clean-text.ts'
import { insertToolResult } from './store.ts'

/** A result with more text than this does not go into the context of a model whole. */
const largeFromCharacters = 20_000
const pageCharacters = 20_000
const shownCharacters = 4_000
const maxBlocks = 1_000

/** What answered, and where: who may see the conversation may see the result. */
interface Origin {
  tool: string
  conversationId?: string | undefined
}

/**
 * What a tool answered, as it is stored and shown: pictures and sound as files of the actor, a long text cut, with the
 * whole of it kept in pages.
 */
export async function keepResult(
  ctx: Ctx,
  answer: Pick<CallToolResult, 'content' | 'structuredContent' | 'isError'>,
  of: Origin,
): Promise<ToolResult> {
  const content: ResultContent[] = []
  for (const block of (answer.content ?? []).slice(0, maxBlocks)) content.push(await keepBlock(ctx, block, of))
  const structured = answer.structuredContent === undefined ? undefined : cleanJson(answer.structuredContent)
  const result: ToolResult = {
    content,
    ...(structured === undefined ? {} : { structured }),
    isError: answer.isError === true,
    origin: 'tool',
  }
  const text = wholeTextOf(content, structured)
  return text.length <= largeFromCharacters ? result : cutResult(ctx, result, text, of)
}

type Block = CallToolResult['content'][number]

async function keepBlock(ctx: Ctx, block: Block, of: Origin): Promise<ResultContent> {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: cleanText(block.text) }
    case 'image':
    case 'audio':
      return keepMedia(ctx, block.type, of, block.data)
    case 'resource_link':
      return {
        type: 'resource',
        uri: cleanText(block.uri),
        name: cleanText(block.title ?? block.name),
        mediaType: block.mimeType ? cleanText(block.mimeType) : null,
        text: null,
      }
    case 'resource': {
      const { resource } = block
      if ('blob' in resource && resource.mimeType?.startsWith('image/')) {
        return keepMedia(ctx, 'image', of, resource.blob)
      }
      return {
        type: 'resource',
        uri: cleanText(resource.uri),
        name: null,
        mediaType: resource.mimeType ? cleanText(resource.mimeType) : null,
        text: 'text' in resource ? cleanText(resource.text) : null,
      }
    }
  }
}

/** A file, or a sentence in its place where it cannot be kept: the rest of the answer is worth having. */
async function keepMedia(ctx: Ctx, type: 'image' | 'audio', of: Origin, data: string): Promise<ResultContent> {
  try {
    const file = await saveFile(ctx, { name: `${of.tool} ${type}`, bytes: Buffer.from(data, 'base64') })
    if (of.conversationId !== undefined) await linkFile(ctx, file.id, of.conversationId)
    if (file.mediaType.startsWith(`${type}/`)) return { type, fileId: file.id, mediaType: file.mediaType }
    return { type: 'text', text: `[The tool sent something as ${type} that is none.]` }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return {
      type: 'text',
      text: `[The tool sent ${type === 'image' ? 'an image' : 'audio'} that cannot be kept: ${error.message}]`,
    }
  }
}

function wholeTextOf(content: ResultContent[], structured: unknown): string {
  const texts = content.flatMap((item) => {
    if (item.type === 'text') return [item.text]
    return item.type === 'resource' && item.text !== null ? [`${item.uri}\n${item.text}`] : []
  })
  const json = structured === undefined ? '' : JSON.stringify(structured, null, 2)
  // Servers send structured results as text too, for clients that do not know them.
  return (texts.length > 0 && json.length <= largeFromCharacters ? texts : [...texts, json]).join('\n\n').trim()
}

async function cutResult(ctx: Ctx, result: ToolResult, text: string, of: Origin): Promise<ToolResult> {
  const pages = pagesOf(text)
  const resultId = newId()
  const large = { resultId, characters: text.length, pages: pages.length }
  await insertToolResult(ctx, {
    id: resultId,
    conversationId: of.conversationId ?? null,
    tool: of.tool,
    characters: text.length,
    pages,
  })
  const note = `[Cut: this is the beginning of ${text.length} characters. Read on with the tool parley__read_result, resultId "${resultId}", page 1 to ${pages.length}.]`
  const shown = `${text.slice(0, shownCharacters).toWellFormed()}\n\n${note}`
  const media = result.content.filter((item) => item.type === 'image' || item.type === 'audio')
  return { content: [{ type: 'text', text: shown }, ...media], isError: result.isError, large, origin: result.origin }
}

/** Never cuts a character in two. */
function pagesOf(text: string): string[] {
  const pages: string[] = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + pageCharacters, text.length)
    if (end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1]!)) end--
    pages.push(text.slice(start, end))
    start = end
  }
  return pages
}
