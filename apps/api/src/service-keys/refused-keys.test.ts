import { beforeEach, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const KEYS = '/api/v1/service-keys'
const clock = createTestClock()

let product: TestProduct
let ada: TestBrowser

const fixture = useFixture({ clock })
beforeEach(async () => {
  await fixture.clear()
  product = await start()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

/** Starts a product behind a proxy that names the client. */
const start = () => fixture.startProduct({ environment: { ROLE: 'api', TRUST_PROXY: 'loopback' } })
const use = (key: string, client: string, { publicUrl } = product) =>
  fetch(`${publicUrl}${MESSAGES}`, { headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': client } })
const made = async (scopes: string[]) => (await ada.call('POST', KEYS, { name: 'reports', scopes })).json
const refusals = () =>
  fixture.database.query<{ outcome: string; details: { client: string } }>(
    `SELECT actor, outcome, details FROM audit_events WHERE action = 'service-key-refused' ORDER BY id`,
  )

it('records the use of a revoked key and its client, and never the key', async () => {
  const { id, key } = await made(['messages:read'])
  await ada.call('DELETE', `${KEYS}/${id}`)

  expect((await use(key, '203.0.113.7')).status).toBe(401)

  expect(await refusals()).toEqual([
    {
      actor: null,
      outcome: 'revoked',
      details: { key: id, name: 'reports', client: '203.0.113.7', operation: 'listMessages' },
    },
  ])
  expect(product.logLines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ msg: 'request refused', code: 'invalid-service-key', client: '203.0.113.7' }),
  )
  expect(product.logLines.join('')).not.toContain(key)
})

it('records a key that lacks the scope, and one that never existed', async () => {
  const { id, key } = await made(['messages:send'])

  expect((await use(key, '203.0.113.7')).status).toBe(403)
  expect((await use('imk_made-up', '203.0.113.8')).status).toBe(401)

  expect(await refusals()).toMatchObject([
    { outcome: 'scope-missing', details: { key: id, client: '203.0.113.7' } },
    { outcome: 'unknown', details: { key: null, name: null, client: '203.0.113.8' } },
  ])
})

it('records each client once an hour over all processes', async () => {
  const other = await start()
  for (const at of [product, product, other]) await use('imk_made-up', '203.0.113.7', at)
  await use('imk_made-up', '203.0.113.8')
  expect(await refusals()).toHaveLength(2)

  await clock.advance(60 * MINUTES)
  await use('imk_made-up', '203.0.113.7')
  expect(await refusals()).toHaveLength(3)
})

it('records a hundred made-up keys of a flood, and still a revoked one after it', async () => {
  const { id, key } = await made(['messages:read'])
  await ada.call('DELETE', `${KEYS}/${id}`)
  for (let client = 0; client < 150; client++) await use('imk_made-up', `203.0.113.${client}`)
  await use(key, '203.0.113.200')

  const recorded = (await refusals()).map(({ outcome }) => outcome)
  expect(recorded.filter((outcome) => outcome === 'unknown')).toHaveLength(100)
  expect(recorded.at(-1)).toBe('revoked')
})

it('answers as usual when the refusal cannot be recorded', async () => {
  await fixture.database.query('ALTER TABLE audit_events RENAME TO away')
  const answer = await use('imk_made-up', '203.0.113.7')
  await fixture.database.query('ALTER TABLE away RENAME TO audit_events')

  expect(answer.status).toBe(401)
  await use('imk_made-up', '203.0.113.7')
  expect(await refusals()).toHaveLength(1)
})
