import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../../packages/m365/src/mailer/send-mail-request.ts'
import { nameOf, openGround, type Ground, type Process, type Tenant, type Way } from './ground.ts'

const CLIENTS = 4
const MAILBOXES = 8 // a pause that Microsoft asks for stops one of them only
const KILL_EVERY_MS = 4_000
/** So short that tokens are renewed while processes die and the vault's key is changed. */
const TOKENS_LIVE_SECONDS = 15
/** Of the messages: those in doubt take eleven minutes, and would meet the next fault after them. */
const CALM_BELOW = 0.1
const SUBMIT_FOR_AT_MOST_MS = 120_000
/** What is in doubt and was not sent is looked for over eleven minutes before it is sent again. */
const DELIVER_FOR_AT_MOST_MS = 20 * 60_000

const FAULT_RATES = {
  throttled: 0.1,
  unavailable: 0.05,
  resetBefore: 0.03,
  resetAfter: 0.03,
  gatewayTimeoutAfter: 0.02,
}

interface Storm {
  readonly way: Way
  /** Whether Mail.ReadWrite lets the worker look up what it does not know the outcome of. */
  readonly readable: boolean
}

const STORMS: readonly Storm[] = [
  { way: { graphAuth: 'delegated', credential: 'client secret' }, readable: true },
  { way: { graphAuth: 'delegated', credential: 'client secret' }, readable: false },
  { way: { graphAuth: 'application', credential: 'certificate' }, readable: true },
]

/**
 * Very many messages through two workers while Microsoft fails at random, processes are killed and the vault's key is
 * changed; with mailboxes that can be read, without, and with the application's own access. True when nothing went wrong.
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
  readonly mostAtOnce: number
  readonly kills: number
  readonly tokenRequests: number
  readonly seconds: number
  /** The vault's key was changed meanwhile: nothing was unreadable, and the new key alone is needed and suffices. */
  readonly rotated: boolean
}

async function run(messages: number, { way, readable }: Storm): Promise<boolean> {
  const ground = await openGround(way)
  try {
    await ground.control('PATCH', '/settings', {
      latencyMs: 5,
      sentCopyDelayMs: { min: 0, max: 20_000 },
      faultRates: FAULT_RATES,
      retryAfterForm: 'mixed',
      retryAfterSeconds: 1,
      accessTokenSeconds: TOKENS_LIVE_SECONDS,
    })
    const tenants = await ground.addTenants(MAILBOXES, { largeAttachments: readable })
    const tally = await storm(ground, tenants, messages)
    const { accepted, lost, doubled, flaggedDoubles, mostAtOnce, rotated } = tally
    const allowedDoubles = readable ? 0 : flaggedDoubles
    const right = accepted === messages && lost === 0 && doubled === allowedDoubles && mostAtOnce <= 4 && rotated
    console.log(
      `${right ? '✓' : '✗'} storm, ${nameOf(way)}, ${readable ? 'with Mail.ReadWrite' : 'with Mail.Send alone'}: ${accepted} accepted, ${tally.arrived} arrived, ${lost} lost, ${doubled} doubled (${flaggedDoubles} of them flagged), ` +
        `${tally.flagged} flagged in all; at most ${mostAtOnce} at once to a mailbox; ${tally.kills} kills; ${tally.tokenRequests} token requests; vault key ${rotated ? '' : 'not '}changed cleanly; ${tally.seconds} s`,
    )
    return right
  } finally {
    await ground.close()
  }
}

async function storm(ground: Ground, tenants: readonly Tenant[], messages: number): Promise<Tally> {
  const startedAt = Date.now()
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }
  const places: { role: 'api' | 'worker'; process: Process | null }[] = [
    { role: 'api', process: null },
    { role: 'worker', process: null },
    { role: 'worker', process: null },
  ]
  const start = (role: 'api' | 'worker', vaultKeys: string) =>
    ground.start(role, { ...environment, VAULT_KEYS: vaultKeys })
  for (const place of places) place.process = await start(place.role, ground.vaultKeys)
  const newKey = `new:${randomBytes(32).toString('base64')}`
  // Processes are restarted one by one: all of them know the new key before the first seals with it.
  const known = `${ground.vaultKeys},${newKey}`
  const sealing = `${newKey},${ground.vaultKeys}`
  let resealed = false
  let kills = 0
  const over = new AbortController()
  const killer = (async () => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      await delay(KILL_EVERY_MS)
      const place = places[turn % places.length]
      if (over.signal.aborted || !place?.process) continue
      const round = Math.floor(turn / places.length)
      if (round >= 2) resealed ||= await ground.vault('rotate', sealing)
      const { process } = place
      place.process = null
      await process.kill()
      kills += 1
      place.process = await start(place.role, round === 0 ? known : sealing)
    }
  })()

  const accepted = (
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        submitAll(tenants, messages, () => places[0]?.process?.url ?? null, client),
      ),
    )
  ).flat()
  const giveUpAt = Date.now() + DELIVER_FOR_AT_MOST_MS
  for (let unended = messages; unended > 0 && Date.now() < giveUpAt; unended = await countUnended(ground)) {
    if (unended < messages * CALM_BELOW && !over.signal.aborted) {
      over.abort()
      await ground.control('PATCH', '/settings', { faultRates: {} })
    }
    await delay(500)
  }
  over.abort()
  await killer

  const arrivals = await readArrivals(ground)
  const flagged = new Set(
    (await ground.pool.query<{ id: string }>('SELECT id FROM message_states WHERE possible_duplicate')).rows.map(
      ({ id }) => id,
    ),
  )
  const doubled = [...arrivals].filter(([, count]) => count > 1).map(([id]) => id)
  const { endpoints } = await ground.control('GET', '/counters')
  return {
    accepted: accepted.length,
    arrived: arrivals.size,
    lost: accepted.filter((id) => !arrivals.has(id)).length,
    doubled: doubled.length,
    flaggedDoubles: doubled.filter((id) => flagged.has(id)).length,
    flagged: flagged.size,
    mostAtOnce: await readMostAtOnce(ground),
    kills,
    tokenRequests: endpoints.token?.requests ?? 0,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
    rotated: await isRotated(ground, places, newKey, resealed),
  }
}

/** No message was ever unreadable, the new key alone will do, and the old one alone is refused. */
async function isRotated(
  ground: Ground,
  places: readonly { process: Process | null }[],
  newKey: string,
  resealed: boolean,
): Promise<boolean> {
  for (const { process } of places) await process?.stop()
  // A short storm is over before every process has been restarted twice.
  if (!resealed && !(await ground.vault('rotate', `${newKey},${ground.vaultKeys}`))) return false
  const refusal = (vaultKeys: string) =>
    ground.start('api', { VAULT_KEYS: vaultKeys }).then(
      (process) => process.stop().then(() => ''),
      (error: Error) => error.message,
    )
  const { rows } = await ground.pool.query<{ unreadable: number }>(
    `SELECT count(*)::int AS unreadable FROM message_attempts WHERE detail LIKE 'It could not be prepared%'`,
  )
  const withNew = await refusal(newKey)
  const withOld = await refusal(ground.vaultKeys)
  return rows[0]?.unreadable === 0 && withNew === '' && withOld.includes('the vault key "new", which is missing')
}

/** As a careful service does: one key a message, and again until there is a 202. */
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

async function countUnended(ground: Ground): Promise<number> {
  const { rows } = await ground.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM message_queue')
  return rows[0]?.count ?? 0
}

export async function readArrivals(ground: Ground): Promise<Map<string, number>> {
  const { values } = await ground.control('GET', `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`)
  return new Map(Object.entries(values as Record<string, number>))
}

/** To one mailbox. */
export async function readMostAtOnce(ground: Ground): Promise<number> {
  const { mailboxes } = await ground.control('GET', '/counters')
  const counts = Object.values(mailboxes as Record<string, { maxConcurrent: number }>)
  return Math.max(0, ...counts.map(({ maxConcurrent }) => maxConcurrent))
}
