import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { Values } from '@inforiver-mail/contract/values'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import type { GatewayAnswer } from '@inforiver-mail/m365/gateway-answer'

// What `settings/` knows of the access to a mailbox, as `delivery/` is handed it: neither imports the other.

/** The access that a message is sent with, or why it cannot be sent now. */
export type Access = GrantedAccess | HeldAccess | UnavailableAccess

export interface GrantedAccess {
  readonly outcome: 'granted'
  readonly accessToken: string
  readonly connection: {
    readonly fromEmail: string
    readonly mailbox: 'own' | 'delegated' | 'application'
    /** The account whose token it is; null for the application's own. */
    readonly delegate: { readonly email: string } | null
    readonly permissions: readonly string[]
    readonly largeAttachments: boolean
    /** Sent messages are known to be found in the mailbox by our id. */
    readonly searchWorks: boolean
    /** A search is known not to find sent messages. Both are false while this is unknown, as after a reconnect. */
    readonly searchFails: boolean
    /** All mail goes to this address alone; null where it goes to its recipients. */
    readonly redirectAllTo: string | null
  }
  /** The version of the tokens; pass it as `refused` when Microsoft refuses the access token. */
  readonly grantVersion: number
  /** The token may be cached until then. */
  readonly renewAt: Date
  /** No request begins once the settings have another version. */
  readonly settingsVersion: number
}

/** The mailbox that requests are about: a delegate's drafts lie in its own. */
export function addressOfMailbox({ delegate, fromEmail }: Pick<GrantedAccess['connection'], 'delegate' | 'fromEmail'>) {
  return delegate?.email ?? fromEmail
}

/**
 * Whether Exchange ignored the sender that a message names: `from`, as the mailbox has it, is the delegate. Such a message
 * leaves from the account.
 */
export function isFromDelegate(
  from: string | null,
  { fromEmail, mailbox, delegate }: Pick<GrantedAccess['connection'], 'fromEmail' | 'mailbox' | 'delegate'>,
): boolean {
  if (mailbox !== 'delegated' || from === null || delegate === null) return false
  return sameAddress(from, delegate.email) && !sameAddress(from, fromEmail)
}

export interface HeldAccess {
  readonly outcome: 'held'
  readonly because: HeldBecause
}

export interface UnavailableAccess {
  readonly outcome: 'unavailable'
  readonly detail: string
  /** Names the sentences of `detail`. */
  readonly values?: Values
  /** How long Microsoft is not asked again; null when unknown. */
  readonly waitMs: number | null
  /** What answered in Microsoft's place. */
  readonly gateway?: GatewayAnswer
  /** Entra itself answered. */
  readonly answered?: true
  /** Entra was asked less than a minute ago because Graph had refused a token: this one is as fresh as they get. */
  readonly askedLately?: true
}

export interface AccessOptions {
  /** The version of the tokens that Graph has just refused; newer ones are fetched then. */
  readonly refused?: number
  /** The claims challenge of that refusal: JSON. */
  readonly claims?: string | undefined
  /** Asks Microsoft even though it refused the app registration before, or was asked less than a minute ago. */
  readonly recheck?: boolean
  /** Ends the wait for another process. */
  readonly signal: AbortSignal
}

export type RequestAccess = (tenantId: string, options: AccessOptions) => Promise<Access>

/** A refusal of Graph that may be about the access as a whole rather than about one message. */
export interface RefusedAccess {
  readonly grantVersion: number
  readonly accessToken: string
  readonly connection: { readonly fromEmail: string; readonly permissions: readonly string[] }
  readonly failure: Failure
}

/** Ends the access where the refusal is about it, and returns what holds messages from then on; null where it is not. */
export type ReportAccessRefusal = (tenantId: string, refusal: RefusedAccess) => Promise<HeldBecause | null>

/** A sender that Exchange ignores: it puts the delegate in its place, as it would in every message. */
export type IgnoredSender = Pick<GrantedAccess, 'settingsVersion' | 'connection'>

/** Ends the access: messages are held as `reconnect-required` until an admin reconnects. */
export type ReportIgnoredSender = (tenantId: string, ignored: IgnoredSender) => Promise<void>
