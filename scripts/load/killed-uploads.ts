import { setTimeout as delay } from 'node:timers/promises'
import { openTestbed, type Testbed, type Tenant } from '../testbed/testbed.ts'
import { createRandom, type Random } from '../chaos/random.ts'
import { hashOfLarge, submitLarge } from '../bench/large.ts'
import { readArrivals } from '../chaos/storm.ts'

const SIZE_BYTES = 60 * 1024 * 1024
const KILLS = 50
const RANGE_TAKES_MS = 400
/** A worker lives at most this long with the message: mostly for one range, sometimes for two or none. */
const LIVES_FOR_MS = 600
const GIVE_UP_AFTER_MS = 480_000
const ENVIRONMENT = { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' }

interface Session {
  readonly session: string
  readonly ranges: readonly { readonly from: number | null; readonly accepted: boolean }[]
}

/**
 * Messages of 60 MB whose worker is killed again and again at random points of the upload, 50 times in all: each
 * arrives once and whole, no draft is left over, and only the range under way was sent again. Resolves to whether all
 * that holds.
 */
export async function runKilledUploads(seed: number): Promise<boolean> {
  console.log(`uploads: seed ${seed}; repeat it with --seed ${seed}`)
  const testbed = await openTestbed()
  try {
    const [tenant] = await testbed.addTenants(1, { largeAttachments: true })
    if (!tenant) return false
    await testbed.control('PATCH', '/settings', { latencyMs: 5, uploadLatencyMs: RANGE_TAKES_MS })
    return await killAndJudge(testbed, tenant, createRandom(seed))
  } finally {
    await testbed.close()
  }
}

async function killAndJudge(testbed: Testbed, tenant: Tenant, random: Random): Promise<boolean> {
  const startedAt = Date.now()
  const api = await testbed.start('api', ENVIRONMENT)
  const ids: string[] = []
  let kills = 0
  while (kills < KILLS && Date.now() - startedAt < GIVE_UP_AFTER_MS) {
    ids.push(await submitLarge(api.url, tenant, SIZE_BYTES))
    kills += await killUntilSent(testbed, KILLS - kills, random)
  }
  await api.stop()

  const arrivals = await readArrivals(testbed)
  const { items: mails } = await testbed.control('GET', '/mailboxes/cfo@example.com/messages')
  const { items: drafts } = await testbed.control('GET', `/mailboxes/${tenant.address}/messages?folder=drafts`)
  const { items: sessions } = (await testbed.control('GET', '/uploads')) as { items: Session[] }
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

/** Kills one worker after the other until the message is sent. Returns how many were killed, at most `most`. */
async function killUntilSent(testbed: Testbed, most: number, random: Random): Promise<number> {
  for (let kills = 0; ; kills++) {
    const worker = await testbed.start('worker', ENVIRONMENT)
    await until(testbed, `status IN ('sending', 'sent')`)
    if (kills < most) await delay(random.between(0, LIVES_FOR_MS))
    else await until(testbed, `status = 'sent'`)
    if (await is(testbed, `status = 'sent'`)) {
      await worker.stop()
      return kills
    }
    await worker.kill()
    // Its holder is dead, and waiting for fifty leases to run out would take an hour.
    await testbed.pool.query(
      `UPDATE message_queue SET lease_until = now() - interval '1 second' WHERE lease_owner IS NOT NULL`,
    )
    await testbed.pool.query(`UPDATE message_queue SET due_at = now() WHERE state = 'queued' AND lease_owner IS NULL`)
  }
}

/** Whether each range begins where the one before it began, or later. */
function sentNothingAgain({ ranges }: Session): boolean {
  return ranges.every(({ from }, index) => (from ?? 0) >= (ranges[index - 1]?.from ?? 0))
}

async function until(testbed: Testbed, condition: string): Promise<void> {
  const giveUpAt = Date.now() + 60_000
  while (!(await is(testbed, condition)) && Date.now() < giveUpAt) await delay(20)
}

/** Whether the newest message meets the condition. */
async function is(testbed: Testbed, condition: string): Promise<boolean> {
  const { rows } = await testbed.pool.query<{ is: boolean }>(
    `SELECT ${condition} AS is FROM message_states ORDER BY created_at DESC LIMIT 1`,
  )
  return rows[0]?.is === true
}
