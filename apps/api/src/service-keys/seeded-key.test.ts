import { expect, it } from 'vitest'
import { ConfigurationError } from '../configuration/config.ts'
import { clientFor, createServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const KEY = 'the-key-of-an-unattended-installation'
const MESSAGES = '/api/v1/messages'

const fixture = useFixture()

const start = (key: string) => fixture.startProduct({ environment: { ROLE: 'api', INFORIVER_SERVICE_KEY: key } })

it('makes INFORIVER_SERVICE_KEY a key with every scope', async () => {
  const product = await start(KEY)
  const service = clientFor(product.publicUrl, KEY)

  const { id } = await service.submit()

  expect((await service.read(id)).id).toBe(id)
  expect((await service.get('/api/v1/tenant-settings/office365-smtp')).status).toBe(200)
})

it('replaces the seeded key by another value, and leaves it one service', async () => {
  const before = await start(KEY)
  const { id } = await clientFor(before.publicUrl, KEY).submit()
  const other = 'another-key-of-an-unattended-installation'
  const product = await start(other)

  expect((await clientFor(product.publicUrl, KEY).get(MESSAGES)).status).toBe(401)
  expect((await clientFor(before.publicUrl, KEY).get(MESSAGES)).status).toBe(401)
  expect((await clientFor(product.publicUrl, other).read(id)).id).toBe(id)
})

it('revokes the seeded key at a start without INFORIVER_SERVICE_KEY, and records that once', async () => {
  await fixture.clear()
  const before = await start(KEY)
  await fixture.startProduct({ environment: { ROLE: 'api' } })
  await fixture.startProduct({ environment: { ROLE: 'api' } })

  expect((await clientFor(before.publicUrl, KEY).get(MESSAGES)).status).toBe(401)
  expect(await fixture.database.query('SELECT actor, action, details FROM audit_events ORDER BY id LIMIT 2')).toEqual([
    expect.objectContaining({ action: 'service-key-created' }),
    { actor: null, action: 'service-key-revoked', details: { key: `key_${'0'.repeat(32)}`, name: 'inforiver' } },
  ])
  expect(await fixture.database.query(`SELECT 1 FROM audit_events WHERE action = 'service-key-revoked'`)).toHaveLength(
    1,
  )

  await start(KEY)
  expect((await clientFor(before.publicUrl, KEY).get(MESSAGES)).status).toBe(200)
})

it('leaves the seeded key alone at the start of a worker, which may not have it', async () => {
  const product = await start(KEY)
  await fixture.startProduct({ environment: { ROLE: 'worker' } })

  expect((await clientFor(product.publicUrl, KEY).get(MESSAGES)).status).toBe(200)
})

it('records the seeded key once, and each other value', async () => {
  await fixture.clear()
  await start(KEY)
  await start(KEY)
  await start('another-key-of-an-unattended-installation')

  const event = {
    actor: null,
    action: 'service-key-created',
    details: expect.objectContaining({ name: 'inforiver', scopes: 'messages:send messages:read settings:read' }),
  }
  expect(await fixture.database.query('SELECT actor, action, details FROM audit_events')).toEqual([event, event])
})

it('records that a start made the revoked seeded key valid again', async () => {
  await fixture.clear()
  const product = await start(KEY)
  await fixture.database.query('UPDATE service_keys SET revoked_at = now()')
  await start(KEY)

  expect((await clientFor(product.publicUrl, KEY).get(MESSAGES)).status).toBe(200)
  expect(await fixture.database.query('SELECT action FROM audit_events')).toHaveLength(2)
})

it('leaves keys from the page alone at a start without INFORIVER_SERVICE_KEY', async () => {
  const product = await start(KEY)
  const service = await createServiceClient(product)
  await fixture.startProduct({ environment: { ROLE: 'api' } })

  expect((await service.get(MESSAGES)).status).toBe(200)
})

it.each([
  ['', 'is the value of the service key "reports", which was made in Tenant Settings. '],
  [' and is revoked', 'made in Tenant Settings and is revoked. '],
])('refuses in one sentence a key that was created in the page%s', async (state, sentence) => {
  const product = await start(KEY)
  const { key } = await createServiceClient(product)
  if (state !== '') await fixture.database.query("UPDATE service_keys SET revoked_at = now() WHERE name = 'reports'")

  await expect(start(key)).rejects.toThrow(ConfigurationError)
  await expect(start(key)).rejects.toThrow(sentence)
})
