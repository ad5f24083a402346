import { setTimeout as delay } from 'node:timers/promises'
import { createTestBrowser, type Answer } from '../../../apps/api/src/test-support/test-browser.ts'
import type { SenderChanged } from './history.ts'
import type { Random } from '../random.ts'
import type { Recorder } from './recorder.ts'
import type { Site } from './site.ts'

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'
const ADMIN = 'Ada Admin'
/** Covers a reset or a consent that waits for requests on the wire. */
const CALL_TIMEOUT_MS = 40_000
const ASK_AGAIN_MS = 500
const ASK_FOR_AT_MOST_MS = 60_000

/** A From address, the account that consents to it, and the mailbox that account sends through. */
export interface Candidate {
  readonly address: string
  readonly account: string
  readonly mailbox: string
}

export const CANDIDATES: readonly [Candidate, ...Candidate[]] = [
  { address: 'person-41@contoso.com', account: 'Person 41', mailbox: 'person-41@contoso.com' },
  { address: 'person-42@contoso.com', account: 'Person 42', mailbox: 'person-42@contoso.com' },
  { address: 'reports@contoso.com', account: ADMIN, mailbox: 'ada@contoso.com' },
]

export type SettingsAdmin = Awaited<ReturnType<typeof signInAdmin>>

interface ConsentJson {
  readonly id: string
  readonly status: string
  readonly consentUrl: string | null
  readonly requestsOnTheWire?: number | null
}

/** Ada, who changes the sender of her workspace through its API and Microsoft's pages. */
export async function signInAdmin(
  site: Site,
  { tenant, recorder, random }: { tenant: string; recorder: Recorder; random: Random },
) {
  const browser = createTestBrowser(site.publicUrl)
  site.routeBrowsers()
  await browser.signIn(ADMIN)

  /** Resolves to null without an answer in time. */
  async function attempt(request: () => Promise<Answer>): Promise<Answer | null> {
    if (!site.routeBrowsers()) return null
    const late = new AbortController()
    try {
      return await Promise.race([request(), delay(CALL_TIMEOUT_MS, null, { signal: late.signal })])
    } catch {
      return null
    } finally {
      late.abort()
    }
  }
  const post = (path: string, body: object = {}) => attempt(() => browser.call('POST', `${SETTINGS}${path}`, body))

  function record(sender: string | null, askedAt: number, rest: Pick<SenderChanged, 'outcome' | 'requestsOnTheWire'>) {
    recorder.write({ kind: 'sender', tenant, sender, askedAt, answeredAt: Date.now(), ...rest })
  }

  async function reset(): Promise<void> {
    const askedAt = Date.now()
    const answer = await post('/reset')
    const isRefused = answer !== null && answer.status < 500 && answer.status !== 200
    const outcome = answer?.status === 200 ? 'done' : isRefused ? 'failed' : 'unknown'
    record(null, askedAt, { outcome, requestsOnTheWire: onTheWire(answer) })
  }

  async function connect(
    { address, account }: Candidate,
    path: '/configure' | '/update-sender',
    largeAttachments: boolean,
  ) {
    const started = await post(path, { fromEmail: address, ...(largeAttachments && { largeAttachments }) })
    if (started?.status !== 201) return
    const consent = started.json as ConsentJson
    let returnUrl: string | null = null
    // Microsoft's own pages change nothing in the product.
    await attempt(async () => {
      returnUrl = await browser.consentReturn(consent.consentUrl ?? '', account)
      return started
    })
    if (returnUrl === null) return
    const askedAt = Date.now()
    await attempt(() => browser.visit(returnUrl ?? ''))
    const { outcome, requestsOnTheWire } = await outcomeOf(consent.id)
    record(address, askedAt, { outcome, requestsOnTheWire })
  }

  /** Polls until the consent is over. */
  async function outcomeOf(id: string): Promise<Pick<SenderChanged, 'outcome' | 'requestsOnTheWire'>> {
    for (const giveUpAt = Date.now() + ASK_FOR_AT_MOST_MS; Date.now() < giveUpAt; await delay(ASK_AGAIN_MS)) {
      const answer = await attempt(() => browser.call('GET', `/api/v1/consents/${id}`))
      if (answer?.status !== 200) continue
      const consent = answer.json as ConsentJson
      if (consent.status === 'completed') return { outcome: 'done', requestsOnTheWire: onTheWire(answer) }
      if (consent.status !== 'pending') return { outcome: 'failed', requestsOnTheWire: null }
    }
    return { outcome: 'unknown', requestsOnTheWire: null }
  }

  async function readStatus(): Promise<string | null> {
    const answer = await attempt(() => browser.call('GET', SETTINGS))
    return answer?.status === 200 ? (answer.json as { status: string }).status : null
  }

  return {
    async createServiceKey(): Promise<string> {
      const scopes = ['messages:send', 'messages:read', 'settings:read']
      const answer = await browser.call('POST', '/api/v1/service-keys', { name: 'history', scopes })
      return (answer.json as { key: string }).key
    },
    /** Makes one random change: a reset, a first sender, another one, or the same again. */
    async change(): Promise<void> {
      const status = await readStatus()
      if (status === null) return
      const candidate = random.pick(CANDIDATES)
      const largeAttachments = random.chance(0.5)
      if (status === 'not-configured') return connect(candidate, '/configure', largeAttachments)
      if (random.chance(0.5)) return connect(candidate, '/update-sender', false)
      await reset()
      if (random.chance(0.5)) await connect(candidate, '/configure', largeAttachments)
    },
    /** Tries until a sender is connected that can send everything that waits. */
    async ensureConnected(): Promise<void> {
      for (const giveUpAt = Date.now() + ASK_FOR_AT_MOST_MS; Date.now() < giveUpAt; await delay(ASK_AGAIN_MS)) {
        const status = await readStatus()
        if (status === 'connected') return
        if (status === 'reconnect-required') await reset()
        if (status === 'not-configured') await connect(CANDIDATES[0], '/configure', true)
      }
    },
  }
}

function onTheWire(answer: Answer | null): number | null {
  return (answer?.json as { requestsOnTheWire?: number | null } | null)?.requestsOnTheWire ?? null
}
