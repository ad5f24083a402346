import { z } from 'zod'
import { ConsentProblem, ReportsProblem, SettingsProblem } from './consent-problem.ts'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { fault } from './fault-text.ts'

export const ConsentId = z.string().regex(/^con_[0-9a-f]{32}$/, fault('not-an-id', { what: 'a consent' }))

export const ConsentPurpose = z.enum([
  'configure',
  'update-sender',
  'large-attachments',
  'reconnect',
  'delivery-reports',
])
export type ConsentPurpose = z.infer<typeof ConsentPurpose>

export const ConsentStatus = z.enum(['pending', 'completed', 'failed', 'expired', 'cancelled', 'superseded'])
export type ConsentStatus = z.infer<typeof ConsentStatus>

export const Consent = z.strictObject({
  id: ConsentId,
  purpose: ConsentPurpose,
  status: ConsentStatus,
  /** Microsoft's page; null once it has been answered or has ended, and for any session but the one that started it. */
  consentUrl: z.url().nullable(),
  expiresAt: z.iso.datetime(),
  problem: ConsentProblem.nullable(),
  /**
   * The sign-in name of the account that answered at Microsoft, which need not be the sender's or the admin's. Null until
   * then, and where Microsoft vouches for none.
   */
  account: z.string().nullable(),
  /**
   * How many messages were already on their way to Microsoft under the old settings when the consent completed, and
   * could not be recalled. Null until then.
   */
  requestsOnTheWire: z.int().nonnegative().nullable(),
})
export type Consent = z.infer<typeof Consent>

export const MailboxKind = z.enum(['own', 'delegated', 'application'])
export type MailboxKind = z.infer<typeof MailboxKind>

export const SettingsStatus = z.enum(['not-configured', 'connected', 'reconnect-required'])
export type SettingsStatus = z.infer<typeof SettingsStatus>

/** What tells the outcome of a message that Microsoft has accepted. Both sources are off until somebody switches them on. */
export const DeliveryReports = z.strictObject({
  /** Non-delivery reports in the sender's inbox. */
  bounces: z.strictObject({
    enabled: z.boolean(),
    /** What is granted lets the inbox be read, as far as is known: a group, which has none, is found out by trying. */
    available: z.boolean(),
    /** Why a source that is on does not answer; null while it does. */
    problem: ReportsProblem.nullable(),
  }),
  /** Exchange's message trace. */
  trace: z.strictObject({ enabled: z.boolean(), problem: ReportsProblem.nullable() }),
})
export type DeliveryReports = z.infer<typeof DeliveryReports>

export const Office365SmtpSettings = z.strictObject({
  status: SettingsStatus,
  /** Grows with every change. A consent that was started under an older version is superseded. */
  version: z.int().nonnegative(),
  fromEmail: EmailAddress.nullable(),
  mailbox: MailboxKind.nullable(),
  connectedAs: z.strictObject({ name: z.string(), email: z.string() }).nullable(),
  connectedAt: z.iso.datetime().nullable(),
  grantedPermissions: z.array(z.string()),
  singleSenderIdentity: z.strictObject({ enabled: z.literal(true), locked: z.literal(true) }),
  largeAttachments: z.strictObject({ enabled: z.boolean(), locked: z.boolean() }),
  deliveryReports: DeliveryReports,
  /** Messages that a reset would hold: queued, being sent, scheduled or held. */
  waitingMessages: z.int().nonnegative(),
  problem: SettingsProblem.nullable(),
  pendingConsent: z
    .strictObject({ id: ConsentId, purpose: ConsentPurpose, fromEmail: EmailAddress, expiresAt: z.iso.datetime() })
    .nullable(),
})
export type Office365SmtpSettings = z.infer<typeof Office365SmtpSettings>

/** `requestsOnTheWire` counts messages that were already on their way to Microsoft and could not be recalled. */
export const ResetSettings = Office365SmtpSettings.extend({ requestsOnTheWire: z.int().nonnegative() })
export type ResetSettings = z.infer<typeof ResetSettings>

/** The sender to connect. The page and the API both validate with this schema. */
export const SenderInput = z.strictObject({ fromEmail: EmailAddress, largeAttachments: z.boolean().optional() })
export type SenderInput = z.infer<typeof SenderInput>

const NoInput = z.strictObject({})
const ConsentParams = z.strictObject({ id: ConsentId })

export const readSettings = {
  operation: 'readSettings',
  summary: 'Reads the Office 365 SMTP settings.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Office365SmtpSettings,
  answer: 'The settings as they stand.',
  problems: [],
} as const satisfies Endpoint

export const configure = {
  operation: 'configure',
  summary: 'Begins the consent that connects a mailbox.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/configure',
  session: 'workspace-admin',
  scope: null,
  body: SenderInput,
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  problems: ['already-configured'],
} as const satisfies Endpoint

export const updateSender = {
  operation: 'updateSender',
  summary: 'Begins the consent for another From address.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/update-sender',
  session: 'workspace-admin',
  scope: null,
  body: SenderInput,
  status: 201,
  response: Consent,
  answer: 'The consent; the old sender stays until it completes.',
  problems: ['not-configured', 'large-attachments-locked'],
} as const satisfies Endpoint

export const enableLargeAttachments = {
  operation: 'enableLargeAttachments',
  summary: 'Begins the consent that enables large file attachments.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/large-attachments',
  session: 'workspace-admin',
  scope: null,
  body: z.strictObject({ enabled: z.boolean() }),
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  problems: ['not-configured', 'large-attachments-locked'],
} as const satisfies Endpoint

export const reconnect = {
  operation: 'reconnect',
  summary: 'Begins the consent that connects the same mailbox again.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reconnect',
  session: 'workspace-admin',
  scope: null,
  body: NoInput,
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  problems: ['not-configured'],
} as const satisfies Endpoint

/** Which sources of delivery reports to switch on or off; the others stay as they are. */
const DeliveryReportsInput = z
  .strictObject({ bounces: z.boolean().exactOptional(), trace: z.boolean().exactOptional() })
  .refine(({ bounces, trace }) => bounces !== undefined || trace !== undefined, fault('no-report-source'))

export const switchDeliveryReports = {
  operation: 'switchDeliveryReports',
  summary: 'Switches delivery reports on or off.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/delivery-reports',
  session: 'workspace-admin',
  scope: null,
  body: DeliveryReportsInput,
  status: 200,
  response: Office365SmtpSettings,
  answer: 'The settings: everything is switched as asked.',
  or: { status: 201, response: Consent, answer: 'The consent that the rest needs, to be given at consentUrl.' },
  problems: ['not-configured', 'trace-not-provisioned', 'trace-unavailable', 'reports-unreadable'],
} as const satisfies Endpoint

export const reset = {
  operation: 'reset',
  summary: 'Deletes tokens and settings, and voids every pending consent.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reset',
  session: 'workspace-admin',
  scope: null,
  body: NoInput,
  status: 200,
  response: ResetSettings,
  answer: 'The settings, not configured.',
  problems: [],
} as const satisfies Endpoint

export const readConsent = {
  operation: 'readConsent',
  summary: 'Reads a consent and what became of it.',
  method: 'GET',
  path: '/api/v1/consents/:id',
  session: 'workspace-admin',
  scope: null,
  params: ConsentParams,
  status: 200,
  response: Consent,
  answer: 'The consent as it stands.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const cancelConsent = {
  operation: 'cancelConsent',
  summary: 'Cancels a pending consent.',
  method: 'DELETE',
  path: '/api/v1/consents/:id',
  session: 'workspace-admin',
  scope: null,
  params: ConsentParams,
  status: 204,
  response: null,
  answer: 'Cancelled.',
  problems: ['not-found'],
} as const satisfies Endpoint
