import { z } from 'zod'
import { optionalText } from '../json.ts'
import type { Failure } from './classify-failure.ts'
import { asRepeatable, failureOf, readReply, type Exchange } from './graph-exchange.ts'

const MAX_ADDRESSES = 500
const PATH = '/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses,userType'

/** The person whose tokens send, as Graph knows them. */
export interface Delegate {
  readonly objectId: string
  readonly name: string
  /** Every address of the mailbox, the primary one first; empty when there is no mailbox. */
  readonly addresses: readonly string[]
  readonly guest: boolean
}

export type DelegateOutcome = { readonly outcome: 'found'; readonly delegate: Delegate } | Failure

const User = z.object({
  id: z.string().min(1),
  displayName: optionalText,
  mail: optionalText,
  userPrincipalName: optionalText,
  proxyAddresses: z.array(z.unknown()).catch([]),
  userType: optionalText,
})

/** Never `unknown`. */
export async function readDelegate(
  exchange: Exchange,
  accessToken: string,
  signal?: AbortSignal,
): Promise<DelegateOutcome> {
  const reply = await exchange({ method: 'GET', path: PATH, accessToken, signal })
  const user = readReply(reply, User)
  return user ? { outcome: 'found', delegate: toDelegate(user) } : asRepeatable(failureOf(reply))
}

function toDelegate(user: z.infer<typeof User>): Delegate {
  return {
    objectId: user.id,
    name: user.displayName ?? user.userPrincipalName ?? '',
    addresses: mailboxAddresses(user),
    guest: user.userType?.toLowerCase() === 'guest',
  }
}

/**
 * `proxyAddresses` has `SMTP:` before the primary address, `smtp:` before the others, and addresses that are no mail.
 */
function mailboxAddresses({ mail, proxyAddresses, userPrincipalName }: z.infer<typeof User>): readonly string[] {
  const proxies = proxyAddresses.slice(0, MAX_ADDRESSES).filter((entry) => typeof entry === 'string')
  const addresses = ['SMTP:', 'smtp:'].flatMap((prefix) =>
    proxies.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length)),
  )
  // The sign-in name usually is an address of the mailbox; that of a guest, with #EXT#, never is.
  const signInName = userPrincipalName?.toLowerCase().includes('#ext#') ? null : userPrincipalName
  const all = [mail, ...addresses, signInName ?? null].filter((address) => address?.includes('@')) as string[]
  return all.filter(
    (address, index) => all.findIndex((other) => other.toLowerCase() === address.toLowerCase()) === index,
  )
}
