import type { Simulation } from '../simulation/simulation.ts'
import { type Addressee, addresseeOf, type DirectoryIndex, type Person } from '../tenant/directory.ts'
import type { MailAddress } from '../tenant/message.ts'
import { rightsOf } from '../tenant/store.ts'

/** Who makes a request: a person, or the application itself. */
export type Actor = { readonly kind: 'person'; readonly person: Person } | { readonly kind: 'application' }

export interface TargetMailbox {
  readonly addressee: Addressee
  /** The caller's own, or any that an application may access. */
  readonly isOwn: boolean
}

export type TargetRefusal =
  | 'no-such-mailbox'
  | 'not-enabled'
  | 'no-full-access'
  /** An application access policy keeps the application out of the mailbox. */
  | 'outside-policy'

/** @param name an oid or an address; null: the caller's own mailbox */
export function findTargetMailbox(
  name: string | null,
  caller: Actor,
  { index, store, settings }: Simulation,
): TargetMailbox | TargetRefusal {
  const own = caller.kind === 'person' ? addresseeOf(caller.person) : undefined
  const addressee = name === null ? own : findAddressee(name, index)
  if (addressee === undefined || addressee.kind === 'group') return 'no-such-mailbox'
  if (addressee.kind === 'person' && !addressee.person.hasMailbox) return 'not-enabled'
  if (caller.kind === 'application') {
    const allowed = settings.current.applicationMailboxes
    const isAllowed = allowed === null || allowed.includes(addressee.address.toLowerCase())
    return isAllowed ? { addressee, isOwn: true } : 'outside-policy'
  }
  if (isSame(addressee, caller.person)) return { addressee, isOwn: true }
  const { fullAccess } = rightsOf(store.state, index, addressee.address, caller.person.oid)
  return fullAccess ? { addressee, isOwn: false } : 'no-full-access'
}

/** @param name an oid or an address */
export function findAddressee(name: string, index: DirectoryIndex): Addressee | undefined {
  const person = index.personByOid(name)
  return person === undefined ? index.byAddress(name) : addresseeOf(person)
}

/** What the client asked for; null: it did not. */
export interface AskedSender {
  readonly from: MailAddress | null
  readonly sender: MailAddress | null
}

export interface AllowedSender {
  readonly from: MailAddress
  readonly sender: MailAddress
}

export type SenderRefusal = 'send-as-denied' | 'no-such-mailbox'

/** An application sends each mailbox's mail as that mailbox and as nobody else. */
export function decideApplicationSender(
  asked: AskedSender,
  target: Addressee,
  index: DirectoryIndex,
): AllowedSender | SenderRefusal {
  for (const address of [asked.from?.address, asked.sender?.address]) {
    if (address === undefined) continue
    const addressee = index.byAddress(address)
    if (addressee === undefined && index.isLocal(address)) return 'no-such-mailbox'
    if (addressee?.address !== target.address) return 'send-as-denied'
  }
  return { from: mailAddress(target), sender: mailAddress(target) }
}

/** With Send As, `from` and `sender` are the same; with Send on Behalf, the sender is the person. */
export function decideSender(
  asked: AskedSender,
  target: Addressee,
  caller: Person,
  { index, store }: Simulation,
): AllowedSender | SenderRefusal {
  const wanted = asked.from?.address ?? target.address
  const addressee = index.byAddress(wanted)
  if (addressee === undefined) return index.isLocal(wanted) ? 'no-such-mailbox' : 'send-as-denied'
  const rights = rightsOf(store.state, index, addressee.address, caller.oid)
  const maySendAs = isSame(addressee, caller) || rights.sendAs
  if (!maySendAs && !rights.sendOnBehalf) return 'send-as-denied'
  const self = mailAddress(addresseeOf(caller))
  const sender = maySendAs ? mailAddress(addressee) : self
  const named = asked.sender === null ? sender.address : index.byAddress(asked.sender.address)?.address
  return named === sender.address || named === self.address
    ? { from: mailAddress(addressee), sender }
    : 'send-as-denied'
}

export function isOwnAddress(address: string, caller: Person, index: DirectoryIndex): boolean {
  const addressee = index.byAddress(address)
  return addressee !== undefined && isSame(addressee, caller)
}

function isSame(addressee: Addressee, { oid }: Person): boolean {
  return addressee.kind === 'person' && addressee.person.oid === oid
}

/** Exchange writes the directory's name, whatever the client sent. */
function mailAddress({ address, displayName }: Addressee): MailAddress {
  return { address, name: displayName }
}
