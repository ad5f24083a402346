import { pickMs } from '../faults/settings.ts'
import { newItemId } from './attachments.ts'
import { bounce } from './bounce.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type AcceptedMessage, acceptedMessage } from '../simulation/traffic.ts'
import type { Addressee, DirectoryIndex } from '../tenant/directory.ts'
import type { DeliveryOutcome, MessageCopy, StoredMessage } from '../tenant/message.ts'

/** What happens to the sender's own copy. */
export type SentCopy =
  | { readonly kind: 'none' | 'new' }
  /** The draft itself moves to Sent Items. */
  | { readonly kind: 'draft'; readonly id: string }

/**
 * Delivers a message that may be sent: to its recipients' mailboxes, to Sent Items, into the message trace, and as a
 * bounce for those that it does not reach.
 *
 * @param from the address of the mailbox that sends, in lower case
 */
export function deliver(message: StoredMessage, from: string, sent: SentCopy, simulation: Simulation): AcceptedMessage {
  const { traffic, arrivals, traces, store, settings, clock } = simulation
  traffic.accept(from)
  arrivals.record(message)
  const outcomes = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => ({
    address,
    outcome: sentOutcomeOf(from, address, simulation),
  }))
  traces.note(message, outcomes, (address) => deliveryOutcomeOf(address, simulation))
  if (settings.current.storeMail) placeCopies(message, from, sent, outcomes, simulation)
  else if (sent.kind === 'draft') store.commit({ type: 'draft-sent', mailbox: from, id: sent.id, message, copies: [] })
  return acceptedMessage(message, clock())
}

interface Recipient {
  readonly address: string
  readonly outcome: DeliveryOutcome
}

function placeCopies(
  message: StoredMessage,
  from: string,
  sent: SentCopy,
  recipients: readonly Recipient[],
  simulation: Simulation,
): void {
  const { index, store } = simulation
  const failed = recipients.filter(({ outcome }) => outcome.status === 'failed')
  const arrives = ({ outcome: { status } }: Recipient) => status !== 'failed' && status !== 'quarantined'
  const reached = new Set(recipients.filter(arrives).map(({ address }) => mailboxOf(address, index)))
  const copies: MessageCopy[] = [
    ...(sent.kind === 'none' ? [] : [copyInSentItems(from, sent, simulation)]),
    ...[...reached].map((mailbox): MessageCopy => ({ id: newItemId(), mailbox, folder: 'inbox' })),
  ]
  if (sent.kind === 'draft') store.commit({ type: 'draft-sent', mailbox: from, id: sent.id, message, copies })
  else store.commit({ type: 'message-accepted', message, copies })
  const members = recipients.flatMap(({ outcome }) =>
    outcome.members.map((address) => ({ address, outcome: deliveryOutcomeOf(address, simulation) })),
  )
  const bounced = [...failed, ...members.filter(({ outcome }) => outcome.status === 'failed')]
  const told = bounced.map(({ address, outcome }) => ({ address, text: outcome.text ?? '' }))
  if (told.length > 0) bounce(message, told, simulation)
}

function copyInSentItems(mailbox: string, sent: SentCopy, { settings, clock }: Simulation): MessageCopy {
  const id = sent.kind === 'draft' ? sent.id : newItemId()
  const delayMs = pickMs(settings.current.sentCopyDelayMs)
  return { id, mailbox, folder: 'sentItems', ...(delayMs > 0 && { visibleFromMs: clock().getTime() + delayMs }) }
}

/**
 * Finds the lower-case address of the mailbox that mail to this address reaches: for a group its own, which the viewer
 * shows, and for an address outside the organization that address.
 */
function mailboxOf(address: string, index: DirectoryIndex): string {
  return (index.byAddress(address)?.address ?? address).toLowerCase()
}

// What becomes of a recipient after Exchange has accepted a message. Mailboxes, message trace and non-delivery reports
// all go by it.

const DELIVERED: DeliveryOutcome = { status: 'delivered', code: null, text: null, members: [] }

/** In these domains everything ends in one way, so that the demo shows it without a setting. */
const DOMAINS: Readonly<Record<string, DeliveryOutcome>> = {
  'quarantine.example': { ...DELIVERED, status: 'quarantined' },
  'spam.example': { ...DELIVERED, status: 'filteredAsSpam' },
  'strict.example': failure(
    '5.7.515',
    'Access denied, sending domain [CONTOSO.COM] does not meet the required authentication level',
  ),
  'full.example': failure('5.2.2', 'Recipient mailbox is full'),
}

function failure(code: string, text: string): DeliveryOutcome {
  return { status: 'failed', code, text: `550 ${code} ${text}`, members: [] }
}

/** As `deliveryOutcomeOf`, and counts the recipient against the limits of a day: what is above them bounces. */
function sentOutcomeOf(sender: string, address: string, simulation: Simulation): DeliveryOutcome {
  const refused = simulation.quotas.take(sender, !simulation.index.isLocal(address))
  if (refused === null) return deliveryOutcomeOf(address, simulation)
  return { ...DELIVERED, status: 'failed', code: refused.split(' ')[1] ?? null, text: refused }
}

/** Decides what becomes of mail to an address: as the control API has set it, else by the directory and the domain. */
function deliveryOutcomeOf(
  address: string,
  { index, settings }: Pick<Simulation, 'index' | 'settings'>,
): DeliveryOutcome {
  const set = settings.current.recipients[address.toLowerCase()]
  if (set !== undefined) {
    const { status, code = null, text = null, members = [] } = set
    if (status !== 'failed') return { status, code, text, members }
    return failure(code ?? '5.1.10', text ?? NOT_FOUND)
  }
  const addressee = index.byAddress(address)
  if (!isReached(addressee, index.isLocal(address))) return failure('5.1.10', NOT_FOUND)
  if (addressee?.kind === 'group') return { ...DELIVERED, status: 'expanded', members: addressee.members ?? [] }
  return DOMAINS[address.toLowerCase().split('@')[1] ?? ''] ?? DELIVERED
}

const NOT_FOUND = 'RESOLVER.ADR.RecipientNotFound; Recipient not found'

/** Whether somebody has a mailbox there; outside the organization somebody always does. */
function isReached(addressee: Addressee | undefined, isLocal: boolean): boolean {
  if (addressee === undefined) return !isLocal
  // A guest's mail goes to its home, which is outside.
  return addressee.kind !== 'person' || addressee.person.hasMailbox || addressee.person.membership !== 'member'
}
