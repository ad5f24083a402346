import { z } from 'zod'

/** What a signed-in person may do. */
export const Role = z.enum(['workspace-admin', 'member'])
export type Role = z.infer<typeof Role>

/** What a service key allows. */
export const Scope = z.enum(['messages:send', 'messages:read', 'settings:read'])
export type Scope = z.infer<typeof Scope>
