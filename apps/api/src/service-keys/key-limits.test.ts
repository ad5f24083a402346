import { beforeAll, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const KEYS = '/api/v1/service-keys'
const MESSAGES = '/api/v1/messages'
const clock = createTestClock()
let product: TestProduct
let ada: TestBrowser

const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api', TRUST_PROXY: 'loopback' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

const inTenMinutes = () => new Date(clock.now().getTime() + 10 * MINUTES).toISOString()

async function make(name: string, limits: object) {
  const made = await ada.call('POST', KEYS, { name, scopes: ['messages:send', 'messages:read'], ...limits })
  expect(made.status).toBe(201)
  return made.json
}

async function use(key: string, client = '10.1.2.3'): Promise<{ status: number; code?: string; detail?: string }> {
  const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': client }
  const response = await fetch(`${product.publicUrl}${MESSAGES}`, { headers })
  return { status: response.status, ...((await response.json()) as object) }
}

const listed = async (name: string) =>
  (await ada.call('GET', KEYS)).json.items.find((key: { name: string }) => key.name === name)

const refusalsOf = (id: string) =>
  fixture.database.query(
    `SELECT outcome, details ->> 'client' AS client FROM audit_events WHERE action = 'service-key-refused' AND details ->> 'key' = $1`,
    [id],
  )

it('answers the limits of a key, in one spelling, and records them', async () => {
  const expiresAt = inTenMinutes()
  const limits = { allowedDomains: ['Contoso.COM', '*.müller.de', 'contoso.com'], allowedAddresses: ['10.0.0.0/8'] }
  const { id } = await make('limited', { expiresAt: expiresAt.replace('Z', '+00:00'), ...limits })

  const spelled = { allowedDomains: ['contoso.com', '*.xn--mller-kva.de'], allowedAddresses: ['10.0.0.0/8'] }
  expect(await listed('limited')).toMatchObject({ expiresAt, ...spelled })
  const [event] = await fixture.database.query(
    `SELECT details FROM audit_events WHERE action = 'service-key-created' AND details ->> 'key' = $1`,
    [id],
  )
  expect(event).toMatchObject({
    details: { expiresAt, allowedDomains: 'contoso.com *.xn--mller-kva.de', allowedAddresses: '10.0.0.0/8' },
  })
})

it('refuses a key from its end on, as if there were none, and counts that as no use', async () => {
  const { id, key } = await make('ends', { expiresAt: inTenMinutes() })
  expect((await use(key)).status).toBe(200)
  const { lastUsedAt } = await listed('ends')

  await clock.advance(10 * MINUTES)

  const unknown = await use('imk_made-up')
  expect(await use(key)).toMatchObject({ status: 401, code: 'invalid-service-key', detail: unknown.detail })
  expect(await listed('ends')).toMatchObject({ lastUsedAt })
  expect(await refusalsOf(id)).toEqual([{ outcome: 'expired', client: '10.1.2.3' }])
})

it('refuses a key from any other address than its own, as if there were none, and counts that as no use', async () => {
  const { id, key } = await make('bound', { allowedAddresses: ['10.0.0.0/8', 'fd00::/8'] })

  expect(await use(key, '192.0.2.7')).toMatchObject({ status: 401, code: 'invalid-service-key' })
  expect(await use(key, 'garbage')).toMatchObject({ status: 401, code: 'invalid-service-key' })
  expect(await listed('bound')).toMatchObject({ lastUsedAt: null })
  expect(await refusalsOf(id)).toMatchObject([{ outcome: 'address-not-allowed', client: '192.0.2.7' }, {}])

  expect((await use(key, '10.1.2.3')).status).toBe(200)
  expect((await use(key, 'fd00::7')).status).toBe(200)
  expect(await listed('bound')).toMatchObject({ lastUsedAt: clock.now().toISOString() })
})

it('goes by the address that the trusted proxy saw, not by what the client claims', async () => {
  const { key } = await make('claimed', { allowedAddresses: ['10.0.0.0/8'] })

  expect((await use(key, '10.1.2.3, 192.0.2.7')).status).toBe(401)
})
