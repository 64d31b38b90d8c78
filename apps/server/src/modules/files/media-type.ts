import { fileTypeFromBuffer } from 'file-type'
import { AppError } from '../../platform/errors.ts'

/** What models can look at, and browsers may show. */
export const imageTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

const textTypes: Record<string, string> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
}

type Decoder = InstanceType<typeof TextDecoder>

const headBytes = 4100 // all that file-type looks at for images

/**
 * Passes a file on while judging it by its bytes: an image by its first ones, text by all of them being UTF-8 without
 * NUL. The name only says what sort of text it is. `mediaType()` is known once `content` was read to its end.
 * `content` throws AppError unsupported_media_type as soon as it is neither, and invalid_request when it is empty.
 */
export function judgeFile(
  source: AsyncIterable<Uint8Array>,
  name: string,
): { content: AsyncIterable<Uint8Array>; mediaType(): string } {
  let mediaType: string | undefined
  async function* content(): AsyncGenerator<Uint8Array> {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let head = Buffer.alloc(0)
    for await (const chunk of source) {
      if (mediaType === undefined) {
        head = Buffer.concat([head, chunk])
        if (head.length < headBytes) continue
        mediaType = await judgeHead(head, name, decoder)
        yield head
      } else {
        if (!imageTypes.has(mediaType)) requireText(decoder, chunk)
        yield chunk
      }
    }
    if (mediaType === undefined) {
      if (head.length === 0) throw new AppError('invalid_request', 'The file is empty.')
      mediaType = await judgeHead(head, name, decoder)
      yield head
    }
    if (!imageTypes.has(mediaType)) requireText(decoder)
  }
  return {
    content: content(),
    mediaType() {
      if (mediaType === undefined) throw new Error('The file was not read to its end.')
      return mediaType
    },
  }
}

/** Text is tried first: a text that begins with "GIF" or "BM" is not an image, while no image is UTF-8 without NUL. */
async function judgeHead(head: Buffer, name: string, decoder: Decoder): Promise<string> {
  const isText = !head.includes(0) && decodes(new TextDecoder('utf-8', { fatal: true }), head)
  if (isText && !head.subarray(0, 5).equals(Buffer.from('%PDF-'))) {
    decodes(decoder, head) // the decoder that goes on with the rest keeps a character that is cut in two
    return textTypes[/\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? ''] ?? 'text/plain'
  }
  const found = await fileTypeFromBuffer(head)
  if (found !== undefined && imageTypes.has(found.mime)) return found.mime
  throw unsupported(found?.mime)
}

function requireText(decoder: Decoder, chunk?: Uint8Array): void {
  if (chunk?.includes(0) || !decodes(decoder, chunk)) throw unsupported(undefined)
}

/** Goes on decoding; without a chunk, ends, which fails in the middle of a character. */
function decodes(decoder: Decoder, chunk?: Uint8Array): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

function unsupported(found: string | undefined): AppError {
  const what = found === undefined ? 'This kind of file' : `A file of type ${found}`
  return new AppError(
    'unsupported_media_type',
    `${what} cannot be used here. Accepted are images (PNG, JPEG, GIF, WebP) and text in UTF-8.`,
  )
}
