import { Scope } from '@inforiver-mail/contract/caller'
import { type ServiceKey, ServiceKeyInput } from '@inforiver-mail/contract/service-key'
import { listFault, splitEntries } from '../api/text-list.ts'

export const SCOPE_TEXT = {
  'messages:send': { label: 'Send messages', hint: 'Submit messages, and cancel or retry its own.' },
  'messages:read': { label: 'Read messages', hint: 'See what became of its own messages.' },
  'settings:read': {
    label: 'Read settings',
    hint: 'See whether a mailbox is connected, and what is left of its limits.',
  },
} as const satisfies Record<Scope, unknown>

/** What a key allows, in a fixed order. */
export function scopesText(scopes: readonly Scope[]): string {
  const labels = Scope.options.filter((scope) => scopes.includes(scope)).map((scope) => SCOPE_TEXT[scope].label)
  return labels.map((label, index) => (index === 0 ? label : label.toLowerCase())).join(', ')
}

/** What was entered for a new key; lists as text, one entry a line. */
export interface KeyDraft {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** A local date and time, as the browser's own field has it; empty: no end. */
  readonly expiresAt: string
  readonly domains: string
  readonly addresses: string
}

export function toInput({ name, scopes, expiresAt, domains, addresses }: KeyDraft): ServiceKeyInput {
  const end = new Date(expiresAt)
  return {
    name,
    scopes: [...scopes],
    expiresAt: Number.isNaN(end.getTime()) ? null : end.toISOString(),
    allowedDomains: splitEntries(domains),
    allowedAddresses: splitEntries(addresses),
  }
}

export type KeyFaults = Readonly<Record<keyof ServiceKeyInput, string | null>>

/** The objection to each field; null when it is valid. */
export function inputFaults(input: ServiceKeyInput, now: Date): KeyFaults {
  const { issues } = ServiceKeyInput.safeParse(input).error ?? { issues: [] }
  const faultOf = (field: keyof ServiceKeyInput) => issues.find(({ path }) => path[0] === field)?.message ?? null
  const { allowedDomains, allowedAddresses } = ServiceKeyInput.shape
  const isOver = input.expiresAt !== null && new Date(input.expiresAt) <= now
  return {
    name: faultOf('name'),
    scopes: faultOf('scopes'),
    expiresAt: isOver ? 'This is in the past: the key could never be used.' : faultOf('expiresAt'),
    allowedDomains: listFault(allowedDomains, input.allowedDomains),
    allowedAddresses: listFault(allowedAddresses, input.allowedAddresses),
  }
}

/** What a key is limited to, besides its permissions and its end; empty for one that is not. */
export function limitsText({ allowedDomains, allowedAddresses }: ServiceKey): string {
  const limits = [
    ...(allowedDomains.length > 0 ? [`to ${listed(allowedDomains)}`] : []),
    ...(allowedAddresses.length > 0 ? [`from ${listed(allowedAddresses)}`] : []),
  ].join('; ')
  return limits.charAt(0).toUpperCase() + limits.slice(1)
}

const LISTED = 3

function listed(entries: readonly string[]): string {
  const more = entries.length - LISTED
  return entries.slice(0, LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** What revoking a key means for its service. */
export function revokeText(key: ServiceKey, keys: readonly ServiceKey[]): string {
  const others = keys.filter(({ id, name }) => id !== key.id && name === key.name).length
  if (others === 0) {
    return `${key.name} has no other key: it is locked out until it gets a new one.`
  }
  return `${key.name} has ${others === 1 ? 'another key, which keeps' : `${others} other keys, which keep`} working.`
}

/** An example request that the key allows, for a POSIX shell that has it in INFORIVER_MAIL_KEY. */
export function curlExample(origin: string, scopes: readonly Scope[], to: string): string {
  const authorization = '-H "Authorization: Bearer $INFORIVER_MAIL_KEY"'
  if (scopes.includes('messages:send')) {
    const message = JSON.stringify({ to: [to], subject: 'Hello', text: 'It works.' })
    return [
      `curl ${origin}/api/v1/messages`,
      authorization,
      '-H "Content-Type: application/json"',
      `-d '${message.replaceAll("'", String.raw`'\''`)}'`,
    ].join(' \\\n  ')
  }
  const path = scopes.includes('messages:read') ? 'messages' : 'tenant-settings/office365-smtp'
  return `curl ${origin}/api/v1/${path} \\\n  ${authorization}`
}
