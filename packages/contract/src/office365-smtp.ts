import { z } from 'zod'
import { ConsentProblem, SettingsProblem } from './consent-problem.ts'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'

export const ConsentId = z.string().regex(/^con_[0-9a-f]{32}$/, 'Not the id of a consent.')

export const ConsentPurpose = z.enum(['configure', 'update-sender', 'large-attachments', 'reconnect'])
export type ConsentPurpose = z.infer<typeof ConsentPurpose>

export const ConsentStatus = z.enum(['pending', 'completed', 'failed', 'expired', 'cancelled', 'superseded'])
export type ConsentStatus = z.infer<typeof ConsentStatus>

export const Consent = z.strictObject({
  id: ConsentId,
  purpose: ConsentPurpose,
  status: ConsentStatus,
  /** Microsoft's page; null once the consent is no longer pending, or for a session other than the one it is bound to. */
  consentUrl: z.url().nullable(),
  expiresAt: z.iso.datetime(),
  problem: ConsentProblem.nullable(),
})
export type Consent = z.infer<typeof Consent>

export const MailboxKind = z.enum(['own', 'delegated', 'application'])
export type MailboxKind = z.infer<typeof MailboxKind>

export const SettingsStatus = z.enum(['not-configured', 'connected', 'reconnect-required'])
export type SettingsStatus = z.infer<typeof SettingsStatus>

export const Office365SmtpSettings = z.strictObject({
  status: SettingsStatus,
  /** Grows with every change; a consent that started from an older one is superseded. */
  version: z.int().nonnegative(),
  fromEmail: EmailAddress.nullable(),
  mailbox: MailboxKind.nullable(),
  connectedAs: z.strictObject({ name: z.string(), email: z.string() }).nullable(),
  connectedAt: z.iso.datetime().nullable(),
  grantedPermissions: z.array(z.string()),
  singleSenderIdentity: z.strictObject({ enabled: z.literal(true), locked: z.literal(true) }),
  largeAttachments: z.strictObject({ enabled: z.boolean(), locked: z.boolean() }),
  waitingMessages: z.int().nonnegative(),
  problem: SettingsProblem.nullable(),
  pendingConsent: z
    .strictObject({ id: ConsentId, purpose: ConsentPurpose, fromEmail: EmailAddress, expiresAt: z.iso.datetime() })
    .nullable(),
})
export type Office365SmtpSettings = z.infer<typeof Office365SmtpSettings>

/** The sender to connect. Both the page and the API validate with it. */
export const SenderInput = z.strictObject({ fromEmail: EmailAddress, largeAttachments: z.boolean().optional() })
export type SenderInput = z.infer<typeof SenderInput>

const NoInput = z.strictObject({})
const ConsentParams = z.strictObject({ id: ConsentId })

export const readSettings = {
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp',
  status: 200,
  response: Office365SmtpSettings,
} as const satisfies Endpoint

export const configure = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/configure',
  body: SenderInput,
  status: 201,
  response: Consent,
} as const satisfies Endpoint

export const updateSender = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/update-sender',
  body: SenderInput,
  status: 201,
  response: Consent,
} as const satisfies Endpoint

export const enableLargeAttachments = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/large-attachments',
  body: z.strictObject({ enabled: z.boolean() }),
  status: 201,
  response: Consent,
} as const satisfies Endpoint

export const reconnect = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reconnect',
  body: NoInput,
  status: 201,
  response: Consent,
} as const satisfies Endpoint

export const reset = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reset',
  body: NoInput,
  status: 200,
  response: Office365SmtpSettings,
} as const satisfies Endpoint

export const readConsent = {
  method: 'GET',
  path: '/api/v1/consents/:id',
  params: ConsentParams,
  status: 200,
  response: Consent,
} as const satisfies Endpoint

export const cancelConsent = {
  method: 'DELETE',
  path: '/api/v1/consents/:id',
  params: ConsentParams,
  status: 204,
  response: null,
} as const satisfies Endpoint
