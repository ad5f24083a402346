import { z } from 'zod'
import { Role } from './caller.ts'
import type { Endpoint } from './endpoint.ts'
import { prefixedId, TextOrNull, Time } from './fields.ts'

const User = z.strictObject({
  name: z.string().meta({ description: 'Their name.', examples: ['Ada Admin'] }),
  email: z.string().meta({ description: 'Their address.', examples: ['ada@contoso.com'] }),
})

export const Session = z.strictObject({
  user: User.meta({ description: 'The person who is signed in.' }),
  role: Role.meta({ description: 'What they may do.', examples: ['workspace-admin'] }),
})
export type Session = z.infer<typeof Session>

export const readSession = {
  operation: 'readSession',
  summary: 'Tells who is signed in.',
  description: 'The page asks it first, and shows the sign-in where the answer is 401.',
  method: 'GET',
  path: '/api/v1/session',
  session: 'member',
  status: 200,
  response: Session,
  answer: 'The person and their role.',
} as const satisfies Endpoint

export const signOut = {
  operation: 'signOut',
  summary: 'Ends the session.',
  description: 'The cookie is refused from then on, in every tab.',
  method: 'POST',
  path: '/api/v1/session/sign-out',
  session: 'member',
  status: 204,
  answer: 'Signed out.',
} as const satisfies Endpoint

const SessionId = prefixedId('ses', { what: 'a session', example: '0a1b2c3d4e5f60718293a4b5c6d7e8f9' })

/** Somebody who is signed in, in one browser. */
export const SessionEntry = z.strictObject({
  id: SessionId,
  user: User.meta({ description: 'The person who is signed in.' }),
  current: z.boolean().meta({ description: 'Whether the request was made in it.', examples: [true] }),
  address: TextOrNull.meta({
    description: 'The IP address that the sign-in came from; null where unknown.',
    examples: ['192.0.2.7', null],
  }),
  userAgent: TextOrNull.meta({
    description: 'What the browser calls itself; null where unknown.',
    examples: ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', null],
  }),
  signedInAt: Time.meta({ description: 'When it began.', examples: ['2026-11-24T08:00:00.000Z'] }),
  lastSeenAt: Time.meta({
    description: 'When it was last used, to the minute.',
    examples: ['2026-11-24T09:30:00.000Z'],
  }),
})
export type SessionEntry = z.infer<typeof SessionEntry>

export const listSessions = {
  operation: 'listSessions',
  summary: 'Lists who is signed in where.',
  description:
    'A session ends after an hour without use, and four hours after the sign-in, when the role has to be seen again. At most 500 are listed, those that were seen last first.',
  method: 'GET',
  path: '/api/v1/sessions',
  session: 'workspace-admin',
  status: 200,
  response: z.strictObject({
    items: z.array(SessionEntry).meta({ description: 'The sessions, those that were seen last first.' }),
  }),
  answer: 'The sessions of all people that have not ended.',
} as const satisfies Endpoint

export const endSession = {
  operation: 'endSession',
  summary: 'Ends a session.',
  description: 'Its cookie is refused from then on. One’s own session can be ended too.',
  method: 'DELETE',
  path: '/api/v1/sessions/:id',
  session: 'workspace-admin',
  params: z.strictObject({ id: SessionId }),
  status: 204,
  answer: 'Ended.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const endOtherSessions = {
  operation: 'endOtherSessions',
  summary: 'Ends all sessions but this one.',
  description: 'Everybody else has to sign in again, and oneself in every other browser.',
  method: 'DELETE',
  path: '/api/v1/sessions',
  session: 'workspace-admin',
  status: 204,
  answer: 'Ended.',
} as const satisfies Endpoint
