import { z } from 'zod'

/** Milliseconds: always as many, or anything between two bounds. */
const Duration = z.union([
  z.int().min(0).max(3_600_000),
  z
    .strictObject({ min: z.int().min(0).max(3_600_000), max: z.int().min(0).max(3_600_000) })
    .refine(({ min, max }) => min <= max, 'min is above max'),
])
export type Duration = z.infer<typeof Duration>

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
