import { afterEach, beforeAll, expect, it, describe } from 'vitest'
import { type TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { useLink } from '../test-support/test-database.ts'
import { startUpload } from '../test-support/upload.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { randomBytes } from 'node:crypto'

const MESSAGES = '/api/v1/messages'
const MIB = 1024 * 1024
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

const clock = createTestClock()

const fixture = useFixture({ clock })
const link = useLink(() => fixture.database)
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api', DATABASE_URL: link.url } })
  service = await createServiceClient(product)
})
afterEach(async () => {
  await untilPostgresHasFinished()
  link.mend()
  await fixture.database.empty('messages', 'idempotency_records')
})

/** What was sent before a connection broke is still carried out by PostgreSQL, and stored. */
async function untilPostgresHasFinished(): Promise<void> {
  link.cut()
  const connections = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND application_name <> 'test' AND backend_type = 'client backend'`
  await expect.poll(() => fixture.database.query(connections)).toEqual([])
}

const submit = (key: string) => service.post(MESSAGES, MAIL, { 'idempotency-key': key })

async function stored(): Promise<string[]> {
  return (await fixture.database.query<{ id: string }>('SELECT id FROM messages')).map(({ id }) => id)
}

it('answers 503 while the database is away, stores nothing, and recovers by itself', async () => {
  link.cut()
  const refused = await submit('away')
  expect(refused.status).toBe(503)
  expect(refused.json).toMatchObject({ code: 'unavailable', requestId: expect.any(String) })
  expect(refused.headers.get('retry-after')).toBe('5')
  expect(await stored()).toEqual([])

  link.mend()
  const accepted = await submit('away')

  expect(accepted.status).toBe(202)
  expect(await stored()).toEqual([accepted.json.id])
})

it('does not claim that nothing was changed when the answer to the commit is lost, and accepts the key once', async () => {
  link.loseAnswerTo('insert-messages')
  const lost = await submit('lost')

  expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  expect(lost.json.detail).toMatch(/unknown.*same Idempotency-Key/)
  expect(lost.json.detail).not.toContain('Nothing was changed')
  const again = await submit('lost')
  expect(again.status).toBe(202)
  expect(await stored()).toEqual([again.json.id])
})

it('does not claim that a committed reset changed nothing, when the settings cannot be read after it', async () => {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const settings = '/api/v1/tenant-settings/office365-smtp'
  const { version } = (await ada.call('GET', settings)).json
  link.loseAnswerTo('queued + sending + scheduled + held')
  const lost = await ada.call('POST', `${settings}/reset`, {})

  expect(lost).toMatchObject({ status: 503, json: { detail: expect.stringMatching(/unknown/) } })
  expect((await ada.call('GET', settings)).json.version).toBe(version + 1)
})

describe('a message whose attachments are arriving', () => {
  async function underWay(parts = mailWith([randomBytes(8 * MIB)])) {
    const upload = startUpload(product, service.key, parts, { 'idempotency-key': 'q3' })
    await upload.send(2 * MIB)
    await expect.poll(async () => (await countStored(fixture.database)).chunks).toBeGreaterThan(5)
    return upload
  }

  it('answers 503 when the database goes away in the middle of a part, and what had arrived is swept', async () => {
    const upload = await underWay()
    link.cut()
    await upload.send()
    const answer = await upload.answer
    link.mend()
    await clock.advance(16 * MINUTES)
    await createTestQueue(fixture.database.pool).upkeep.sweepReceived(clock.now())

    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(await countStored(fixture.database)).toEqual({ messages: 0, chunks: 0 })
  })

  it('answers 503 when the database has lost a chunk that was written, and deletes the others', async () => {
    const upload = await underWay()
    await fixture.database.query('DELETE FROM message_chunks WHERE chunk = 2')
    await upload.send()

    expect(await upload.answer).toMatchObject({
      status: 503,
      json: { code: 'unavailable', values: { detail: ['problem.attachments-lost'] } },
    })
    expect(await countStored(fixture.database)).toEqual({ messages: 0, chunks: 0 })
  })
})
