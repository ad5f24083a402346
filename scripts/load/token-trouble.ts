import { setTimeout as delay } from 'node:timers/promises'
import { nameOf, openGround, WAYS, type Ground, type Process, type Tenant, type Way } from './ground.ts'
import { inParallel } from './submit.ts'
import { readArrivals, readMostAtOnce } from './storm.ts'

const MESSAGES = 500
const TOKENS_LIVE_SECONDS = 2
/**
 * From this age on a token may be renewed. Entra says a second less than it lives, the product renews it in the last
 * quarter of that, and the simulator's log learns a moment late that an answer has gone.
 */
const RENEWED_FROM_MS = (TOKENS_LIVE_SECONDS - 1) * 750 - 50
const REFRESH_TAKES_MS = { min: 0, max: 3_000 }
/** Longer than any refresh of a process that runs. */
const FROZEN_FOR_MS = REFRESH_TAKES_MS.max + 2_000
const FREEZES = 20
/** So that the messages take long enough for very many tokens to expire. */
const GRAPH_LATENCY_MS = 200
const GIVE_UP_AFTER_MS = 300_000
const ENVIRONMENT = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }

/**
 * Access tokens that live for two seconds, token requests answered after up to three, and a worker killed in the middle
 * of one, for every way of access: every message arrives once, and a token is asked for only when one has run out. Where
 * the application has its own access there is no refresh token; the same row decides who asks.
 */
export async function runTokenTrouble(): Promise<boolean> {
  let right = true
  for (const way of WAYS) right = (await run(way)) && right
  return right
}

async function run(way: Way): Promise<boolean> {
  const ground = await openGround(way)
  try {
    await ground.control('PATCH', '/settings', {
      latencyMs: GRAPH_LATENCY_MS,
      accessTokenSeconds: TOKENS_LIVE_SECONDS,
    })
    const [tenant] = await ground.addTenants(1, { largeAttachments: true })
    if (!tenant) return false
    const effect = { kind: 'http', endpoint: 'token', do: { action: 'delay', delayMs: REFRESH_TAKES_MS } }
    await ground.control('POST', '/scenarios', { effect, times: 'always' })
    await submit(ground, tenant)
    return await deliver(ground, way)
  } finally {
    await ground.close()
  }
}

async function submit(ground: Ground, tenant: Tenant): Promise<void> {
  const api = await ground.start('api', ENVIRONMENT)
  await inParallel(MESSAGES, 8, async (index) => {
    const response = await fetch(`${api.url}/api/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: ['someone@example.com'], subject: `Message ${index}`, text: 'Tokens.' }),
    })
    if (response.status !== 202) throw new Error(`A submit was answered with ${response.status}.`)
  })
}

async function deliver(ground: Ground, way: Way): Promise<boolean> {
  const startedAt = Date.now()
  const workers = [await ground.start('worker', ENVIRONMENT), await ground.start('worker', ENVIRONMENT)]
  const killed = await killInRefresh(ground, workers)
  await ground.start('worker', ENVIRONMENT)
  await untilSent(ground)
  const seconds = Math.round((Date.now() - startedAt) / 1_000)

  const counts = [...(await readArrivals(ground)).values()]
  const doubled = counts.filter((count) => count > 1).length
  const mostAtOnce = await readMostAtOnce(ground)
  const grantType = way.graphAuth === 'application' ? 'client_credentials' : 'refresh_token'
  // Not from the log, which forgets: then the two differ.
  const asked = (await ground.control('GET', '/counters')).endpoints.token.requests as number
  const requests = await readTokenRequests(ground)
  const expiries = countExpiries(requests)
  const inTime = asked === expiries && requests.every((request) => request.grantType === grantType)
  const right = counts.length === MESSAGES && doubled === 0 && mostAtOnce <= 4 && killed && inTime
  console.log(
    `${right ? '✓' : '✗'} tokens that live ${TOKENS_LIVE_SECONDS} s, ${nameOf(way)}: ${MESSAGES} accepted, ${counts.length} arrived, ${doubled} doubled; at most ${mostAtOnce} at once; ` +
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
 * Freezes one worker after the other when somebody holds the refresh lease. Whoever runs lets go of it in time, so a
 * lease that stays belongs to the one that stands still: that one never goes on. True when it left the lease behind.
 */
async function killInRefresh(ground: Ground, workers: readonly Process[]): Promise<boolean> {
  for (let freeze = 0; freeze < FREEZES; freeze++) {
    const worker = workers[freeze % workers.length]
    const lease = await untilRefreshing(ground)
    if (!worker || !lease) return false
    worker.freeze()
    if (await isLetGo(ground, lease, new Date(Date.now() + FROZEN_FOR_MS))) {
      worker.goOn()
      continue
    }
    await worker.kill()
    return !(await isLetGo(ground, lease, lease.until))
  }
  return false
}

async function untilRefreshing(ground: Ground): Promise<Lease | null> {
  for (let look = 0; look < 2_000; look++) {
    const lease = await readLease(ground)
    if (lease) return lease
    await delay(5)
  }
  return null
}

/** Before then. */
async function isLetGo(ground: Ground, { owner }: Lease, then: Date): Promise<boolean> {
  while (Date.now() < then.getTime()) {
    if ((await readLease(ground))?.owner !== owner) return Date.now() < then.getTime()
    await delay(20)
  }
  return false
}

async function readLease(ground: Ground): Promise<Lease | null> {
  const { rows } = await ground.pool.query<Lease>(
    `SELECT refresh_lease_owner AS owner, refresh_lease_until AS until FROM tenant_settings WHERE refresh_lease_owner IS NOT NULL`,
  )
  return rows[0] ?? null
}

interface TokenRequest {
  readonly grantType: string
  readonly startedAtMs: number
  readonly endedAtMs: number
}

async function readTokenRequests(ground: Ground): Promise<TokenRequest[]> {
  const { items } = await ground.control('GET', '/log')
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

/** How many of them came when the token of the one before had run out, and not beside another. */
function countExpiries(requests: readonly TokenRequest[]): number {
  return requests.filter(({ startedAtMs }, index) => {
    const before = requests[index - 1]
    return !before || startedAtMs >= before.endedAtMs + RENEWED_FROM_MS
  }).length
}

async function untilSent(ground: Ground): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS
  while (Date.now() < giveUpAt) {
    const { rows } = await ground.pool.query(`SELECT 1 FROM messages WHERE outcome IS DISTINCT FROM 'sent' LIMIT 1`)
    if (rows.length === 0) return
    await delay(200)
  }
}
