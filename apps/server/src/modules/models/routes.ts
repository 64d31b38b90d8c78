import { endpoints } from '@parley/contract'
import { z } from 'zod'
import { notFound } from '../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Http } from '../../platform/http/index.ts'
import { chooseModel, listChatModels } from './catalogue.ts'
import { findPage } from './guide/index.ts'
import * as providers from './providers.ts'

const offsetSchema = z.int().min(0)

export function mountModels(http: Http): void {
  http.route(endpoints.listModels, async (ctx, { query }) => pageOf(await listChatModels(ctx), query))

  http.route(endpoints.setDefaultModel, async (ctx, { body }) => {
    await providers.setDefaultModel(ctx, body.model)
    const { model } = await chooseModel(ctx)
    return { model: model.id }
  })

  http.route(endpoints.listProviders, async (ctx, { query }) => pageOf(await providers.listProviders(ctx), query))
  http.route(endpoints.createProvider, (ctx, { body }, { idempotency }) =>
    providers.createProvider(ctx, body, idempotency),
  )
  http.route(endpoints.updateProvider, (ctx, { params, body }) => providers.updateProvider(ctx, params.id, body))
  http.route(endpoints.deleteProvider, async (ctx, { params }) => {
    await providers.deleteProvider(ctx, params.id)
  })
  http.route(endpoints.testProvider, (ctx, { params }) => providers.testProvider(ctx, params.id))

  http.route(endpoints.getGuidePage, async (_ctx, { params }) => {
    const page = await findPage(params.page)
    if (!page) throw notFound('page')
    return page
  })
}

/** These lists are short and made in memory: the cursor is a position. */
function pageOf<T>(all: T[], query: { limit: number; cursor?: string | undefined }) {
  const start = query.cursor === undefined ? 0 : decodeCursor(offsetSchema, query.cursor)
  const end = start + query.limit
  return { data: all.slice(start, end), nextCursor: end < all.length ? encodeCursor(end) : null }
}
