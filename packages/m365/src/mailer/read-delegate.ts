import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { withoutDoubt, type Exchange } from './graph-exchange.ts'

const MAX_ADDRESSES = 500
const PATH = '/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses,userType'

/** The person whose grant sends, as Graph knows it. */
export interface Delegate {
  readonly objectId: string
  readonly name: string
  /** Every address of the mailbox, the primary one first; empty when there is no mailbox. */
  readonly addresses: readonly string[]
  readonly guest: boolean
}

export type DelegateOutcome = { readonly outcome: 'found'; readonly delegate: Delegate } | Failure

export async function readDelegate(
  exchange: Exchange,
  accessToken: string,
  signal?: AbortSignal,
): Promise<DelegateOutcome> {
  const reply = await exchange({ method: 'GET', path: PATH, accessToken, signal })
  if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
  const delegate = reply.status === 200 ? toDelegate(parseJson(reply.text)) : null
  return delegate ? { outcome: 'found', delegate } : withoutDoubt(classifyFailure(reply.answer))
}

function toDelegate(user: unknown): Delegate | null {
  const objectId = text(member(user, 'id'))
  if (objectId === null) return null
  const signInName = text(member(user, 'userPrincipalName'))
  const primary = text(member(user, 'mail'))
  return {
    objectId,
    name: text(member(user, 'displayName')) ?? signInName ?? '',
    addresses: mailboxAddresses(primary, member(user, 'proxyAddresses'), signInName),
    guest: text(member(user, 'userType'))?.toLowerCase() === 'guest',
  }
}

/** `proxyAddresses` holds `SMTP:` for the primary address, `smtp:` for the others, and other kinds that are no mail. */
function mailboxAddresses(primary: string | null, proxies: unknown, signInName: string | null): readonly string[] {
  const listed = Array.isArray(proxies)
    ? proxies.slice(0, MAX_ADDRESSES).filter((entry) => typeof entry === 'string')
    : []
  const addresses = [
    ...listed.filter((entry) => entry.startsWith('SMTP:')),
    ...listed.filter((entry) => entry.startsWith('smtp:')),
  ].map((entry) => entry.slice('smtp:'.length))
  // The sign-in name is an address of the mailbox as a rule; a guest's, with #EXT#, never is.
  const own = signInName !== null && !signInName.toLowerCase().includes('#ext#') ? signInName : null
  const all = [primary, ...addresses, own].filter((address) => address !== null && address.includes('@')) as string[]
  return all.filter(
    (address, index) => all.findIndex((other) => other.toLowerCase() === address.toLowerCase()) === index,
  )
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
