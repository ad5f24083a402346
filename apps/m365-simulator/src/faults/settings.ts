import { z } from 'zod'
import { APPLICATION_PERMISSIONS } from '../entra/application-permissions.ts'

/** Milliseconds: always as many, or anything between two bounds. */
export const Duration = z.union([
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
  /** Application permissions the registration lists, granted by an administrator's consent to `.default`. */
  applicationPermissions: z.array(z.enum(APPLICATION_PERMISSIONS)).max(10),
  /** Application access policy: the only mailboxes a token without a user reaches; null: there is no policy. */
  applicationMailboxes: z.array(z.string().toLowerCase()).max(1000).nullable(),
  /** RBAC for Applications: what Exchange grants to the application by itself, mailbox by mailbox. */
  applicationRoles: z
    .array(z.strictObject({ permission: z.enum(APPLICATION_PERMISSIONS), mailbox: z.string().toLowerCase() }))
    .max(1000),
  /** What Microsoft means by the 4 MB of one request: nobody says. */
  maxRequestBytes: z.literal([4_194_304, 4_000_000]),
  /** A longer request: 400 BadRequest, or 413, as JSON or as a gateway's page. All have been seen. */
  requestTooLarge: z.enum(['bad-request', 'payload-too-large', 'payload-too-large-html']),
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
  /** null: as large as an attachment may be. Counts the body, and attachments as base64. */
  messageSizeLimitBytes: z.int().min(1).nullable(),
  /** Of ErrorMessageSizeExceeded; sources disagree. */
  messageTooLargeStatus: z.literal([400, 413]),
  /** What Microsoft means by the 3 MB from which it opens an upload session: nobody says. */
  minSessionBytes: z.literal([3_145_728, 3_000_000]),
  /** Of ErrorAttachmentSizeShouldNotBeLessThanMinimumSize; nobody says. */
  attachmentTooSmallStatus: z.literal([400, 413]),
  /** How long an upload session lives, from its creation. */
  uploadSessionSeconds: z.int().min(1).max(86_400),
  /**
   * What is said to a range that is not the last. documented: `ExpirationDateTime` and a bare number in
   * `nextExpectedRanges`. pascal: `NextExpectedRanges`. dashed: a dash after the number. mixed: each in turn.
   */
  uploadAnswerCasing: z.enum(['documented', 'pascal', 'dashed', 'mixed']),
  /** Whether `GET` on an upload URL tells what it expects next, or is 405. */
  uploadStatus: z.enum(['supported', 'unsupported']),
  /** Every range takes at least as long. */
  uploadLatencyMs: Duration,
  /** To one mailbox; null: any number. */
  uploadBytesPer5Minutes: z.int().min(1).nullable(),
  /** Chaos: for `sendMail`, for creating, attaching to and sending a draft, and for upload sessions and their ranges. */
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
  applicationPermissions: ['Mail.Send', 'Mail.ReadWrite'],
  applicationMailboxes: null,
  applicationRoles: [],
  maxRequestBytes: 4_194_304,
  requestTooLarge: 'bad-request',
  extendedPropertySearch: 'works',
  sentCopyDelayMs: 0,
  latencyMs: 0,
  mailboxConcurrency: 4,
  messageSizeLimitBytes: null,
  messageTooLargeStatus: 400,
  minSessionBytes: 3_145_728,
  attachmentTooSmallStatus: 400,
  uploadSessionSeconds: 7200,
  uploadAnswerCasing: 'documented',
  uploadStatus: 'supported',
  uploadLatencyMs: 0,
  uploadBytesPer5Minutes: null,
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
