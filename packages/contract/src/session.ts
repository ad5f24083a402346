import { z } from 'zod'
import { Role } from './caller.ts'
import type { Endpoint } from './endpoint.ts'

export const Session = z.strictObject({
  user: z.strictObject({ name: z.string(), email: z.string() }),
  role: Role,
})
export type Session = z.infer<typeof Session>

export const readSession = {
  operation: 'readSession',
  summary: 'Tells who is signed in.',
  method: 'GET',
  path: '/api/v1/session',
  session: 'member',
  scope: null,
  status: 200,
  response: Session,
  answer: 'The person and their role.',
  problems: [],
} as const satisfies Endpoint

export const signOut = {
  operation: 'signOut',
  summary: 'Ends the session.',
  method: 'POST',
  path: '/api/v1/session/sign-out',
  session: 'member',
  scope: null,
  status: 204,
  response: null,
  answer: 'Signed out.',
  problems: [],
} as const satisfies Endpoint
