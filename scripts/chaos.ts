import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../packages/m365/src/mailer/send-mail-request.ts'
import { openGround, type Ground, type Process, type Tenant } from './load/ground.ts'

const MESSAGES = Number(process.argv[2] ?? 2_000)
const CLIENTS = 4
const MAILBOXES = 8 // a pause that Microsoft asks for stops one of them only
const KILL_EVERY_MS = 4_000
const CALM_BELOW = 20
const SUBMIT_FOR_AT_MOST_MS = 120_000
const DELIVER_FOR_AT_MOST_MS = 300_000

const FAULT_RATES = {
  throttled: 0.1,
  unavailable: 0.05,
  resetBefore: 0.03,
  resetAfter: 0.03,
  gatewayTimeoutAfter: 0.02,
}

let failures = 0
await run(
  'with Mail.ReadWrite',
  ['Mail.Send', 'Mail.ReadWrite', 'User.Read'],
  ({ lost, doubled }) => lost === 0 && doubled === 0,
)
await run(
  'with Mail.Send alone',
  ['Mail.Send', 'User.Read'],
  ({ lost, doubled, flaggedDoubles }) => lost === 0 && flaggedDoubles === doubled,
)
process.exit(failures === 0 ? 0 : 1)

interface Tally {
  readonly accepted: number
  readonly arrived: number
  readonly lost: number
  readonly doubled: number
  readonly flaggedDoubles: number
  readonly flagged: number
  readonly mostAtOnce: number
  readonly kills: number
  readonly seconds: number
}

async function run(name: string, permissions: string[], isRight: (tally: Tally) => boolean): Promise<void> {
  const ground = await openGround()
  try {
    const tenants = await ground.addTenants(MAILBOXES, permissions)
    await ground.control('PATCH', '/settings', {
      latencyMs: 5,
      sentCopyDelayMs: { min: 0, max: 20_000 },
      faultRates: FAULT_RATES,
      retryAfterForm: 'mixed',
      retryAfterSeconds: 1,
    })
    const tally = await storm(ground, tenants)
    const right = isRight(tally) && tally.accepted === MESSAGES && tally.mostAtOnce <= 4
    if (!right) failures += 1
    console.log(
      `${right ? '✓' : '✗'} ${name}: ${tally.accepted} accepted, ${tally.arrived} arrived, ${tally.lost} lost, ${tally.doubled} doubled (${tally.flaggedDoubles} of them flagged), ` +
        `${tally.flagged} flagged in all; at most ${tally.mostAtOnce} at once; ${tally.kills} kills; ${tally.seconds} s`,
    )
  } finally {
    await ground.close()
  }
}

async function storm(ground: Ground, tenants: readonly Tenant[]): Promise<Tally> {
  const startedAt = Date.now()
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_RECIPIENTS_PER_DAY: '0' }
  const places: { role: 'api' | 'worker'; process: Process | null }[] = [
    { role: 'api', process: null },
    { role: 'worker', process: null },
    { role: 'worker', process: null },
  ]
  for (const place of places) place.process = await ground.start(place.role, environment)
  let kills = 0
  const over = new AbortController()
  const killer = (async () => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      await delay(KILL_EVERY_MS)
      const place = places[turn % places.length]
      if (over.signal.aborted || !place?.process) continue
      const { process } = place
      place.process = null
      await process.kill()
      kills += 1
      place.process = await ground.start(place.role, environment)
    }
  })()

  const accepted = (
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) => submitAll(tenants, () => places[0]?.process?.url ?? null, client)),
    )
  ).flat()
  const giveUpAt = Date.now() + DELIVER_FOR_AT_MOST_MS
  for (let unended = MESSAGES; unended > 0 && Date.now() < giveUpAt; unended = await countUnended(ground)) {
    if (unended < CALM_BELOW) over.abort() // the last ones would wait for a calm moment
    await delay(500)
  }
  over.abort()
  await killer

  const arrivals = await readArrivals(ground)
  const flagged = new Set(
    (await ground.pool.query<{ id: string }>('SELECT id FROM messages WHERE possible_duplicate')).rows.map(
      ({ id }) => id,
    ),
  )
  const doubled = [...arrivals].filter(([, count]) => count > 1).map(([id]) => id)
  const { mailboxes } = await ground.control('GET', '/counters')
  return {
    accepted: accepted.length,
    arrived: arrivals.size,
    lost: accepted.filter((id) => !arrivals.has(id)).length,
    doubled: doubled.length,
    flaggedDoubles: doubled.filter((id) => flagged.has(id)).length,
    flagged: flagged.size,
    mostAtOnce: Math.max(
      0,
      ...Object.values(mailboxes as Record<string, { maxConcurrent: number }>).map(
        ({ maxConcurrent }) => maxConcurrent,
      ),
    ),
    kills,
    seconds: Math.round((Date.now() - startedAt) / 1_000),
  }
}

/** As a careful service does: one key a message, and again until there is a 202. */
async function submitAll(tenants: readonly Tenant[], url: () => string | null, client: number): Promise<string[]> {
  const ids: string[] = []
  const giveUpAt = Date.now() + SUBMIT_FOR_AT_MOST_MS
  for (let index = client; index < MESSAGES; index += CLIENTS) {
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
  const { rows } = await ground.pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM messages WHERE status IN ('queued', 'sending', 'scheduled', 'held')",
  )
  return rows[0]?.count ?? 0
}

async function readArrivals(ground: Ground): Promise<Map<string, number>> {
  const { values } = await ground.control('GET', `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`)
  return new Map(Object.entries(values as Record<string, number>))
}
