import { pickMs } from '../faults/settings.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { AcceptedMessage } from '../simulation/traffic.ts'
import type { DeliveryOutcome } from '../tenant/trace-row.ts'
import { deliveryOutcomeOf, sentOutcomeOf } from './delivery-outcome.ts'
import { traceMessage } from './trace-message.ts'
import { bounce } from './bounce.ts'
import { newItemId } from './new-ids.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { MessageCopy, StoredMessage } from '../tenant/message.ts'

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
  const { traffic, arrivals, store, settings, clock } = simulation
  const now = clock()
  traffic.accept(from)
  arrivals.record(message)
  const outcomes = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => ({
    address,
    outcome: sentOutcomeOf(from, address, simulation),
  }))
  traceMessage(message, outcomes, (address) => deliveryOutcomeOf(address, simulation), simulation)
  if (settings.current.storeMail) placeCopies(message, from, sent, outcomes, simulation)
  else if (sent.kind === 'draft') store.commit({ type: 'draft-sent', mailbox: from, id: sent.id, message, copies: [] })
  return {
    at: now.toISOString(),
    from: message.from.address.toLowerCase(),
    subject: message.subject,
    recipients: message.to.length + message.cc.length + message.bcc.length,
    extendedProperties: message.extendedProperties,
  }
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
