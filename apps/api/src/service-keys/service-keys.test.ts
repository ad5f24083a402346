import { beforeAll, expect, it } from 'vitest'
import { changingNothing } from '../test-support/changing-nothing.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { clientFor } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const KEYS = '/api/v1/service-keys'
const clock = createTestClock()
let product: TestProduct
let ada: TestBrowser

const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api', WORKSPACE_ADMINS: 'bob@contoso.com' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

async function make(name: string, scopes = ['messages:send', 'messages:read', 'settings:read']) {
  const made = await ada.call('POST', KEYS, { name, scopes })
  expect(made.status).toBe(201)
  return made.json
}

async function listed(name: string) {
  const { json } = await ada.call('GET', KEYS)
  return json.items.filter((key: { name: string }) => key.name === name)
}

async function audited(id: string) {
  return fixture.database.query(
    `SELECT actor, action, outcome, details FROM audit_events WHERE details ->> 'key' = $1`,
    [id],
  )
}

it('shows a key once, when it is made', async () => {
  const made = await make('shown once', ['messages:send'])

  expect(made.key).toMatch(/^imk_[\w-]{43}$/)
  expect(await listed('shown once')).toEqual([
    {
      id: made.id,
      name: 'shown once',
      scopes: ['messages:send'],
      createdAt: clock.now().toISOString(),
      lastUsedAt: null,
      expiresAt: null,
      allowedDomains: [],
      allowedAddresses: [],
    },
  ])
})

it('stores nothing of a key that could be used', async () => {
  const { id, key } = await make('hashed')

  const [row] = await fixture.database.query('SELECT * FROM service_keys WHERE id = $1', [id])
  const everything = JSON.stringify([row, await audited(id), product.logLines])
  expect(everything).toContain(id)
  expect(everything).not.toContain(key)
  expect(everything).not.toContain(key.slice(4))
})

it.each<[string, object, string]>([
  ['no name', { name: '' }, 'name'],
  ['a name of spaces', { name: ' ' }, 'name'],
  ['a line break in the name', { name: 'a\nb' }, 'name'],
  ['a name of 101 characters', { name: 'n'.repeat(101) }, 'name'],
  ['no scope', { scopes: [] }, 'scopes'],
  ['an unknown scope', { scopes: ['messages:delete'] }, 'scopes[0]'],
  ['a scope twice', { scopes: ['messages:send', 'messages:send'] }, 'scopes'],
  ['an unknown field', { key: 'imk_mine' }, 'key'],
  ['an end in the past', { expiresAt: '2026-11-24T10:00:00Z' }, 'expiresAt'],
  ['an end without a zone', { expiresAt: '2027-11-24T10:00:00' }, 'expiresAt'],
  ['an address for a domain', { allowedDomains: ['a.example', 'max@contoso.com'] }, 'allowedDomains[1]'],
  ['too many domains', { allowedDomains: Array(101).fill('a.example') }, 'allowedDomains'],
  ['a name for an address', { allowedAddresses: ['10.0.0.1', 'localhost'] }, 'allowedAddresses[1]'],
  ['a network that is none', { allowedAddresses: ['10.0.0.1/33'] }, 'allowedAddresses[0]'],
  ['too many addresses', { allowedAddresses: Array(101).fill('10.0.0.1') }, 'allowedAddresses'],
])('refuses a key with %s, and changes nothing', async (_fault, change, path) => {
  const body = { name: 'n', scopes: ['messages:send'], ...change }
  const refused = await changingNothing(fixture, () => ada.call('POST', KEYS, body))

  expect(refused.status).toBe(400)
  expect(refused.json).toMatchObject({ code: 'invalid-input', errors: [{ path }] })
})

it('lists a revoked key no longer, and answers 404 to the revocation of one that is revoked or never was', async () => {
  const { id } = await make('revoked')

  expect((await ada.call('DELETE', `${KEYS}/${id}`)).status).toBe(204)
  expect(await listed('revoked')).toEqual([])

  expect((await ada.call('DELETE', `${KEYS}/${id}`)).status).toBe(404)
  expect((await ada.call('DELETE', `${KEYS}/key_${'f'.repeat(32)}`)).status).toBe(404)
  expect(await audited(id)).toHaveLength(2)
})

it('records who made and who revoked a key', async () => {
  const { id } = await make('audited', ['messages:send', 'settings:read'])
  await ada.call('DELETE', `${KEYS}/${id}`)

  const [{ id: actor } = { id: '' }] = await fixture.database.query<{ id: string }>(
    `SELECT id FROM users WHERE email = 'ada@contoso.com'`,
  )
  expect(await audited(id)).toEqual([
    {
      actor,
      action: 'service-key-created',
      outcome: 'done',
      details: { key: id, name: 'audited', scopes: 'messages:send settings:read' },
    },
    { actor, action: 'service-key-revoked', outcome: 'done', details: { key: id, name: 'audited' } },
  ])
})

// Last use

it('records the last use of a key, to the minute', async () => {
  const { key } = await make('used')
  const service = clientFor(product.publicUrl, key)
  await clock.advance(10 * MINUTES)
  const firstUse = clock.now().toISOString()

  await service.get('/api/v1/messages')
  await clock.advance(59 * SECONDS)
  await service.get('/api/v1/messages')
  expect(await listed('used')).toMatchObject([{ lastUsedAt: firstUse }])

  await clock.advance(2 * SECONDS)
  await service.get('/api/v1/messages')
  expect(await listed('used')).toMatchObject([{ lastUsedAt: clock.now().toISOString() }])
})

it('serves a key while another process records its use', async () => {
  const { id, key } = await make('noted elsewhere')
  const release = await fixture.database.lockRow('service_keys', id)

  const answer = await clientFor(product.publicUrl, key).get('/api/v1/messages')
  await release()

  expect(answer.status).toBe(200)
})

it('makes no key beyond 500 valid ones, all of which it lists, however many have ended', async () => {
  await fixture.database.empty('service_keys')
  const insert = (count: number, what: string, expiresAt: Date | null) =>
    fixture.database.query(
      `INSERT INTO service_keys (id, tenant_id, name, scopes, key_hash, created_at, expires_at)
       SELECT 'key_' || md5($2 || number), t.id, $2, '{messages:send}', md5($2 || number), $3, $4
         FROM tenants t, generate_series(1, $1::int) AS number`,
      [count, what, clock.now(), expiresAt],
    )
  await insert(600, 'ended', new Date(clock.now().getTime() - 1 * MINUTES))
  await insert(499, 'valid', new Date(clock.now().getTime() + 1 * MINUTES))
  const { id } = await make('the last')

  const refused = await ada.call('POST', KEYS, { name: 'one more', scopes: ['messages:send'] })

  expect(refused).toMatchObject({ status: 400, json: { code: 'invalid-input', errors: [{ path: 'name' }] } })
  expect(refused.json.detail).toContain('500')
  expect(await listed('valid')).toHaveLength(499)
  expect(await listed('the last')).toHaveLength(1)
  expect(await listed('ended')).not.toEqual([])
  await ada.call('DELETE', `${KEYS}/${id}`)
  await make('one more')
})
