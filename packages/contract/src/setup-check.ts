import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { FACTS, Values } from './values.ts'

/**
 * What is checked, in the order of the answer. `port` and, where the SMTP door is on, `smtp` are checked by the command
 * `doctor` only.
 */
export const CheckId = z.enum([
  'configuration',
  'clock',
  'entra-reachable',
  'graph-reachable',
  'upload-host-reachable',
  'app-registration',
  'credential-expiry',
  'permissions',
  'mailbox',
  'sender-domain',
  'database',
  'transactions',
  'vault',
  'storage',
  'message-storage',
  'public-url',
  'port',
  'smtp',
])
export type CheckId = z.infer<typeof CheckId>

export const CheckStatus = z.enum(['ok', 'warning', 'failed', 'skipped'])
export type CheckStatus = z.infer<typeof CheckStatus>

/** What each check can find. A closed list, since the page words each code in its language. */
export const CHECK_CODES = {
  /** The codes that any check may have. */
  any: [
    'configuration-faulty',
    'database-not-usable',
    'entra-not-reached',
    'graph-not-reached',
    'not-connected',
    'demo',
    'demo-stopped',
    'too-slow',
    'check-broke',
  ],
  configuration: ['configuration-valid', 'configuration-risky', 'configuration-faults'],
  clock: ['clock-right', 'clock-off', 'clock-wrong', 'clock-not-compared'],
  /** The codes of `entra-reachable`, `graph-reachable` and `upload-host-reachable`. */
  hosts: [
    'host-answers',
    'host-unknown',
    'host-refuses',
    'host-silent',
    'host-broke-off',
    'host-unavailable',
    'host-impersonated',
    'certificate-refused',
    'proxy-not-reached',
    'proxy-refuses',
    'gateway-configured',
  ],
  'app-registration': ['registration-accepted', 'registration-refused', 'registration-not-judged'],
  'credential-expiry': [
    'credential-valid',
    'credential-expires-soon',
    'credential-expired',
    'credential-not-yet-valid',
    'credential-expiry-unknown',
    'credential-federated',
  ],
  permissions: [
    'permissions-granted',
    'permissions-missing',
    'permissions-not-in-token',
    'permissions-unreadable',
    'permissions-not-fetched',
    'permissions-unavailable',
  ],
  mailbox: [
    'mailbox-answers',
    'mailbox-refused',
    'mailbox-unavailable',
    'access-lost',
    'send-as-unproved',
    'mailbox-unreadable',
  ],
  'sender-domain': [
    'domain-authenticated',
    'domain-incomplete',
    'domain-onmicrosoft',
    'domain-not-answered',
    'dns-not-usable',
  ],
  database: [
    'database-ready',
    'database-empty',
    'database-pending',
    'database-without-trigrams',
    'database-unreachable',
    'database-too-old',
    'database-rights-missing',
    'database-foreign',
    'database-newer',
    'database-older',
    'database-of-another-registration',
    'database-refuses-writes',
    'database-stopped',
    'database-not-made',
  ],
  transactions: ['transactions-short', 'transactions-open', 'transactions-hidden', 'transactions-not-shown'],
  vault: ['vault-opens', 'vault-keys-missing', 'vault-keys-unusable', 'vault-not-made'],
  storage: [
    'storage-ready',
    'storage-low',
    'storage-full',
    'storage-not-writable',
    'storage-of-another-account',
    'storage-modes-refused',
    'storage-readable-by-others',
    'storage-elsewhere',
  ],
  'message-storage': ['message-storage-ready', 'message-storage-nearly-full'],
  'public-url': ['public-url-answers', 'public-url-unreachable', 'public-url-answered-by-another'],
  port: ['port-free', 'port-own', 'port-taken', 'port-not-allowed', 'port-not-local'],
  smtp: [
    'smtp-ready',
    'smtp-own',
    'smtp-without-tls',
    'smtp-certificate-expires-soon',
    'smtp-certificate-expired',
    'smtp-certificate-not-yet-valid',
    'smtp-port-taken',
    'smtp-port-not-allowed',
    'smtp-not-local',
  ],
} as const satisfies Partial<Record<CheckId | 'any' | 'hosts', readonly string[]>>

export type CheckCode = (typeof CHECK_CODES)[keyof typeof CHECK_CODES][number]
export const CheckCode = z.enum(Object.values(CHECK_CODES).flat() as [CheckCode, ...CheckCode[]])

/** One check and what it found. `title`, `detail` and `action` are the English of `code` and `values`. */
export const Check = z.strictObject({
  id: CheckId.meta({ description: 'What is checked.', examples: ['database'] }),
  status: CheckStatus.meta({ description: 'How it ended.', examples: ['ok'] }),
  code: CheckCode.meta({ description: 'What was found.', examples: ['database-ready'] }),
  values: Values.meta({ description: FACTS, examples: [{ version: '18.4' }] }),
  title: z.string().meta({ description: 'What was found, in a few words.', examples: ['The database is ready'] }),
  detail: z.string().meta({
    description: 'What was found; for a skipped check, why it was skipped.',
    examples: ['PostgreSQL 18.4 answers, and its schema is that of this version.'],
  }),
  action: z
    .string()
    .nullable()
    .meta({
      description: 'Who does what about it, and where; null when nobody has to do anything.',
      examples: [null, 'The operator frees space on the volume of the data directory.'],
    }),
})
export type Check = z.infer<typeof Check>

export const checkSetup = {
  operation: 'checkSetup',
  summary: 'Checks the whole set-up, from the configuration to the mailbox, without sending or changing anything.',
  description:
    'Takes up to 20 seconds, and runs one at a time. What cannot be checked is skipped, with the reason. The command doctor prints the same.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/check',
  session: 'workspace-admin',
  scope: null,
  body: z.strictObject({
    fromEmail: EmailAddress.optional().meta({
      description: 'Is checked in place of the configured sender.',
      examples: ['reports@contoso.com'],
    }),
  }),
  status: 200,
  response: z.strictObject({ checks: z.array(Check).meta({ description: 'Every check, with what it found.' }) }),
  answer: 'What each check found, within 20 seconds.',
  problems: ['check-running'],
} as const satisfies Endpoint
