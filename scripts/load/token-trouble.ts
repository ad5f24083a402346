import { setTimeout as delay } from 'node:timers/promises'
import {
  describeAccess,
  openTestbed,
  ACCESS_KINDS,
  type Testbed,
  type Process,
  type Tenant,
  type AccessKind,
} from '../testbed/testbed.ts'
import { inParallel } from '../testbed/submit.ts'
import { readArrivals, readPeakConcurrency } from '../chaos/storm.ts'

const MESSAGES = 500
const TOKENS_LIVE_SECONDS = 2
/**
 * The age from which a token may be renewed. Entra announces a second less than its lifetime, the product renews in the
 * last quarter of that, and the simulator logs an answer a moment late.
 */
const RENEWED_FROM_MS = (TOKENS_LIVE_SECONDS - 1) * 750 - 50
const REFRESH_TAKES_MS = { min: 0, max: 3_000 }
/** No refresh of a running process takes this long. */
const FROZEN_FOR_MS = REFRESH_TAKES_MS.max + 2_000
const FREEZES = 20
/** Slows the messages down, so that many tokens expire meanwhile. */
const GRAPH_LATENCY_MS = 200
/** What the killed worker was about to send is in doubt, and looked for during eleven minutes. */
const GIVE_UP_AFTER_MS = 15 * 60_000
const ENVIRONMENT = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }

/**
 * Sends with access tokens that live for two seconds, token requests that take up to three, and a worker killed in the
 * middle of one, for every kind of access: every message arrives once, and a token is requested only when one has
 * expired. Application access has no refresh token; the same row decides who asks for the next one.
 */
export async function runTokenTrouble(): Promise<boolean> {
  let right = true
  for (const access of ACCESS_KINDS) right = (await run(access)) && right
  return right
}

async function run(access: AccessKind): Promise<boolean> {
  const testbed = await openTestbed(access)
  try {
    await testbed.control('PATCH', '/settings', {
      latencyMs: GRAPH_LATENCY_MS,
      accessTokenSeconds: TOKENS_LIVE_SECONDS,
    })
    const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
    if (!tenant) return false
    const effect = { kind: 'http', endpoint: 'token', do: { action: 'delay', delayMs: REFRESH_TAKES_MS } }
    await testbed.control('POST', '/scenarios', { effect, times: 'always' })
    await submit(testbed, tenant)
    return await deliver(testbed, access)
  } finally {
    await testbed.close()
  }
}

async function submit(testbed: Testbed, tenant: Tenant): Promise<void> {
  const api = await testbed.start('api', ENVIRONMENT)
  await inParallel(MESSAGES, 8, async (index) => {
    const response = await fetch(`${api.url}/api/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: ['someone@example.com'], subject: `Message ${index}`, text: 'Tokens.' }),
    })
    if (response.status !== 202) throw new Error(`A submit was answered with ${response.status}.`)
  })
}

async function deliver(testbed: Testbed, access: AccessKind): Promise<boolean> {
  const startedAt = Date.now()
  const workers = [await testbed.start('worker', ENVIRONMENT), await testbed.start('worker', ENVIRONMENT)]
  const killed = await killInRefresh(testbed, workers)
  await testbed.start('worker', ENVIRONMENT)
  await untilSent(testbed)
  const seconds = Math.round((Date.now() - startedAt) / 1_000)

  const counts = [...(await readArrivals(testbed)).values()]
  const doubled = counts.filter((count) => count > 1).length
  const peakConcurrency = await readPeakConcurrency(testbed)
  const grantType = access.graphAuth === 'application' ? 'client_credentials' : 'refresh_token'
  // Not counted in the log, which is bounded: a truncated log then shows as a difference.
  const asked = (await testbed.control('GET', '/counters')).endpoints.token.requests as number
  const requests = await readTokenRequests(testbed)
  const expiries = countExpiries(requests)
  const inTime = asked === expiries && requests.every((request) => request.grantType === grantType)
  const right = counts.length === MESSAGES && doubled === 0 && peakConcurrency <= 4 && killed && inTime
  console.log(
    `${right ? '✓' : '✗'} tokens that live ${TOKENS_LIVE_SECONDS} s, ${describeAccess(access)}: ${MESSAGES} accepted, ${counts.length} arrived, ${doubled} doubled; at most ${peakConcurrency} at once; ` +
      `${killed ? 'a worker killed in the middle of a refresh' : 'no worker was killed in a refresh'}; ` +
      `${asked} token requests (${grantType}) for ${expiries} expiries in ${seconds} s`,
  )
  return right
}

interface Lease {
  readonly owner: string
  readonly until: Date
}

/**
 * Suspends one worker after the other while someone holds the refresh lease. A running holder releases it in time, so a
 * lease that stays belongs to the suspended worker, which is then killed. Resolves to whether its lease was left
 * behind.
 */
async function killInRefresh(testbed: Testbed, workers: readonly Process[]): Promise<boolean> {
  for (let freeze = 0; freeze < FREEZES; freeze++) {
    const worker = workers[freeze % workers.length]
    const lease = await untilRefreshing(testbed)
    if (!worker || !lease) return false
    worker.freeze()
    if (await isReleased(testbed, lease, new Date(Date.now() + FROZEN_FOR_MS))) {
      worker.resume()
      continue
    }
    await worker.kill()
    return !(await isReleased(testbed, lease, lease.until))
  }
  return false
}

async function untilRefreshing(testbed: Testbed): Promise<Lease | null> {
  for (let look = 0; look < 2_000; look++) {
    const lease = await readLease(testbed)
    if (lease) return lease
    await delay(5)
  }
  return null
}

/** Whether the lease changes hands before `then`. */
async function isReleased(testbed: Testbed, { owner }: Lease, then: Date): Promise<boolean> {
  while (Date.now() < then.getTime()) {
    if ((await readLease(testbed))?.owner !== owner) return Date.now() < then.getTime()
    await delay(20)
  }
  return false
}

async function readLease(testbed: Testbed): Promise<Lease | null> {
  const { rows } = await testbed.pool.query<Lease>(
    `SELECT refresh_lease_owner AS owner, refresh_lease_until AS until FROM tenant_settings WHERE refresh_lease_owner IS NOT NULL`,
  )
  return rows[0] ?? null
}

interface TokenRequest {
  readonly grantType: string
  readonly startedAtMs: number
  readonly endedAtMs: number
}

async function readTokenRequests(testbed: Testbed): Promise<TokenRequest[]> {
  const { items } = await testbed.control('GET', '/log')
  const entries = items as { endpoint: string; at: string; durationMs: number; details: { grant_type: string } }[]
  return entries
    .filter(({ endpoint }) => endpoint === 'token')
    .map(({ at, durationMs, details }) => ({
      grantType: details.grant_type,
      startedAtMs: Date.parse(at),
      endedAtMs: Date.parse(at) + durationMs,
    }))
    .toSorted((one, other) => one.startedAtMs - other.startedAtMs)
}

/** Counts the requests that came after the previous token had expired, without those that overlap another request. */
function countExpiries(requests: readonly TokenRequest[]): number {
  return requests.filter(({ startedAtMs }, index) => {
    const before = requests[index - 1]
    return !before || startedAtMs >= before.endedAtMs + RENEWED_FROM_MS
  }).length
}

async function untilSent(testbed: Testbed): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS
  while (Date.now() < giveUpAt) {
    const { rows } = await testbed.pool.query(`SELECT 1 FROM messages WHERE outcome IS DISTINCT FROM 'sent' LIMIT 1`)
    if (rows.length === 0) return
    await delay(200)
  }
}
