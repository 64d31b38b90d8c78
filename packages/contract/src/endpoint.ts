import type { z } from 'zod'
import type { Scope } from './common.ts'

/**
 * One HTTP operation. The server mounts it, OpenAPI is written from it, and the SDK calls it, so that the three cannot
 * disagree. `access` is what the caller needs: `public`, `session` (a signed-in person, no API key), or a scope.
 */
export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** With `{name}` for parameters, as OpenAPI spells it. */
  path: string
  tag: string
  summary: string
  description?: string
  access: 'public' | 'session' | Scope
  /** Also for a session that still has to show the second factor that its workspace asks for. */
  withoutSecondFactor?: boolean
  params?: Params
  query?: Query
  body?: Body
  /** Shape of the usual answer; none for 204. */
  response?: Response
  /** Status of the usual answer. Default 200, or 204 without a response. */
  status?: number
  /** Also answers `text/event-stream`, or takes or gives something that is not JSON. */
  media?: { request?: string; response?: string[] }
  /**
   * What it takes of the server besides looking something up. `expensive`: kept to a pace of its own. `message`: also
   * counts against what the plan allows an hour, unless it fails.
   */
  cost?: 'expensive' | 'message'
  /** Its sender signs the body: it comes as it was sent, and what it says is looked at only after the signature. */
  signedBody?: boolean
  /** Answered also while the server refuses others because it has too much to do. */
  vital?: boolean
  /** Takes an `Idempotency-Key` header: a repeated request gets the first one's answer. */
  idempotent?: boolean
}

/** Declares an endpoint, keeping the exact types of its schemas. */
export function endpoint<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Response extends z.ZodType = z.ZodUndefined,
>(definition: Endpoint<Params, Query, Body, Response>): Endpoint<Params, Query, Body, Response> {
  return definition
}

export type ParamsOf<E> = E extends Endpoint<infer P, z.ZodType, z.ZodType, z.ZodType> ? z.output<P> : never
export type QueryOf<E> = E extends Endpoint<z.ZodType, infer Q, z.ZodType, z.ZodType> ? z.output<Q> : never
export type BodyOf<E> = E extends Endpoint<z.ZodType, z.ZodType, infer B, z.ZodType> ? z.output<B> : never
export type ResponseOf<E> = E extends Endpoint<z.ZodType, z.ZodType, z.ZodType, infer R> ? z.output<R> : never
/** What a caller passes: defaults may be left out. */
export type InputOf<E> =
  E extends Endpoint<infer P, infer Q, infer B, z.ZodType>
    ? { params: z.input<P>; query?: z.input<Q>; body: z.input<B> }
    : never
