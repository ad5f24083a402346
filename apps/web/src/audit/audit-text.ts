import type { AuditAction, AuditEvent } from '@inforiver-mail/contract/audit'

export const ACTION_LABELS = {
  'sign-in': 'Sign-in',
  'sign-out': 'Sign-out',
  'sessions-ended': 'Sessions ended',
  'consent-started': 'Consent started',
  'consent-ended': 'Consent ended',
  'settings-reset': 'Settings reset',
  'recipients-policy-changed': 'Recipients policy changed',
  'delivery-reports-changed': 'Delivery reports switched',
  'sending-limits-changed': 'Sending limits changed',
  'reconnect-required': 'Connection lost',
  'app-misconfigured': 'App registration refused',
  'app-recovered': 'App registration works again',
  'mailbox-paused': 'Mailbox paused',
  'sending-resumed': 'Pause ended',
  'message-cancelled': 'Message cancelled',
  'message-retried': 'Message retried',
  'messages-cancelled': 'Messages cancelled',
  'messages-retried': 'Messages retried',
  'messages-exported': 'Messages exported',
  'test-message-sent': 'Test mail sent',
  'service-key-created': 'Service key created',
  'service-key-revoked': 'Service key revoked',
  'service-key-refused': 'Service key refused',
  'access-refused': 'Access refused',
  'webhook-created': 'Webhook added',
  'webhook-removed': 'Webhook removed',
  'webhook-tested': 'Webhook tested',
  'webhook-replayed': 'Events sent to a webhook once more',
  'notice-dismissed': 'Notice dismissed',
  'vault-rotated': 'Vault key rotated',
  'vault-forgotten': 'Unreadable records removed',
} as const satisfies Record<AuditAction, string>

const PURPOSES: Readonly<Record<string, string>> = {
  configure: 'connect a mailbox',
  'update-sender': 'change the sender',
  'large-attachments': 'enable large file attachments',
  reconnect: 'reconnect the mailbox',
  'delivery-reports': 'switch delivery reports on',
}

/** Outcomes whose code would mislead; any other is shown as its code, in words. */
const OUTCOMES: Readonly<Record<string, string>> = {
  'workspace-admin': 'As workspace admin',
  member: 'As member',
  pending: 'Waiting for Microsoft',
  'consent-cancelled': 'Cancelled at Microsoft',
  cancelled: 'Cancelled in the settings',
  superseded: 'Overtaken by another change',
  unknown: 'There is no such key',
  revoked: 'The key is revoked',
  'address-not-allowed': 'The key is not allowed from this address',
  'scope-missing': 'The key lacks the scope',
  'not-workspace-admin': 'Not a workspace admin',
}

const DETAILS: Readonly<Record<string, string>> = {
  fromEmail: 'Sender',
  largeAttachments: 'Large file attachments',
  consent: 'Consent',
  account: 'Account',
  mailbox: 'Mailbox',
  correlationId: 'Correlation id',
  reason: 'Reason',
  key: 'Key',
  name: 'Service',
  scopes: 'Scopes',
  expiresAt: 'Expires',
  allowedDomains: 'Allowed domains',
  allowedAddresses: 'Allowed addresses',
  redirectAllTo: 'All mail redirected to',
  message: 'Message',
  count: 'Messages',
  sessions: 'Sessions',
  filter: 'Filter',
  notice: 'Notice',
  client: 'From address',
  operation: 'Request',
  webhook: 'Webhook',
  host: 'Host',
  what: 'What',
  records: 'Records',
  resealed: 'Resealed',
  recordedAs: 'Recorded by a newer version as',
}

const MAILBOXES: Readonly<Record<string, string>> = {
  own: 'of the account itself',
  delegated: 'shared, or a group',
  application: 'by application access',
}

/** Who acted where no person of the tenant did. */
const OTHER_ACTORS: Readonly<Partial<Record<AuditAction, string>>> = {
  'reconnect-required': 'Microsoft',
  'app-misconfigured': 'Microsoft',
  'app-recovered': 'Microsoft',
  'service-key-created': 'Operator',
  'service-key-revoked': 'Operator',
  'vault-rotated': 'Operator',
  'vault-forgotten': 'Operator',
}

export function whoText({ actor, action, details }: AuditEvent): { name: string; email: string | null } {
  if (actor) return { name: actor.name, email: actor.email || null }
  if (action === 'sign-in') return { name: textOf(details['account']) ?? 'Unknown', email: null }
  if (action === 'service-key-refused') return { name: textOf(details['name']) ?? 'Unknown', email: null }
  if (isOfService(action)) return { name: textOf(details['name']) ?? 'Inforiver Mail', email: null }
  return { name: OTHER_ACTORS[action] ?? 'Inforiver Mail', email: null }
}

/** What a service may do as well, whose name then stands in the details. */
function isOfService(action: AuditAction): boolean {
  return action === 'messages-cancelled' || action === 'messages-retried' || action === 'messages-exported'
}

export function whatText({ action, details }: AuditEvent): string {
  const purpose = PURPOSES[textOf(details['purpose']) ?? '']
  return purpose ? `${ACTION_LABELS[action]}: ${purpose}` : ACTION_LABELS[action]
}

export function outcomeText({ outcome }: AuditEvent): string {
  return OUTCOMES[outcome] ?? codeText(outcome)
}

/** Lists the remaining details, each with a label. */
export function detailText(event: AuditEvent): { name: string; value: string }[] {
  return Object.entries(event.details).flatMap(([name, value]) =>
    value === null || isShownElsewhere(name, event)
      ? []
      : [{ name: DETAILS[name] ?? name, value: valueText(name, value) }],
  )
}

function isShownElsewhere(name: string, { actor, action }: AuditEvent): boolean {
  if (name === 'purpose') return true
  return (
    actor === null &&
    ((name === 'account' && action === 'sign-in') ||
      (name === 'name' && (action === 'service-key-refused' || isOfService(action))))
  )
}

function valueText(name: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (name === 'mailbox') return MAILBOXES[String(value)] ?? String(value)
  return name === 'reason' ? codeText(String(value)) : String(value)
}

/** Turns `send-as-denied` into `Send as denied`; leaves a sentence as it is. */
function codeText(code: string): string {
  const text = /^[a-z]+(-[a-z]+)*$/.test(code) ? code.replaceAll('-', ' ') : code
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function textOf(value: AuditEvent['details'][string] | undefined): string | null {
  return typeof value === 'string' ? value : null
}
