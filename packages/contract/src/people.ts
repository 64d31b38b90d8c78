import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, roleSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { userSchema, workspaceSchema } from './identity.ts'

const workspaceNameSchema = z.string().trim().min(1).max(100)

/** A person in the workspace. */
export const personSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    email: z.string(),
    /** `viewer` beside a custom role. */
    role: roleSchema,
    customRole: z.object({ id: idSchema, name: z.string() }).nullable(),
    /** Whether a group of the directory gives it: then it is changed there, and not by hand. */
    roleByGroup: z.boolean(),
    joinedAt: timeSchema,
    /** Whether the caller may give them another role (`assignRole`) and remove them: nobody who may more than the caller. */
    manageable: z.boolean(),
    /** Whether they have a second factor, which the caller may reset (`resetSecondFactor`); null where that is not told. */
    secondFactor: z.boolean().nullable(),
  })
  .meta({ id: 'Person' })
export type Person = z.infer<typeof personSchema>

const params = z.object({ id: idSchema })

export const peopleEndpoints = {
  listPeople: endpoint({
    method: 'GET',
    path: '/api/v1/people',
    tag: 'People',
    summary: 'List the people of the workspace, by name',
    access: 'people:read',
    query: pageQuerySchema.extend({
      /** A part of the name or the email address. */
      search: z.string().trim().max(200).optional(),
    }),
    response: pageOf(personSchema),
  }),
  getPerson: endpoint({
    method: 'GET',
    path: '/api/v1/people/{id}',
    tag: 'People',
    summary: 'One person of the workspace',
    access: 'people:read',
    params,
    response: personSchema,
  }),
  removePerson: endpoint({
    method: 'DELETE',
    path: '/api/v1/people/{id}',
    tag: 'People',
    summary: 'Remove a person from the workspace; their sessions and API keys there end at once',
    access: 'people:manage',
    params,
  }),

  listWorkspaces: endpoint({
    method: 'GET',
    path: '/api/v1/workspaces',
    tag: 'Workspaces',
    summary: "List one's workspaces, by name; an API key sees the one it belongs to",
    access: 'account:read',
    response: z.object({ data: z.array(workspaceSchema) }),
  }),
  createWorkspace: endpoint({
    method: 'POST',
    path: '/api/v1/workspaces',
    tag: 'Workspaces',
    summary: 'Make a workspace of one’s own; for people who own one',
    access: 'session',
    body: z.object({ name: workspaceNameSchema }),
    response: workspaceSchema,
    status: 201,
  }),
  renameWorkspace: endpoint({
    method: 'PATCH',
    path: '/api/v1/workspace',
    tag: 'Workspaces',
    summary: 'Rename the workspace',
    access: 'workspace:manage',
    body: z.object({ name: workspaceNameSchema }),
    response: workspaceSchema,
  }),
  switchWorkspace: endpoint({
    method: 'PUT',
    path: '/api/v1/me/workspace',
    tag: 'Workspaces',
    summary: 'Have this session be in another workspace from now on',
    access: 'session',
    body: z.object({ workspaceId: idSchema }),
    response: userSchema,
  }),
  leaveWorkspace: endpoint({
    method: 'POST',
    path: '/api/v1/workspace/leave',
    tag: 'Workspaces',
    summary: 'Leave the workspace; the answer is the one this session goes on in, or null when it ends',
    access: 'session',
    response: z.object({ workspace: workspaceSchema.nullable() }),
  }),
}
