import type { AuditAction, AuditEvent } from '@inforiver-mail/contract/audit'
import { sentenceCase, type Translate } from '../language/translate.ts'
import { PRODUCT } from '../ui/page.tsx'

const MICROSOFT = 'Microsoft'
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/** Who acted where no person of the tenant did. */
const OTHER_ACTORS: Readonly<Partial<Record<AuditAction, 'microsoft' | 'operator'>>> = {
  'reconnect-required': 'microsoft',
  'app-misconfigured': 'microsoft',
  'app-recovered': 'microsoft',
  'mailbox-refused': 'microsoft',
  'token-refused': 'microsoft',
  'mailbox-accepted': 'microsoft',
  'service-key-created': 'operator',
  'service-key-revoked': 'operator',
  'vault-rotated': 'operator',
  'vault-forgotten': 'operator',
}

export function whoText({ actor, action, details }: AuditEvent, t: Translate): { name: string; email: string | null } {
  if (actor) return { name: actor.name, email: actor.email || null }
  if (action === 'sign-in') return { name: textOf(details['account']) ?? t('audit.actor.unknown'), email: null }
  if (action === 'service-key-refused') {
    return { name: textOf(details['name']) ?? t('audit.actor.unknown'), email: null }
  }
  if (isOfService(action)) return { name: textOf(details['name']) ?? PRODUCT, email: null }
  const other = OTHER_ACTORS[action]
  if (other === 'operator') return { name: t('audit.actor.operator'), email: null }
  return { name: other === 'microsoft' ? MICROSOFT : PRODUCT, email: null }
}

/** What a service may do as well, whose name then stands in the details. */
function isOfService(action: AuditAction): boolean {
  return action === 'messages-cancelled' || action === 'messages-retried' || action === 'messages-exported'
}

export function whatText({ action, details }: AuditEvent, t: Translate): string {
  const what = t(`audit.action.${action}`)
  const purpose = t.known(`audit.purpose.${textOf(details['purpose']) ?? ''}`)
  return purpose === null ? what : t('audit.with-purpose', { action: what, purpose })
}

export function outcomeText({ action, outcome, details }: AuditEvent, t: Translate): string {
  const isSentence = action === 'reconnect-required' || action === 'app-misconfigured'
  if (!isSentence || t.language === 'en') return codeText(outcome, t)
  // Version 1.4 recorded the English alone.
  return t.known(`server.${textOf(details['sentence']) ?? ''}`) ?? t('audit.outcome.microsoft-refused')
}

/** Lists the remaining details, each with a label. */
export function detailText(event: AuditEvent, t: Translate): { name: string; value: string }[] {
  return Object.entries(event.details).flatMap(([name, value]) =>
    value === null || isShownElsewhere(name, event)
      ? []
      : [{ name: t.known(`audit.detail.${name}`) ?? name, value: valueText(name, value, t) }],
  )
}

function isShownElsewhere(name: string, { actor, action }: AuditEvent): boolean {
  if (name === 'purpose' || name === 'sentence') return true
  return (
    actor === null &&
    ((name === 'account' && action === 'sign-in') ||
      (name === 'name' && (action === 'service-key-refused' || isOfService(action))))
  )
}

function valueText(name: string, value: string | number | boolean, t: Translate): string {
  if (typeof value === 'boolean') return t(`audit.boolean.${value}`)
  if (typeof value === 'number') return t.number(value)
  if (TIME.test(value)) return t.time(value, 'short')
  switch (name) {
    case 'mailbox':
      return t.known(`audit.mailbox.${value}`) ?? value
    case 'reason':
      return codeText(value, t)
    case 'types':
    case 'what':
      return t.list(value.split(', ').map((each) => typeText(each, t)))
    case 'filter':
      return t.list(value.split(', ').map((each) => filterText(each, t)))
    default:
      return value
  }
}

/** An alert, an event, or what secrets were dropped. */
function typeText(type: string, t: Translate): string {
  return t.known(`alerts.type.${type}`) ?? t.known(`audit.what.${type}`) ?? type
}

/** A filter as the server wrote it, such as `status=failed`; of texts it wrote the name alone. */
function filterText(filter: string, t: Translate): string {
  const [name = '', ...rest] = filter.split('=')
  const value = rest.join('=')
  const named = t.known(`messages.filter.${name}`) ?? t.known(`audit.filter.${name}`) ?? name
  if (value === '') return named
  const shown = TIME.test(value)
    ? t.time(value, 'short')
    : (t.known(`messages.${name}.${value}`) ?? t.known(`audit.boolean.${value}`) ?? value)
  return t('messages.pill', { name: named, value: shown })
}

/** Words a code; one of another version such as `send-as-denied` becomes `Send as denied`, and a sentence stays. */
function codeText(code: string, t: Translate): string {
  const known = t.known(`audit.outcome.${code}`)
  if (known !== null) return known
  return sentenceCase(/^[a-z]+(-[a-z]+)*$/.test(code) ? code.replaceAll('-', ' ') : code)
}

function textOf(value: AuditEvent['details'][string] | undefined): string | null {
  return typeof value === 'string' ? value : null
}
