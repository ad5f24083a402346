import { BLOCK_MESSAGES } from '../../apps/api/src/queue/search-postings.ts'
import { measureDelivery, median, medianCosts, printCosts, type Costs } from '../bench/costs.ts'
import { addEnded, untilCounted } from './ended.ts'
import { GRAPH_MS, type Setting } from '../bench/setting.ts'
import { deliverAll, untilIndexed } from '../testbed/submit.ts'
import type { Scoreboard } from '../bench/targets.ts'
import { startWithoutLimits, type Process, type Tenant, type Testbed } from '../testbed/testbed.ts'

const MAILBOXES = 8
/** Gives each mailbox a quarter of a block of the search index; two of them complete theirs. */
const MAILS = (MAILBOXES * BLOCK_MESSAGES) / 4
const MAILS_TO_REST = 16_000
const ROUNDS = 7
const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const TENANTS = 10_000
const READS = 101
const OVERVIEW = '/api/v1/overview'

export const QUEUE_SETTING: Setting = { mailboxes: [MAILBOXES], graphMs: [GRAPH_MS], mails: MAILS, rounds: ROUNDS }

/** A product with mailboxes, and a service that submits nothing. */
interface Site {
  readonly testbed: Testbed
  readonly product: Process
  readonly tenants: readonly Tenant[]
  /** How many messages of these mailboxes are not due yet. */
  readonly later: number
  readonly reader: Tenant
}

/**
 * Measures the cost of a message, and of reads, beside a million ended messages, against another database without them.
 * Both are measured in turn, since what else runs slows both.
 */
export async function benchQueue(
  testbed: Testbed,
  score: Scoreboard,
  openAnother: () => Promise<Testbed>,
): Promise<void> {
  const full = await openSite(testbed)
  const empty = await openSite(await openAnother())
  const [reader] = full.tenants
  if (!reader) return
  await addEnded(empty.testbed, empty.reader.id, A_THOUSAND)
  await addEnded(full.testbed, reader.id, A_MILLION)
  await untilIndexed(full.testbed)
  const sites = { few: empty, many: { ...full, reader } }
  for (const site of Object.values(sites))
    await untilCounted(site.testbed, site.reader.id, () => readTime(site, OVERVIEW))
  await compareReads(sites, score)
  await untilAtRest(full)
  await untilAtRest(empty)
  await compareCosts(full, empty, score, 'beside 1,000,000 ended')
  await full.testbed.pool.query('ANALYZE')
  await compareCosts(full, empty, score, 'the same after ANALYZE')
  await full.product.stop()
  await empty.product.stop()
}

/**
 * Measures the cost of a message beside a million waiting ones of a mailbox that is paused, as many of the mailboxes that
 * send, which are not yet due, and 10,000 tenants with one each, in the same way.
 */
export async function benchWaiting(
  testbed: Testbed,
  score: Scoreboard,
  openAnother: () => Promise<Testbed>,
): Promise<void> {
  let full = await openSite(testbed)
  const empty = await openSite(await openAnother())
  const { pool } = full.testbed
  await addWaitingOfPaused(full.testbed, A_MILLION)
  await untilAtRest(full)
  await untilAtRest(empty)
  await compareCosts(full, empty, score, 'beside 1,000,000 waiting in a paused mailbox')
  full = await addLater(full, A_MILLION)
  await untilAtRest(full)
  await compareCosts(full, empty, score, 'and 1,000,000 that are due tomorrow in those that send')
  await pool.query('ANALYZE')
  await compareCosts(full, empty, score, 'the same after ANALYZE')
  await addTenants(full.testbed, TENANTS)
  await compareCosts(full, empty, score, 'and 10,000 tenants with one that is tried again later')
  await full.product.stop()
  await empty.product.stop()
}

async function openSite(testbed: Testbed): Promise<Site> {
  const { tenants, product } = await startWithoutLimits(testbed, 'all', MAILBOXES + 1)
  const reader = tenants.pop()
  if (!reader) throw new Error('There is no mailbox.')
  await keepStatistics(testbed)
  // Otherwise all of them would complete a block of the search index in the same round.
  for (const [nth, tenant] of tenants.entries()) await addEnded(testbed, tenant.id, (nth * BLOCK_MESSAGES) / MAILBOXES)
  await deliverAll(testbed, product, { tenants, mails: MAILS }) // warm
  return { testbed, product, tenants, later: 0, reader }
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
async function untilAtRest({ testbed, product, tenants, later }: Site): Promise<void> {
  await testbed.pool.query('VACUUM')
  await untilIndexed(testbed)
  await deliverAll(testbed, product, { tenants, mails: MAILS_TO_REST, later })
}

/** Prints the medians, and of each two that followed each other, either first in turn, the ratio. */
async function compareCosts(full: Site, empty: Site, score: Scoreboard, what: string): Promise<void> {
  const measured: { full: Costs; empty: Costs }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) measured.push({ full: await costs(full), empty: await costs(empty) })
    else measured.push({ empty: await costs(empty), full: await costs(full) })
  }
  printCosts(what, MAILS, medianCosts(measured.map((each) => each.full)))
  printCosts('  over nothing', MAILS, medianCosts(measured.map((each) => each.empty)))
  const rate = median(measured.map((each) => each.empty.seconds / each.full.seconds))
  const cpu = median(measured.map((each) => each.full.postgresMs / each.empty.postgresMs))
  score.note('rate beside a million messages, or 10,000 tenants, over beside nothing', rate, what)
  score.note('CPU of PostgreSQL for a mail, the same', cpu, what)
}

function costs({ testbed, product, tenants, later }: Site): Promise<Costs> {
  return measureDelivery(testbed, product, { tenants, mails: MAILS, later })
}

/** Measures a scrape, the usage, the overview and lists, with a thousand ended messages and a million in turn. */
async function compareReads(sites: Readonly<Record<'few' | 'many', Site>>, score: Scoreboard): Promise<void> {
  const paths = {
    '/metrics': '/metrics',
    usage: '/api/v1/tenant-settings/office365-smtp/usage',
    overview: OVERVIEW,
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
    console.log(`${what}: ${many.toFixed(1)} ms with a million ended messages, ${few.toFixed(1)} ms with a thousand`)
    score.note('a read beside a million messages over beside a thousand', many / few, what)
  }
}

async function readTime({ product, reader }: Site, path: string): Promise<number> {
  const startedAt = performance.now()
  const answer = await fetch(`${product.url}${path}`, { headers: { authorization: `Bearer ${reader.serviceKey}` } })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}.`)
  return performance.now() - startedAt
}

/** Adds messages that are due in a paused mailbox, and counts them as indexed: nobody searches there. */
async function addWaitingOfPaused({ pool }: Testbed, count: number): Promise<void> {
  await pool.query(
    `INSERT INTO mailboxes (tenant_id, paused_until) VALUES ('ten_paused', now() + interval '1 day') ON CONFLICT DO NOTHING`,
  )
  await addWaiting(pool, { tenantIds: ['ten_paused'], count, waitsFor: '0' })
  await pool.query(`UPDATE mailbox_totals SET unindexed = 0 WHERE tenant_id = 'ten_paused'`)
}

/**
 * Adds messages that are not due yet to the mailboxes that send: a block of the search index for each at a time, since
 * among very many of one moment each block would take a walk over all of them.
 */
async function addLater(site: Site, atLeast: number): Promise<Site> {
  const tenantIds = site.tenants.map(({ id }) => id)
  const ofBlocks = tenantIds.length * BLOCK_MESSAGES
  let later = 0
  for (; later < atLeast; later += ofBlocks)
    await addWaiting(site.testbed.pool, { tenantIds, count: ofBlocks, waitsFor: '1 day' })
  return { ...site, later }
}

/** Adds tenants with a message each that is tried again later. */
async function addTenants({ pool }: Testbed, count: number): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO tenants (id, created_at) SELECT 'ten_' || md5(n::text), now() FROM generate_series(1, $1::int) AS n RETURNING id`,
    [count],
  )
  await addWaiting(pool, { tenantIds: rows.map(({ id }) => id), count, waitsFor: '1 hour' })
}

/** Adds messages for tenants in turn, which are due after the interval `waitsFor`. */
async function addWaiting(
  pool: Testbed['pool'],
  { tenantIds, count, waitsFor }: { tenantIds: readonly string[]; count: number; waitsFor: string },
): Promise<void> {
  await pool.query(
    `WITH waiting AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
       SELECT 'msg_' || lpad(to_hex(trunc(extract(epoch FROM now()) * 1000)::bigint), 12, '0') || left(md5(n || 'waiting' || random()), 20), ($1::text[])[1 + n % cardinality($1::text[])], 'load', '[]', 'Waiting', now()
         FROM generate_series(1, $2::int) AS n
       RETURNING id, tenant_id
     ), stored AS (
       INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at) SELECT id, tenant_id, '\\x00', 1, now() FROM waiting
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'queued', now() + $3::interval, now(), 1, 'small', 0, 'retry', true FROM waiting`,
    [tenantIds, count, waitsFor],
  )
}
