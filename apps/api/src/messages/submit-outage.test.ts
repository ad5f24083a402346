import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createTcpLink, type TcpLink } from '../test-support/tcp-link.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

const MESSAGES = '/api/v1/messages'
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

let ground: TestGround
let link: TcpLink
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  link = await createTcpLink(Number(new URL(ground.database.url).port))
  const url = new URL(ground.database.url)
  url.port = String(link.port)
  product = await ground.startProduct({ environment: { ROLE: 'api', DATABASE_URL: url.href } })
  service = await createServiceClient(product)
})
afterAll(async () => {
  link.mend()
  await ground.close()
  await link.close()
})
afterEach(async () => {
  link.mend()
  await ground.database.empty('messages', 'idempotency_records')
})

const submit = (key: string) => service.post(MESSAGES, MAIL, { 'idempotency-key': key })

async function stored(): Promise<string[]> {
  return (await ground.database.query<{ id: string }>('SELECT id FROM messages')).map(({ id }) => id)
}

async function untilSomethingWaits(): Promise<void> {
  const statement = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  await expect.poll(() => ground.database.query(statement), { interval: 10 }).not.toEqual([])
}

it('answers 503 while the database is away, stores nothing, and goes on by itself', async () => {
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

it('stores nothing half when the database goes away in the middle, so that the same key may be used again', async () => {
  const release = await ground.database.lock('messages')
  const first = submit('in-the-middle')
  await untilSomethingWaits()
  link.cut()
  expect((await first).status).toBe(503)
  await release()
  expect(await stored()).toEqual([])
  expect(await ground.database.query('SELECT 1 FROM idempotency_records')).toEqual([])

  link.mend()
  const again = await submit('in-the-middle')

  expect(again.status).toBe(202)
  expect(await stored()).toEqual([again.json.id])
})

it('does not say that nothing was changed when the answer to the commit is lost, and accepts the same key once', async () => {
  link.loseAnswerTo('COMMIT')
  const lost = await submit('lost')

  expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  expect(lost.json.detail).toMatch(/unknown.*same Idempotency-Key/)
  expect(lost.json.detail).not.toContain('Nothing was changed')
  const again = await submit('lost')
  expect(again.status).toBe(202)
  expect(await stored()).toEqual([again.json.id])
})

it('does not say that nothing was changed when the answer to a submit without a key is lost', async () => {
  link.loseAnswerTo('insert-messages')
  const lost = await service.post(MESSAGES, MAIL)

  expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  expect(lost.json.detail).toMatch(/unknown/)
  expect(lost.json.detail).not.toContain('Nothing was changed')
  expect(await stored()).toHaveLength(1)
})

it('says of a cancel as well that its outcome is unknown', async () => {
  const { id } = await service.submit()
  link.loseAnswerTo('COMMIT')
  const lost = await service.post(`${MESSAGES}/${id}/cancel`)

  expect(lost).toMatchObject({ status: 503, json: { detail: expect.stringMatching(/unknown/) } })
  expect(await service.read(id)).toMatchObject({ status: 'cancelled' })
})

it('does not say that nothing was changed of a reset that is committed, when the settings cannot be read after it', async () => {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const settings = '/api/v1/tenant-settings/office365-smtp'
  const { version } = (await ada.call('GET', settings)).json
  link.loseAnswerTo('queued + sending + scheduled + held')
  const lost = await ada.call('POST', `${settings}/reset`, {})

  expect(lost).toMatchObject({ status: 503, json: { detail: expect.stringMatching(/unknown/) } })
  expect((await ada.call('GET', settings)).json.version).toBe(version + 1)
})

it('says that nothing was changed when the database goes away before the commit', async () => {
  const release = await ground.database.lock('messages')
  const refused = submit('before-the-commit')
  await untilSomethingWaits()
  link.cut()

  expect((await refused).json.detail).toContain('Nothing was changed')
  await release()
})

it('answers every request that comes while the database is away', async () => {
  link.cut()

  const answers = await Promise.all([
    submit('one'),
    submit('two'),
    service.get(MESSAGES),
    service.get(`${MESSAGES}/msg_${'0'.repeat(32)}`),
    service.post(`${MESSAGES}/msg_${'0'.repeat(32)}/cancel`),
    service.get('/api/v1/tenant-settings/office365-smtp/usage'),
  ])

  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(503))
})

it('loses nothing of what it accepts while the database comes and goes', async () => {
  const accepted: string[] = []
  const refusals = new Set<number>([503])
  const ended = new AbortController()
  const client = async () => {
    while (!ended.signal.aborted) {
      const { status, json } = await service.post(MESSAGES, MAIL)
      if (status === 202) accepted.push(json.id)
      else refusals.add(status)
    }
  }
  const clients = [client(), client(), client(), client()]
  for (let round = 1; round <= 3; round++) {
    await expect.poll(() => accepted.length).toBeGreaterThan(round * 10)
    link.cut()
    link.mend()
  }
  ended.abort()
  await Promise.all(clients)

  const kept = new Set(await stored())
  expect(accepted.filter((id) => !kept.has(id))).toEqual([])
  expect(refusals).toEqual(new Set([503]))
})
