import { POSSIBLE_BOUNCE } from '@inforiver-mail/contract/message'
import type { DeliveryReport, ReportedRecipient } from '@inforiver-mail/m365/delivery-report'
import { INITIAL_DOMAIN } from '@inforiver-mail/m365/initial-domain'
import type { ReportFacts } from '@inforiver-mail/m365/inbox-calls'
import { comparableAddress } from '../domain/compare-addresses.ts'
import type { OutcomeReport } from '../queue/reports/merge-outcome.ts'
import type { ReportableMessage } from '../queue/reports/sent-messages.ts'

// What follows from a mail that looks like a report. Anybody can send one. Only Exchange Online of our own
// organisation is believed, and only about a message whose Message-ID it names. Anything else leaves a note. Pure.

/** The name under which Exchange Online sends reports, in every organisation. */
const EXCHANGE = 'microsoftexchange329e71ec88ae4615bbc36ab6ce41109e'
const NDR_CLASS = /^report\..*\.ndr$/i
const OTHER_REPORT_CLASS = /^report\./i
const MAX_TOLD = 500

/** Whether a mail may be a report: by its class or its sender, whatever its subject. Its content is not known yet. */
export function mayBeReport({
  sender,
  messageClass,
}: {
  readonly sender: string | null
  readonly messageClass: string | null
}): boolean {
  if (messageClass !== null && OTHER_REPORT_CLASS.test(messageClass)) return NDR_CLASS.test(messageClass)
  const [name = ''] = (sender ?? '').toLowerCase().split('@')
  return name === EXCHANGE || name === 'mailer-daemon' || name === 'postmaster'
}

/** Whether Exchange itself takes a mail for a report that a delivery failed for good. */
export function isNonDelivery({ messageClass }: Pick<ReportFacts, 'messageClass'>): boolean {
  return messageClass !== null && NDR_CLASS.test(messageClass)
}

/** Whether a mail is from Exchange Online. @param domain the initial domain of the organisation; null: any */
export function isOfExchange({ from, sender }: Pick<ReportFacts, 'from' | 'sender'>, domain: string | null): boolean {
  return [from ?? sender, sender ?? from].every((address) => {
    const [name, host = ''] = (address ?? '').toLowerCase().split('@')
    return name === EXCHANGE && (domain === null ? INITIAL_DOMAIN.test(host) : host === domain)
  })
}

/** The reports about recipients that a mail comes to. */
export interface BounceEffects {
  readonly reports: readonly OutcomeReport[]
  /** Each code of a real report, with the message that it is about. */
  readonly codes: readonly { readonly code: string; readonly message: ReportableMessage }[]
}

/**
 * Says what a mail tells of our messages.
 *
 * @param messages those that have one of the Message-IDs that the report names
 * @param domain the initial domain of the organisation; null: any
 */
export function bounceEffects(
  facts: ReportFacts,
  report: DeliveryReport,
  messages: readonly ReportableMessage[],
  domain: string | null,
): BounceEffects {
  const failed = report.recipients.filter(({ action }) => action === 'failed')
  if (failed.length === 0 && report.unaddressed === null) return { reports: [], codes: [] }
  const effects = messages.map((message): BounceEffects => {
    if (!isOfExchange(facts, domain)) return { reports: noteOf(message, failed), codes: [] }
    const recipients = report.unaddressed === null ? failed : addressed(report.unaddressed, facts, message)
    if (recipients.length === 0) return { reports: noteOf(message, []), codes: [] }
    const settled = recipients.map((recipient) => settle(message, recipient, facts))
    return { reports: settled.flatMap(({ reports }) => reports), codes: settled.flatMap(({ codes }) => codes) }
  })
  return {
    reports: effects.flatMap(({ reports }) => reports).slice(0, MAX_TOLD),
    codes: effects.flatMap(({ codes }) => codes),
  }
}

/**
 * Without a part for machines, Exchange Online lists the recipients that failed as those of the report itself; others
 * list the sender there, to whom it goes.
 */
function addressed(
  { code, detail }: NonNullable<DeliveryReport['unaddressed']>,
  { to }: ReportFacts,
  { fromEmail }: ReportableMessage,
): ReportedRecipient[] {
  const addresses = to.map((address) => address.toLowerCase()).filter((address) => address !== fromEmail.toLowerCase())
  return addresses.map((address) => ({ addresses: [address], action: 'failed', code, detail }))
}

function settle(message: ReportableMessage, failed: ReportedRecipient, facts: ReportFacts): BounceEffects {
  const { code, detail } = failed
  const known = recipientsNamed(message, failed.addresses)
  const codes = code === null ? [] : [{ code, message }]
  if (known.length > 0) {
    const outcome = { delivery: 'failed', code, detail, at: facts.receivedAt, note: null } as const
    return { reports: known.map(({ address }) => reportAbout(message, address, outcome)), codes }
  }
  const [member = ''] = failed.addresses
  const told = [member, detail ?? code].filter((part) => part !== null).join(': ')
  const lists = message.recipients.filter(({ delivery }) => delivery === 'expanded')
  if (lists.length > 0)
    return { reports: lists.map(({ address }) => reportAbout(message, address, { detail: told })), codes }
  const note = `${POSSIBLE_BOUNCE}: ${told}`
  return { reports: message.recipients.map(({ address }) => reportAbout(message, address, { note })), codes }
}

/** Adds the note to the recipients that it names, or to all of them if it names none of ours. */
function noteOf(message: ReportableMessage, failed: readonly ReportedRecipient[]): OutcomeReport[] {
  const known = recipientsNamed(
    message,
    failed.flatMap(({ addresses }) => addresses),
  )
  const noted = known.length > 0 ? known : message.recipients
  return noted.map(({ address }) => reportAbout(message, address, { note: POSSIBLE_BOUNCE }))
}

/** The domain of an address in a report may be spelled in ASCII where the message has it in Unicode. */
function recipientsNamed({ recipients }: ReportableMessage, addresses: readonly string[]) {
  const named = new Set(addresses.map(comparableAddress))
  return recipients.filter(({ address }) => named.has(comparableAddress(address)))
}

/** A report about a recipient, which settles nothing unless it `says` so. */
function reportAbout({ id }: ReportableMessage, recipient: string, says: Partial<OutcomeReport>): OutcomeReport {
  return {
    messageId: id,
    recipient,
    delivery: null,
    code: null,
    detail: null,
    at: null,
    source: 'bounce',
    certain: true,
    note: null,
    ...says,
  }
}
