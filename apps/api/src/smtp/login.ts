import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { EmailAddress } from '@inforiver-mail/contract/email-address'
import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import { atMost } from '../runtime/cache-bound.ts'
import type { Outage } from '../domain/outage.ts'
import type { Sender } from '../domain/arriving-message.ts'
import { ProblemError } from '../http/problem.ts'
import { createRefusalLimit } from '../runtime/refusal-limit.ts'
import { SmtpRefusal, toRefusal } from './reply.ts'

const SLOWER_BY_MS = 20
const SLOWEST_MS = 1_000
const FAILURES_KEPT_MS = 15 * 60_000
const MAX_REMEMBERED = 10_000
const MAX_NAME_CHARACTERS = 64
const LOOKS_LIKE_A_KEY = /imk_/
/** A seeded key may be any 32 visible characters or more, and so look like a mail address. */
const MAY_BE_A_KEY = /[\x21-\x7e]{32}/

export interface Login extends Sender {
  /** Identifies the key, and opens nothing. */
  readonly keyId: string
}

/** Finds the service of a key. @throws {ProblemError} where the key does not open this; the refusal is audited then */
export type Authenticate = (presented: { readonly key: string; readonly client: string }) => Promise<Sender>

/**
 * Logs services in. The password is a service key; the user name is not checked, since devices insist on one. Every failure
 * makes the next answer to that address slower.
 */
export function createLogins({
  authenticate,
  isKey,
  outageOf,
  elapsedMs,
  logger,
  wait = delay,
}: {
  authenticate: Authenticate
  /** Whether this text is or was a service key. */
  isKey: (text: string) => Promise<boolean>
  outageOf: (error: unknown) => Outage | null
  elapsedMs: () => number
  logger: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  /** Replaces the timer. */
  wait?: (ms: number) => Promise<unknown>
}): (given: { user: string; password: string; client: string }) => Promise<Login> {
  const failures = new LRUCache<string, number>({
    ...atMost(MAX_REMEMBERED),
    ttl: FAILURES_KEPT_MS,
    ttlResolution: 0,
    perf: { now: elapsedMs },
  })

  const limit = createRefusalLimit(({ code, count }) =>
    logger.warn({ code, logins: count }, 'more smtp logins were refused'),
  )

  /** Null for a name that may be a key in the wrong field. */
  async function showUser(user: string, password: string): Promise<string | null> {
    if (user === '' || user === password || LOOKS_LIKE_A_KEY.test(user)) return null
    if (MAY_BE_A_KEY.test(user) && (!EmailAddress.safeParse(user).success || (await mayBeKey(user)))) return null
    return user.slice(0, MAX_NAME_CHARACTERS)
  }

  async function mayBeKey(text: string): Promise<boolean> {
    return isKey(text).catch(() => true)
  }

  return async ({ user, password, client }) => {
    try {
      const login = await authenticate({ key: password, client })
      logger.info({ service: login.service, user: await showUser(user, password), client }, 'smtp login')
      return { ...login, keyId: createHash('sha256').update(password).digest('base64url') }
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status >= 500) {
        const refusal = toRefusal(error, outageOf)
        if (refusal === null) logger.error({ err: error }, 'smtp login could not be checked')
        throw new SmtpRefusal(454, '4.7.0', 'The login cannot be checked right now. Try again in a moment.')
      }
      const count = (failures.get(client) ?? 0) + 1
      failures.set(client, count)
      if (limit.allows(error.code, client))
        logger.warn({ user: await showUser(user, password), client, code: error.code }, 'smtp login refused')
      await wait(Math.min(count * SLOWER_BY_MS, SLOWEST_MS))
      throw new SmtpRefusal(535, '5.7.8', toText(error))
    }
  }
}

function toText({ code, message }: ProblemError): string {
  if (code !== 'invalid-service-key') return message
  return 'The password has to be a valid service key with the scope messages:send. A workspace admin makes one in Tenant Settings.'
}
