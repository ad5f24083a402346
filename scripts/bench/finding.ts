import { createHash, randomBytes } from 'node:crypto'
import { writeEndedMessages } from '../../apps/api/src/test-support/ended-messages.ts'
import { median } from './costs.ts'
import { addReports } from '../load/ended.ts'
import type { Setting } from './setting.ts'
import { untilIndexed, untilReviewed } from '../testbed/submit.ts'
import type { Scoreboard } from './targets.ts'
import type { Process, Tenant, Testbed } from '../testbed/testbed.ts'

const A_THOUSAND = 1_000
const A_MILLION = 1_000_000
const SEEDED_AT_ONCE = 100_000
const READS = 9

export const FINDING_SETTING: Setting = {
  mailboxes: [1],
  graphMs: [],
  mails: 'a thousand and a million messages',
  rounds: READS,
}

/** What is asked for, as parameters of the list. The middle is a date half way through what was seeded. */
function questions(middle: string): Record<string, string> {
  return {
    'no filter': '',
    'from a date in the middle': `submittedTo=${middle}`,
    'a period': `submittedFrom=${middle}&submittedTo=${new Date(Date.parse(middle) + 86_400_000).toISOString()}`,
    'status=sent': 'status=sent',
    'status=failed': 'status=failed',
    'status=held, of which there is none': 'status=held',
    service: 'service=load-2',
    'a service that sent nothing': 'service=nobody',
    'problem, Microsoft’s': 'problem=ErrorInvalidRecipients',
    'problem, ours': 'problem=recipient-refused',
    'failed within a day': `failedFrom=${middle}&failedTo=${new Date(Date.parse(middle) + 86_400_000).toISOString()}`,
    possibleDuplicate: 'possibleDuplicate=true',
    'no possibleDuplicate': 'possibleDuplicate=false',
    'delivery, nearly all': 'delivery=delivered',
    'delivery, one of a hundred': 'delivery=failed',
    'delivery, nothing is known': 'delivery=unknown',
    'delivery, of few that were sent nothing is known': 'delivery=unknown&status=sent',
    'recipient of every fifth message': 'recipient=Anna.Berg1%40contoso.com',
    'recipient of one message': 'recipient=person-500001%40fabrikam.com',
    'subject of many': 'subject=Monthly%20report%206',
    'subject of none': 'subject=Monthly%20report',
    'reference of one': 'reference=INV-0500001',
    'search, in nearly all': 'search=contoso.com',
    'search, in one of a hundred': 'search=report%20on%20region%2042%20',
    'search, in one': 'search=INV-0500001',
    'search, in none': 'search=no%20such%20words',
    'search, three characters': 'search=ann',
    'search in nearly all, status=failed': 'search=contoso.com&status=failed',
    'search in one, status=sent': 'search=INV-0500001&status=sent',
    'search in none, status=failed': 'search=no%20such%20words&status=failed',
    'search in nearly all, service': 'search=contoso.com&service=load-2',
    'search in nearly all, service of nobody': 'search=contoso.com&service=nobody',
    'search in nearly all, from the middle': `search=contoso.com&submittedTo=${middle}`,
    'search in one, from the middle': `search=INV-0700001&submittedTo=${middle}`,
  }
}

/** A product whose list an admin reads. */
interface Site {
  readonly testbed: Testbed
  readonly product: Process
  readonly reader: Tenant
  readonly cookie: string
  /** How many messages it has, a second apart. */
  readonly messages: number
}

/**
 * Measures how long the list takes with each filter, with a thousand and a million messages in turn, and what the index
 * costs. A search has no target: it is bounded in itself (docs/decisions/0036-messages-are-found-by-blocks.md).
 */
export async function benchFinding(
  testbed: Testbed,
  score: Scoreboard,
  openAnother: () => Promise<Testbed>,
): Promise<void> {
  const newestAt = new Date()
  const few = await openSite(await openAnother(), A_THOUSAND)
  const many = await openSite(testbed, A_MILLION)
  await seed(few, { newestAt, from: 0, count: A_THOUSAND })
  console.log(`writing ${A_MILLION.toLocaleString('en')} messages that have ended, with their events and reports …`)
  for (let from = 0; from < A_MILLION; from += SEEDED_AT_ONCE) {
    await seed(many, { newestAt, from, count: SEEDED_AT_ONCE })
    console.log(`  ${(from + SEEDED_AT_ONCE).toLocaleString('en')} are written`)
  }
  console.log('building their search index …')
  await index(testbed)
  // Blocks were built and reviewed between some messages and what is reported of them.
  await testbed.pool.query(`UPDATE search_blocks SET review_at = '-infinity'`)
  await untilReviewed(testbed)
  console.log('reading the list with each filter …')
  const asked = { few: questionsOf(few, newestAt), many: questionsOf(many, newestAt) }
  for (const site of ['few', 'many'] as const)
    for (const query of Object.values(asked[site])) await readOften({ few, many }[site], query) // until then V8 still compiles
  for (const [what, query] of Object.entries(asked.many)) {
    const { few: fewMs, many: ms, answer } = await readInTurn(few, asked.few[what] ?? '', many, query)
    const otherMs = await readOthers(many, query, answer)
    console.log(
      `${what}: ${ms.toFixed(0)} ms, the next page and back ${otherMs.toFixed(0)} ms; with a thousand messages ${fewMs.toFixed(1)} ms: ratio ${(ms / fewMs).toFixed(1)} (${describe(answer)})`,
    )
    if (!query.includes('search='))
      score.note('a read beside a million messages over beside a thousand', ms / fewMs, what)
  }
  for (const { product } of [few, many]) await product.stop()
}

async function openSite(testbed: Testbed, messages: number): Promise<Site> {
  const [reader] = await testbed.addTenants(1)
  if (!reader) throw new Error('There is no tenant.')
  return { testbed, reader, messages, cookie: await signIn(testbed, reader), product: await testbed.start('all') }
}

async function seed(
  { testbed, reader }: Site,
  { newestAt, from, count }: { newestAt: Date; from: number; count: number },
): Promise<void> {
  const seeded = { tenantId: reader.id, newestAt, secondsApart: 1, someUnsent: true, from, count }
  await writeEndedMessages(testbed.pool, seeded)
  await addReports(testbed, seeded)
}

function questionsOf({ messages }: Site, newestAt: Date): Record<string, string> {
  return questions(new Date(newestAt.getTime() - (messages / 2) * 1_000).toISOString())
}

/** Adds a session of an admin. Returns its cookie. */
async function signIn({ pool }: Testbed, { id }: Tenant): Promise<string> {
  const value = randomBytes(32).toString('base64url')
  await pool.query(
    `INSERT INTO users (id, tenant_id, entra_tenant_id, entra_object_id, name, email, first_sign_in_at, last_sign_in_at)
     VALUES ('usr_reader', $1, '', '', 'Reader', 'reader@contoso.com', now(), now())`,
    [id],
  )
  await pool.query(
    `INSERT INTO sessions (id_hash, tenant_id, user_id, role, created_at, last_seen_at) VALUES ($1, $2, 'usr_reader', 'workspace-admin', now(), now())`,
    [createHash('sha256').update(value).digest('base64url'), id],
  )
  return `inforiver-mail-session=${value}`
}

/** Waits until the index holds what was seeded, and says what it costs. */
async function index(testbed: Testbed): Promise<void> {
  const read = async () => {
    const { rows } = await testbed.pool.query<{ wal: string; disk: string; indexed: number }>(
      `SELECT pg_current_wal_lsn() - '0/0' AS wal, pg_total_relation_size('search_blocks') + pg_total_relation_size('search_grams') AS disk,
              (SELECT coalesce(sum(messages), 0)::int FROM search_blocks) AS indexed`,
    )
    const [row] = rows
    if (!row) throw new Error('The index was not read.')
    return { ...row, wal: Number(row.wal), disk: Number(row.disk) }
  }
  await testbed.pool.query('VACUUM ANALYZE messages, unsent_messages')
  const before = await read()
  const startedAt = performance.now()
  await untilIndexed(testbed)
  const after = await read()
  const messages = after.indexed - before.indexed
  console.log(
    `index: ${Math.round((1_000 * messages) / (performance.now() - startedAt))} messages a second; ${Math.round((after.wal - before.wal) / messages)} bytes of WAL for each, ${Math.round(after.disk / after.indexed)} on disk`,
  )
}

interface Answer {
  readonly items: readonly unknown[]
  readonly nextCursor: string | null
  readonly previousCursor: string | null
  readonly total: number
  readonly totalIsEstimate: boolean
}

/** What was read, or why the list was given up because it took too long. */
interface Read {
  readonly ms: number
  readonly json: Answer | null
  readonly refused: string
}

/** Returns the medians, and what was read of the many. What else runs slows both. */
async function readInTurn(few: Site, ofFew: string, many: Site, ofMany: string) {
  const taken = { few: [] as number[], many: [] as number[] }
  let answer = await read(many, ofMany)
  for (let round = 0; round < READS; round++) {
    taken.few.push((await read(few, ofFew)).ms)
    answer = await read(many, ofMany)
    taken.many.push(answer.ms)
  }
  return { few: median(taken.few), many: median(taken.many), answer }
}

/** Reads the next page, and the one before that again. Returns the longer of the medians in ms. */
async function readOthers(site: Site, query: string, { json }: Read): Promise<number> {
  if (!json?.nextCursor) return 0
  const next = await readOften(site, `${query}&cursor=${json.nextCursor}`)
  const back = next.json && (await readOften(site, `${query}&cursor=${next.json.previousCursor}`))
  return Math.max(next.ms, back?.ms ?? 0)
}

async function readOften(site: Site, query: string): Promise<Read> {
  const reads: Read[] = []
  for (let round = 0; round < READS; round++) reads.push(await read(site, query))
  const [first] = reads
  if (!first) throw new Error('Nothing was read.')
  return { ...first, ms: median(reads.map(({ ms }) => ms)) }
}

async function read({ product, cookie }: Site, query: string): Promise<Read> {
  const startedAt = performance.now()
  const answer = await fetch(`${product.url}/api/v1/messages?${query}`, { headers: { cookie } })
  const text = await answer.text()
  const ms = performance.now() - startedAt
  if (answer.status === 422) return { ms, json: null, refused: `refused: ${text}` }
  if (!answer.ok) throw new Error(`${query} was answered ${answer.status}: ${text}`)
  return { ms, json: JSON.parse(text) as Answer, refused: '' }
}

function describe({ json, refused }: Read): string {
  return json ? `${json.items.length} of ${json.totalIsEstimate ? 'about ' : ''}${json.total}` : refused
}
