import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../../packages/m365/src/mailer/send-mail-request.ts'
import { describeAccess, openTestbed, type Testbed, type Process, type Tenant, type AccessKind } from './testbed.ts'

const CLIENTS = 4
const MAILBOXES = 8 // a pause that Microsoft asks for stops one of them only
const KILL_EVERY_MS = 4_000
/** Short enough for tokens to be renewed while processes die and the vault's key changes. */
const TOKENS_LIVE_SECONDS = 15
/**
 * Below this share of unfinished messages faults end: a message in doubt takes eleven minutes, and would meet another
 * fault.
 */
const CALM_BELOW = 0.1
const SUBMIT_FOR_AT_MOST_MS = 120_000
/** A message in doubt that was not sent is looked up for eleven minutes before it is sent again. */
const DELIVER_FOR_AT_MOST_MS = 20 * 60_000

const FAULT_RATES = {
  throttled: 0.1,
  unavailable: 0.05,
  resetBefore: 0.03,
  resetAfter: 0.03,
  gatewayTimeoutAfter: 0.02,
}

interface Storm {
  readonly access: AccessKind
  /** Whether the grant has Mail.ReadWrite, with which the worker can look up an unknown outcome. */
  readonly readable: boolean
}

const STORMS: readonly Storm[] = [
  { access: { graphAuth: 'delegated', credential: 'client secret' }, readable: true },
  { access: { graphAuth: 'delegated', credential: 'client secret' }, readable: false },
  { access: { graphAuth: 'application', credential: 'certificate' }, readable: true },
]

/**
 * Sends messages through two workers while Microsoft fails at random, processes are killed and the vault's key is
 * changed: delegated with and without Mail.ReadWrite, and with application access. Resolves to whether all went well.
 */
export async function runStorms(messages: number): Promise<boolean> {
  let right = true
  for (const each of STORMS) right = (await run(messages, each)) && right
  return right
}

interface Tally {
  readonly accepted: number
  readonly arrived: number
  readonly lost: number
  readonly doubled: number
  readonly flaggedDoubles: number
  readonly flagged: number
  readonly peakConcurrency: number
  readonly kills: number
  readonly tokenRequests: number
  readonly seconds: number
  /**
   * The vault's key was changed meanwhile, nothing became unreadable, and the new key alone suffices and is required.
   */
  readonly rotated: boolean
}

async function run(messages: number, { access, readable }: Storm): Promise<boolean> {
  const testbed = await openTestbed(access)
  try {
    await testbed.control('PATCH', '/settings', {
      latencyMs: 5,
      sentCopyDelayMs: { min: 0, max: 20_000 },
      faultRates: FAULT_RATES,
      retryAfterForm: 'mixed',
      retryAfterSeconds: 1,
      accessTokenSeconds: TOKENS_LIVE_SECONDS,
    })
    const tenants = await testbed.addTenants(MAILBOXES, { largeAttachments: readable })
    const tally = await storm(testbed, tenants, messages)
    const { accepted, lost, doubled, flaggedDoubles, peakConcurrency, rotated } = tally
    const allowedDoubles = readable ? 0 : flaggedDoubles
    const right = accepted === messages && lost === 0 && doubled === allowedDoubles && peakConcurrency <= 4 && rotated
    console.log(
      `${right ? '✓' : '✗'} storm, ${describeAccess(access)}, ${readable ? 'with Mail.ReadWrite' : 'with Mail.Send alone'}: ${accepted} accepted, ${tally.arrived} arrived, ${lost} lost, ${doubled} doubled (${flaggedDoubles} of them flagged), ` +
        `${tally.flagged} flagged in all; at most ${peakConcurrency} at once to a mailbox; ${tally.kills} kills; ${tally.tokenRequests} token requests; vault key ${rotated ? '' : 'not '}changed cleanly; ${tally.seconds} s`,
    )
    return right
  } finally {
    await testbed.close()
  }
}

async function storm(testbed: Testbed, tenants: readonly Tenant[], messages: number): Promise<Tally> {
  const startedAt = Date.now()
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }
  const slots: { role: 'api' | 'worker'; process: Process | null }[] = [
    { role: 'api', process: null },
    { role: 'worker', process: null },
    { role: 'worker', process: null },
  ]
  const start = (role: 'api' | 'worker', vaultKeys: string) =>
    testbed.start(role, { ...environment, VAULT_KEYS: vaultKeys })
  for (const slot of slots) slot.process = await start(slot.role, testbed.vaultKeys)
  const newKey = `new:${randomBytes(32).toString('base64')}`
  // A rolling restart: every process knows the new key before the first one seals with it.
  const known = `${testbed.vaultKeys},${newKey}`
  const sealing = `${newKey},${testbed.vaultKeys}`
  let resealed = false
  let kills = 0
  const over = new AbortController()
  const killer = (async () => {
    for (let restart = 0; !over.signal.aborted; restart++) {
      await delay(KILL_EVERY_MS)
      const slot = slots[restart % slots.length]
      if (over.signal.aborted || !slot?.process) continue
      const round = Math.floor(restart / slots.length)
      if (round >= 2) resealed ||= await testbed.vault('rotate', sealing)
      const { process } = slot
      slot.process = null
      await process.kill()
      kills += 1
      slot.process = await start(slot.role, round === 0 ? known : sealing)
    }
  })()

  const accepted = (
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        submitAll(tenants, messages, () => slots[0]?.process?.url ?? null, client),
      ),
    )
  ).flat()
  const giveUpAt = Date.now() + DELIVER_FOR_AT_MOST_MS
  for (let unended = messages; unended > 0 && Date.now() < giveUpAt; unended = await countUnended(testbed)) {
    if (unended < messages * CALM_BELOW && !over.signal.aborted) {
      over.abort()
      await testbed.control('PATCH', '/settings', { faultRates: {} })
    }
    await delay(500)
  }
  over.abort()
  await killer

  const arrivals = await readArrivals(testbed)
  const flagged = new Set(
    (await testbed.pool.query<{ id: string }>('SELECT id FROM message_states WHERE possible_duplicate')).rows.map(
      ({ id }) => id,
    ),
  )
  const doubled = [...arrivals].filter(([, count]) => count > 1).map(([id]) => id)
  const { endpoints } = await testbed.control('GET', '/counters')
  return {
    accepted: accepted.length,
    arrived: arrivals.size,
    lost: accepted.filter((id) => !arrivals.has(id)).length,
    doubled: doubled.length,
    flaggedDoubles: doubled.filter((id) => flagged.has(id)).length,
    flagged: flagged.size,
    peakConcurrency: await readPeakConcurrency(testbed),
    kills,
    tokenRequests: endpoints.token?.requests ?? 0,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
    rotated: await isRotated(testbed, slots, newKey, resealed),
  }
}

/** Whether no message was unreadable, the new key alone suffices, and the old one alone is refused. */
async function isRotated(
  testbed: Testbed,
  slots: readonly { process: Process | null }[],
  newKey: string,
  resealed: boolean,
): Promise<boolean> {
  for (const { process } of slots) await process?.stop()
  // A short storm is over before every process has been restarted twice.
  if (!resealed && !(await testbed.vault('rotate', `${newKey},${testbed.vaultKeys}`))) return false
  const refusal = (vaultKeys: string) =>
    testbed.start('api', { VAULT_KEYS: vaultKeys }).then(
      (process) => process.stop().then(() => ''),
      (error: Error) => error.message,
    )
  const { rows } = await testbed.pool.query<{ unreadable: number }>(
    `SELECT count(*)::int AS unreadable FROM message_attempts WHERE detail LIKE 'It could not be prepared%'`,
  )
  const withNew = await refusal(newKey)
  const withOld = await refusal(testbed.vaultKeys)
  return rows[0]?.unreadable === 0 && withNew === '' && withOld.includes('the vault key "new", which is missing')
}

/** Submits like a careful service: one idempotency key per message, repeated until the answer is 202. */
async function submitAll(
  tenants: readonly Tenant[],
  messages: number,
  url: () => string | null,
  client: number,
): Promise<string[]> {
  const ids: string[] = []
  const giveUpAt = Date.now() + SUBMIT_FOR_AT_MOST_MS
  for (let index = client; index < messages; index += CLIENTS) {
    const serviceKey = tenants[index % tenants.length]?.serviceKey
    const key = randomUUID()
    const body = JSON.stringify({ to: [`someone-${index}@example.com`], subject: `Message ${index}`, text: 'Chaos.' })
    for (;;) {
      if (Date.now() > giveUpAt) return ids
      const target = url()
      const answer =
        target &&
        (await fetch(`${target}/api/v1/messages`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${serviceKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body,
          signal: AbortSignal.timeout(10_000),
        })
          .then(async (response) => ({ status: response.status, json: (await response.json()) as { id: string } }))
          .catch(() => null))
      if (answer && answer.status === 202) {
        ids.push(answer.json.id)
        break
      }
      if (answer && answer.status < 500)
        throw new Error(`A submit was refused with ${answer.status}: ${JSON.stringify(answer.json)}`)
      await delay(100)
    }
    await delay(20) // spread over the storm
  }
  return ids
}

async function countUnended(testbed: Testbed): Promise<number> {
  const { rows } = await testbed.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM message_queue')
  return rows[0]?.count ?? 0
}

export async function readArrivals(testbed: Testbed): Promise<Map<string, number>> {
  const { values } = await testbed.control('GET', `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`)
  return new Map(Object.entries(values as Record<string, number>))
}

/** The most requests that one mailbox had under way at once. */
export async function readPeakConcurrency(testbed: Testbed): Promise<number> {
  const { mailboxes } = await testbed.control('GET', '/counters')
  const counts = Object.values(mailboxes as Record<string, { maxConcurrent: number }>)
  return Math.max(0, ...counts.map(({ maxConcurrent }) => maxConcurrent))
}
