import { EmailAddress } from '@inforiver-mail/contract/email-address'
import type { Recipient } from '@inforiver-mail/contract/message'
import { MAX_HEADERS } from '@inforiver-mail/contract/message-input'
import { cutText } from '@inforiver-mail/m365/cut-text'
import libmime from 'libmime'
import addressparser from 'nodemailer/lib/addressparser'
import { comparableAddress, isSameMailbox } from '../domain/compare-addresses.ts'
import { decodeText } from './decode.ts'

const MAX_NAME_CHARACTERS = 256
const MAX_SUBJECT_CHARACTERS = 255
export const MAX_REPLY_TO = 25
const MAX_VALUE_CHARACTERS = 996
const X_HEADER = /^x-[\w!#$%&'*+.^`|~-]+$/i
/** Microsoft's own, ours, and what becomes a field of the message. */
const NOT_PASSED_ON = /^x-(ms-|inforiver-|priority$|msmail-priority$)/i
const MAX_X_NAME_CHARACTERS = 76
const ASCII = /^[\0-\x7f]*$/

/** A line of a header block: the name in lower case, and the whole as it came, each byte a character. */
export interface HeaderLine {
  readonly key: string
  readonly line: string
}

/** An address as a header has it, which may be none. */
interface NamedAddress {
  readonly name: string
  readonly address: string
}

/** The header of a mail, as far as it counts for delivery. */
export interface MailHeader {
  readonly messageId: string | null
  readonly from: readonly Recipient[]
  /** Whether From names somebody by what is no address of a mailbox, such as root@host. */
  readonly hasUnusableFrom: boolean
  readonly replyTo: readonly Recipient[]
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly subject: string
  readonly importance: 'low' | 'normal' | 'high'
  /** Other headers that are passed on, at most five. */
  readonly headers: Readonly<Record<string, string>>
  /** The names of those that are not, because there are more. */
  readonly leftOut: readonly string[]
  /** The values of `X-Inforiver-…`, by the name in lower case. */
  readonly own: ReadonlyMap<string, string>
  readonly wantsReadReceipt: boolean
  readonly wantsDeliveryReceipt: boolean
}

export function readMailHeader(lines: readonly HeaderLine[]): MailHeader {
  const first = (name: string) => lines.find(({ key }) => key === name)
  const text = (name: string) => {
    const line = first(name)
    return line === undefined ? '' : toText(valueOf(line))
  }
  const named = (name: string) =>
    lines.filter(({ key }) => key === name).flatMap((line) => addressparser(valueOf(line), { flatten: true }))
  const mailboxes = (name: string) => named(name).flatMap(toMailbox)
  const from = named('from')
  const senders = from.flatMap(toMailbox)
  return {
    messageId: text('message-id') || null,
    from: senders,
    hasUnusableFrom: isUnusable(from, senders),
    replyTo: mailboxes('reply-to').slice(0, MAX_REPLY_TO),
    to: mailboxes('to'),
    cc: mailboxes('cc'),
    subject: cutText(text('subject'), MAX_SUBJECT_CHARACTERS),
    importance: readImportance(text),
    ...readXHeaders(lines),
    own: new Map(
      lines
        .filter(({ key }) => key.startsWith('x-inforiver-'))
        .toReversed() // the first of a name counts
        .map((line) => [line.key, ownValueOf(line)]),
    ),
    wantsReadReceipt: first('disposition-notification-to') !== undefined,
    wantsDeliveryReceipt: first('return-receipt-to') !== undefined,
  }
}

/**
 * The envelope decides who receives a mail. To and Cc are those of the header that are also in the envelope, under the
 * names that the header gives them; whoever is only in the envelope is Bcc.
 */
export function divideRecipients(
  envelope: readonly string[],
  { to, cc }: Pick<MailHeader, 'to' | 'cc'>,
): { readonly to: Recipient[]; readonly cc: Recipient[]; readonly bcc: Recipient[] } {
  const left = new Map(envelope.map((address) => [comparableAddress(address), address]))
  const take = (named: readonly Recipient[]) =>
    named.flatMap((recipient): Recipient[] => {
      const key = comparableAddress(recipient.address)
      const address = left.get(key)
      if (address === undefined) return []
      left.delete(key)
      return [{ ...recipient, address }]
    })
  const divided = { to: take(to), cc: take(cc) }
  return { ...divided, bcc: [...left.values()].map((address) => ({ address })) }
}

/** Whether a mail names another sender than the one that it leaves from. */
export function namesAnother(from: readonly Recipient[], sender: string | null): boolean {
  return from.some(({ address }) => sender === null || !isSameMailbox(address, sender))
}

/** Unfolds the value of a line, and decodes bytes that are not ASCII. */
function valueOf({ line }: HeaderLine): string {
  return toCharacters(line.slice(line.indexOf(':') + 1).replaceAll(/\r?\n/g, ''))
}

/** Replaces nothing but a fold, so that what the REST API would refuse is refused. */
function ownValueOf({ line }: HeaderLine): string {
  return decodeWords(toCharacters(line.slice(line.indexOf(':') + 1).replaceAll(/\r?\n[ \t]+/g, ' ')))
}

function toCharacters(value: string): string {
  return (ASCII.test(value) ? value : decodeText(Buffer.from(value, 'latin1'), null)).trim()
}

/** Decodes encoded words, and replaces what one line of a header cannot hold. */
function toText(value: string): string {
  return oneLine(decodeWords(value))
}

/** Decodes encoded words (RFC 2047). */
function decodeWords(value: string): string {
  return value.includes('=?') ? libmime.decodeWords(value) : value
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .toWellFormed()
    .trim()
}

/** Addresses that no mailbox can have are left out. */
function toMailbox({ name, address }: NamedAddress): Recipient[] {
  if (!EmailAddress.safeParse(address).success) return []
  const shown = cutText(toText(name), MAX_NAME_CHARACTERS)
  return [shown === '' || shown === address ? { address } : { address, name: shown }]
}

/** A name without an address, such as half of one with a comma, counts only where no mailbox stands beside it. */
function isUnusable(named: readonly NamedAddress[], mailboxes: readonly Recipient[]): boolean {
  if (mailboxes.length === 0) return named.length > 0
  return named.filter(({ address }) => address !== '').length > mailboxes.length
}

function readImportance(text: (name: string) => string): MailHeader['importance'] {
  const said = (text('importance') || text('x-msmail-priority') || text('priority')).toLowerCase()
  if (said === 'high' || said === 'urgent') return 'high'
  if (said === 'low' || said === 'non-urgent') return 'low'
  const level = /^[1-5]/.exec(text('x-priority'))?.[0]
  if (said !== '' || level === undefined || level === '3') return 'normal'
  return level < '3' ? 'high' : 'low'
}

function readXHeaders(lines: readonly HeaderLine[]): Pick<MailHeader, 'headers' | 'leftOut'> {
  const headers: Record<string, string> = {}
  const seen = new Set<string>()
  const leftOut: string[] = []
  for (const line of lines) {
    const name = line.line.slice(0, line.line.indexOf(':')).trim()
    if (!X_HEADER.test(name) || NOT_PASSED_ON.test(name) || seen.has(line.key)) continue
    const value = toText(valueOf(line))
    if (value === '') continue // says nothing, and may have Graph refuse the whole message
    const fits = name.length <= MAX_X_NAME_CHARACTERS && value.length <= MAX_VALUE_CHARACTERS
    seen.add(line.key)
    if (fits && Object.keys(headers).length < MAX_HEADERS) headers[name] = value
    else leftOut.push(name.slice(0, MAX_X_NAME_CHARACTERS))
  }
  return { headers, leftOut }
}
