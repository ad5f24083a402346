import type { InputFault } from './problem.ts'
import type { Values } from './values.ts'
import { fillIn } from './wording.ts'

/**
 * What can be wrong with a field, in English. A schema carries only a message, so that the code and the values are read
 * back from it: no two of these may fit the same message.
 */
export const FAULTS = {
  'unknown-field': 'This field is not known.',
  // Those of zod itself
  missing: 'Invalid input: expected {expected}, received undefined',
  'wrong-type': 'Invalid input: expected {expected}, received {received}',
  'wrong-option': 'Invalid option: expected one of {options}',
  'null-character': 'The character %00 is not allowed.',
  'whole-number': 'A whole number.',
  'whole-number-once': 'A whole number, given once.',
  'number-too-small': 'At least {min}.',
  'number-too-large': 'At most {max}.',
  'too-short': 'At least {min} characters.',
  'too-long': 'At most {max} characters.',
  'true-or-false': 'Either true or false.',
  'line-breaks': 'Line breaks and other control characters are not allowed here.',
  'control-characters': 'Control characters are in no message.',
  'half-surrogate': 'Half of a surrogate pair is not allowed here.',
  'spaces-or-invisible': 'No spaces around it, and no invisible characters.',
  'date-and-time': 'A date and time with a zone, such as 2026-11-25T06:00:00Z.',
  'year-out-of-range': 'A time in one of the years from 1 to 9999 in UTC.',
  'not-an-id': 'Not the id of {what}.',
  'cursor-unknown': 'Use the nextCursor or the previousCursor of a page of this list, unchanged.',
  'event-unknown':
    'No event of this installation is that new. Use the next of the page before, the id of an event, or 0 for the oldest.',
  'event-position': 'The next of an earlier answer, the id of an event, or 0 for the oldest; given once.',
  'event-types': 'Types separated by commas, such as message.sent,message.failed. There are: {options}.',
  'filter-empty': 'At least one field is needed, such as status or problem.',
  'filter-value-missing': 'Give {what}, or leave out the filter to find all.',
  'filter-of-sessions': 'A key finds the messages of its own service. Leave out this filter.',

  'address-missing': 'Enter an email address.',
  'address-spaces-around': 'Remove the space around the address.',
  'address-spaces': 'An email address contains no spaces or invisible characters.',
  'address-too-long': 'An email address has at most {max} characters.',
  'address-without-at': 'An email address needs an @, as in reports@contoso.com.',
  'address-with-two-ats': 'An email address has only one @.',
  'address-local-missing': 'Enter the part before the @.',
  'address-local-too-long': 'The part before the @ has at most {max} characters.',
  'address-only': 'Enter only the address, without a name, quotes or brackets.',
  'address-named': 'Instead of a name and an address in brackets write { "address": "{address}", "name": "{name}" }.',
  'address-local-dot': 'The part before the @ has a misplaced dot.',
  'address-domain-without-dot': 'The part after the @ needs a dot, as in contoso.com.',
  'address-domain-dot': 'The part after the @ has a misplaced dot.',
  'address-domain': 'The part after the @ is not a domain name.',

  'address-or-object': 'An address, or an object with address and name.',
  'address-list': 'A list of addresses, such as ["cfo@contoso.com"].',
  'no-recipient': 'At least one recipient is needed, in to, cc or bcc.',
  'too-many-recipients': 'At most {max} recipients in to, cc and bcc together; there are {count}.',
  'too-many-addresses': 'At most {max} addresses.',
  'no-body': 'At least one of html and text is needed.',
  'message-empty': 'The message is empty: it needs a subject, a body or an attachment.',
  'send-at-past': 'This is more than 5 minutes ago. Leave out sendAt to send the message at once.',
  'expires-before': 'Give a time after now and after sendAt, or leave out expiresAt.',
  'too-far-ahead': 'This is more than {max} days ahead.',
  'idempotency-key': 'It has to be 1 to 255 visible ASCII characters.',
  'domain-not-allowed':
    'The recipients policy does not allow this domain. A workspace admin changes it in Tenant Settings > Recipients.',
  'domain-not-allowed-for-key':
    'The service key does not allow this domain. A workspace admin makes another key in Tenant Settings > Service keys.',
  'no-sender-yet':
    'No sender is configured yet. Leave out "from": the message leaves from the sender that is configured when it is sent.',
  'other-sender': 'Messages leave from {sender} only. Leave out "from", or use replyTo for answers to another address.',

  'attachment-list': 'A list of attachments.',
  attachment: 'An object about one attachment.',
  'attachment-either': 'An attachment has filename and content, or it has part: not both.',
  'too-many-attachments': 'At most {max} attachments.',
  'too-many-attachments-in-all': 'At most {max} attachments; there are {count}.',
  'base64-missing': 'The file in base64 is needed.',
  'not-base64': 'Not base64.',
  'media-type': 'A media type such as application/pdf.',
  'content-id': 'No spaces or angle brackets.',
  'content-id-twice': 'Each contentId names one attachment: give each once.',
  'file-name-missing': 'A file name is needed.',
  'part-number':
    'The number of a part attachment, counted from 0; an attachment in JSON has filename and content instead.',
  sha256: 'A SHA-256 in hex.',
  'part-missing': 'There is no part attachment number {part}.',
  'part-twice': 'This part is described twice.',
  'part-changed': 'The part arrived with other content.',
  'message-part-missing': 'This part is missing: it holds the message as JSON.',
  'part-without-name': 'A part has no name in its Content-Disposition: send one part message and parts attachment.',
  'message-part-twice': 'This part came twice: send one part message and parts attachment.',
  'part-unexpected': 'This part is not expected: send one part message and parts attachment.',
  'part-encoded': 'Send parts as they are, without content-transfer-encoding {encoding}.',
  'header-list': 'Headers by name, such as { "x-report-id": "42" }.',
  'header-name': 'Only names that begin with x- are allowed.',
  'header-of-microsoft': 'Names that begin with x-ms- are Microsoft’s own.',
  'header-twice': 'Names that differ only in case are one header: give each once.',
  'too-many-headers': 'At most {max} headers.',
  'message-list': 'A list of 1 to {max} messages.',

  'domain-needed': 'A domain, such as contoso.com.',
  'domain-too-long': 'A domain name has at most 253 characters.',
  'domain-alone': 'A domain alone, such as contoso.com.',
  'domain-or-below': 'A domain alone, such as contoso.com, or *.contoso.com for every name below it.',
  'domain-list': 'A list of domains, such as ["contoso.com", "*.contoso.com"].',
  'internal-domain-list': 'A list of domains, such as ["contoso.com", "eu.contoso.com"].',
  'too-many-domains': 'At most {max} domains.',
  licences: 'A whole number of licences, 0 for a trial, or null.',
  'no-report-source': 'Name bounces, trace or both.',

  'key-name-missing': 'A name is needed, such as report-scheduler.',
  'key-expired': 'This is in the past: the key could never be used.',
  'scope-list': 'A list of scopes.',
  'scope-missing': 'At least one scope is needed.',
  'scope-twice': 'Each scope once.',
  'too-many-scopes': 'At most {max} scopes, each once.',
  network: 'An IP address such as 10.1.2.3, or a network such as 10.0.0.0/8 or fd00::/8.',
  'network-list': 'A list of addresses and networks, such as ["10.0.0.0/8"].',
  'too-many-networks': 'At most {max} addresses and networks.',

  'webhook-address': 'An address that begins with https:// is needed.',
  'webhook-address-refused':
    'A webhook may not be sent to this address. Private addresses need WEBHOOK_ALLOW_PRIVATE=true in the configuration; loopback, link-local and metadata addresses are always refused.',
  'webhook-credentials': 'No user name and no password in the address.',
  'webhook-fragment': 'No # part: it would not be sent.',
  'too-many-keys': 'There are {max} valid keys already, and no more are possible. Revoke one that nobody uses first.',
  'too-many-webhooks': 'There are {max} webhooks already, and no more are possible. Remove one first.',
  'type-list': 'A list of types.',
  'type-missing': 'At least one type is needed.',
  'type-twice': 'Each type once.',
  'too-many-types': 'At most {max} types, each once.',
  'service-list': 'A list of names of services.',
  'service-missing': 'At least one service is needed; leave out services for all of them.',
  'service-twice': 'Each service once.',
  'too-many-services': 'At most {max} services, each once.',
} as const satisfies Readonly<Record<string, string>>

export type FaultCode = keyof typeof FAULTS

/** The English of a fault, which `readFault` understands. */
export function fault(code: FaultCode, values: Values = {}): string {
  return fillIn(FAULTS[code], values)
}

/** Reads code and values back from a message of `fault`; any other message has the code `invalid`. */
export function readFault(message: string): Pick<InputFault, 'code' | 'values'> {
  const plain = PLAIN.get(message)
  if (plain !== undefined) return { code: plain, values: {} }
  for (const { code, pattern } of PATTERNS) {
    const groups = pattern.exec(message)?.groups
    if (groups) return { code, values: Object.fromEntries(Object.entries(groups).map(toValue)) }
  }
  return { code: 'invalid', values: {} }
}

function toValue([name, text]: [string, string]): [string, string | number] {
  return [name, /^\d+$/.test(text) ? Number(text) : text]
}

/** Values that are numbers; any other is text, such as an address. */
const NUMBERS = new Set(['min', 'max', 'count', 'part'])

const HAS_VALUES = /\{(\w+)\}/g
const ENTRIES = Object.entries(FAULTS) as [FaultCode, string][]
const PLAIN = new Map(ENTRIES.filter(([, text]) => !/\{\w+\}/.test(text)).map(([code, text]) => [text, code]))

const PATTERNS = ENTRIES.filter(([, text]) => /\{\w+\}/.test(text)).map(([code, text]) => ({
  code,
  pattern: new RegExp(
    `^${text.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(HAS_VALUES, (_, name: string) => `(?<${name}>${NUMBERS.has(name) ? '\\d+' : '.{1,300}?'})`)}$`,
  ),
}))
