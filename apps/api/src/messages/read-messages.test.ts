import type { Message } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { createTestClock, SECONDS } from '../test-support/test-clock.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const clock = createTestClock()

const { fixture, product } = useProduct({ clock })

/** Creates a service with messages one second apart; their ids come newest first. */
async function serviceWith(name: string, count: number): Promise<{ service: ServiceClient; ids: string[] }> {
  const service = await createServiceClient(product, { name })
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    ids.unshift((await service.submit({ subject: `${name} ${index}` })).id)
    await clock.advance(1 * SECONDS)
  }
  return { service, ids }
}

const inList = ({ recipients, ...message }: Message) => ({ ...message, delivery: { unknown: recipients.length } })

it('lists messages as they are read, the newest first, with counts in place of their recipients', async () => {
  const { service, ids } = await serviceWith('newest', 3)

  const { status, json } = await service.get(MESSAGES)

  expect(status).toBe(200)
  const items = await Promise.all(ids.map(async (id) => inList(await service.read(id))))
  expect(json).toEqual({ items, nextCursor: null, previousCursor: null, total: 3, totalIsEstimate: false })
})

it('lists 50 messages by default, and 200 at most', async () => {
  const { service } = await serviceWith('many', 1)
  await Promise.all(Array.from({ length: 201 }, () => service.submit()))

  expect((await service.get(MESSAGES)).json.items).toHaveLength(50)
  expect((await service.get(`${MESSAGES}?limit=200`)).json.items).toHaveLength(200)
})

it('answers 404 for a message that does not exist, and 400 for an invalid id', async () => {
  const service = await createServiceClient(product, { name: 'unknown ids' })

  for (const [method, suffix] of [
    ['get', ''],
    ['post', '/cancel'],
    ['post', '/retry'],
  ] as const) {
    expect((await service[method](`${MESSAGES}/msg_${'0'.repeat(32)}${suffix}`)).status).toBe(404)
    expect((await service[method](`${MESSAGES}/msg_1${suffix}`)).status).toBe(400)
  }
})

it('forbids caching messages', async () => {
  const { service, ids } = await serviceWith('cached', 1)

  for (const path of [MESSAGES, `${MESSAGES}/${ids[0]}`])
    expect((await service.get(path)).headers.get('cache-control')).toBe('no-store')
})

it('shows no attempt that has ended beside the state before it', async () => {
  const { service, ids } = await serviceWith('read at once', 1)
  const [id = ''] = ids
  const client = await fixture.database.pool.connect()
  await client.query('BEGIN; LOCK TABLE message_attempts IN ACCESS EXCLUSIVE MODE')
  const read = service.read(id)
  const waits = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'message_attempts'::regclass`
  await expect.poll(() => fixture.database.query(waits), { interval: 10 }).not.toEqual([])

  await client.query(`
    UPDATE message_queue SET possible_duplicate = true WHERE message_id = '${id}';
    INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
    SELECT tenant_id, message_id, mail_now(), 'unknown', 'Microsoft did not answer in time.' FROM message_queue WHERE message_id = '${id}';
    COMMIT`)
  client.release()

  expect(await read).toMatchObject({ possibleDuplicate: true, attempts: [{ outcome: 'unknown' }] })
})
