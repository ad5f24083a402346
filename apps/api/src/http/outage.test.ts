import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PRODUCT_ROLE } from '../test-support/database-server.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { useLink } from '../test-support/test-database.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { type TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const fixture = useFixture()
const link = useLink(() => fixture.database)
let product: TestProduct
let ada: TestBrowser

beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api', DATABASE_URL: link.url } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  await fixture.database.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = ${value}', current_database()); END $$`,
  )
  link.cut() // new connections get the setting
  link.mend()
}

it('answers 503 and is not ready, but alive, while the database is unavailable, without details of it, and works again', async () => {
  link.cut()
  const away = await ada.call('GET', SETTINGS)
  const change = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })
  const [alive, ready] = [await ada.visit('/healthz'), await ada.visit('/readyz')]
  link.mend()
  const back = await ada.call('GET', SETTINGS)

  expect(away.status).toBe(503)
  expect(away.text).not.toMatch(/postgres|127\.0\.0\.1|ECONN|prisma/i)
  expect(away.json).toMatchObject({ code: 'unavailable', detail: expect.stringContaining('Nothing was changed') })
  expect([change.status, alive.status, ready.status]).toEqual([503, 200, 503])
  expect(ready.json).toMatchObject({ status: 'not-ready', checks: { database: expect.stringContaining('log') } })
  expect([back.status, (await ada.visit('/readyz')).status]).toEqual([200, 200])
})

it('logs why requests fail while the database is unavailable, and not each of them', async () => {
  link.cut()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ada.call('GET', '/api/v1/overview')))
  link.mend()

  const failed = product.logLines.filter((line) => line.includes('request failed'))
  const logged = answers.filter(({ json }) => failed.some((line) => line.includes(json.requestId)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503))
  expect(logged.length).toBeGreaterThan(0)
  expect(logged.length).toBeLessThan(answers.length)
})

it('is not ready while the database cannot store messages, until one is stored again', async () => {
  const service = await createServiceClient(product)
  await fixture.database.query(`
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION no_room()`)
  const mail = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }
  const refused = await service.post('/api/v1/messages', mail)
  const full = await ada.visit('/readyz')
  await fixture.database.query('DROP FUNCTION no_room CASCADE')
  const stored = await service.post('/api/v1/messages', mail)

  expect(refused).toMatchObject({
    status: 503,
    json: { detail: 'The disk of the database is full. Nothing was changed; try again in a moment.' },
  })
  expect(full.status).toBe(503)
  expect(full.json.checks.database).toMatch(/^The disk of the database is full/)
  expect(stored.status).toBe(202)
  expect((await ada.visit('/readyz')).status).toBe(200)
})

it('is read by people and services while the database is read-only', async () => {
  const service = await createServiceClient(product)
  await fixture.database.query(`UPDATE sessions SET last_seen_at = now() - interval '10 minutes'`)
  await setReadOnly('on')
  await expect.poll(async () => (await ada.visit('/readyz')).json.checks.database).toMatch(/^The database is read-only/)

  const [person, device] = [await ada.call('GET', SETTINGS), await service.get('/api/v1/messages')]
  const refused = await service.post('/api/v1/messages', { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' })
  await setReadOnly('off')

  expect([person.status, device.status, refused.status]).toEqual([200, 200, 503])
  await expect.poll(async () => (await ada.visit('/readyz')).status).toBe(200)
})

it('does not lose a consent to an outage: its answer works once the database is back', async () => {
  const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })).json
  const returned = await ada.consentReturn(consentUrl, 'Ada Admin')
  link.cut()
  const away = await ada.open(returned)
  link.mend()
  const back = await ada.open(returned)

  expect(away.status).toBe(503)
  expect(away.text).toContain('<h1>The service is not available right now</h1>')
  expect(back.status).toBe(200)
})

describe('with a role that an administrator changes', () => {
  let other: TestProduct
  let browser: TestBrowser
  let service: ServiceClient

  beforeAll(async () => {
    // Limits and rights do not apply to the superuser of the tests.
    await fixture.database.query(`CREATE ROLE limited LOGIN IN ROLE ${PRODUCT_ROLE}`)
    const url = new URL(fixture.database.url)
    url.username = 'limited'
    other = await fixture.startProduct({ environment: { ROLE: 'api', DATABASE_URL: url.href } })
    browser = other.newBrowser()
    await browser.signIn('Ada Admin')
    service = await createServiceClient(other)
  })
  afterAll(async () => {
    await other.close()
    await fixture.database.query('DROP OWNED BY limited')
    await fixture.database.query('DROP ROLE limited')
  })

  it.each([
    ['that may not log in', 'ALTER ROLE limited NOLOGIN', 'ALTER ROLE limited LOGIN', 503],
    [
      'that lacks a right',
      `REVOKE INSERT ON messages FROM ${PRODUCT_ROLE}`,
      `GRANT INSERT ON messages TO ${PRODUCT_ROLE}`,
      200,
    ],
    [
      'that gets no more connections',
      'ALTER ROLE limited CONNECTION LIMIT 0',
      'ALTER ROLE limited CONNECTION LIMIT -1',
      503,
    ],
  ])('answers 503 and is not ready with one %s, and says why in the log', async (_name, refuse, restore, reads) => {
    const mail = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }
    await fixture.database.query(refuse)
    await fixture.database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'`)
    const logged = other.logLines.length
    const [ready, settings, list, submitted] = [
      await browser.visit('/readyz'),
      await browser.call('GET', SETTINGS),
      await service.get('/api/v1/messages'),
      await service.post('/api/v1/messages', mail),
    ]
    await fixture.database.query(restore)
    const back = await service.post('/api/v1/messages', mail)

    expect([ready, settings, list, submitted].map(({ status }) => status)).toEqual([503, reads, reads, 503])
    expect(
      other.logLines.slice(logged).filter((line) => line.includes('readiness check database failed')),
    ).toHaveLength(1)
    expect(back.status).toBe(202)
    await expect.poll(async () => (await browser.visit('/readyz')).status).toBe(200)
  })

  it('is not ready with one that is refused, also where its connections are still open', async () => {
    await fixture.database.query('ALTER ROLE limited NOLOGIN')
    const [ready, list] = [await browser.visit('/readyz'), await service.get('/api/v1/messages')]
    await fixture.database.query('ALTER ROLE limited LOGIN')

    expect([ready.status, list.status]).toEqual([503, 200])
    expect(ready.json.checks.database).not.toBe('ok')
  })
})

it('answers 503, also to lists and exports, while somebody has locked a table', async () => {
  const service = await createServiceClient(product)
  const release = await fixture.database.lock('messages', 'ACCESS EXCLUSIVE')
  const submit = () => service.post('/api/v1/messages', { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' })
  const answers = await Promise.all([
    service.get('/api/v1/messages'),
    service.get('/api/v1/messages?search=numbers'),
    service.get('/api/v1/messages.csv'),
    submit(),
  ])
  await release()

  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503])
  expect(answers.map(({ headers }) => headers.get('content-disposition'))).toEqual([null, null, null, null])
  expect((await submit()).status).toBe(202)
})

it('stays ready while requests wait for a locked table with all connections', async () => {
  const service = await createServiceClient(product)
  const release = await fixture.database.lock('messages', 'ACCESS EXCLUSIVE')
  const lists = Array.from({ length: 40 }, () => service.get('/api/v1/messages'))
  await expect
    .poll(async () => {
      const waiting = await fixture.database.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass`,
      )
      return waiting.length
    })
    .toBe(14)
  const ready = await ada.visit('/readyz')
  await release()
  await Promise.all(lists)

  expect(ready.status).toBe(200)
})

it.each([
  ['tenant_settings', 200],
  ['audit_events', 503],
])('stays ready while somebody has locked %s, and answers %i to an export of the audit log', async (table, status) => {
  const release = await fixture.database.lock(table, 'ACCESS EXCLUSIVE')
  const [ready, exported] = await Promise.all([ada.visit('/readyz'), ada.call('GET', '/api/v1/audit-events.csv')])
  await release()

  expect([ready.status, exported.status]).toEqual([200, status])
})

it('answers 503 while the database hangs with open connections, and works again afterwards', async () => {
  const service = await createServiceClient(product)
  link.hold()
  const [silent, ready] = await Promise.all([service.get('/api/v1/messages'), ada.visit('/readyz')])
  link.mend()
  const back = await service.get('/api/v1/messages')

  expect(silent.status).toBe(503)
  expect(ready.status).toBe(503)
  expect(back.status).toBe(200)
})
