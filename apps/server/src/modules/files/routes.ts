import type { Readable } from 'node:stream'
import { fileEndpoints } from '@parley/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { type Http, nothingPolicy } from '../../platform/http/index.ts'
import { contentDisposition } from './file-name.ts'
import { imageTypes } from './media-type.ts'
import { getFile, openFile } from './open-file.ts'
import { receiveFile } from './receive-file.ts'
import { keepFile, maxFileBytes, tooLarge } from './save-file.ts'
import type { FileRow } from './tables.ts'

const formOverheadBytes = 64 * 1024
const yearSeconds = 365 * 24 * 60 * 60

/** Mounts uploading, reading about and downloading files. */
export function mountFiles(http: Http): void {
  const { method, path } = fileEndpoints.uploadFile
  // Leaves the body unread for `receiveFile`; no other endpoint takes a form.
  http.app.addContentTypeParser('multipart/form-data', (request, payload, done) => {
    if (request.method === method && request.routeOptions.url === path) return done(null, payload)
    return done(new AppError('unsupported_media_type', 'Send the body as application/json.'))
  })

  http.route(fileEndpoints.uploadFile, (ctx, _input, { request, idempotency }) => {
    requireForm(request)
    return keepFile(ctx, (put) => receiveFile(request.body as Readable, request.headers, put), idempotency)
  })
  http.route(fileEndpoints.getFile, (ctx, { params }) => openFile(ctx, params.id))
  http.route(fileEndpoints.downloadFile, async (ctx, { params }, { request, reply }) =>
    sendFile(ctx, await getFile(ctx, params.id), request, reply),
  )
}

function requireForm({ headers }: FastifyRequest): void {
  if (!headers['content-type']?.startsWith('multipart/form-data')) {
    throw new AppError('unsupported_media_type', 'Send the file as multipart/form-data, in the field `file`.')
  }
  if (Number(headers['content-length']) > maxFileBytes + formOverheadBytes) throw tooLarge()
}

/** A file is what someone uploaded: a browser shows images only, and runs nothing of it even when it is opened. */
async function sendFile(ctx: Ctx, file: FileRow, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const etag = `"${file.sha256}"`
  reply.headers({
    'cache-control': `private, max-age=${yearSeconds}, immutable`,
    // Else the next person at the same browser would get it from the cache.
    vary: 'Cookie, Authorization, Origin',
    etag,
    'content-security-policy': `sandbox; ${nothingPolicy}`,
    'x-content-type-options': 'nosniff',
    'content-disposition': contentDisposition(imageTypes.has(file.mediaType) ? 'inline' : 'attachment', file.name),
  })
  if (request.headers['if-none-match'] === etag) {
    reply.code(304).send()
    return
  }
  const { stream, bytes } = await ctx.storage.get(file.storageKey)
  const type = imageTypes.has(file.mediaType) ? file.mediaType : `${file.mediaType}; charset=utf-8`
  reply.header('content-length', bytes).type(type).send(stream)
}
