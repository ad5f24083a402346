import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { FACTS, Values } from './values.ts'
import { TextOrNull } from './fields.ts'

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

/**
 * What each check can find, and how it then ended. A closed list, since the page words each code in its language. What they
 * mean: `language/en/checks.ts`.
 */
export const CHECK_CODES = {
  /** The codes that any check may have. */
  any: {
    'configuration-faulty': 'skipped',
    'database-not-usable': 'skipped',
    'entra-not-reached': 'skipped',
    'graph-not-reached': 'skipped',
    'not-connected': 'skipped',
    demo: 'skipped',
    'demo-stopped': 'skipped',
    'too-slow': 'failed',
    'check-broke': 'failed',
  },
  configuration: {
    'configuration-valid': 'ok',
    'configuration-risky': 'warning',
    'configuration-faults': 'failed',
  },
  clock: { 'clock-right': 'ok', 'clock-off': 'warning', 'clock-wrong': 'failed', 'clock-not-compared': 'skipped' },
  /** The codes of `entra-reachable`, `graph-reachable` and `upload-host-reachable`. */
  hosts: {
    'host-answers': 'ok',
    'host-unknown': 'failed',
    'host-refuses': 'failed',
    'host-silent': 'failed',
    'host-broke-off': 'failed',
    'host-unavailable': 'warning',
    'host-impersonated': 'failed',
    'certificate-refused': 'failed',
    'proxy-not-reached': 'failed',
    'proxy-refuses': 'failed',
    'gateway-configured': 'skipped',
  },
  'app-registration': {
    'registration-accepted': 'ok',
    'registration-refused': 'failed',
    'registration-not-judged': 'warning',
  },
  'credential-expiry': {
    'credential-valid': 'ok',
    'credential-expires-soon': 'warning',
    'credential-expired': 'failed',
    'credential-not-yet-valid': 'failed',
    'credential-expiry-unknown': 'warning',
    'credential-federated': 'ok',
  },
  permissions: {
    'permissions-granted': 'ok',
    'permissions-missing': 'failed',
    'permissions-not-in-token': 'warning',
    'permissions-unreadable': 'skipped',
    'permissions-not-fetched': 'skipped',
    'permissions-unavailable': 'skipped',
  },
  mailbox: {
    'mailbox-answers': 'ok',
    'mailbox-refused': 'failed',
    'mailbox-unavailable': 'warning',
    'access-lost': 'failed',
    'send-as-unproved': 'skipped',
    'mailbox-unreadable': 'skipped',
  },
  'sender-domain': {
    'domain-authenticated': 'ok',
    'domain-incomplete': 'warning',
    'domain-onmicrosoft': 'warning',
    'domain-not-answered': 'skipped',
    'dns-not-usable': 'skipped',
  },
  database: {
    'database-ready': 'ok',
    'database-empty': 'ok',
    'database-pending': 'warning',
    'database-without-trigrams': 'warning',
    'database-unreachable': 'failed',
    'database-too-old': 'failed',
    'database-rights-missing': 'failed',
    'database-foreign': 'failed',
    'database-newer': 'failed',
    'database-older': 'failed',
    'database-of-another-registration': 'failed',
    'database-refuses-writes': 'failed',
    'database-stopped': 'skipped',
    'database-not-made': 'skipped',
  },
  transactions: {
    'transactions-short': 'ok',
    'transactions-open': 'warning',
    'transactions-hidden': 'skipped',
    'transactions-not-shown': 'skipped',
  },
  vault: {
    'vault-opens': 'ok',
    'vault-keys-missing': 'failed',
    'vault-keys-unusable': 'failed',
    'vault-not-made': 'skipped',
  },
  storage: {
    'storage-ready': 'ok',
    'storage-low': 'warning',
    'storage-full': 'failed',
    'storage-not-writable': 'failed',
    'storage-of-another-account': 'failed',
    'storage-modes-refused': 'failed',
    'storage-readable-by-others': 'warning',
    'storage-elsewhere': 'skipped',
  },
  'message-storage': { 'message-storage-ready': 'ok', 'message-storage-nearly-full': 'warning' },
  'public-url': {
    'public-url-answers': 'ok',
    'public-url-unreachable': 'warning',
    'public-url-answered-by-another': 'warning',
  },
  port: {
    'port-free': 'ok',
    'port-own': 'ok',
    'port-taken': 'failed',
    'port-not-allowed': 'failed',
    'port-not-local': 'failed',
  },
  smtp: {
    'smtp-ready': 'ok',
    'smtp-own': 'ok',
    'smtp-without-tls': 'warning',
    'smtp-certificate-expires-soon': 'warning',
    'smtp-certificate-expired': 'failed',
    'smtp-certificate-not-yet-valid': 'failed',
    'smtp-port-taken': 'failed',
    'smtp-port-not-allowed': 'failed',
    'smtp-not-local': 'failed',
  },
} as const satisfies Partial<Record<CheckId | 'any' | 'hosts', Readonly<Record<string, CheckStatus>>>>

type Findings = typeof CHECK_CODES
export type CheckCode = { [Name in keyof Findings]: keyof Findings[Name] }[keyof Findings]

export const STATUS_OF_CHECK = Object.assign({}, ...Object.values(CHECK_CODES)) as Readonly<
  Record<CheckCode, CheckStatus>
>
export const CheckCode = z.enum(Object.keys(STATUS_OF_CHECK) as [CheckCode, ...CheckCode[]])

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
  action: TextOrNull.meta({
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
