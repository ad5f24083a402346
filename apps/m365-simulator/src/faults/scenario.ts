import { z } from 'zod'
import { type Endpoint, ENDPOINTS } from './endpoints.ts'
import { PERMISSION_NAMES } from '../entra/scopes.ts'
import { Duration } from './settings.ts'

/** Worked out when the answer goes. */
const RetryAfter = z.strictObject({ form: z.enum(['seconds', 'http-date']), seconds: z.int().min(0).max(86_400) })
export type RetryAfter = z.infer<typeof RetryAfter>

const AffectedEndpoint = z.enum([...ENDPOINTS, 'any-send', 'any'])

const Headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/))
/** Before: nothing has happened. After: it was processed, and only the answer is lost or another. */
const When = z.enum(['before', 'after']).default('before')

const HttpAction = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('delay'), delayMs: Duration }),
  z.strictObject({
    action: z.literal('answer'),
    when: When,
    status: z.int().min(200).max(599),
    headers: Headers.default({}),
    retryAfter: RetryAfter.optional(),
    /** A string goes out as it is, anything else as JSON. */
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
    /** any-send: `sendMail`, and sending a draft. */
    endpoint: AffectedEndpoint,
    /** Only token requests with this grant type. */
    grantType: z.string().optional(),
    /** Only requests to this mailbox, by its address. */
    mailbox: z.string().toLowerCase().optional(),
    do: HttpAction,
  }),
  z.strictObject({
    kind: z.literal('entra-error'),
    /** authorize: once an account is chosen. client: instead of checking the secret. code, refresh: instead of tokens. */
    at: z.enum(['authorize', 'client', 'code', 'refresh']),
    /** Any; those of the simulator's catalogue come with their text and usual error. */
    code: z.int().min(1),
    error: z.string().optional(),
    /** null: none, although the code usually has one. */
    suberror: z.string().nullable().optional(),
    claims: z.string().optional(),
    /** A policy that a sign-in satisfies: it is over once one has asked for these claims, which are JSON then. */
    untilClaimsAreAskedFor: z.boolean().optional(),
    status: z.int().min(400).max(599).optional(),
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
  /** The tokens of the next answer, and its `scope`, are for fewer permissions than were consented to. */
  z.strictObject({ kind: z.literal('fewer-scopes'), without: z.array(z.enum(PERMISSION_NAMES)).min(1) }),
  z.strictObject({ kind: z.literal('me'), change: z.literal('other-id') }),
  /** The next request's access token, and those before it, are good no more, although their lifetime still runs. */
  z.strictObject({
    kind: z.literal('access-token'),
    change: z.enum(['revoked', 'claims-challenge']),
    endpoint: AffectedEndpoint.default('any'),
  }),
  /** Of the session whose range comes next. forgotten: it was never there. token-expired: its URL is good no more. */
  z.strictObject({
    kind: z.literal('upload-session'),
    change: z.enum(['forgotten', 'token-expired']),
    mailbox: z.string().toLowerCase().optional(),
  }),
])
export type Effect = z.infer<typeof Effect>
export type HttpEffect = Extract<Effect, { kind: 'http' }>
export type TokenChange = Extract<Effect, { kind: 'tokens' }>['change']

export const Times = z.union([z.int().min(1).max(1_000_000), z.literal('always')])
export type Times = z.infer<typeof Times>
export const Skip = z.int().min(0).max(1_000_000)

export function concerns(affected: z.infer<typeof AffectedEndpoint>, endpoint: Endpoint | null): boolean {
  if (endpoint === null) return false
  if (affected === 'any') return true
  return affected === 'any-send' ? endpoint === 'sendMail' || endpoint === 'draft-send' : affected === endpoint
}

export interface ActiveScenario {
  readonly id: string
  /** The preset it came from, else null. */
  readonly name: string | null
  readonly effect: Effect
  /** How many requests that it fits still pass first. */
  skip: number
  /** How often it will still happen. */
  times: Times
}

/** What is switched on. A restart switches everything off. */
export interface Scenarios {
  active(): readonly ActiveScenario[]
  add(scenario: Omit<ActiveScenario, 'id'>): ActiveScenario
  /** @param idOrName one of them; without it, all. Returns how many went. */
  remove(idOrName?: string): number
  /** The first that fits, counted as used. */
  take(fits: (effect: Effect) => boolean): Effect | null
  /** All that fit. `off` is aborted when the scenario is switched off, be it used up by then. */
  takeAll(fits: (effect: Effect) => boolean): { readonly effect: Effect; readonly off: AbortSignal }[]
  /** Somebody has signed in by a request with these claims. */
  satisfy(claims: object): void
}

export function createScenarios(): Scenarios {
  let active: ActiveScenario[] = []
  let lastId = 0
  const switches = new Map<string, AbortController>()

  const use = (scenario: ActiveScenario): Effect => {
    if (scenario.times !== 'always') {
      scenario.times -= 1
      if (scenario.times === 0) active = active.filter((other) => other !== scenario)
    }
    return scenario.effect
  }
  const isDue = (scenario: ActiveScenario): boolean => {
    if (scenario.skip === 0) return true
    scenario.skip -= 1
    return false
  }

  return {
    active: () => active,
    add(added) {
      lastId += 1
      const scenario = { id: `scenario-${lastId}`, ...added }
      active = [...active, scenario]
      switches.set(scenario.id, new AbortController())
      return scenario
    },
    remove(idOrName) {
      const before = active.length
      const named = active.filter(({ name }) => name === idOrName).map(({ id }) => id)
      for (const id of idOrName === undefined ? [...switches.keys()] : [idOrName, ...named]) {
        switches.get(id)?.abort()
        switches.delete(id)
      }
      active =
        idOrName === undefined
          ? []
          : active.filter((scenario) => scenario.id !== idOrName && scenario.name !== idOrName)
      return before - active.length
    },
    take(fits) {
      if (active.length === 0) return null
      const found = active.find((scenario) => fits(scenario.effect) && isDue(scenario))
      return found === undefined ? null : use(found)
    },
    takeAll(fits) {
      if (active.length === 0) return []
      return active
        .filter((scenario) => fits(scenario.effect) && isDue(scenario))
        .map((scenario) => {
          const off = switches.get(scenario.id)?.signal ?? AbortSignal.abort()
          return { effect: use(scenario), off }
        })
    },
    satisfy(claims) {
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
