import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestGround, type TestGround } from '../test-support/test-product.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { LEASE_MS } from './claim.ts'
import type { LeasedMessage } from './leased-message.ts'
import type { Deliveries } from './queue.ts'
import type { Settlement } from './settle.ts'
import { NO_DOUBT } from './states.ts'

const STEPS = 150
const clock = createTestClock()

let ground: TestGround
let service: ServiceClient
let pool: pg.Pool
let store: Deliveries
/** Of the settings. */
let version: number

beforeAll(async () => {
  ground = await createTestGround({ clock })
  const product = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(product, { largeAttachments: true })
  service = await createServiceClient(product)
  pool = createTestPool(ground.database.url, 5)
  const [settings] = await ground.database.query<{ version: number }>('SELECT version FROM tenant_settings')
  version = settings?.version ?? 0
  store = createTestQueue(pool, { url: ground.database.url }).deliveries
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
afterEach(() => ground.database.empty('messages', 'mailbox_usage', 'mailbox_cleanups'))

/** The counts that triggers keep, where they are not what the rows come to. */
const WRONG_TOTALS = `
SELECT t.*, counted.* FROM mailbox_totals t LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state = 'queued' AND lease_owner IS NULL) AS c1,
         coalesce(sum(recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS c2,
         count(*) FILTER (WHERE lease_owner IS NOT NULL) AS c3,
         count(*) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large') AS c4,
         coalesce(sum(recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS c5,
         coalesce(sum(upload_bytes) FILTER (WHERE state = 'queued'), 0) AS c6,
         count(*) FILTER (WHERE state = 'scheduled') AS c7, count(*) FILTER (WHERE state = 'held') AS c8,
         (SELECT coalesce(sum(c.stored_bytes), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)
         + (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id) AS c9
    FROM message_queue q WHERE q.tenant_id = t.tenant_id) AS counted ON true
 WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held, stored_bytes)
       <> (c1, c2, c3, c4, c5, c6, c7, c8, c9)`

/** Messages whose rows contradict each other. */
const CONTRADICTIONS = `
SELECT m.*, q.*, u.*, d.*, c.message_id
  FROM messages m FULL JOIN message_queue q ON q.message_id = m.id
  FULL JOIN unsent_messages u ON u.message_id = m.id
  FULL JOIN message_drafts d ON d.message_id = m.id
  FULL JOIN message_contents c ON c.message_id = m.id
 WHERE m.id IS NULL
    OR (m.outcome IS NULL) <> (q.message_id IS NOT NULL)
    OR m.outcome IS DISTINCT FROM CASE WHEN m.outcome = 'sent' THEN 'sent' ELSE u.outcome END OR (m.outcome = 'sent' AND u.outcome IS NOT NULL)
    OR (m.outcome IS NULL) <> (m.ended_at IS NULL) OR (m.outcome IS NOT DISTINCT FROM 'sent') <> (m.sent_at IS NOT NULL)
    OR coalesce(q.has_draft, false) <> (d.message_id IS NOT NULL)
    OR (m.outcome IS NULL OR m.outcome = 'failed') <> (c.content IS NOT NULL)
    OR (q.state = 'held') <> (q.due_at IS NULL) OR (q.state = 'held') <> (q.held_because IS NOT NULL)
    OR (q.lease_owner IS NULL) <> (q.lease_until IS NULL) OR q.lease_owner IS NOT NULL AND q.state <> 'queued'
    OR q.wire_version IS NOT NULL AND q.lease_owner IS NULL OR (q.doubt = 'none' AND q.looks > 0)`

/** Numbers that differ from seed to seed, and never from run to run. */
function createChance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const QUEUED: Settlement = {
  status: 'queued',
  waitMs: 5 * SECONDS,
  heldBecause: null,
  doubt: NO_DOUBT,
  possibleDuplicate: false,
  tryingMs: 5 * SECONDS,
  problem: null,
  attempt: { outcome: 'unavailable', code: null, detail: 'Busy.' },
  charged: false,
  pauseMailboxMs: null,
  noAccessMs: null,
}
const FAILED: Settlement = {
  ...QUEUED,
  status: 'failed',
  waitMs: null,
  problem: { code: 'gave-up', title: 'Gave up', detail: 'Gave up.', microsoftCode: null, requestId: null },
}
const SENT: Settlement = { ...QUEUED, status: 'sent', waitMs: null, charged: true, attempt: null }
const SETTLEMENTS: readonly Settlement[] = [
  QUEUED,
  { ...QUEUED, doubt: { state: 'in-doubt', looks: 1 }, charged: true },
  { ...QUEUED, status: 'held', waitMs: null, heldBecause: 'app-misconfigured', attempt: null },
  FAILED,
  SENT,
]

it.each([1, 2, 3])(
  'keeps the counts of a mailbox in step with its messages, whatever becomes of them: %i',
  async (seed) => {
    const chance = createChance(seed)
    const ids: string[] = []
    /** Also leases that ran out: who holds one may come late. */
    const leased: LeasedMessage[] = []
    const anyId = () => ids[chance(ids.length)] ?? 'msg_none'
    const anyLeased = () => leased.at(-1 - chance(Math.min(leased.length, 6)))
    const steps: Record<string, () => Promise<unknown>> = {
      async submit() {
        const to = Array.from({ length: 1 + chance(3) }, (_, index) => `person${index}@contoso.com`)
        const sendAt = new Date(clock.now().getTime() + 1 * MINUTES).toISOString()
        const text = 'x'.repeat([10, 80_000, 3_100_000][chance(3)] ?? 0)
        ids.push((await service.submit({ to, text, ...(chance(3) === 0 && { sendAt }) })).id)
      },
      claim: async () => leased.push(...(await store.claim(`owner ${leased.length}`, 1 + chance(3)))),
      async clear() {
        const message = anyLeased()
        if (message) await store.clear(message, version, chance(4) > 0, chance(4) === 0)
      },
      async draft() {
        const message = anyLeased()
        const draftId = chance(4) === 0 ? null : `draft ${chance(1_000)}`
        const draft = { draftId, from: 'ada@contoso.com', internetMessageId: null, uploading: chance(2) === 0 }
        if (message) await store.storeDraft(message, version, draft)
      },
      async upload() {
        const message = anyLeased()
        if (message) await store.storeUpload(message, version, { attached: 0, session: null, position: 9 }, 0)
      },
      async finishUpload() {
        const message = anyLeased()
        if (message) await store.finishUpload(message, version)
      },
      async settle() {
        const message = anyLeased()
        const settlement = SETTLEMENTS[chance(SETTLEMENTS.length)] ?? QUEUED
        if (message) await store.settle({ message, settlement, fromEmail: 'ada@contoso.com', ageMs: () => 0 })
      },
      async giveBack() {
        const message = anyLeased()
        if (message) await store.giveBack(message.leaseOwner)
      },
      async settleTooLate() {
        const [late] = await store.claim(`late ${leased.length}`, 1)
        if (!late || !(await store.clear(late, version, true))) return
        await steps['recover']?.()
        leased.push(...(await store.claim(`other ${leased.length}`, 100)))
        const other = leased.findLast(({ id }) => id === late.id)
        const [givenUp, sent] = [FAILED, SENT].map((settlement) => ({ settlement, fromEmail: null, ageMs: () => 0 }))
        if (other && givenUp) await store.settle({ message: other, ...givenUp })
        if (sent) await store.settle({ message: late, ...sent })
      },
      cancel: () => service.post(`/api/v1/messages/${anyId()}/cancel`),
      retry: () => service.post(`/api/v1/messages/${anyId()}/retry`),
      wait: () => clock.advance([10 * SECONDS, 1 * HOURS][chance(2)] ?? 0),
      async recover() {
        await clock.advance(LEASE_MS + 1)
        await store.recover()
      },
    }
    const taken: string[] = []
    const names = Object.keys(steps)
    for (let step = 0; step < STEPS; step += 1) {
      const name = names[chance(names.length)] ?? 'submit'
      taken.push(name)
      await steps[name]?.()
      const found = await Promise.all([WRONG_TOTALS, CONTRADICTIONS].map((faults) => ground.database.query(faults)))
      expect({ found, after: found.flat().length === 0 ? '' : taken }).toEqual({ found: [[], []], after: '' })
    }
  },
)
