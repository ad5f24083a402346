import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { APPLICATION_PERMISSION_NAMES } from '../tenant/directory.ts'

const Milliseconds = z.int().min(0).max(3_600_000)
/** Milliseconds: a fixed number, or any number between two bounds. */
export const Duration = z.union([
  Milliseconds,
  z.strictObject({ min: Milliseconds, max: Milliseconds }).refine(({ min, max }) => min <= max, 'min is above max'),
])
export type Duration = z.infer<typeof Duration>

export function pickMs(duration: Duration): number {
  return typeof duration === 'number' ? duration : randomInt(duration.min, duration.max + 1)
}

const Rate = z.number().min(0).max(1).default(0)

/** What may happen to a request at random, at most one of them; the rates therefore add up to at most 1. */
const FAULTS = {
  /** 429 ApplicationThrottled, with `Retry-After` as set. */
  throttled: Rate,
  /** 503 ErrorServerBusy, with `Retry-After` as set. */
  unavailable: Rate,
  /** 504 after processing the request. */
  gatewayTimeoutAfter: Rate,
  resetBefore: Rate,
  resetAfter: Rate,
}
export type Fault = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[]

const FaultRates = z
  .strictObject(FAULTS)
  .refine((rates) => FAULT_NAMES.reduce((sum, name) => sum + rates[name], 0) <= 1, 'the rates add up to more than 1')

/** Where Microsoft behaves differently by policy, cloud or day. A restart returns to the defaults. */
export const Settings = z.strictObject({
  /**
   * `disabled`: people who are not Entra administrators see "Need admin approval". `recommended`: so they do for what
   * reads mail, as by Microsoft's own policy.
   */
  userConsent: z.enum(['allowed', 'recommended', 'disabled']).default('allowed'),
  /** Whether the tenant has the service principal of Microsoft's message trace. */
  traceServicePrincipal: z.enum(['present', 'missing']).default('present'),
  /**
   * How a cancelled sign-in or consent comes back. `documented`: `error_subcode=cancel` from the account picker,
   * access_denied with AADSTS65004 from the consent page and from "Need admin approval".
   */
  cancelShape: z
    .enum(['documented', 'subcode', 'subcode-with-description', 'access-denied', 'consent-required'])
    .default('documented'),
  /** How token responses spell the granted scopes. `more`: with one that nobody asked for. */
  scopeWording: z.enum(['short', 'qualified', 'upper-case', 'absent', 'more']).default('short'),
  /** `opaque`: nobody but Graph can read access tokens, as Microsoft reserves for them. */
  accessTokens: z.enum(['readable', 'opaque']).default('readable'),
  /** null: a random lifetime of 60 to 90 minutes, as Entra issues. */
  accessTokenSeconds: z.int().min(1).max(86_400).nullable().default(null),
  /** The registration's application permissions, which an administrator grants by consenting to `.default`. */
  applicationPermissions: z.array(z.enum(APPLICATION_PERMISSION_NAMES)).max(10).default(APPLICATION_PERMISSION_NAMES),
  /** Application access policy: the only mailboxes that a token without a user reaches; null: no policy. */
  applicationMailboxes: z.array(z.string().toLowerCase()).max(1000).nullable().default(null),
  /** RBAC for Applications: what Exchange itself grants to the application, per mailbox. */
  applicationRoles: z
    .array(z.strictObject({ permission: z.enum(APPLICATION_PERMISSION_NAMES), mailbox: z.string().toLowerCase() }))
    .max(1000)
    .default([]),
  /** Microsoft does not say which it means by the 4 MB of one request. */
  maxRequestBytes: z.literal([4_194_304, 4_000_000]).default(4_194_304),
  /** How a longer request is refused: 400 BadRequest, 413 as JSON, or a gateway's 413. All have been seen. */
  requestTooLarge: z.enum(['bad-request', 'payload-too-large', 'payload-too-large-html']).default('bad-request'),
  /**
   * Whether `$filter` finds messages by an extended property. `ignored`: only properties of drafts are found, not those
   * in a `sendMail` body. `error`: such a filter is refused.
   */
  extendedPropertySearch: z.enum(['works', 'ignored', 'error']).default('works'),
  /**
   * What Exchange does with the From of a message that is sent as MIME. `enforced`: it has to be well-formed, and an
   * address that the mailbox may send as. `ignored`: the message is from the mailbox.
   */
  mimeFrom: z.enum(['enforced', 'ignored']).default('enforced'),
  /** Whether `from` of JSON counts. `ignored`: the message is from the mailbox, as some reports say of `/me`. */
  jsonFrom: z.enum(['enforced', 'ignored']).default('enforced'),
  /** What becomes of the Message-ID of a message that is sent as MIME. */
  mimeMessageId: z.enum(['kept', 'rewritten']).default('kept'),
  /** Whether `x-` headers of MIME are kept as named properties, by which the message can be found. */
  mimeHeaders: z.enum(['kept', 'lost']).default('kept'),
  /** How long the copy in Sent Items cannot be found. Applies to mail sent from now on. */
  sentCopyDelayMs: Duration.default(0),
  /** The least time that a request to Graph takes. */
  latencyMs: Duration.default(0),
  /** How many requests of one application may access one mailbox at a time; null: any number. */
  mailboxConcurrency: z.int().min(1).nullable().default(4),
  /** Counts the body, and attachments as base64; null: only the limit on a single attachment applies. */
  messageSizeLimitBytes: z.int().min(1).nullable().default(null),
  /** The status of ErrorMessageSizeExceeded; sources disagree. */
  messageTooLargeStatus: z.literal([400, 413]).default(400),
  /**
   * Microsoft does not say whether it means 3,145,728 or 3,000,000 bytes by the 3 MB from which it opens an upload session.
   * Fewer let tests upload small files.
   */
  minSessionBytes: z.int().min(1).max(3_145_728).default(3_145_728),
  /** The status of ErrorAttachmentSizeShouldNotBeLessThanMinimumSize; Microsoft does not document it. */
  attachmentTooSmallStatus: z.literal([400, 413]).default(400),
  /** How long an upload session lives, from its creation. */
  uploadSessionSeconds: z.int().min(1).max(86_400).default(7200),
  /**
   * How a range that is not the last is answered. `documented`: `ExpirationDateTime` and a bare number in
   * `nextExpectedRanges`. `pascal`: `NextExpectedRanges`. `dashed`: a dash after the number. `mixed`: each in turn.
   */
  uploadAnswerCasing: z.enum(['documented', 'pascal', 'dashed', 'mixed']).default('documented'),
  /** Whether `GET` on an upload URL returns the session's status or 405. */
  uploadStatus: z.enum(['supported', 'unsupported']).default('supported'),
  /** The least time that a range takes. */
  uploadLatencyMs: Duration.default(0),
  /** The limit for one mailbox; null: none. */
  uploadBytesPer5Minutes: z.int().min(1).nullable().default(null),
  /** Random faults of `sendMail`, of creating, attaching to and sending a draft, and of upload sessions and ranges. */
  faultRates: FaultRates.prefault({}),
  /** The same seed produces the same faults in the same order. Any change of a setting restarts the order. */
  faultSeed: z.int().min(0).max(0xffffffff).default(0),
  /** `Retry-After` of random 429 and 503 responses. `mixed`: any of the three at random. */
  retryAfterForm: z.enum(['seconds', 'http-date', 'none', 'mixed']).default('seconds'),
  retryAfterSeconds: z.int().min(0).max(86_400).default(2),
  /** What becomes of mail to an address, by the address in lower case; others go by directory and domain. */
  recipients: z
    .record(
      z.string().toLowerCase(),
      z.strictObject({
        /** As the message trace says it; also one that nobody has heard of. */
        status: z.string().regex(/^\w+$/),
        code: z.string().exactOptional(),
        /** Follows the code. */
        text: z.string().exactOptional(),
        members: z.array(z.string()).max(1_000).exactOptional(),
      }),
    )
    .default({}),
  /** When the message trace shows what was sent, and how long it has no outcome then. Applies to mail sent from now on. */
  traceDelayMs: Duration.default(0),
  tracePendingMs: Duration.default(0),
  /** The address under which the message trace has a recipient: its primary one instead of an alias, for example. */
  traceAddresses: z.record(z.string().toLowerCase(), z.string()).default({}),
  /** What the message trace has as the Message-ID. */
  traceMessageId: z.enum(['kept', 'rewritten']).default('kept'),
  /** What becomes of the Message-ID that JSON in `sendMail` has. */
  jsonMessageId: z.enum(['kept', 'rewritten']).default('kept'),
  /** Where the report of a mail on behalf goes: to the person who sent it, or to the mailbox that it is from. */
  reportsTo: z.enum(['sender', 'from']).default('from'),
  /** What delta does with extended properties. */
  deltaProperties: z.enum(['refused', 'ignored', 'returned']).default('ignored'),
  /** Limits of 24 hours, above which mail bounces: recipients of a mailbox (5.1.90), external ones of the organization (5.7.233, or 5.7.232 of a trial). null: none. */
  recipientsPerDay: z.int().min(0).nullable().default(10_000),
  externalRecipientsPerDay: z.int().min(0).nullable().default(null),
  /** false: sent mail is counted and then forgotten, so that a long run does not fill the memory. */
  storeMail: z.boolean().default(true),
})
export type Settings = z.infer<typeof Settings>

export type SettingsHolder = ReturnType<typeof createSettings>

export function createSettings() {
  const defaults = Settings.parse({})
  let current = defaults
  return {
    get current(): Settings {
      return current
    },
    /** Changes the settings that are named. @throws ZodError when one is unknown or has an invalid value */
    change(change: object): void {
      current = Settings.parse({ ...current, ...change })
    },
    reset(): void {
      current = defaults
    },
  }
}
