import { measureCosts, printCosts, type Costs } from './costs.ts'
import { NO_LIMITS, type Testbed, type Process, type Tenant } from './testbed.ts'
import { deliverAll } from './submit.ts'

const MAILBOXES = 8
const MAILS = 4_000
const SUBMITS_AT_ONCE = 64
const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const TENANTS = 10_000
const READS = 20
/** What a mail wrote to the log before its row, its content and its place in the queue were apart. */
const WAL_OF_ONE_ROW = 7_400

/**
 * Measures the cost of a message in an empty database, and beside a million ended ones, a million waiting ones and
 * 10,000 tenants.
 */
export async function benchQueue(testbed: Testbed): Promise<void> {
  const tenants = await testbed.addTenants(MAILBOXES)
  const [reader] = tenants
  if (!reader) return
  // The planner's worst case is statistics of an empty queue.
  await testbed.pool.query('ANALYZE')
  const product = await testbed.start('all', NO_LIMITS)
  await deliverAll(testbed, product, { tenants, mails: MAILS, atOnce: SUBMITS_AT_ONCE }) // warm
  const alone = await costs(testbed, product, tenants, 'beside nothing')
  console.log(`  WAL over the 7.4 kB of one row for all: ratio ${(alone.walBytes / WAL_OF_ONE_ROW).toFixed(2)}`)
  const beside = async (what: string) => {
    const measured = await costs(testbed, product, tenants, what)
    console.log(
      `  over nothing: ratio of the rate ${(alone.seconds / measured.seconds).toFixed(2)}, of PostgreSQL's CPU ${(measured.postgresMs / alone.postgresMs).toFixed(2)}`,
    )
  }
  await addEnded(testbed, reader, A_THOUSAND)
  const few = await readTimes(product, reader)
  await addEnded(testbed, reader, A_MILLION - A_THOUSAND)
  const many = await readTimes(product, reader)
  for (const [what, ms] of Object.entries(many)) {
    const fewMs = few[what] ?? Number.NaN
    console.log(
      `${what}: ${ms.toFixed(1)} ms with a million ended messages, ${fewMs.toFixed(1)} ms with a thousand: ratio ${(ms / fewMs).toFixed(1)}`,
    )
  }
  await beside('beside 1,000,000 ended')
  await addWaiting(testbed, A_MILLION)
  await beside('and 1,000,000 waiting')
  await testbed.pool.query('ANALYZE message_queue, messages, message_contents')
  await beside('the same after ANALYZE')
  await addTenants(testbed, TENANTS)
  await beside('and 10,000 tenants')
  await product.stop()
}

async function costs(testbed: Testbed, product: Process, tenants: readonly Tenant[], what: string): Promise<Costs> {
  const measured = await measureCosts(testbed, product, MAILS, async () => {
    await deliverAll(testbed, product, { tenants, mails: MAILS, atOnce: SUBMITS_AT_ONCE })
  })
  printCosts(`${MAILS} mails ${what}`, MAILS, measured)
  return measured
}

/** Returns median times in ms of a scrape, of the usage, of the overview and of lists. */
async function readTimes(product: Process, { serviceKey }: Tenant): Promise<Record<string, number>> {
  const times: Record<string, number> = {}
  const paths = {
    '/metrics': '/metrics',
    usage: '/api/v1/tenant-settings/office365-smtp/usage',
    overview: '/api/v1/overview',
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

/** Adds ended messages, of which 1% failed and 1% were cancelled. */
async function addEnded({ pool }: Testbed, { id }: Tenant, count: number): Promise<void> {
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

/** Adds messages that are due in a paused mailbox. */
async function addWaiting({ pool }: Testbed, count: number): Promise<void> {
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

/** Adds tenants without messages. */
async function addTenants({ pool }: Testbed, count: number): Promise<void> {
  await pool.query(
    `WITH added AS (INSERT INTO tenants (id, created_at) SELECT 'ten_' || md5(n::text), now() FROM generate_series(1, $1::int) AS n RETURNING id)
     INSERT INTO mailbox_totals (tenant_id) SELECT id FROM added`,
    [count],
  )
}
