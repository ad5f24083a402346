import { z } from 'zod'
import { FACTS, Values } from './values.ts'
import { TextOrNull, Time } from './fields.ts'

/**
 * Why a consent did not complete. A closed list, since the page and other programs branch on it.
 *
 * - `consent-cancelled`: the person left Microsoft's page, or declined there
 * - `admin-approval-required`: an Entra administrator has to approve the permissions first
 * - `wrong-account`: the account is no member of the organisation, or may not use the app
 * - `permission-missing`: Microsoft granted less than was asked for, or the sender needs one more permission
 * - `send-as-denied`: the delegate may not send as the sender
 * - `mailbox-not-found`: the sender or the delegate has no mailbox in Microsoft 365
 * - `access-blocked`: a policy, a disabled account or a missing second factor stopped the sign-in
 * - `trace-not-provisioned`: the service principal of Microsoft's message trace is missing in the organisation
 * - `trace-unavailable`: Microsoft's message trace does not answer, or the cloud does not offer it
 * - `reports-unreadable`: the sender's inbox cannot be read although the permission is there
 * - `app-misconfigured`: the app registration (secret, redirect URI, permissions) is wrong; the operator has to fix it
 * - `microsoft-unavailable`: Microsoft did not answer, or is busy
 * - `microsoft-refused`: any other refusal
 * - `unexpected-answer`: the answer did not come from Microsoft, or did not fit the request
 * - `consent-interrupted`: the server stopped, or failed, while it proved the grant; it has to be asked for again
 */
export const ConsentProblemCode = z.enum([
  'consent-cancelled',
  'admin-approval-required',
  'wrong-account',
  'permission-missing',
  'send-as-denied',
  'mailbox-not-found',
  'access-blocked',
  'trace-not-provisioned',
  'trace-unavailable',
  'reports-unreadable',
  'app-misconfigured',
  'microsoft-unavailable',
  'microsoft-refused',
  'unexpected-answer',
  'consent-interrupted',
])
export type ConsentProblemCode = z.infer<typeof ConsentProblemCode>

/**
 * Why no mail leaves from a configured connection.
 *
 * - `reconnect-required`, `app-misconfigured`: Microsoft refuses the connection, or the app registration
 * - `mailbox-refused`: Microsoft takes no message of the mailbox, or none that goes by draft; `values.microsoftCode` says why
 * - `token-refused`: Microsoft Graph refuses tokens that Microsoft Entra has just issued; messages wait, and are tried again
 * - `quota-exceeded`: a non-delivery report says that a limit of Microsoft is used up, and the mailbox pauses
 */
const SettingsProblemCode = z.enum([
  'reconnect-required',
  'app-misconfigured',
  'mailbox-refused',
  'token-refused',
  'quota-exceeded',
])

/** Why a source of delivery reports that is on does not answer. Mail leaves all the same. */
export const ReportsProblemCode = z.enum([
  'permission-missing',
  'trace-not-provisioned',
  'trace-unavailable',
  'reports-unreadable',
])
export type ReportsProblemCode = z.infer<typeof ReportsProblemCode>

export const ConsentProblem = z.strictObject({
  code: ConsentProblemCode.meta({ description: 'Why it did not complete.', examples: ['admin-approval-required'] }),
  values: Values.meta({ description: FACTS }),
  title: z
    .string()
    .meta({ description: 'What happened, in a few words.', examples: ['An administrator has to approve first'] }),
  detail: z.string().meta({
    description: 'What happened, in a sentence or two of plain text.',
    examples: ['Your organisation lets administrators approve permissions only.'],
  }),
  action: z.string().meta({
    description: 'What to do, who has to do it and where; may contain absolute URLs.',
    examples: ['An Entra administrator approves the permissions, then try again.'],
  }),
  correlationId: TextOrNull.meta({
    description: 'Microsoft’s correlation id, for a support request; null when Microsoft gave none.',
    examples: ['9f1c7a52-3b0e-4a86-9d1e-5c2b8f7a4d30', null],
  }),
})
export type ConsentProblem = z.infer<typeof ConsentProblem>

const Since = Time.meta({ description: 'Since when it has been so.', examples: ['2026-11-24T09:00:00.000Z'] })

export const SettingsProblem = ConsentProblem.extend({
  code: SettingsProblemCode.meta({ description: 'Why no mail leaves.', examples: ['reconnect-required'] }),
  since: Since,
})
export type SettingsProblem = z.infer<typeof SettingsProblem>

export const ReportsProblem = ConsentProblem.extend({
  code: ReportsProblemCode.meta({ description: 'Why the source does not answer.', examples: ['reports-unreadable'] }),
  since: Since,
})
export type ReportsProblem = z.infer<typeof ReportsProblem>

/** What is wrong with the connection itself: messages are held until somebody acts. */
export const ConnectionProblem = SettingsProblem.extend({
  code: SettingsProblemCode.exclude(['mailbox-refused', 'token-refused', 'quota-exceeded']),
})
export type ConnectionProblem = z.infer<typeof ConnectionProblem>
