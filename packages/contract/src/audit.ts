import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Moment } from './moment.ts'
import { fault } from './fault-text.ts'
import { TextOrNull, Time, wholeNumber } from './fields.ts'

/**
 * The audit log records these actions. The list is closed.
 *
 * - `sign-in`: the outcome is the role that the person got, or `refused`
 * - `sessions-ended`: an admin ended a session, or all but their own; `sessions` of the details says how many
 * - `consent-started`, `consent-ended`: for the purposes configure, update sender, large attachments, reconnect and
 *   delivery reports; the outcome is `completed`, `cancelled`, `expired`, `superseded`, or the code of the problem
 * - `delivery-reports-changed`: sources of delivery reports were switched on or off; the details name those that changed
 * - `reconnect-required`, `app-misconfigured`, `app-recovered`: Microsoft refused the connection, or accepts it again
 * - `mailbox-refused`, `token-refused`, `mailbox-accepted`: Microsoft took no message of the mailbox, or no token that it had
 *   just issued, or takes them again
 * - `message-cancelled`, `message-retried`: by a person; services' own requests are in the log of the process
 * - `messages-cancelled`, `messages-retried`: of all messages that a filter found, those that it was possible for when the
 *   request arrived, by a person or a service
 * - `messages-exported`: messages were exported as CSV, by a person or a service
 * - `test-message-sent`: somebody pressed *Send test mail*; the message itself shows its outcome
 * - `mailbox-paused`: a report said that a limit of Microsoft is used up; the outcome is its code, the details say until when
 * - `sending-resumed`: somebody pressed *Send now*, which ended the pause of the mailbox
 * - `recipients-policy-changed`: who may be written to, or the redirection of all mail; the details are those from now on
 * - `sending-limits-changed`: how many licences and which domains the organisation has; the details are those from now on
 * - `service-key-refused`: the key is `unknown`, `revoked` or `expired`, is not to be used from this address
 *   (`address-not-allowed`), or lacks a scope (`scope-missing`)
 * - `access-refused`: a person who is not a workspace admin asked for what only those may see or do
 * - `webhook-replayed`: somebody had events sent once more; `count` of the details says how many
 * - `webhook-tested`: somebody pressed *Test*; the outcome is that of the request
 * - `vault-rotated`, `vault-forgotten`: secrets were sealed under another key, or dropped because their key is lost
 */
export const AuditAction = z.enum([
  'sign-in',
  'sign-out',
  'sessions-ended',
  'consent-started',
  'consent-ended',
  'settings-reset',
  'recipients-policy-changed',
  'delivery-reports-changed',
  'sending-limits-changed',
  'reconnect-required',
  'app-misconfigured',
  'app-recovered',
  'mailbox-refused',
  'token-refused',
  'mailbox-accepted',
  'mailbox-paused',
  'sending-resumed',
  'message-cancelled',
  'message-retried',
  'messages-cancelled',
  'messages-retried',
  'messages-exported',
  'test-message-sent',
  'service-key-created',
  'service-key-revoked',
  'service-key-refused',
  'access-refused',
  'webhook-created',
  'webhook-removed',
  'webhook-tested',
  'webhook-replayed',
  'notice-dismissed',
  'vault-rotated',
  'vault-forgotten',
])
export type AuditAction = z.infer<typeof AuditAction>

/**
 * Facts about the event, by name. The end of a consent has `account`, the name that somebody signed in with at
 * Microsoft, who may not be the actor; a completed one has `mailbox` too. Never holds a secret, a token or the content
 * of a message.
 */
export const AuditDetails = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).meta({
  description: 'Facts about it, by name; never a secret, or the content of a message.',
  examples: [{ name: 'reports' }],
})
export type AuditDetails = Readonly<z.infer<typeof AuditDetails>>

export const AuditEvent = z.strictObject({
  id: z
    .string()
    .regex(/^aud_\d+$/)
    .meta({ description: 'The id of the event.', examples: ['aud_42'] }),
  at: Time.meta({ description: 'When it happened.', examples: ['2026-11-24T09:30:00.000Z'] }),
  actor: z
    .strictObject({
      id: z.string().meta({ description: 'The id of the person.', examples: ['usr_1'] }),
      name: z.string().meta({ description: 'Their name now.', examples: ['Ada Admin'] }),
      email: z.string().meta({ description: 'Their address now.', examples: ['ada@contoso.com'] }),
    })
    .nullable()
    .meta({ description: 'The person who acted; null for Microsoft, the operator and the product.' }),
  action: AuditAction.meta({ description: 'What was done.', examples: ['service-key-created'] }),
  outcome: z.string().meta({ description: 'What came of it.', examples: ['created'] }),
  details: AuditDetails,
})
export type AuditEvent = z.infer<typeof AuditEvent>

/** Selects events; all of them when it is empty. */
export const AuditFilter = z.strictObject({
  from: Moment.exactOptional().meta({
    description: 'Happened at this time or later.',
    examples: ['2026-11-24T00:00:00Z'],
  }),
  to: Moment.exactOptional().meta({ description: 'Happened before this time.', examples: ['2026-11-25T00:00:00Z'] }),
  actor: z
    .string()
    .min(1)
    .max(254, fault('too-long', { max: 254 }))
    .exactOptional()
    .meta({
      description:
        'Part of the actor’s name or address, or of the account used at Microsoft; the case of A to Z does not matter.',
      examples: ['ada'],
    }),
  action: AuditAction.exactOptional().meta({ description: 'Is of this action.', examples: ['settings-reset'] }),
})
export type AuditFilter = z.infer<typeof AuditFilter>

export const listAuditEvents = {
  operation: 'listAuditEvents',
  summary: 'Lists the audit log, newest first.',
  description: 'The database refuses to change or delete them. Pages follow each other by nextCursor.',
  method: 'GET',
  path: '/api/v1/audit-events',
  session: 'workspace-admin',
  query: AuditFilter.extend({
    cursor: z
      .string()
      .max(200)
      .exactOptional()
      .meta({ description: 'The nextCursor of the page before. Left out: the newest events.', examples: ['42'] }),
    limit: wholeNumber({ min: 1, max: 100, whenLeftOut: 50 }).meta({
      description: 'How many events a page has at most.',
      examples: [50],
    }),
  }),
  status: 200,
  response: z.strictObject({
    items: z.array(AuditEvent).meta({ description: 'The events of the page, newest first.' }),
    nextCursor: TextOrNull.meta({
      description: 'Leads to older events; null when there are none.',
      examples: [null, '42'],
    }),
  }),
  answer: 'One page of it.',
} as const satisfies Endpoint

/** Exports at most 100,000 events as comma-separated values; when there are more, the last line says so. */
export const exportAuditEvents = {
  operation: 'exportAuditEvents',
  summary: 'Exports the audit log as CSV.',
  description: 'Streams at most 100,000 events; when there are more, the last line says so.',
  method: 'GET',
  path: '/api/v1/audit-events.csv',
  session: 'workspace-admin',
  query: AuditFilter,
  status: 200,
  response: z.string().meta({
    description: 'A line for each event, after one with the names of the columns.',
    examples: [
      'id,at,actor,action,outcome,details\r\naud_42,2026-11-24T09:30:00.000Z,Ada Admin,service-key-created,created,"{""name"":""reports""}"\r\n',
    ],
  }),
  contentType: 'text/csv; charset=utf-8',
  answer: 'The events, newest first.',
} as const satisfies Endpoint
