import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

export const Role = z.enum(['workspace-admin', 'member'])
export type Role = z.infer<typeof Role>

export const Session = z.strictObject({
  user: z.strictObject({ name: z.string(), email: z.string() }),
  role: Role,
})
export type Session = z.infer<typeof Session>

export const readSession = {
  method: 'GET',
  path: '/api/v1/session',
  status: 200,
  response: Session,
} as const satisfies Endpoint

export const signOut = {
  method: 'POST',
  path: '/api/v1/session/sign-out',
  status: 204,
  response: null,
} as const satisfies Endpoint
