import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

/**
 * What the audit log tells of. A closed list.
 *
 * - `sign-in`: with the role it led to as outcome, or `refused`
 * - `consent-started`, `consent-ended`: configure, update sender, large attachments and reconnect, as the purpose says;
 *   it ends as `completed`, `cancelled`, `expired`, `superseded`, or with the code of the problem it failed with
 * - `reconnect-required`, `app-misconfigured`, `app-recovered`: what Microsoft decided
 * - `message-cancelled`, `message-retried`: by a person; what services do with their own messages is in the process's log
 * - `test-message-sent`: *Send test mail* was pressed; what became of the message is told by the message
 * - `service-key-refused`: a key that is `unknown`, `revoked` or of which the scope is missing (`scope-missing`)
 * - `access-refused`: somebody who is signed in and no workspace admin asked for what only those may see or do
 * - `webhook-tested`: *Test* was pressed; the outcome is that of the request
 * - `vault-rotated`, `vault-forgotten`: stored secrets sealed under another key, or given up because their key is lost
 */
export const AuditAction = z.enum([
  'sign-in',
  'sign-out',
  'consent-started',
  'consent-ended',
  'settings-reset',
  'reconnect-required',
  'app-misconfigured',
  'app-recovered',
  'message-cancelled',
  'message-retried',
  'test-message-sent',
  'service-key-created',
  'service-key-revoked',
  'service-key-refused',
  'access-refused',
  'webhook-created',
  'webhook-removed',
  'webhook-tested',
  'notice-dismissed',
  'vault-rotated',
  'vault-forgotten',
])
export type AuditAction = z.infer<typeof AuditAction>

/**
 * Facts about the event, by name. Of a consent that ended: `account`, the sign-in name of who gave it at Microsoft, who
 * may be another than the actor; once completed, `mailbox` as well. Never a secret, a token or the content of a message. */
export const AuditDetails = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
export type AuditDetails = Readonly<z.infer<typeof AuditDetails>>

export const AuditEvent = z.strictObject({
  id: z.string().regex(/^aud_\d+$/),
  at: z.iso.datetime(),
  /** Who did it, with name and address as they are now; null for Microsoft, the operator and the product itself. */
  actor: z.strictObject({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
  action: AuditAction,
  outcome: z.string(),
  details: AuditDetails,
})
export type AuditEvent = z.infer<typeof AuditEvent>

const Moment = z.iso.datetime({ offset: true, error: 'A date and time with a zone, such as 2026-11-25T06:00:00Z.' })

/** Which events: all, where nothing is said. */
export const AuditFilter = z.strictObject({
  /** Not before. */
  from: Moment.exactOptional(),
  /** Before. */
  to: Moment.exactOptional(),
  /**
   * A part of the name or address of who did it, or of the account that was used at Microsoft (`account` of the
   * details), the letters A to Z in upper or lower case.
   */
  actor: z.string().min(1).max(254, 'At most 254 characters.').exactOptional(),
  action: AuditAction.exactOptional(),
})
export type AuditFilter = z.infer<typeof AuditFilter>

export const listAuditEvents = {
  operation: 'listAuditEvents',
  summary: 'Lists the audit log, newest first.',
  method: 'GET',
  path: '/api/v1/audit-events',
  session: 'workspace-admin',
  scope: null,
  query: AuditFilter.extend({
    cursor: z.string().max(200).exactOptional(),
    limit: z.coerce
      .number('A whole number, given once.')
      .int('A whole number.')
      .min(1, 'At least 1.')
      .max(100, 'At most 100.')
      .default(50),
  }),
  status: 200,
  /** Newest first. */
  response: z.strictObject({ items: z.array(AuditEvent), nextCursor: z.string().nullable() }),
  answer: 'One page of it.',
  problems: [],
} as const satisfies Endpoint

/** The same as a file of comma-separated values, of at most 100,000 events; where there are more, its last line says so. */
export const exportAuditEvents = {
  operation: 'exportAuditEvents',
  summary: 'Exports the audit log as CSV.',
  method: 'GET',
  path: '/api/v1/audit-events.csv',
  session: 'workspace-admin',
  scope: null,
  query: AuditFilter,
  status: 200,
  response: z.string(),
  contentType: 'text/csv; charset=utf-8',
  answer: 'The events, newest first.',
  problems: [],
} as const satisfies Endpoint
