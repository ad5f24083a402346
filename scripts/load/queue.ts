import { setTimeout as delay } from 'node:timers/promises'
import { measureCosts, printCosts } from './costs.ts'
import type { Ground, Process, Tenant } from './ground.ts'
import { createSubmitter, inParallel } from './submit.ts'

const MAILBOXES = 8
const MAILS = 4_000
const SUBMITS_AT_ONCE = 64
const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const TENANTS = 10_000
const READS = 20
const NO_LIMITS = {
  MAILBOX_CONCURRENCY: '0',
  MAILBOX_MESSAGES_PER_MINUTE: '0',
  MAILBOX_RECIPIENTS_PER_DAY: '0',
  MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0',
}

/** What a mail costs beside nothing, and beside very much: ended messages, waiting ones, and tenants. */
export async function benchQueue(ground: Ground): Promise<void> {
  const tenants = await ground.addTenants(MAILBOXES)
  const [reader] = tenants
  if (!reader) return
  // What the planner knows from a moment in which the queue was empty is the worst that it can know.
  await ground.pool.query('ANALYZE')
  const product = await ground.start('all', NO_LIMITS)
  await deliver(ground, product, tenants) // warm
  await costs(ground, product, tenants, 'beside nothing')
  await addEnded(ground, reader, A_THOUSAND)
  const few = await readTimes(product, reader)
  await addEnded(ground, reader, A_MILLION - A_THOUSAND)
  const many = await readTimes(product, reader)
  for (const [what, ms] of Object.entries(many))
    console.log(
      `${what}: ${ms.toFixed(1)} ms with a million ended messages, ${few[what]?.toFixed(1)} ms with a thousand`,
    )
  await costs(ground, product, tenants, 'beside 1,000,000 ended')
  await addWaiting(ground, A_MILLION)
  await costs(ground, product, tenants, 'and 1,000,000 waiting')
  await ground.pool.query('ANALYZE message_queue, messages, message_contents')
  await costs(ground, product, tenants, 'the same after ANALYZE')
  await addTenants(ground, TENANTS)
  await costs(ground, product, tenants, 'and 10,000 tenants')
  await product.stop()
}

async function costs(ground: Ground, product: Process, tenants: readonly Tenant[], beside: string): Promise<void> {
  const measured = await measureCosts(ground, product, MAILS, () => deliver(ground, product, tenants))
  printCosts(`${MAILS} mails ${beside}`, MAILS, measured)
}

async function deliver(ground: Ground, product: Process, tenants: readonly Tenant[]): Promise<void> {
  const submitter = createSubmitter(product.url, SUBMITS_AT_ONCE)
  await inParallel(MAILS, SUBMITS_AT_ONCE, async (index) => {
    const tenant = tenants[index % tenants.length]
    if (tenant) await submitter.submit(tenant, `Message ${index}`)
  })
  submitter.close()
  const ids = tenants.map(({ id }) => id)
  for (;;) {
    const { rows } = await ground.pool.query<{ waiting: boolean }>(
      'SELECT coalesce(sum(queued + sending), 0) > 0 AS waiting FROM mailbox_totals WHERE tenant_id = ANY ($1)',
      [ids],
    )
    if (!rows[0]?.waiting) return
    await delay(20)
  }
}

/** Median of what a scrape, a look at the usage and at lists take, in ms. */
async function readTimes(product: Process, { serviceKey }: Tenant): Promise<Record<string, number>> {
  const times: Record<string, number> = {}
  const paths = {
    '/metrics': '/metrics',
    usage: '/api/v1/tenant-settings/office365-smtp/usage',
    'the newest messages': '/api/v1/messages?limit=50',
    'the newest that failed': '/api/v1/messages?status=failed&limit=50',
    'the newest that were cancelled': '/api/v1/messages?status=cancelled&limit=50',
  }
  for (const [what, path] of Object.entries(paths)) {
    const taken: number[] = []
    for (let read = 0; read < READS; read++) {
      const startedAt = performance.now()
      const answer = await fetch(`${product.url}${path}`, { headers: { authorization: `Bearer ${serviceKey}` } })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status}.`)
      taken.push(performance.now() - startedAt)
    }
    times[what] = taken.toSorted((one, other) => one - other)[READS / 2] ?? 0
  }
  return times
}

/** Of which one in a hundred failed, and one was cancelled. */
async function addEnded({ pool }: Ground, { id }: Tenant, count: number): Promise<void> {
  await pool.query(
    `WITH ended AS (
       INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
       SELECT 'msg_' || md5(n || 'ended' || random()), $1, 'load', CASE n % 100 WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' ELSE 'sent' END,
              '[]', 'Ended', now() - n * interval '1 second', CASE WHEN n % 100 > 2 THEN now() END, now()
         FROM generate_series(1, $2::int) AS n
       RETURNING id, tenant_id, service, outcome, created_at, ended_at
     )
     INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content)
     SELECT id, tenant_id, service, outcome, created_at, ended_at, false FROM ended WHERE outcome <> 'sent'`,
    [id, count],
  )
}

/** Due in a mailbox that is paused. */
async function addWaiting({ pool }: Ground, count: number): Promise<void> {
  await pool.query(
    `INSERT INTO mailboxes (tenant_id, paused_until) VALUES ('ten_paused', now() + interval '1 day') ON CONFLICT DO NOTHING`,
  )
  await pool.query(
    `WITH waiting AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
       SELECT 'msg_' || md5(n || 'waiting'), 'ten_paused', 'load', '[]', 'Waiting', now() FROM generate_series(1, $1::int) AS n
       RETURNING id, tenant_id
     ), stored AS (
       INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at) SELECT id, tenant_id, '\\x00', 1, now() FROM waiting
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'queued', now(), now(), 1, 'small', 0, 'retry', true FROM waiting`,
    [count],
  )
}

/** With nothing that waits. */
async function addTenants({ pool }: Ground, count: number): Promise<void> {
  await pool.query(
    `WITH added AS (INSERT INTO tenants (id, created_at) SELECT 'ten_' || md5(n::text), now() FROM generate_series(1, $1::int) AS n RETURNING id)
     INSERT INTO mailbox_totals (tenant_id) SELECT id FROM added`,
    [count],
  )
}
