import { setTimeout as delay } from 'node:timers/promises'
import { writeEndedMessages } from '../../apps/api/src/test-support/ended-messages.ts'
import type { Process } from '../testbed/processes.ts'
import { addAdmin, type Tenant } from '../testbed/tenants.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { median, untilQuiet } from './costs.ts'
import type { BenchDeps } from './guard-rails.ts'

const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const ADDED_AT_ONCE = 100_000
const ROUNDS = 9
const DAY_MS = 86_400_000
const LOOK_EVERY_MS = 1_000

/** What is read, by what it is called. The middle is a date half way through the messages. */
function readsOf(middle: Date): Record<string, string> {
  const at = middle.toISOString()
  const dayLater = new Date(middle.getTime() + DAY_MS).toISOString()
  const filters = {
    'no filter': '',
    'before a date': `submittedTo=${at}`,
    'a day': `submittedFrom=${at}&submittedTo=${dayLater}`,
    sent: 'status=sent',
    failed: 'status=failed',
    'held, of which there is none': 'status=held',
    'a service': 'service=load-2',
    'a service that sent nothing': 'service=nobody',
    'a problem, Microsoft’s': 'problem=ErrorInvalidRecipients',
    'a problem, ours': 'problem=recipient-refused',
    'failed within a day': `failedFrom=${at}&failedTo=${dayLater}`,
    'possible duplicates': 'possibleDuplicate=true',
    'no possible duplicates': 'possibleDuplicate=false',
    'delivered, nearly all': 'delivery=delivered',
    'not delivered, one of a hundred': 'delivery=failed',
    'of which nothing is known': 'delivery=unknown',
    'sent, of which nothing is known': 'delivery=unknown&status=sent',
    'a recipient of every fifth': 'recipient=Anna.Berg1%40contoso.com',
    'a recipient of one': 'recipient=person-501%40fabrikam.com',
    'a subject of many': 'subject=Monthly%20report%206',
    'a subject of none': 'subject=Monthly%20report',
    'a reference': 'reference=INV-0000501',
    'a search, in nearly all': 'search=contoso.com',
    'a search, in one of a hundred': 'search=report%20on%20region%2042%20',
    'a search, in one': 'search=INV-0000501',
    'a search, in none': 'search=no%20such%20words',
    'a search of three characters': 'search=ann',
    'a search in nearly all, failed': 'search=contoso.com&status=failed',
    'a search in one, sent': 'search=INV-0000501&status=sent',
    'a search in none, failed': 'search=no%20such%20words&status=failed',
    'a search in nearly all, a service': 'search=contoso.com&service=load-2',
    'a search in nearly all, a service that sent nothing': 'search=contoso.com&service=nobody',
    'a search in nearly all, before a date': `search=contoso.com&submittedTo=${at}`,
    'a search in one, before a date': `search=INV-0000701&submittedTo=${at}`,
  }
  return {
    'the metrics': '/metrics',
    'the overview': '/api/v1/overview',
    'the usage': '/api/v1/tenant-settings/office365-smtp/usage',
    'the events': '/api/v1/message-events?limit=100',
    ...Object.fromEntries(Object.entries(filters).map(([what, query]) => [what, `/api/v1/messages?${query}`])),
  }
}

/** Measures each read beside a thousand messages, and then beside a million. */
export async function benchReads({ testbed, score }: BenchDeps): Promise<void> {
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) return
  const { cookie } = await addAdmin(testbed.pool, tenant)
  const newestAt = new Date()
  await addEnded(testbed, tenant, newestAt, { from: 0, count: A_THOUSAND })
  const few = await measureReads(testbed, cookie, readsOf(secondsBefore(newestAt, A_THOUSAND / 2)))
  for (let from = A_THOUSAND; from < A_MILLION; from += ADDED_AT_ONCE)
    await addEnded(testbed, tenant, newestAt, { from, count: Math.min(ADDED_AT_ONCE, A_MILLION - from) })
  console.log('A million messages are on record.')
  const many = await measureReads(testbed, cookie, readsOf(secondsBefore(newestAt, A_MILLION / 2)))
  for (const [what, ms] of many) {
    const fewMs = few.get(what) ?? Number.NaN
    console.log(
      `${what}: ${ms.toFixed(0)} ms, beside a thousand messages ${fewMs.toFixed(1)}: ratio ${(ms / fewMs).toFixed(1)}`,
    )
  }
  const slowest = (isCombined: boolean): [string, number] =>
    [...many]
      .filter(([what]) => /^a search.*,.*(failed|sent|service|date)/.test(what) === isCombined)
      .reduce((slower, each) => (each[1] > slower[1] ? each : slower), ['', 0])
  const [read, readMs] = slowest(false)
  score.note('ms for the slowest read beside a million messages', readMs, read)
  const [search, searchMs] = slowest(true)
  score.note('ms for the slowest search together with another filter', searchMs, search)
}

/** Whether the background has written the texts that a search compares, and their index. */
const IS_SEARCHABLE = `
SELECT NOT EXISTS (SELECT FROM message_texts WHERE searched IS NULL)
       AND coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('message_texts_searched_idx')), false) AS yes`

/** Reads in a fresh process, once nothing is left to do in the background. */
async function measureReads(
  testbed: Testbed,
  cookie: string,
  reads: Readonly<Record<string, string>>,
): Promise<Map<string, number>> {
  const product = await testbed.start('all')
  while (!(await testbed.pool.query<{ yes: boolean }>(IS_SEARCHABLE)).rows[0]?.yes) await delay(LOOK_EVERY_MS)
  await testbed.pool.query('VACUUM ANALYZE') // as autovacuum does after a while
  const times = new Map<string, number>()
  for (const path of Object.values(reads)) await readPages(product, cookie, path) // until then V8 still compiles
  await untilQuiet(testbed)
  for (const [what, path] of Object.entries(reads)) times.set(what, await readPages(product, cookie, path))
  await product.stop()
  return times
}

/** Reads a page several times, and where it is a list, the next page and from there the one before. Returns the longest median. */
async function readPages(product: Process, cookie: string, path: string): Promise<number> {
  const first = await readOften(product, cookie, path)
  if (first.nextCursor === null) return first.ms
  const next = await readOften(product, cookie, `${path}&cursor=${first.nextCursor}`)
  const back = next.previousCursor ? await readOften(product, cookie, `${path}&cursor=${next.previousCursor}`) : next
  return Math.max(first.ms, next.ms, back.ms)
}

async function readOften({ url }: Process, cookie: string, path: string) {
  const times: number[] = []
  let text = ''
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    const answer = await fetch(`${url}${path}`, { headers: { cookie } })
    text = await answer.text()
    times.push(performance.now() - startedAt)
    // A search that takes too long is refused, and its time shows it.
    if (!answer.ok && answer.status !== 422) throw new Error(`${path} was answered ${answer.status}: ${text}`)
  }
  const list = path.startsWith('/api/v1/messages') ? (JSON.parse(text) as Partial<Cursors>) : {}
  return { ms: median(times), nextCursor: list.nextCursor ?? null, previousCursor: list.previousCursor ?? null }
}

interface Cursors {
  readonly nextCursor: string | null
  readonly previousCursor: string | null
}

interface Stretch {
  /** The number of the newest; 0 is the newest of all. */
  readonly from: number
  readonly count: number
}

/**
 * Writes messages that have ended, one for each second, with their events and what became of the last recipient of those
 * that were sent: 99 % were reached, nearly 1 % were not, and of one in ten thousand nothing is known.
 */
async function addEnded({ pool }: Testbed, { id }: Tenant, newestAt: Date, { from, count }: Stretch): Promise<void> {
  await writeEndedMessages(pool, { tenantId: id, newestAt, secondsApart: 1, someUnsent: true, from, count })
  const range = [id, secondsBefore(newestAt, from + count - 1), secondsBefore(newestAt, from)]
  const inRange = 'tenant_id = $1 AND created_at BETWEEN $2 AND $3'
  await pool.query(
    `INSERT INTO message_events (tenant_id, position, at, message_id, service, type, code)
     SELECT tenant_id, floor(extract(epoch FROM created_at) * 1000000)::bigint, ended_at, id, service, 'message.' || outcome, problem ->> 'code'
       FROM messages WHERE ${inRange}`,
    range,
  )
  await pool.query(
    `INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, code, at, submitted_at, source, learned_at)
     SELECT id, lower("to" -> -1 ->> 'address'), tenant_id, 1, CASE WHEN nth % 100 = 0 THEN 'failed' ELSE 'delivered' END, CASE WHEN nth % 100 = 0 THEN '5.1.10' END,
            ended_at, created_at, 'trace', ended_at
       FROM (SELECT *, floor(extract(epoch FROM created_at))::bigint AS nth FROM messages WHERE ${inRange} AND outcome = 'sent') AS sent
      WHERE nth % 10000 <> 0`,
    range,
  )
  await pool.query(
    `UPDATE messages SET reported = true WHERE ${inRange} AND id IN (SELECT message_id FROM recipient_outcomes)`,
    range,
  )
}

function secondsBefore(at: Date, seconds: number): Date {
  return new Date(at.getTime() - seconds * 1_000)
}
