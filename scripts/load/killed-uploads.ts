import { setTimeout as delay } from 'node:timers/promises'
import { openGround, type Ground, type Tenant } from './ground.ts'
import { hashOfLarge, submitLarge } from './large.ts'
import { readArrivals } from './storm.ts'

const SIZE_BYTES = 60 * 1024 * 1024
const KILLS = 50
const RANGE_TAKES_MS = 400
/** A worker lives at most this long with the message: mostly through one range, sometimes two, or none. */
const LIVES_FOR_MS = 600
const GIVE_UP_AFTER_MS = 480_000
const ENVIRONMENT = { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' }

interface Session {
  readonly session: string
  readonly ranges: readonly { readonly from: number | null; readonly accepted: boolean }[]
}

/**
 * Messages of 60 MB whose worker is killed again and again at random points of the upload, 50 times in all: each arrives
 * once and whole, no draft is left over, and no range was sent again but the one under way. True when all that is so.
 */
export async function runKilledUploads(): Promise<boolean> {
  const ground = await openGround()
  try {
    const [tenant] = await ground.addTenants(1, { largeAttachments: true })
    if (!tenant) return false
    await ground.control('PATCH', '/settings', { latencyMs: 5, uploadLatencyMs: RANGE_TAKES_MS })
    return await killAndJudge(ground, tenant)
  } finally {
    await ground.close()
  }
}

async function killAndJudge(ground: Ground, tenant: Tenant): Promise<boolean> {
  const startedAt = Date.now()
  const api = await ground.start('api', ENVIRONMENT)
  const ids: string[] = []
  let kills = 0
  while (kills < KILLS && Date.now() - startedAt < GIVE_UP_AFTER_MS) {
    ids.push(await submitLarge(api.url, tenant, SIZE_BYTES))
    kills += await killUntilSent(ground, KILLS - kills)
  }
  await api.stop()

  const arrivals = await readArrivals(ground)
  const { items: mails } = await ground.control('GET', '/mailboxes/cfo@example.com/messages')
  const { items: drafts } = await ground.control('GET', `/mailboxes/${tenant.address}/messages?folder=drafts`)
  const { items: sessions } = (await ground.control('GET', '/uploads')) as { items: Session[] }
  const sha256 = hashOfLarge(SIZE_BYTES)
  const once = ids.every((id) => arrivals.get(id) === 1) && mails.length === ids.length
  const whole = mails.every(
    (mail: { attachments: { sha256: string }[] }) =>
      mail.attachments.length === 1 && mail.attachments[0]?.sha256 === sha256,
  )
  const used = sessions.filter(({ ranges }) => ranges.length > 0)
  const inOrder = used.length === ids.length && used.every(sentNothingAgain)
  const right = kills === KILLS && once && whole && drafts.length === 0 && inOrder
  console.log(
    `${right ? '✓' : '✗'} ${kills} kills during ${ids.length} upload${ids.length === 1 ? '' : 's'} of 60 MB: ${once ? 'each arrived once' : 'not each arrived once'}, ${whole ? 'whole' : 'not whole'}, ` +
      `${drafts.length} drafts left over; ${inOrder ? 'no range was sent again but the one under way' : 'ranges were sent again'}; ${Math.round((Date.now() - startedAt) / 1_000)} s`,
  )
  return right
}

/** One worker after the other; the number of those killed before the message was sent, or before there were enough. */
async function killUntilSent(ground: Ground, most: number): Promise<number> {
  for (let kills = 0; ; kills++) {
    const worker = await ground.start('worker', ENVIRONMENT)
    await until(ground, `status IN ('sending', 'sent')`)
    if (kills < most) await delay(Math.random() * LIVES_FOR_MS) // oxlint-disable-line no-restricted-properties -- chance is the point
    else await until(ground, `status = 'sent'`)
    if (await is(ground, `status = 'sent'`)) {
      await worker.stop()
      return kills
    }
    await worker.kill()
    // Nobody holds it any more: waiting for the lease to run out fifty times would take an hour.
    await ground.pool.query(
      `UPDATE message_queue SET lease_until = now() - interval '1 second' WHERE lease_owner IS NOT NULL`,
    )
    await ground.pool.query(`UPDATE message_queue SET due_at = now() WHERE state = 'queued' AND lease_owner IS NULL`)
  }
}

/** Each range begins where the one before it began, or further on. */
function sentNothingAgain({ ranges }: Session): boolean {
  return ranges.every(({ from }, index) => (from ?? 0) >= (ranges[index - 1]?.from ?? 0))
}

async function until(ground: Ground, condition: string): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  while (!(await is(ground, condition)) && Date.now() < giveUpAt) await delay(20)
}

/** Of the newest message. */
async function is(ground: Ground, condition: string): Promise<boolean> {
  const { rows } = await ground.pool.query<{ is: boolean }>(
    `SELECT ${condition} AS is FROM message_states ORDER BY created_at DESC LIMIT 1`,
  )
  return rows[0]?.is === true
}
