import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { Check } from '@inforiver-mail/contract/setup-check'
import type { Values } from '@inforiver-mail/contract/values'

/**
 * The values of a check that support can use. No other is copied: they name mailboxes, domains, hosts, addresses in the
 * network, and folders.
 */
const COPIED = [
  'aadsts',
  'code',
  'correlationId',
  'count',
  'days',
  'direction',
  'freeMegabytes',
  'kind',
  'missing',
  'mode',
  'needed',
  'permissions',
  'reason',
  'requestId',
  'seconds',
  'status',
  'version',
] as const

/** A code, an id, a number or a version, and neither a sentence nor an address. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}$/
const NETWORK_ADDRESS = /\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:/i

export interface SupportFacts {
  /** The version of the product; null where it is not known. */
  readonly version: string | null
  readonly at: Date
  readonly userAgent: string
  readonly language: string
  readonly settings: Office365SmtpSettings
  readonly checks: readonly Check[]
}

/** Gathers what support asks for first, in lines of English words and codes. It holds no secret and no address. */
export function supportText({ version, at, userAgent, language, settings, checks }: SupportFacts): string {
  const { status, mailbox, largeAttachments, deliveryReports, problem, grantedPermissions } = settings
  const onOff = (on: boolean) => (on ? 'on' : 'off')
  return [
    `Inforiver Mail ${version ?? 'of unknown version'}`,
    `at: ${at.toISOString()}`,
    `browser: ${userAgent.replaceAll(/[^\w .:;,()/+-]/g, '')}`,
    `language: ${language}`,
    `settings: ${status}, version ${settings.version}, mailbox ${mailbox ?? 'none'}`,
    `large attachments: ${onOff(largeAttachments.enabled)}`,
    `delivery reports: bounces ${onOff(deliveryReports.bounces.enabled)}, trace ${onOff(deliveryReports.trace.enabled)}`,
    `permissions: ${grantedPermissions.filter((name) => PLAIN.test(name)).join(', ') || 'none'}`,
    `waiting: ${settings.waitingMessages}`,
    ...(problem ? [`problem: ${problem.code}${idText(problem.correlationId)}`] : []),
    'checks:',
    ...checks.map(({ id, status, code, values }) => `  ${status} ${id}: ${code}${valuesText(values)}`),
    '',
  ].join('\n')
}

function idText(correlationId: string | null): string {
  return correlationId !== null && PLAIN.test(correlationId) ? ` (correlationId ${correlationId})` : ''
}

function valuesText(values: Values): string {
  const copied = COPIED.flatMap((name) => {
    const value = values[name]
    const texts = (Array.isArray(value) ? value : [value]).filter((item) => isPlain(item))
    return texts.length > 0 ? [`${name} ${texts.join(' ')}`] : []
  })
  return copied.length > 0 ? ` (${copied.join(', ')})` : ''
}

function isPlain(value: Values[string] | undefined): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  return typeof value === 'string' && PLAIN.test(value) && !NETWORK_ADDRESS.test(value)
}
