import { type BodyOf, endpoints } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import {
  decodeCursor,
  encodeCursor,
  type Http,
  once,
  requireVersion,
  versionAskedFor,
} from '../../platform/http/index.ts'
import { emit } from '../../platform/outbox/index.ts'
import { deleteShares } from '../sharing/index.ts'
import { listServerIds } from '../tools/index.ts'
import { requireUnlimited } from './access.ts'
import { openPreset } from './open-preset.ts'
import { presentPreset, presentSummary } from './present.ts'
import * as store from './store.ts'
import { chooseServers } from './tool-choice.ts'

const byName = z.tuple([z.string(), z.uuid()])
const longestName = 100

export function mountPresets(http: Http): void {
  http.route(endpoints.listPresets, async (ctx, { query }) => {
    const after = query.cursor === undefined ? undefined : decodeCursor(byName, query.cursor)
    const { filter, limit, search } = query
    const [rows, seen] = await Promise.all([
      store.listPresets(ctx, { filter, limit, search, after }),
      listServerIds(ctx),
    ])
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      data: page.map((row) => presentSummary(ctx, row, seen)),
      nextCursor: rows.length > limit && last ? encodeCursor([last.name, last.id]) : null,
    }
  })

  http.route(endpoints.createPreset, async (ctx, { body }, { idempotency }) => {
    requireUnlimited(ctx)
    const preset = await once(ctx, idempotency, (tx) => makePreset(tx, body))
    tellOfChange(ctx)
    return preset
  })

  http.route(endpoints.getPreset, async (ctx, { params }) => present(ctx, await openPreset(ctx, params.id, 'view')))

  http.route(endpoints.updatePreset, async (ctx, { params, body }, { request }) => {
    const { version, serverIds, ...change } = body
    const preset = await inTransaction(ctx, async (tx) => {
      const before = await openPreset(tx, params.id, 'edit', { lock: true })
      requireVersion('preset', before.version, version ?? versionAskedFor(request))
      const row = await store.updatePreset(tx, params.id, {
        ...change,
        ...(serverIds === undefined ? {} : { serverIds: await chooseServers(tx, serverIds, before.serverIds) }),
      })
      const { workspaceId, id } = row
      const after = { ...row, changed: Object.keys(change) }
      await audit(tx, { action: 'preset.changed', subject: presetSubject(row), before, after })
      await emit(tx, { type: 'preset-changed', workspaceId, subjectId: id, data: { changed: Object.keys(body) } })
      return present(tx, row)
    })
    tellOfChange(ctx)
    return preset
  })

  http.route(endpoints.deletePreset, async (ctx, { params }) => {
    await inTransaction(ctx, async (tx) => {
      const preset = await openPreset(tx, params.id, 'manage', { lock: true })
      const { id, workspaceId } = preset
      await store.deletePreset(tx, id)
      await deleteShares(tx, { kind: 'preset', id })
      await audit(tx, { action: 'preset.deleted', subject: presetSubject(preset), before: preset })
      await emit(tx, { type: 'preset-deleted', workspaceId, subjectId: id, data: {} })
    })
    tellOfChange(ctx)
  })

  http.route(endpoints.duplicatePreset, async (ctx, { params, body }, { idempotency }) => {
    requireUnlimited(ctx)
    const preset = await once(ctx, idempotency, async (tx) => {
      const original = await openPreset(tx, params.id, 'view')
      const { description, model, instructions, maxOutputTokens } = original
      const name = body.name ?? `Copy of ${original.name}`.slice(0, longestName).trim()
      const seen = await listServerIds(tx)
      const serverIds = original.serverIds?.filter((id) => seen.has(id)) ?? null
      return makePreset(tx, { name, description, model, instructions, maxOutputTokens, serverIds })
    })
    tellOfChange(ctx)
    return preset
  })
}

async function makePreset(tx: Ctx, body: BodyOf<typeof endpoints.createPreset>) {
  const row = await store.insertPreset(tx, newId(), {
    name: body.name,
    description: body.description ?? '',
    model: body.model ?? null,
    instructions: body.instructions ?? '',
    maxOutputTokens: body.maxOutputTokens ?? null,
    serverIds: await chooseServers(tx, body.serverIds ?? null),
  })
  await audit(tx, { action: 'preset.created', subject: presetSubject(row), after: row })
  await emit(tx, { type: 'preset-created', workspaceId: row.workspaceId, subjectId: row.id, data: {} })
  return present(tx, row)
}

function presetSubject({ id, name }: store.PresetRow) {
  return { kind: 'preset', id, name }
}

async function present(ctx: Ctx, row: store.PresetRow) {
  return presentPreset(ctx, row, await listServerIds(ctx))
}

/** Open windows look again at the presets they show. It is not said which, so that nobody learns of what is not theirs. */
function tellOfChange(ctx: Ctx): void {
  ctx.bus.publish(`changes:workspace:${ctx.actor.workspaceId}`, { type: 'presets-changed' })
}
