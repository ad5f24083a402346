import { Scope } from '@inforiver-mail/contract/caller'
import { type ServiceKey, ServiceKeyInput } from '@inforiver-mail/contract/service-key'

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

/** The contract's objection to each field; null when it is valid. */
export function inputFaults(input: ServiceKeyInput): { name: string | null; scopes: string | null } {
  const { issues } = ServiceKeyInput.safeParse(input).error ?? { issues: [] }
  const faultOf = (field: keyof ServiceKeyInput) => issues.find(({ path }) => path[0] === field)?.message ?? null
  return { name: faultOf('name'), scopes: faultOf('scopes') }
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
