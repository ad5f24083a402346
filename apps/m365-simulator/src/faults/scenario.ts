import { z } from 'zod'
import { Duration } from './settings.ts'
import { PERMISSION_NAMES } from '../tenant/directory.ts'

/** Every operation a client can call, by the name that faults and counters use. */
const ENDPOINTS = [
  'authorize',
  'sign-in',
  'admin-consent',
  'token',
  'discovery',
  'keys',
  'me',
  'sendMail',
  'draft-create',
  'draft-send',
  'draft-attach',
  'attachment-list',
  'upload-session-create',
  'message-get',
  'message-delete',
  'message-search',
  'message-trace',
  'message-source',
  'inbox-delta',
  'graph-other',
  'upload-range',
  'upload-status',
  'upload-cancel',
] as const
export type Endpoint = (typeof ENDPOINTS)[number]

/** The value of the header is computed when the response is sent. */
const RetryAfter = z.strictObject({ form: z.enum(['seconds', 'http-date']), seconds: z.int().min(0).max(86_400) })
export type RetryAfter = z.infer<typeof RetryAfter>

export const AffectedEndpoint = z.enum([...ENDPOINTS, 'any-send', 'any'])

const Headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
/** `before`: the request is not processed. `after`: it is, and only its response is lost or replaced. */
const When = z.enum(['before', 'after']).default('before')

const HttpAction = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('delay'), delayMs: Duration }),
  z.strictObject({
    action: z.literal('answer'),
    when: When,
    /** A `gateway` answers in Microsoft's place, without the headers that Microsoft adds to all its answers. */
    by: z.enum(['microsoft', 'gateway']).default('microsoft'),
    status: z.int().min(200).max(599),
    headers: Headers.default({}),
    retryAfter: RetryAfter.optional(),
    /** A string is sent as it is, anything else as JSON. */
    body: z.json().default(''),
  }),
  z.strictObject({ action: z.literal('hang'), when: When }),
  z.strictObject({ action: z.literal('reset'), when: When }),
  z.strictObject({
    action: z.literal('add-headers'),
    headers: Headers.default({}),
    retryAfter: RetryAfter.optional(),
  }),
])

export const Effect = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http'),
    /** `any-send`: `sendMail`, and sending a draft. */
    endpoint: AffectedEndpoint,
    /** Limits the effect to requests to the mailbox with this address. */
    mailbox: z.string().toLowerCase().optional(),
    do: HttpAction,
  }),
  z.strictObject({
    kind: z.literal('entra-error'),
    /** `authorize`: once an account is chosen. `client`: in place of checking the secret. Others: in place of tokens. */
    at: z.enum(['authorize', 'client', 'code', 'refresh']),
    /** Any AADSTS code; those in `entra/aadsts.ts` come with their text and usual error. */
    code: z.int().min(1),
    error: z.string().exactOptional(),
    /** null: no suberror, although the code usually has one. */
    suberror: z.string().nullable().exactOptional(),
    claims: z.string().exactOptional(),
    /** The error ends once a sign-in has asked for `claims`, which must be JSON then. */
    untilClaimsAreAskedFor: z.boolean().exactOptional(),
    status: z.int().min(400).max(599).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('tokens'),
    change: z.enum([
      'wrong-nonce',
      'wrong-audience',
      'wrong-issuer',
      'wrong-signature',
      'wrong-tenant',
      'wrong-oid',
      'expired-id-token',
      'no-refresh-token',
      'no-id-token',
    ]),
  }),
  /** The next tokens, and the `scope` of their response, have fewer permissions than were consented to. */
  z.strictObject({ kind: z.literal('fewer-scopes'), without: z.array(z.enum(PERMISSION_NAMES)).min(1) }),
  z.strictObject({ kind: z.literal('me'), change: z.literal('other-id') }),
  /** The next request's access token, and those issued before it, stop working before they expire. */
  z.strictObject({
    kind: z.literal('access-token'),
    change: z.enum(['revoked', 'claims-challenge']),
    endpoint: AffectedEndpoint.default('any'),
  }),
  /** Changes the session that receives the next range. `token-expired`: its URL stops working. */
  z.strictObject({
    kind: z.literal('upload-session'),
    change: z.enum(['forgotten', 'token-expired']),
    mailbox: z.string().toLowerCase().optional(),
  }),
])
export type Effect = z.infer<typeof Effect>
export type HttpEffect = Extract<Effect, { kind: 'http' }>

const Times = z.union([z.int().min(1).max(1_000_000), z.literal('always')])
export const Occurrence = { times: Times.default(1), skip: z.int().min(0).max(1_000_000).default(0) }

export function concerns(affected: z.infer<typeof AffectedEndpoint>, endpoint: Endpoint | null): boolean {
  if (endpoint === null) return false
  if (affected === 'any-send') return endpoint === 'sendMail' || endpoint === 'draft-send'
  return affected === 'any' || affected === endpoint
}

/** The value of the header. A date has no fractions of a second, so it may name a time up to one second early. */
export function retryAfterValue({ form, seconds }: RetryAfter, now: Date): string {
  return form === 'seconds' ? String(seconds) : new Date(now.getTime() + seconds * 1000).toUTCString()
}

export interface ActiveScenario {
  readonly id: string
  /** The preset it came from, or null. */
  readonly name: string | null
  readonly effect: Effect
  /** This many matching requests still pass first. */
  skip: number
  /** How often it will still happen. */
  times: z.infer<typeof Times>
}

export type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

/** The scenarios that are switched on. A restart switches all of them off. */
export function createScenarios() {
  let active: ActiveScenario[] = []
  let lastId = 0
  const switches = new Map<string, AbortController>()

  const isDue = (scenario: ActiveScenario): boolean => {
    if (scenario.skip === 0) return true
    scenario.skip -= 1
    return false
  }
  const use = (scenario: ActiveScenario): void => {
    if (scenario.times === 'always') return
    scenario.times -= 1
    if (scenario.times === 0) active = active.filter((other) => other !== scenario)
  }

  return {
    active: (): readonly ActiveScenario[] => active,
    add(added: Omit<ActiveScenario, 'id'>): ActiveScenario {
      lastId += 1
      const scenario = { id: `scenario-${lastId}`, ...added }
      active = [...active, scenario]
      switches.set(scenario.id, new AbortController())
      return scenario
    },
    /** Switches off these, even if they were used up; without `ids`, all. */
    remove(ids: Iterable<string> = [...switches.keys()]): void {
      for (const id of ids) {
        switches.get(id)?.abort()
        switches.delete(id)
        active = active.filter((scenario) => scenario.id !== id)
      }
    },
    /** Uses the first effect of this kind that matches. */
    take<Kind extends Effect['kind']>(
      kind: Kind,
      matches: (effect: EffectOf<Kind>) => boolean = () => true,
    ): EffectOf<Kind> | null {
      const isOfKind = (effect: Effect): effect is EffectOf<Kind> => effect.kind === kind
      const found = active.find((scenario) => isOfKind(scenario.effect) && matches(scenario.effect) && isDue(scenario))
      if (found === undefined) return null
      use(found)
      return found.effect as EffectOf<Kind>
    },
    /** Uses all delays that match. `off` is aborted when the scenario is switched off, even if it was used up. */
    takeDelays: (matches: (effect: HttpEffect) => boolean) =>
      active.flatMap((scenario) => {
        const { effect, id } = scenario
        if (effect.kind !== 'http' || effect.do.action !== 'delay' || !matches(effect) || !isDue(scenario)) return []
        use(scenario)
        return [{ delayMs: effect.do.delayMs, off: switches.get(id)?.signal ?? AbortSignal.abort() }]
      }),
    /** Ends the errors that last until a sign-in has asked for their claims. */
    satisfy(claims: object): void {
      active = active.filter(({ effect }) => !isSatisfied(effect, claims))
    },
  }
}

function isSatisfied(effect: Effect, claims: object): boolean {
  if (effect.kind !== 'entra-error' || !effect.untilClaimsAreAskedFor || effect.claims === undefined) return false
  return includes(claims, JSON.parse(effect.claims))
}

function includes(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part
  if (typeof whole !== 'object' || whole === null) return false
  return Object.entries(part).every(([name, value]) => includes((whole as Record<string, unknown>)[name], value))
}
