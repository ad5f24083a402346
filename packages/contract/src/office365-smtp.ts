import { z } from 'zod'
import { ConsentProblem, ReportsProblem, SettingsProblem } from './consent-problem.ts'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { fault } from './fault-text.ts'
import { Count, prefixedId, TextOrNull, Time } from './fields.ts'

export const ConsentId = prefixedId('con', { what: 'a consent', example: '4b1d2c3e5f60718293a4b5c6d7e8f901' })

export const ConsentPurpose = z
  .enum(['configure', 'update-sender', 'large-attachments', 'reconnect', 'delivery-reports'])
  .meta({ description: 'What the consent is asked for.', examples: ['configure'] })
export type ConsentPurpose = z.infer<typeof ConsentPurpose>

export const ConsentStatus = z.enum(['pending', 'completed', 'failed', 'expired', 'cancelled', 'superseded'])
export type ConsentStatus = z.infer<typeof ConsentStatus>

export const Consent = z.strictObject({
  id: ConsentId,
  purpose: ConsentPurpose,
  status: ConsentStatus.meta({ description: 'How far it has come.', examples: ['pending', 'completed'] }),
  consentUrl: z
    .url()
    .nullable()
    .meta({
      description:
        'Microsoft’s page; null once it has been answered or has ended, and for any session but the one that started it.',
      examples: [
        'https://login.microsoftonline.com/8f2d6c1b-0a4e-4d57-b3c9-1e5f7a2b9d40/oauth2/v2.0/authorize?client_id=3c9e1f72-6b5a-4e08-9d24-7f1a0b8c6e53',
        null,
      ],
    }),
  expiresAt: Time.meta({
    description: 'When it ends, if nobody answers it.',
    examples: ['2026-11-24T09:10:00.000Z'],
  }),
  problem: ConsentProblem.nullable().meta({
    description: 'Why it failed, and who does what about it; null where it has not.',
    examples: [null],
  }),
  account: TextOrNull.meta({
    description:
      'The sign-in name of the account that answered at Microsoft, which need not be the sender’s or the admin’s. Null until then, and where Microsoft vouches for none.',
    examples: [null, 'ada@contoso.com'],
  }),
  requestsOnTheWire: Count.nullable().meta({
    description:
      'How many messages were already on their way to Microsoft under the old settings when the consent completed, and could not be recalled. Null until then.',
    examples: [null, 0],
  }),
})
export type Consent = z.infer<typeof Consent>

export const MailboxKind = z.enum(['own', 'delegated', 'application'])
export type MailboxKind = z.infer<typeof MailboxKind>

export const SettingsStatus = z.enum(['not-configured', 'connected', 'reconnect-required'])
export type SettingsStatus = z.infer<typeof SettingsStatus>

const SOURCE_PROBLEM = {
  description: 'Why a source that is on does not answer; null while it does.',
  examples: [null],
}

/** What tells the outcome of a message that Microsoft has accepted. Both sources are off until somebody switches them on. */
export const DeliveryReports = z.strictObject({
  bounces: z
    .strictObject({
      enabled: z.boolean().meta({ description: 'Whether they are read.', examples: [false] }),
      available: z.boolean().meta({
        description:
          'Whether what is granted lets the inbox be read, as far as is known: a group, which has none, is found out by trying.',
        examples: [false],
      }),
      problem: ReportsProblem.nullable().meta(SOURCE_PROBLEM),
    })
    .meta({ description: 'Non-delivery reports in the sender’s inbox.' }),
  trace: z
    .strictObject({
      enabled: z.boolean().meta({ description: 'Whether it is read.', examples: [false] }),
      problem: ReportsProblem.nullable().meta(SOURCE_PROBLEM),
    })
    .meta({ description: 'Exchange’s message trace.' }),
})
export type DeliveryReports = z.infer<typeof DeliveryReports>

export const Office365SmtpSettings = z.strictObject({
  status: SettingsStatus.meta({ description: 'Whether a mailbox is connected.', examples: ['connected'] }),
  version: Count.meta({
    description: 'Grows with every change. A consent that was started under an older version is superseded.',
    examples: [7],
  }),
  fromEmail: EmailAddress.nullable().meta({
    description: 'The From Email Address; null while none is configured.',
    examples: ['reports@contoso.com', null],
  }),
  mailbox: MailboxKind.nullable().meta({
    description:
      'Whose mailbox it is. own: of the account that consented. delegated: another, which that account may send from. application: one that the app itself may send from. Null while none is configured.',
    examples: ['delegated', null],
  }),
  connectedAs: z
    .strictObject({
      name: z.string().meta({ description: 'Its name.', examples: ['Ada Admin'] }),
      email: z.string().meta({ description: 'Its sign-in name.', examples: ['ada@contoso.com'] }),
    })
    .nullable()
    .meta({ description: 'The account that consented; null while none is configured.' }),
  connectedAt: Time.nullable().meta({
    description: 'When it consented; null while none is configured.',
    examples: ['2026-11-24T09:00:00.000Z', null],
  }),
  grantedPermissions: z.array(z.string()).meta({
    description: 'The permissions that Microsoft granted.',
    examples: [['Mail.Send', 'Mail.Send.Shared', 'User.Read']],
  }),
  singleSenderIdentity: z
    .strictObject({
      enabled: z.literal(true).meta({ description: 'Always true.', examples: [true] }),
      locked: z.literal(true).meta({ description: 'Always true.', examples: [true] }),
    })
    .meta({ description: 'All mail leaves from one address.' }),
  largeAttachments: z
    .strictObject({
      enabled: z.boolean().meta({ description: 'Whether files of up to 150 MB are taken.', examples: [false] }),
      locked: z.boolean().meta({ description: 'Whether only a reset switches them off.', examples: [false] }),
    })
    .meta({ description: 'Large file attachments.' }),
  deliveryReports: DeliveryReports.meta({ description: 'What tells whether recipients were reached.' }),
  waitingMessages: Count.meta({
    description: 'Messages that a reset would hold: queued, being sent, scheduled or held.',
    examples: [3],
  }),
  problem: SettingsProblem.nullable().meta({
    description: 'Why no mail leaves, and who does what about it; null where it does.',
    examples: [null],
  }),
  pendingConsent: z
    .strictObject({
      id: ConsentId,
      purpose: ConsentPurpose,
      fromEmail: EmailAddress.meta({ description: 'The sender that it is for.', examples: ['finance@contoso.com'] }),
      expiresAt: Time.meta({ description: 'When it ends.', examples: ['2026-11-24T09:10:00.000Z'] }),
    })
    .nullable()
    .meta({ description: 'A consent that somebody has begun; null where there is none.', examples: [null] }),
})
export type Office365SmtpSettings = z.infer<typeof Office365SmtpSettings>

export const ResetSettings = Office365SmtpSettings.extend({
  requestsOnTheWire: Count.meta({
    description: 'Messages that were already on their way to Microsoft and could not be recalled.',
    examples: [0],
  }),
})
export type ResetSettings = z.infer<typeof ResetSettings>

/** The sender to connect. The page and the API both validate with this schema. */
export const SenderInput = z.strictObject({
  fromEmail: EmailAddress.meta({ description: 'The address to send from.', examples: ['reports@contoso.com'] }),
  largeAttachments: z
    .boolean()
    .optional()
    .meta({
      description: 'Whether to ask for large file attachments too.',
      examples: [false],
    }),
})
export type SenderInput = z.infer<typeof SenderInput>

const NoInput = z.strictObject({})
const ConsentParams = z.strictObject({ id: ConsentId })

export const readSettings = {
  operation: 'readSettings',
  summary: 'Reads the Office 365 SMTP settings.',
  description:
    'A service learns from it whether mail can leave, from which address, and whether large attachments are enabled.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Office365SmtpSettings,
  answer: 'The settings as they stand.',
} as const satisfies Endpoint

export const configure = {
  operation: 'configure',
  summary: 'Begins the consent that connects a mailbox.',
  description:
    'Nothing is saved until the person has consented at consentUrl and a verification message has really been sent from the address. Poll the consent to learn its outcome.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/configure',
  session: 'workspace-admin',
  body: SenderInput,
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  problems: ['already-configured'],
} as const satisfies Endpoint

export const updateSender = {
  operation: 'updateSender',
  summary: 'Begins the consent for another From address.',
  description:
    'The old sender keeps sending until the consent completes, and stays if it fails. The consent asks for everything that is enabled already.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/update-sender',
  session: 'workspace-admin',
  body: SenderInput,
  status: 201,
  response: Consent,
  answer: 'The consent; the old sender stays until it completes.',
  exampleAnswer: { purpose: 'update-sender' },
  problems: ['not-configured', 'large-attachments-locked'],
} as const satisfies Endpoint

export const enableLargeAttachments = {
  operation: 'enableLargeAttachments',
  summary: 'Begins the consent that enables large file attachments.',
  description:
    'Asks for Mail.ReadWrite, which upload sessions need. Once granted it stays on until a reset; it cannot be switched off alone.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/large-attachments',
  session: 'workspace-admin',
  body: z.strictObject({
    enabled: z.boolean().meta({ description: 'True: only a reset switches them off.', examples: [true] }),
  }),
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  exampleAnswer: { purpose: 'large-attachments' },
  problems: ['not-configured', 'large-attachments-locked'],
} as const satisfies Endpoint

export const reconnect = {
  operation: 'reconnect',
  summary: 'Begins the consent that connects the same mailbox again.',
  description:
    'For a mailbox whose access Microsoft has ended. Messages that are held because of it leave by themselves once the consent completes.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reconnect',
  session: 'workspace-admin',
  body: NoInput,
  status: 201,
  response: Consent,
  answer: 'The consent, to be given at consentUrl.',
  exampleAnswer: { purpose: 'reconnect' },
  problems: ['not-configured'],
} as const satisfies Endpoint

/** Which sources of delivery reports to switch on or off; the others stay as they are. */
const DeliveryReportsInput = z
  .strictObject({
    bounces: z
      .boolean()
      .exactOptional()
      .meta({
        description: 'Whether to read non-delivery reports in the sender’s inbox. Left out: as it is.',
        examples: [true],
      }),
    trace: z
      .boolean()
      .exactOptional()
      .meta({
        description: 'Whether to read Exchange’s message trace. Left out: as it is.',
        examples: [true],
      }),
  })
  .refine(({ bounces, trace }) => bounces !== undefined || trace !== undefined, fault('no-report-source'))

export const switchDeliveryReports = {
  operation: 'switchDeliveryReports',
  summary: 'Switches delivery reports on or off.',
  description:
    'Switching on is proved first, by one read of the inbox and one request of the message trace; no message is sent. 200 when that worked, 201 with the consent that the rest needs: what was proved is on by then. A refusal switches nothing on. Switching off needs nothing, and works at once. Poll the consent to learn its outcome.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/delivery-reports',
  session: 'workspace-admin',
  body: DeliveryReportsInput,
  status: 200,
  response: Office365SmtpSettings,
  answer: 'The settings: everything is switched as asked.',
  exampleAnswer: {
    deliveryReports: {
      bounces: { enabled: true, available: true, problem: null },
      trace: { enabled: true, problem: null },
    },
  },
  or: {
    status: 201,
    response: Consent,
    answer: 'The consent that the rest needs, to be given at consentUrl.',
    exampleAnswer: { purpose: 'delivery-reports' },
  },
  problems: ['not-configured', 'trace-not-provisioned', 'trace-unavailable', 'reports-unreadable'],
} as const satisfies Endpoint

export const reset = {
  operation: 'reset',
  summary: 'Deletes tokens and settings, and voids every pending consent.',
  description:
    'Waiting messages are held until a mailbox is connected again. The consent at Microsoft itself is withdrawn in Entra. requestsOnTheWire counts messages that were already on their way and could not be recalled.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/reset',
  session: 'workspace-admin',
  body: NoInput,
  status: 200,
  response: ResetSettings,
  answer: 'The settings, not configured.',
  exampleAnswer: {
    status: 'not-configured',
    version: 8,
    fromEmail: null,
    mailbox: null,
    connectedAs: null,
    connectedAt: null,
    grantedPermissions: [],
  },
} as const satisfies Endpoint

export const readConsent = {
  operation: 'readConsent',
  summary: 'Reads a consent and what became of it.',
  description:
    'Poll it about once a second while it is pending. A consent that failed has a problem that says who does what, and changed nothing.',
  method: 'GET',
  path: '/api/v1/consents/:id',
  session: 'workspace-admin',
  params: ConsentParams,
  status: 200,
  response: Consent,
  answer: 'The consent as it stands.',
  exampleAnswer: { status: 'completed', consentUrl: null, account: 'ada@contoso.com', requestsOnTheWire: 0 },
  problems: ['not-found'],
} as const satisfies Endpoint

export const cancelConsent = {
  operation: 'cancelConsent',
  summary: 'Cancels a pending consent.',
  description: 'A consent that comes back from Microsoft afterwards changes nothing.',
  method: 'DELETE',
  path: '/api/v1/consents/:id',
  session: 'workspace-admin',
  params: ConsentParams,
  status: 204,
  answer: 'Cancelled.',
  problems: ['not-found'],
} as const satisfies Endpoint
