import { createChance } from '../../apps/api/src/test-support/chance.ts'
import { grouped, type Setting } from '../bench/setting.ts'
import type { Process, Tenant, Testbed } from '../testbed/testbed.ts'

const MESSAGES = 500_000
/** Each message fails and is sent afterwards. */
const EVENTS = 2 * MESSAGES
const WRITERS = 20
const READERS = 3
const MOST_IN_A_BATCH = 400
const ROLLED_BACK = 0.05
const RECONNECTS = 0.05
const PAGE = 1_000
const PAGES = 50
const COMPARED_BATCHES = 100
const BATCH = 100

export const EVENTS_SETTING: Setting = { mailboxes: [1], graphMs: [], mails: `${grouped(EVENTS)} events`, rounds: 1 }

interface Page {
  readonly items: readonly { readonly id: string; readonly type: string; readonly messageId: string }[]
  readonly next: string
}

/**
 * Writes a million events in transactions that commit in an odd order, while readers that reconnect at random follow the
 * feed of two processes. Fails when one of them misses an event, or sees those of a message in another order.
 */
export async function benchEvents(testbed: Testbed): Promise<void> {
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) return
  const products = [await testbed.start('api', {}), await testbed.start('api', {})]
  await testbed.pool.query(
    `INSERT INTO messages (id, tenant_id, service, "to", subject, reference, created_at)
     SELECT 'msg_' || lpad(to_hex(n), 32, '0'), $1, 'load', '[]', 'Event', 'run-' || n, now() FROM generate_series(0, $2::int - 1) AS n`,
    [tenant.id, MESSAGES],
  )
  const startedAt = performance.now()
  let writing = true
  const written = Promise.all(Array.from({ length: WRITERS }, (_each, nth) => write(testbed, nth))).finally(() => {
    writing = false
  })
  const reading = Array.from({ length: READERS }, (_each, nth) => follow(products, tenant, nth, () => writing))
  await written
  const seconds = (performance.now() - startedAt) / 1_000
  console.log(`${EVENTS} events by ${WRITERS} writers: ${Math.round(EVENTS / seconds)} a second`)
  for (const result of await Promise.all(reading)) console.log(result)
  await measurePages(products, tenant)
  await measureCost(testbed, tenant)
  for (const product of products) await product.stop()
}

async function write({ pool }: Testbed, nth: number): Promise<void> {
  const chance = createChance(nth + 1)
  const client = await pool.connect()
  try {
    for (let next = nth; next < MESSAGES;) {
      const size = 1 + Math.floor(chance() * MOST_IN_A_BATCH)
      const ids: string[] = []
      for (; ids.length < size && next < MESSAGES; next += WRITERS) ids.push(idOf(next))
      for (const outcome of ['failed', 'sent']) {
        for (let done = false; !done;) {
          await client.query('BEGIN')
          await client.query('SELECT pg_current_xact_id()') // before the lock, so that numbers are given in another order
          await client.query('UPDATE messages SET outcome = $2, ended_at = mail_now() WHERE id = ANY ($1)', [
            ids,
            outcome,
          ])
          done = chance() >= ROLLED_BACK
          await client.query(done ? 'COMMIT' : 'ROLLBACK')
        }
      }
    }
  } finally {
    client.release()
  }
}

function idOf(nth: number): string {
  return `msg_${nth.toString(16).padStart(32, '0')}`
}

async function read({ url }: Process, { serviceKey }: Tenant, query: string): Promise<Page> {
  const answer = await fetch(`${url}/api/v1/message-events?${query}`, {
    headers: { authorization: `Bearer ${serviceKey}` },
  })
  if (!answer.ok) throw new Error(`The feed was answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as Page
}

async function follow(
  products: readonly Process[],
  tenant: Tenant,
  nth: number,
  isWriting: () => boolean,
): Promise<string> {
  const chance = createChance(1_000 + nth)
  const seen = new Uint8Array(MESSAGES)
  let [next, before, newest] = ['0', '0', '']
  let [pages, reconnects] = [0, 0]
  for (;;) {
    const product = products[Math.floor(chance() * products.length)] ?? products[0]
    if (!product) throw new Error('There is no product.')
    const wasWriting = isWriting()
    const page = await read(product, tenant, `after=${next}&limit=${1 + Math.floor(chance() * PAGE)}&waitSeconds=1`)
    pages += 1
    for (const { id, type, messageId } of page.items) {
      if (id <= newest) continue // read before the reconnect
      newest = id
      const message = Number.parseInt(messageId.slice(4), 16)
      const told = seen[message] ?? 0
      if (type !== ['message.failed', 'message.sent'][told])
        throw new Error(`${messageId}: ${type} came at place ${told}.`)
      seen[message] = told + 1
    }
    if (page.items.length === 0 && !wasWriting) break
    const reconnect = chance() < RECONNECTS
    if (reconnect) reconnects += 1
    ;[before, next] = reconnect ? [before, before] : [next, page.next]
  }
  const missed = EVENTS - seen.reduce((sum, told) => sum + told, 0)
  if (missed > 0) throw new Error(`Reader ${nth} missed ${missed} events.`)
  return `reader ${nth}: ${pages} pages, ${reconnects} reconnects, 0 missed, order kept`
}

async function measurePages([product]: readonly Process[], tenant: Tenant): Promise<void> {
  if (!product) return
  const times: number[] = []
  let next = '0'
  for (let page = 0; page < PAGES; page++) {
    const startedAt = performance.now()
    ;({ next } = await read(product, tenant, `after=${next}&limit=${PAGE}`))
    times.push(performance.now() - startedAt)
  }
  const sorted = times.toSorted((one, other) => one - other)
  const [median = 0, longest = 0] = [sorted[PAGES / 2], sorted.at(-1)]
  console.log(`a page of ${PAGE} of ${EVENTS}: ${median.toFixed(1)} ms in the median, ${longest.toFixed(1)} ms at most`)
}

/** What the end of a message costs with and without its event. */
async function measureCost({ pool }: Testbed, tenant: Tenant): Promise<void> {
  const client = await pool.connect()
  const costs: { ms: number; bytes: number }[] = []
  // The first time, pages are logged whole that were not written since the last checkpoint.
  for (const [action, outcome] of [
    ['ENABLE', 'cancelled'],
    ['DISABLE', 'failed'],
    ['ENABLE', 'cancelled'],
  ]) {
    await client.query(`ALTER TABLE messages ${action} TRIGGER messages_recorded_after_update`)
    const before = await walPosition()
    const startedAt = performance.now()
    for (let batch = 0; batch < COMPARED_BATCHES; batch++) {
      const ids = Array.from({ length: BATCH }, (_each, index) => idOf(batch * BATCH + index))
      await client.query('UPDATE messages SET outcome = $2 WHERE tenant_id = $3 AND id = ANY ($1)', [
        ids,
        outcome,
        tenant.id,
      ])
    }
    const ms = performance.now() - startedAt
    costs.push({ ms, bytes: (await walPosition()) - before })
  }
  client.release()
  const [, without, withEvents] = costs
  if (!without || !withEvents) return
  const events = COMPARED_BATCHES * BATCH
  const perEvent = (what: 'ms' | 'bytes') => (withEvents[what] - without[what]) / events
  console.log(
    `an event: ${perEvent('bytes').toFixed(0)} bytes of WAL, ${(perEvent('ms') * 1_000).toFixed(0)} µs (in batches of ${BATCH})`,
  )

  async function walPosition(): Promise<number> {
    const { rows } = await client.query<{ bytes: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes`)
    return Number(rows[0]?.bytes)
  }
}
