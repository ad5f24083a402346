import { domainOf, sameAddress } from '@inforiver-mail/contract/email-address'
import type { TraceRow } from '@inforiver-mail/m365/message-trace'
import type { FinalDelivery, OutcomeReport } from '../queue/reports/merge-outcome.ts'
import type { ReportedRow } from '../queue/reports/recipient-outcomes.ts'
import type { ReportableMessage, ReportableRecipient } from '../queue/reports/sent-messages.ts'

// Which rows of the message trace are about which recipient. The service answers more than it is asked, so that every row
// is compared here. Pure.

/** A row that is matched without its Message-ID must be within this time of the sending. */
const LIKELY_WITHIN_MS = 10 * 60_000

/** A row of a message of ours, whose address is none of its recipients: an alias, or a member of a list. */
export interface AliasCandidate {
  readonly wanted: 'address'
  readonly message: ReportableMessage
  readonly recipient: ReportableRecipient
  readonly row: TraceRow
}

/** A failed delivery without a known code. */
export interface CodeWanted {
  readonly wanted: 'code'
  readonly messageId: string
  readonly recipient: string
  readonly certain: boolean
  readonly row: TraceRow
}

export interface TraceMatches {
  readonly reports: readonly OutcomeReport[]
  readonly aliases: readonly AliasCandidate[]
  readonly codes: readonly CodeWanted[]
}

/** The final statuses. The service's list is open: a status that is missing here counts as still pending. */
const FINAL: Readonly<Record<string, FinalDelivery>> = {
  delivered: 'delivered',
  failed: 'failed',
  quarantined: 'quarantined',
  filteredasspam: 'spam',
  expanded: 'expanded',
}

function finalDelivery({ status }: TraceRow): FinalDelivery | null {
  const key = status.toLowerCase()
  return Object.hasOwn(FINAL, key) ? (FINAL[key] ?? null) : null
}

/** A row is one of a message and a recipient: where the service lists it twice, the one with an outcome counts. */
export function eachOnce(rows: readonly TraceRow[]): readonly TraceRow[] {
  const first = new Map<string, TraceRow>()
  for (const row of rows) {
    const key = `${row.id} ${row.recipientAddress.toLowerCase()}`
    const known = first.get(key)
    if (!known || (finalDelivery(known) === null && finalDelivery(row) !== null)) first.set(key, row)
  }
  return [...first.values()]
}

/**
 * Returns the messages that have not ended although a row of any status shows that they were sent.
 *
 * @param known messages that have the Message-ID of a row
 */
export function seenIn(rows: readonly TraceRow[], known: readonly ReportableMessage[]): readonly ReportableMessage[] {
  const rowsOf = Map.groupBy(rows, ({ messageId }) => messageId)
  const byId = Map.groupBy(known, ({ internetMessageId }) => internetMessageId)
  return known.filter((message) => {
    const { internetMessageId, sentAt } = message
    const some = rowsOf.get(internetMessageId) ?? []
    const sharers = othersOf(message, byId)
    return sentAt === null && (sharers.length === 0 ? some : rowsAbout(message, some, sharers)).length > 0
  })
}

function othersOf(
  message: ReportableMessage,
  byId: ReadonlyMap<string, readonly ReportableMessage[]>,
): readonly ReportableMessage[] {
  return (byId.get(message.internetMessageId) ?? []).filter((other) => other !== message)
}

/**
 * Chooses the rows of its Message-ID that are about a message. Of several messages with one Message-ID, such as mail that
 * its client divided among its recipients, the recipient tells which; one in doubt needs a row that can be of no other.
 */
function rowsAbout(
  message: ReportableMessage,
  rows: readonly TraceRow[],
  sharers: readonly ReportableMessage[],
): readonly TraceRow[] {
  const own = rows.filter((row) => isFrom(row, message) && !isRedirected(row, message))
  if (sharers.length === 0) return own
  const isToOthers = (row: TraceRow) => sharers.some((other) => recipientOf(row, other) !== null)
  const isToOurs = (row: TraceRow) => recipientOf(row, message) !== null
  return message.sentAt === null
    ? own.filter((row) => isToOurs(row) && !isToOthers(row))
    : own.filter((row) => isToOurs(row) || !isToOthers(row))
}

/** @param known messages that have the Message-ID of a row */
export function matchByMessageId(
  rows: readonly TraceRow[],
  known: readonly ReportableMessage[],
): TraceMatches & { readonly unmatched: readonly TraceRow[] } {
  const byId = Map.groupBy(known, ({ internetMessageId }) => internetMessageId)
  const matched = Map.groupBy(rows, ({ messageId }) => (messageId === null ? null : (byId.get(messageId) ?? null)))
  const unmatched = matched.get(null) ?? []
  const reports: OutcomeReport[] = []
  const aliases: AliasCandidate[] = []
  const codes: CodeWanted[] = []
  for (const [messages, some] of matched) {
    for (const message of messages ?? []) {
      const own = rowsAbout(message, some, othersOf(message, byId))
      for (const row of own) {
        const recipient = recipientOf(row, message)
        const report = recipient && toReport(row, message, recipient, true)
        if (!report) continue
        const isKnown = recipient.certain && recipient.delivery === report.delivery
        if (!isKnown) reports.push(report)
        if (lacksCode(report, recipient)) codes.push(wanted(report, row))
      }
      aliases.push(...aliasesOf(own, message))
    }
  }
  return { reports, aliases, codes, unmatched }
}

/**
 * Matches rows whose Message-ID is not known: Exchange can have given the message another. Each row is for the message
 * that was sent nearest to it.
 *
 * @param messages those with a recipient whose outcome is unknown, or who bounced: a bounced one claims its own row, which
 * could otherwise match the next, similar message
 * @param told the rows that were applied already: every poll returns them again, and the next message may be similar
 */
export function matchLikely(
  rows: readonly TraceRow[],
  messages: readonly ReportableMessage[],
  told: readonly ReportedRow[],
): TraceMatches {
  const reports: OutcomeReport[] = []
  const codes: CodeWanted[] = []
  const open = new Map<string, { readonly message: ReportableMessage; readonly recipient: ReportableRecipient }[]>()
  for (const message of messages) {
    for (const recipient of message.recipients) {
      const key = keyOf(recipient.address, message.subject)
      const place = { message, recipient }
      const mayBeRow = recipient.delivery === null || recipient.source === 'bounce'
      if (mayBeRow && !open.get(key)?.push(place)) open.set(key, [place])
    }
  }
  const times = countBy(told, ({ address, subject, at }) => `${keyOf(address, subject)} ${at.getTime()}`)
  for (const row of rows) {
    const key = keyOf(row.recipientAddress, row.subject)
    const asTold = `${key} ${row.receivedAt.getTime()}`
    const isTold = times.get(asTold) ?? 0
    if (isTold > 0) {
      times.set(asTold, isTold - 1)
      continue
    }
    const places = open.get(key) ?? []
    const distance = ({ sentAt }: ReportableMessage) =>
      sentAt === null ? Number.POSITIVE_INFINITY : Math.abs(sentAt.getTime() - row.receivedAt.getTime())
    const nearest = places
      .filter(({ message }) => isFrom(row, message) && !isRedirected(row, message))
      .filter(({ message }) => distance(message) <= LIKELY_WITHIN_MS)
      .toSorted((a, b) => distance(a.message) - distance(b.message))[0]
    if (!nearest) continue
    const isOther = (place: ReportableMessage, address: string) =>
      place !== nearest.message || !sameAddress(address, nearest.recipient.address)
    open.set(
      key,
      places.filter(({ message, recipient }) => isOther(message, recipient.address)),
    )
    const report = nearest.recipient.delivery === null && toReport(row, nearest.message, nearest.recipient, false)
    if (!report) continue
    reports.push(report)
    if (lacksCode(report, nearest.recipient)) codes.push(wanted(report, row))
  }
  return { reports, aliases: [], codes }
}

/** Rows of one recipient and one subject may be of one message. */
function keyOf(address: string, subject: string): string {
  return `${address.toLowerCase()} ${normal(subject)}`
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, number> {
  return new Map([...Map.groupBy(items, key)].map(([name, some]) => [name, some.length]))
}

export function toReport(
  row: TraceRow,
  { id }: ReportableMessage,
  { address }: ReportableRecipient,
  certain: boolean,
): OutcomeReport | null {
  const delivery = finalDelivery(row)
  if (delivery === null) return null
  const facts = { code: null, detail: null, at: row.receivedAt, source: 'trace' as const, certain, note: null }
  return { messageId: id, recipient: address, delivery, ...facts }
}

/** Where one recipient alone is open, a row under another address may be its own. Members of a list have such rows too. */
function aliasesOf(rows: readonly TraceRow[], message: ReportableMessage): AliasCandidate[] {
  const told = new Set(rows.flatMap((row) => recipientOf(row, message)?.address.toLowerCase() ?? []))
  const open = message.recipients.filter(
    ({ address, delivery }) => delivery === null && !told.has(address.toLowerCase()),
  )
  const [recipient] = open
  if (!recipient || new Set(open.map(({ address }) => address.toLowerCase())).size > 1) return []
  const others = rows.filter((row) => recipientOf(row, message) === null && finalDelivery(row) !== null)
  return others.map((row) => ({ wanted: 'address', message, recipient, row }))
}

function recipientOf(row: TraceRow, { recipients }: ReportableMessage): ReportableRecipient | null {
  return recipients.find(({ address }) => sameAddress(address, row.recipientAddress)) ?? null
}

/** The sender of the row is that of the message, or another address of the same domain: its primary one. */
function isFrom({ senderAddress }: TraceRow, { fromEmail }: ReportableMessage): boolean {
  return sameAddress(senderAddress, fromEmail) || domainOf(senderAddress) === domainOf(fromEmail)
}

/** All mail went to one address: none of the recipients got it. */
function isRedirected(row: TraceRow, { subject }: ReportableMessage): boolean {
  return row.subject.startsWith('[for ') && !subject.startsWith('[for ')
}

function normal(subject: string): string {
  return subject.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase()
}

function lacksCode({ delivery, code }: OutcomeReport, recipient: ReportableRecipient | null): boolean {
  const isKnownFailure = recipient?.delivery === null || recipient?.delivery === 'failed'
  return delivery === 'failed' && code === null && isKnownFailure && recipient?.code === null
}

function wanted({ messageId, recipient, certain }: OutcomeReport, row: TraceRow): CodeWanted {
  return { wanted: 'code', messageId, recipient, certain, row }
}
