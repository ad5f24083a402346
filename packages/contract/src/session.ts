import { z } from 'zod'
import { Role } from './caller.ts'
import type { Endpoint } from './endpoint.ts'
import { fault } from './fault-text.ts'

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

const SessionId = z.string().regex(/^ses_[0-9a-f]{32}$/, fault('not-an-id', { what: 'a session' }))

/** Somebody who is signed in, in one browser. */
export const SessionEntry = z.strictObject({
  id: SessionId,
  user: z.strictObject({ name: z.string(), email: z.string() }),
  /** The session that the request was made in. */
  current: z.boolean(),
  /** The IP address that the sign-in came from, and what its browser calls itself; null where unknown. */
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  signedInAt: z.iso.datetime(),
  /** The last use, to the minute. */
  lastSeenAt: z.iso.datetime(),
})
export type SessionEntry = z.infer<typeof SessionEntry>

export const listSessions = {
  operation: 'listSessions',
  summary: 'Lists who is signed in where.',
  method: 'GET',
  path: '/api/v1/sessions',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  /** The last seen first. */
  response: z.strictObject({ items: z.array(SessionEntry) }),
  answer: 'The sessions of all people that have not ended.',
  problems: [],
} as const satisfies Endpoint

export const endSession = {
  operation: 'endSession',
  summary: 'Ends a session.',
  method: 'DELETE',
  path: '/api/v1/sessions/:id',
  session: 'workspace-admin',
  scope: null,
  params: z.strictObject({ id: SessionId }),
  status: 204,
  response: null,
  answer: 'Ended.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const endOtherSessions = {
  operation: 'endOtherSessions',
  summary: 'Ends all sessions but this one.',
  method: 'DELETE',
  path: '/api/v1/sessions',
  session: 'workspace-admin',
  scope: null,
  status: 204,
  response: null,
  answer: 'Ended.',
  problems: [],
} as const satisfies Endpoint
