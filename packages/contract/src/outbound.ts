import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** Which hosts the models and MCP servers that a workspace adds may be at. */
export const outboundSchema = z
  .object({
    /** `api.example.com`, `*.example.com`, `api.example.com:8443`, or an address. None: any public host. */
    hosts: z.array(z.string()),
  })
  .meta({ id: 'Outbound' })
export type Outbound = z.infer<typeof outboundSchema>

export const outboundEndpoints = {
  getOutbound: endpoint({
    method: 'GET',
    path: '/api/v1/workspace/outbound',
    tag: 'Workspaces',
    summary: 'Hosts that models and MCP servers of this workspace may be at',
    access: 'workspace:manage',
    response: outboundSchema,
  }),
  setOutbound: endpoint({
    method: 'PUT',
    path: '/api/v1/workspace/outbound',
    tag: 'Workspaces',
    summary: 'Limit models and MCP servers of this workspace to these hosts; with none, any public host will do',
    access: 'workspace:manage',
    body: z.object({ hosts: z.array(z.string().trim().min(1).max(300)).max(200) }),
    response: outboundSchema,
  }),
}
