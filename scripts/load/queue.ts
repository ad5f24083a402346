import { BLOCK_MESSAGES } from '../../apps/api/src/queue/search-postings.ts'
import { measureDelivery, printCosts, type Costs } from './costs.ts'
import { deliverAll, untilIndexed } from './submit.ts'
import { startWithoutLimits, type Process, type Tenant, type Testbed } from './testbed.ts'

const MAILBOXES = 8
/** Of these each mailbox gets a quarter of a block of the search index, and two of them complete theirs. */
const MAILS = (MAILBOXES * BLOCK_MESSAGES) / 4
const MAILS_TO_REST = 16_000
const ROUNDS = 5
const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const TENANTS = 10_000
const READS = 101

/** A product with mailboxes, and a service that submits nothing. */
interface Site {
  readonly testbed: Testbed
  readonly product: Process
  readonly tenants: readonly Tenant[]
  readonly reader: Tenant
}

/**
 * Measures the cost of a message, and of reads, beside a million ended messages, against another database without them.
 * Both are measured in turn, since what else runs slows both.
 */
export async function benchQueue(testbed: Testbed, openAnother: () => Promise<Testbed>): Promise<void> {
  const full = await openSite(testbed)
  const empty = await openSite(await openAnother())
  const [reader] = full.tenants
  if (!reader) return
  await addEnded(empty.testbed, empty.reader, A_THOUSAND)
  await addEnded(full.testbed, reader, A_MILLION)
  await untilIndexed(full.testbed)
  await compareReads({ few: empty, many: { ...full, reader } })
  await untilAtRest(full)
  await compareCosts(full, empty, 'beside 1,000,000 ended')
  await full.product.stop()
  await empty.product.stop()
}

/** Measures the cost of a message beside a million waiting ones, and beside 10,000 tenants, in the same way. */
export async function benchWaiting(testbed: Testbed, openAnother: () => Promise<Testbed>): Promise<void> {
  const full = await openSite(testbed)
  const empty = await openSite(await openAnother())
  await addWaiting(full.testbed, A_MILLION)
  await untilAtRest(full)
  await compareCosts(full, empty, 'beside 1,000,000 waiting')
  await full.testbed.pool.query('ANALYZE')
  await compareCosts(full, empty, 'the same after ANALYZE')
  await addTenants(full.testbed, TENANTS)
  await compareCosts(full, empty, 'and 10,000 tenants')
  await full.product.stop()
  await empty.product.stop()
}

async function openSite(testbed: Testbed): Promise<Site> {
  const { tenants, product } = await startWithoutLimits(testbed, 'all', MAILBOXES + 1)
  const reader = tenants.pop()
  if (!reader) throw new Error('There is no mailbox.')
  await keepStatistics(testbed)
  // Otherwise all of them would complete a block of the search index in the same round.
  for (const [nth, tenant] of tenants.entries()) await addEnded(testbed, tenant, (nth * BLOCK_MESSAGES) / MAILBOXES)
  await deliverAll(testbed, product, { tenants, mails: MAILS }) // warm
  return { testbed, product, tenants, reader }
}

/** Leaves the planner with the statistics of an empty queue, which are its worst case. */
async function keepStatistics({ pool }: Testbed): Promise<void> {
  await pool.query('ANALYZE')
  const { rows } = await pool.query<{ name: string }>(
    `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = current_schema()`,
  )
  for (const { name } of rows) await pool.query(`ALTER TABLE ${name} SET (autovacuum_analyze_threshold = 2000000000)`)
}

/**
 * Waits until what follows a message has been done for those that were added, and delivers until most pages have
 * been written since the last checkpoint: the first time, a page is logged whole.
 */
async function untilAtRest({ testbed, product, tenants }: Site): Promise<void> {
  await testbed.pool.query('VACUUM')
  await untilIndexed(testbed)
  await deliverAll(testbed, product, { tenants, mails: MAILS_TO_REST })
}

/** Prints the medians, and of each two that followed each other the ratio. */
async function compareCosts(full: Site, empty: Site, what: string): Promise<void> {
  const measured: { full: Costs; empty: Costs }[] = []
  for (let round = 0; round < ROUNDS; round++) measured.push({ full: await costs(full), empty: await costs(empty) })
  printCosts(what, MAILS, medianCosts(measured.map((each) => each.full)))
  printCosts('  over nothing', MAILS, medianCosts(measured.map((each) => each.empty)))
  const rate = median(measured.map((each) => each.empty.seconds / each.full.seconds))
  const cpu = median(measured.map((each) => each.full.postgresMs / each.empty.postgresMs))
  console.log(`  ratio of the rate ${rate.toFixed(2)}, of PostgreSQL's CPU ${cpu.toFixed(2)}`)
}

function costs({ testbed, product, tenants }: Site): Promise<Costs> {
  return measureDelivery(testbed, product, { tenants, mails: MAILS })
}

function medianCosts(measured: readonly Costs[]): Costs {
  const [first] = measured
  if (!first) throw new Error('Nothing was measured.')
  const names = Object.keys(first) as (keyof Costs)[]
  return Object.fromEntries(names.map((name) => [name, median(measured.map((each) => each[name]))])) as unknown as Costs
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Measures a scrape, the usage, the overview and lists, with a thousand ended messages and a million in turn. */
async function compareReads(sites: Readonly<Record<'few' | 'many', Site>>): Promise<void> {
  const paths = {
    '/metrics': '/metrics',
    usage: '/api/v1/tenant-settings/office365-smtp/usage',
    overview: '/api/v1/overview',
    'the newest messages': '/api/v1/messages?limit=50',
    'the newest that failed': '/api/v1/messages?status=failed&limit=50',
    'the newest that were cancelled': '/api/v1/messages?status=cancelled&limit=50',
  }
  for (const [what, path] of Object.entries(paths)) {
    const taken: Record<keyof typeof sites, number[]> = { few: [], many: [] }
    for (let read = 0; read < 2 * READS; read++) {
      const isWarm = read >= READS
      for (const which of ['few', 'many'] as const) {
        const ms = await readTime(sites[which], path)
        if (isWarm) taken[which].push(ms)
      }
    }
    const [few, many] = [median(taken.few), median(taken.many)]
    console.log(
      `${what}: ${many.toFixed(1)} ms with a million ended messages, ${few.toFixed(1)} ms with a thousand: ratio ${(many / few).toFixed(1)}`,
    )
  }
}

async function readTime({ product, reader }: Site, path: string): Promise<number> {
  const startedAt = performance.now()
  const answer = await fetch(`${product.url}${path}`, { headers: { authorization: `Bearer ${reader.serviceKey}` } })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}.`)
  return performance.now() - startedAt
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

/** Adds messages that are due in a paused mailbox, and counts them as indexed: nobody searches there. */
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
  await pool.query(`UPDATE mailbox_totals SET unindexed = 0 WHERE tenant_id = 'ten_paused'`)
}

/** Adds tenants without messages. */
async function addTenants({ pool }: Testbed, count: number): Promise<void> {
  await pool.query(
    `WITH added AS (INSERT INTO tenants (id, created_at) SELECT 'ten_' || md5(n::text), now() FROM generate_series(1, $1::int) AS n RETURNING id)
     INSERT INTO mailbox_totals (tenant_id) SELECT id FROM added`,
    [count],
  )
}
