import { z } from 'zod'

/** Milliseconds: always as many, or anything between two bounds. */
const Duration = z.union([
  z.int().min(0).max(3_600_000),
  z
    .strictObject({ min: z.int().min(0).max(3_600_000), max: z.int().min(0).max(3_600_000) })
    .refine(({ min, max }) => min <= max, 'min is above max'),
])
export type Duration = z.infer<typeof Duration>

const Rate = z.number().min(0).max(1).default(0)

/** What happens to a request at random; at most one of these, so that together they are at most 1. */
const FAULTS = {
  /** 429 ApplicationThrottled, with `Retry-After` as set. */
  throttled: Rate,
  /** 503 ErrorServerBusy, with `Retry-After` as set. */
  unavailable: Rate,
  /** 500 with an empty object. */
  internalError: Rate,
  /** 502 with HTML. */
  badGateway: Rate,
  /** 504, not processed. */
  gatewayTimeoutBefore: Rate,
  /** 504, processed all the same. */
  gatewayTimeoutAfter: Rate,
  resetBefore: Rate,
  resetAfter: Rate,
  /** No answer. */
  hangBefore: Rate,
  hangAfter: Rate,
  /** 401 InvalidAuthenticationToken; the token presented, and those before it, are good no more. */
  tokenRevoked: Rate,
}
export type Fault = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[]

const FaultRates = z
  .strictObject({
    ...FAULTS,
    /** Of the accepted ones, besides. */
    retryAfterOnAccepted: Rate,
  })
  .refine((rates) => FAULT_NAMES.reduce((sum, name) => sum + rates[name], 0) <= 1, 'the rates add up to more than 1')

/** Where Microsoft behaves differently by policy, cloud or day. A restart returns to the defaults. */
export const Settings = z.strictObject({
  /** disabled: people who are no Entra administrators see "Need admin approval". */
  userConsent: z.enum(['allowed', 'disabled']),
  /**
   * How Cancel on the account picker and the consent page, and the way back from "Need admin approval", come back.
   * documented: `error_subcode=cancel` from the picker, access_denied with AADSTS65004 from the others.
   */
  cancelShape: z.enum(['documented', 'subcode', 'subcode-with-description', 'access-denied', 'consent-required']),
  /** How the granted scopes are spelled in token answers. more: with one that nobody asked for. */
  scopeWording: z.enum(['short', 'qualified', 'upper-case', 'absent', 'more']),
  /** null: 60 to 90 minutes at random, as Entra does. */
  accessTokenSeconds: z.int().min(1).max(86_400).nullable(),
  /** A request over 4 MB: 400 BadRequest, or 413. Both have been seen. */
  requestTooLarge: z.enum(['bad-request', 'payload-too-large']),
  /**
   * Whether `$filter` finds messages by an extended property. ignored: those of `sendMail` bodies never took effect,
   * drafts' did. error: such a filter is refused.
   */
  extendedPropertySearch: z.enum(['works', 'ignored', 'error']),
  /** After how long the copy in Sent Items can be found. Applies to what is sent from now on. */
  sentCopyDelayMs: Duration,
  /** Every request to Graph takes at least as long. */
  latencyMs: Duration,
  /** Requests of one application to one mailbox at a time; null: any number. */
  mailboxConcurrency: z.int().min(1).nullable(),
  /** Chaos: for `sendMail` and for creating and sending a draft. */
  faultRates: FaultRates,
  /** The same seed makes the same faults in the same order. Any change of the settings starts the order again. */
  faultSeed: z.int().min(0).max(0xffffffff),
  /** Of the random 429 and 503 answers. mixed: any of the three at random. */
  retryAfterForm: z.enum(['seconds', 'http-date', 'none', 'mixed']),
  retryAfterSeconds: z.int().min(0).max(86_400),
  /** false: what is sent is counted and then forgotten, so that a long run does not fill the memory. */
  storeMail: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

const DEFAULTS: Settings = {
  userConsent: 'allowed',
  cancelShape: 'documented',
  scopeWording: 'short',
  accessTokenSeconds: null,
  requestTooLarge: 'bad-request',
  extendedPropertySearch: 'works',
  sentCopyDelayMs: 0,
  latencyMs: 0,
  mailboxConcurrency: 4,
  faultRates: FaultRates.parse({}),
  faultSeed: 0,
  retryAfterForm: 'seconds',
  retryAfterSeconds: 2,
  storeMail: true,
}

export const SettingsChange = Settings.partial()

export interface SettingsHolder {
  readonly current: Settings
  change(change: z.infer<typeof SettingsChange>): void
  reset(): void
}

export function createSettings(): SettingsHolder {
  let current = DEFAULTS
  return {
    get current() {
      return current
    },
    change: (change) => {
      current = Settings.parse({ ...current, ...change })
    },
    reset: () => {
      current = DEFAULTS
    },
  }
}
