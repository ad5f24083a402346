import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { Failure } from '@inforiver-mail/m365/classify-failure'

// What `settings/` knows of the access to a mailbox, as `delivery/` is handed it: neither imports the other.

/** What a message is sent with, or why it cannot be sent now. */
export type Access = GrantedAccess | HeldAccess | UnavailableAccess

export interface GrantedAccess {
  readonly outcome: 'granted'
  readonly accessToken: string
  readonly connection: {
    readonly fromEmail: string
    readonly mailbox: 'own' | 'delegated' | 'application'
    readonly permissions: readonly string[]
    readonly largeAttachments: boolean
    /** Sent messages are known to be found in the mailbox by our id. */
    readonly searchWorks: boolean
    /** Sent messages are known not to be found. Both are false while nobody knows, as after a reconnect. */
    readonly searchFails: boolean
  }
  /** The set of tokens this one belongs to; hand it back when Microsoft refuses the token. */
  readonly grantVersion: number
  /** Until then the token may be kept in memory. */
  readonly renewAt: Date
  /** The version of the settings this belongs to: once they have another, no request begins. */
  readonly settingsVersion: number
}

export interface HeldAccess {
  readonly outcome: 'held'
  readonly because: HeldBecause
}

export interface UnavailableAccess {
  readonly outcome: 'unavailable'
  readonly detail: string
  /** For so long Microsoft is not asked again; null when that cannot be told. */
  readonly waitMs: number | null
}

export interface AccessOptions {
  /** The set of tokens that Graph has just refused; a newer one is fetched then. */
  readonly refused?: number
  /** The claims challenge by which Graph refused them: JSON. */
  readonly claims?: string | undefined
  /** Asks Microsoft although it refused the app registration the last time. */
  readonly recheck?: boolean
  /** Ends the wait for another process. */
  readonly signal: AbortSignal
}

export type RequestAccess = (tenantId: string, options: AccessOptions) => Promise<Access>

/** A refusal of Graph that may be about the access as a whole rather than about one message. */
export interface AccessRefusal {
  readonly grantVersion: number
  readonly accessToken: string
  readonly connection: { readonly fromEmail: string; readonly permissions: readonly string[] }
  readonly failure: Failure
}

/** Ends the access where the refusal is about it, and returns what holds messages from then on; null where it is not. */
export type ReportAccessRefusal = (tenantId: string, refusal: AccessRefusal) => Promise<HeldBecause | null>
