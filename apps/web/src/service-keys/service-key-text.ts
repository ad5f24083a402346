import { Scope } from '@inforiver-mail/contract/caller'
import { type ServiceKey, ServiceKeyInput } from '@inforiver-mail/contract/service-key'
import { faultText } from '../api/server-text.ts'
import { listFault, splitEntries } from '../api/failure.ts'
import type { Translate } from '../language/translate.ts'

/** What a key allows, in a fixed order. */
export function scopesText(scopes: readonly Scope[], t: Translate): string {
  const allowed = Scope.options.filter((scope) => scopes.includes(scope))
  return t.list(
    allowed.map((scope) => t(`keys.scope.${scope}.in-list`)),
    'unit',
  )
}

/** What was entered for a new key; lists as text, one entry a line. */
export interface KeyDraft {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** A local date and time, as the browser's own field has it; empty: no end. */
  readonly expiresAt: string
  /** The field has a part of a date or time, which leaves `expiresAt` empty. */
  readonly endIsPartial: boolean
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
export function inputFaults(draft: KeyDraft, now: Date, t: Translate): KeyFaults {
  const input = toInput(draft)
  const { issues } = ServiceKeyInput.safeParse(input).error ?? { issues: [] }
  const faultOf = (field: keyof ServiceKeyInput) => {
    const issue = issues.find(({ path }) => path[0] === field)
    return issue ? faultText(issue.message, t) : null
  }
  const { allowedDomains, allowedAddresses } = ServiceKeyInput.shape
  // Without this a key that somebody wants to end would have no end.
  const endIsNone = draft.endIsPartial || (draft.expiresAt !== '' && input.expiresAt === null)
  const isOver = input.expiresAt !== null && new Date(input.expiresAt) <= now
  return {
    name: faultOf('name'),
    scopes: faultOf('scopes'),
    expiresAt: endIsNone
      ? t('keys.dialog.ends-incomplete')
      : isOver
        ? t('keys.dialog.ends-in-past')
        : faultOf('expiresAt'),
    allowedDomains: listFault(allowedDomains, input.allowedDomains, t),
    allowedAddresses: listFault(allowedAddresses, input.allowedAddresses, t),
  }
}

/** What a key is limited to, besides its permissions and its end; null for one that is not. */
export function limitsText({ allowedDomains, allowedAddresses }: ServiceKey, t: Translate): string | null {
  const domains = listed(allowedDomains, t)
  const addresses = listed(allowedAddresses, t)
  if (domains && addresses) return t('keys.limits.both', { domains, addresses })
  if (domains) return t('keys.limits.domains', { domains })
  return addresses && t('keys.limits.addresses', { addresses })
}

const LISTED = 3

function listed(entries: readonly string[], t: Translate): string | null {
  if (entries.length === 0) return null
  const more = entries.length - LISTED
  const shown = entries.slice(0, LISTED)
  return t.list(more > 0 ? [...shown, t('keys.limits.more', { count: more })] : shown)
}

/** What revoking a key means for its service. */
export function revokeText(key: ServiceKey, keys: readonly ServiceKey[], t: Translate): string {
  const others = keys.filter(({ id, name }) => id !== key.id && name === key.name).length
  return t('keys.revoking.others', { name: key.name, others })
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
