import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { AppError } from '../../platform/errors.ts'

const limits = { files: 1, fields: 10, fieldNameSize: 100, fieldSize: 1000, headerPairs: 50 }

/**
 * Reads a multipart/form-data body with one file in the field `file`, which `store` takes as it arrives; answers what
 * `store` did once the body has ended. What follows a failure is read and thrown away, so that the caller hears of it.
 * @throws AppError invalid_request for a body that is not such a form; else what `store` threw, which has ended by then
 */
export function receiveFile<T>(
  body: Readable,
  headers: IncomingHttpHeaders,
  store: (name: string, content: Readable) => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const parser = openParser(headers)
    let file: Readable | undefined
    let stored: Promise<T> | undefined
    let failed = false

    /** Ends `store` first. What it has to say itself (not text, too large, disk full) goes before `reason`. */
    function fail(reason: AppError): void {
      if (failed) return
      failed = true
      body.unpipe(parser)
      body.resume()
      file?.destroy()
      if (stored === undefined) reject(reason)
      else
        stored.then(
          () => reject(reason),
          (error) => reject(isFrom(file, error) ? reason : error),
        )
    }

    parser.on('file', (field, content, name) => {
      content.on('error', () => fail(malformed('The upload broke off.')))
      if (failed || field !== 'file') {
        content.resume()
        fail(malformed('The file belongs in the field `file`.'))
        return
      }
      file = content
      stored = store(name ?? '', content)
      stored.catch(() => fail(malformed('The upload broke off.')))
    })
    parser.on('filesLimit', () => fail(malformed('Upload one file at a time.')))
    parser.on('error', () => fail(malformed('The body is not well-formed multipart/form-data.')))
    parser.on('finish', () => {
      if (stored)
        stored.then(resolve, () => undefined) // its failure is heard of above
      else fail(malformed('There is no file in the field `file`.'))
    })
    body.once('error', (error) => fail(error instanceof AppError ? error : malformed('The upload broke off.')))
    body.once('close', () => {
      if (!body.readableEnded) fail(malformed('The upload broke off.'))
    })
    body.pipe(parser)
  })
}

function openParser(headers: IncomingHttpHeaders) {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits })
  } catch (cause) {
    throw new AppError('invalid_request', 'The body has to be multipart/form-data with a boundary.', { cause })
  }
}

/** Whether reading `stream` failed with this error, or found the stream closed. */
function isFrom(stream: Readable | undefined, error: unknown): boolean {
  return error === stream?.errored || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
}

function malformed(message: string): AppError {
  return new AppError('invalid_request', message, { fields: [{ pointer: '/file', message }] })
}
