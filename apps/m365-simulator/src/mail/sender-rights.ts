import type { Addressee, DirectoryIndex, Person } from '../directory/directory.ts'
import type { MailAddress } from '../state/events.ts'
import { rightsOf, type State } from '../state/store.ts'

/** Where the request goes: the caller's own mailbox, or one named in the path. */
export type TargetMailbox =
  | { readonly kind: 'mailbox'; readonly addressee: Addressee; readonly isOwn: boolean }
  | { readonly kind: 'no-such-mailbox' }
  | { readonly kind: 'not-enabled' }
  | { readonly kind: 'no-full-access' }
  /** An application access policy keeps the application out of it. */
  | { readonly kind: 'kept-out' }

export type SenderDecision =
  | { readonly kind: 'may-send'; readonly from: MailAddress; readonly sender: MailAddress }
  | { readonly kind: 'send-as-denied' }
  | { readonly kind: 'no-such-mailbox' }

/** @param name an oid or an address; null for `/me` */
export function findTargetMailbox(
  name: string | null,
  caller: Person,
  index: DirectoryIndex,
  state: State,
): TargetMailbox {
  const own = ownAddressee(caller)
  if (name === null)
    return caller.hasMailbox ? { kind: 'mailbox', addressee: own, isOwn: true } : { kind: 'not-enabled' }
  const addressee = addresseeOf(name, index)
  if (addressee === undefined || addressee.kind === 'group') return { kind: 'no-such-mailbox' }
  if (addressee.kind === 'person' && !addressee.person.hasMailbox) return { kind: 'not-enabled' }
  if (addressee.kind === 'person' && addressee.person.oid === caller.oid)
    return { kind: 'mailbox', addressee: own, isOwn: true }
  if (!rightsOf(state, index, addressee.address, caller.oid).fullAccess) return { kind: 'no-full-access' }
  return { kind: 'mailbox', addressee, isOwn: false }
}

/**
 * An application has no mailbox of its own; within its policy every mailbox is as good as that.
 *
 * @param allowed lower case; null: any
 */
export function findApplicationMailbox(
  name: string,
  allowed: readonly string[] | null,
  index: DirectoryIndex,
): TargetMailbox {
  const addressee = addresseeOf(name, index)
  if (addressee === undefined || addressee.kind === 'group') return { kind: 'no-such-mailbox' }
  if (addressee.kind === 'person' && !addressee.person.hasMailbox) return { kind: 'not-enabled' }
  if (allowed !== null && !allowed.includes(addressee.address.toLowerCase())) return { kind: 'kept-out' }
  return { kind: 'mailbox', addressee, isOwn: true }
}

/** Without a user, a mailbox sends as itself and as nobody else. */
export function decideApplicationSender(
  from: MailAddress | null,
  sender: MailAddress | null,
  target: Addressee,
  index: DirectoryIndex,
): SenderDecision {
  for (const asked of [from, sender]) {
    if (asked === null) continue
    const addressee = index.byAddress(asked.address)
    if (addressee === undefined && index.isLocal(asked.address)) return { kind: 'no-such-mailbox' }
    if (addressee?.address !== target.address) return { kind: 'send-as-denied' }
  }
  return { kind: 'may-send', from: display(target), sender: display(target) }
}

/** @param name an oid or an address */
export function addresseeOf(name: string, index: DirectoryIndex): Addressee | undefined {
  const person = index.personByOid(name)
  return person === undefined ? index.byAddress(name) : ownAddressee(person)
}

/**
 * Who the message is from and who sent it: the same with Send As, both with Send on Behalf.
 *
 * @param from what the client asked for; without it, the mailbox it posted to
 */
export function decideSender(
  from: MailAddress | null,
  sender: MailAddress | null,
  target: Addressee,
  caller: Person,
  index: DirectoryIndex,
  state: State,
): SenderDecision {
  const wanted = from ?? { address: target.address, name: '' }
  const addressee = index.byAddress(wanted.address)
  if (addressee === undefined) return { kind: index.isLocal(wanted.address) ? 'no-such-mailbox' : 'send-as-denied' }
  const self = display(ownAddressee(caller))
  const isOwn = addressee.kind === 'person' && addressee.person.oid === caller.oid
  const rights = rightsOf(state, index, addressee.address, caller.oid)
  if (!isOwn && !rights.sendAs && !rights.sendOnBehalf) return { kind: 'send-as-denied' }
  const result = { from: display(addressee), sender: isOwn || rights.sendAs ? display(addressee) : self }
  if (sender !== null) {
    const named = index.byAddress(sender.address)?.address
    if (named !== result.sender.address && named !== self.address) return { kind: 'send-as-denied' }
  }
  return { kind: 'may-send', ...result }
}

export function isOwnAddress(address: string, caller: Person, index: DirectoryIndex): boolean {
  const addressee = index.byAddress(address)
  return addressee?.kind === 'person' && addressee.person.oid === caller.oid
}

/** Exchange writes the directory's name, whatever the client sent. */
function display(addressee: Addressee): MailAddress {
  return { address: addressee.address, name: displayName(addressee) }
}

function displayName(addressee: Addressee): string {
  switch (addressee.kind) {
    case 'person':
      return addressee.person.displayName
    case 'shared-mailbox':
      return addressee.mailbox.displayName
    case 'group':
      return addressee.group.displayName
    default:
      return addressee satisfies never
  }
}

function ownAddressee(person: Person): Extract<Addressee, { kind: 'person' }> {
  return { kind: 'person', address: person.mail ?? person.userPrincipalName, person }
}
