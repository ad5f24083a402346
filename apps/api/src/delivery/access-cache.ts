import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { Failure } from '@inforiver-mail/m365/classify-failure'

const MAX_TENANTS = 10_000
/** Waiting for another process that refreshes, then refreshing. */
const ASK_TIMEOUT_MS = 60_000

/** What a message is sent with, or why it cannot be sent now. */
export type Access =
  | {
      readonly outcome: 'granted'
      readonly accessToken: string
      readonly grantVersion: number
      /** Until then it may be kept at hand. */
      readonly renewAt: Date
      /** The version of the settings that it belongs to: no request begins once they have another. */
      readonly settingsVersion: number
      readonly connection: {
        readonly fromEmail: string
        readonly mailbox: string
        readonly permissions: readonly string[]
        readonly largeAttachments: boolean
        /** Whether sent messages can be found in the mailbox by our id. */
        readonly searchWorks: boolean
        /** Whether they cannot; neither while that is not known, as after a reconnect. */
        readonly searchFails: boolean
      }
    }
  | { readonly outcome: 'held'; readonly because: HeldBecause }
  /** `waitMs`: before then it is not asked for again; null when that cannot be told. */
  | { readonly outcome: 'unavailable'; readonly detail: string; readonly waitMs: number | null }

export type AccessTo = (
  tenantId: string,
  options: {
    /** The set of tokens that Graph has just refused, and the claims challenge, if any, by which it did. */
    readonly refused?: number
    readonly claims?: string | undefined
    readonly signal: AbortSignal
  },
) => Promise<Access>

/** Reports a refusal that may be about the access as a whole; what holds messages then, or null when it is not. */
export type LostAccessTo = (
  tenantId: string,
  refusal: Pick<Extract<Access, { outcome: 'granted' }>, 'grantVersion' | 'accessToken' | 'connection'> & {
    readonly failure: Failure
  },
) => Promise<HeldBecause | null>

/**
 * Keeps the opened access token of a tenant for as long as its settings and tokens stay the same. A claimed message
 * brings their stamp along, so that a reset or a reconnect counts from the next claim on, in every process. Who asks
 * meanwhile waits for the same answer, and each for as long as it may itself: `signal` ends no one else's waiting.
 */
export function createAccessCache(
  access: AccessTo,
  clock: () => Date,
): (tenantId: string, stamp: string, signal: AbortSignal) => Promise<Access> {
  const entries = new Map<string, Entry>()
  return (tenantId, stamp, signal) => {
    const kept = entries.get(tenantId)
    if (kept?.stamp === stamp && (kept.renewAt === null || clock() < kept.renewAt))
      return unlessAborted(kept.access, signal)
    if (entries.size >= MAX_TENANTS) entries.clear()
    const entry: Entry = {
      stamp,
      access: access(tenantId, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) }),
      renewAt: null,
    }
    entries.set(tenantId, entry)
    const forget = () => {
      if (entries.get(tenantId) === entry) entries.delete(tenantId)
    }
    entry.access.then((answer) => {
      if (answer.outcome === 'granted') entry.renewAt = answer.renewAt
      else forget()
    }, forget)
    return unlessAborted(entry.access, signal)
  }
}

interface Entry {
  readonly stamp: string
  readonly access: Promise<Access>
  /** Null while it is being asked for. */
  renewAt: Date | null
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
