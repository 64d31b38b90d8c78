import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, scopeSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** A role of a workspace: the four built-in ones (`owner`, `admin`, `member`, `viewer`) and those that people made. */
export const workspaceRoleSchema = z
  .object({
    /** `owner`, `admin`, `member`, `viewer`, or the id of a custom role. */
    id: z.string(),
    name: z.string(),
    description: z.string(),
    /** What people with it may do. */
    scopes: z.array(scopeSchema),
    /** Built-in roles cannot be changed or deleted. */
    builtIn: z.boolean(),
    /** How many people have it. */
    memberCount: z.int(),
    /** Whether the caller may give it to others: nobody gives what they do not have. */
    grantable: z.boolean(),
  })
  .meta({ id: 'WorkspaceRole' })
export type WorkspaceRole = z.infer<typeof workspaceRoleSchema>

const params = z.object({ id: z.string().max(100) })
const name = z.string().trim().min(1).max(60)
const description = z.string().trim().max(500)
const granted = z.array(scopeSchema).min(1).max(100)

export const roleEndpoints = {
  listRoles: endpoint({
    method: 'GET',
    path: '/api/v1/roles',
    tag: 'Roles',
    summary: 'Roles of the workspace: built-in ones first, then by name',
    access: 'people:read',
    query: pageQuerySchema,
    response: pageOf(workspaceRoleSchema),
  }),
  createRole: endpoint({
    method: 'POST',
    path: '/api/v1/roles',
    tag: 'Roles',
    summary: 'Make a custom role; it can hold only what its maker may do',
    access: 'workspace:manage',
    body: z.object({ name, description: description.optional(), scopes: granted }),
    response: workspaceRoleSchema,
    status: 201,
    idempotent: true,
  }),
  getRole: endpoint({
    method: 'GET',
    path: '/api/v1/roles/{id}',
    tag: 'Roles',
    summary: 'One role',
    access: 'people:read',
    params,
    response: workspaceRoleSchema,
  }),
  updateRole: endpoint({
    method: 'PATCH',
    path: '/api/v1/roles/{id}',
    tag: 'Roles',
    summary: 'Change a custom role; it counts at once, for API keys too',
    access: 'workspace:manage',
    params,
    body: z.object({ name, description, scopes: granted }).partial(),
    response: workspaceRoleSchema,
  }),
  deleteRole: endpoint({
    method: 'DELETE',
    path: '/api/v1/roles/{id}',
    tag: 'Roles',
    summary: 'Delete a custom role; `replacement` takes its place, and may be left out when the role is not in use',
    access: 'workspace:manage',
    params,
    query: z.object({ replacement: z.string().max(100).optional() }),
  }),
  assignRole: endpoint({
    method: 'PUT',
    path: '/api/v1/roles/{id}/members/{userId}',
    tag: 'Roles',
    summary: 'Give a person of the workspace this role, in place of the one they have',
    access: 'people:manage',
    params: params.extend({ userId: idSchema }),
  }),
}

/** People of a workspace under a name, to share with them together. */
export const groupSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    description: z.string(),
    /** What a directory calls it; null for groups made here. */
    externalId: z.string().nullable(),
    /** The role that whoever is in it has; then only a directory changes who that is. Null for nearly all groups. */
    role: z.object({ id: z.string(), name: z.string() }).nullable(),
    memberCount: z.int(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Group' })
export type Group = z.infer<typeof groupSchema>

export const groupMemberSchema = z
  .object({ id: idSchema, name: z.string(), email: z.string(), addedAt: timeSchema })
  .meta({ id: 'GroupMember' })
export type GroupMember = z.infer<typeof groupMemberSchema>

const groupParams = z.object({ id: idSchema })
const search = z.string().trim().max(100).optional()

export const groupEndpoints = {
  listGroups: endpoint({
    method: 'GET',
    path: '/api/v1/groups',
    tag: 'Groups',
    summary: 'Groups of the workspace, by name',
    access: 'people:read',
    query: pageQuerySchema.extend({
      /** Words of the name. */
      search,
      /** Only those that give a role, or only those that give none. */
      givesRole: z.enum(['yes', 'no']).optional(),
    }),
    response: pageOf(groupSchema),
  }),
  createGroup: endpoint({
    method: 'POST',
    path: '/api/v1/groups',
    tag: 'Groups',
    summary: 'Make a group',
    access: 'people:manage',
    body: z.object({ name, description: description.optional(), externalId: z.string().min(1).max(200).optional() }),
    response: groupSchema,
    status: 201,
    idempotent: true,
  }),
  getGroup: endpoint({
    method: 'GET',
    path: '/api/v1/groups/{id}',
    tag: 'Groups',
    summary: 'One group',
    access: 'people:read',
    params: groupParams,
    response: groupSchema,
  }),
  updateGroup: endpoint({
    method: 'PATCH',
    path: '/api/v1/groups/{id}',
    tag: 'Groups',
    summary: 'Rename or describe a group',
    access: 'people:manage',
    params: groupParams,
    body: z.object({ name, description }).partial(),
    response: groupSchema,
  }),
  deleteGroup: endpoint({
    method: 'DELETE',
    path: '/api/v1/groups/{id}',
    tag: 'Groups',
    summary: 'Delete a group; what was shared with it is shared with its people no more',
    access: 'people:manage',
    params: groupParams,
  }),
  listGroupMembers: endpoint({
    method: 'GET',
    path: '/api/v1/groups/{id}/members',
    tag: 'Groups',
    summary: 'People in a group, by name',
    access: 'people:read',
    params: groupParams,
    query: pageQuerySchema,
    response: pageOf(groupMemberSchema),
  }),
  setGroupRole: endpoint({
    method: 'PUT',
    path: '/api/v1/groups/{id}/role',
    tag: 'Groups',
    summary: 'Have a group of a directory give its people a role, or none with null; never owner',
    description:
      'Of several groups the highest role counts. Who leaves the group has the role of before again. While it gives a role, its people are changed by the directory alone.',
    access: 'people:manage',
    params: groupParams,
    body: z.object({
      /** A built-in role, or the id of a custom one. */
      role: z.string().min(1).max(100).nullable(),
    }),
    response: groupSchema,
  }),
  addGroupMember: endpoint({
    method: 'PUT',
    path: '/api/v1/groups/{id}/members/{userId}',
    tag: 'Groups',
    summary: 'Add a person of the workspace to a group',
    access: 'people:manage',
    params: groupParams.extend({ userId: idSchema }),
  }),
  removeGroupMember: endpoint({
    method: 'DELETE',
    path: '/api/v1/groups/{id}/members/{userId}',
    tag: 'Groups',
    summary: 'Take a person out of a group',
    access: 'people:manage',
    params: groupParams.extend({ userId: idSchema }),
  }),
}
