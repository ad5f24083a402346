import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { appendAlert } from '../database/alert-log.ts'
import { openDatabase } from '../database/database.ts'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { newId } from '../test-support/new-id.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { createOutboxStore } from './outbox-store.ts'
import { useFixture } from '../test-support/use-fixture.ts'

/** Without a name server the lookup times out. */
const LEADS_NOWHERE = expect.stringMatching(/^(name-not-found|timed-out)$/)
const WEBHOOKS = '/api/v1/webhooks'
const UNKNOWN = `whk_${'0'.repeat(32)}`
const URL_WITH_SECRET = 'https://hooks.contoso.com/services/T0/the-secret-of-the-receiver?key=another-secret'
const clock = createTestClock()

let product: TestProduct
let ada: TestBrowser

const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})
beforeEach(() => fixture.database.empty('webhooks'))

async function add(url = 'https://hooks.contoso.com/alerts') {
  const added = await ada.call('POST', WEBHOOKS, { url })
  expect({ status: added.status, problem: added.json.detail }).toEqual({ status: 201, problem: undefined })
  return added.json
}

async function listed() {
  return (await ada.call('GET', WEBHOOKS)).json.items
}

async function audited(id: string) {
  return fixture.database.query(
    `SELECT actor, action, outcome, details FROM audit_events WHERE details ->> 'webhook' = $1 ORDER BY id`,
    [id],
  )
}

// Adding, listing and removing

it('shows the new secret of each webhook once, when it is added', async () => {
  const { secret, ...webhook } = await add('https://hooks.contoso.com/alerts?team=7')

  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(webhook).toEqual({
    id: expect.stringMatching(/^whk_[0-9a-f]{32}$/),
    url: 'https://hooks.contoso.com/alerts?team=7',
    types: [
      'mailbox.reconnect-required',
      'mailbox.app-misconfigured',
      'mailbox.refused',
      'mailbox.token-refused',
      'mailbox.recovered',
      'messages.failed',
      'microsoft.unreachable',
      'microsoft.recovered',
      'queue.stalled',
      'quota.exceeded',
      'secret.expiring',
      'storage.nearly-full',
      'storage.recovered',
    ],
    services: null,
    createdAt: clock.now().toISOString(),
    waiting: 0,
    lastAttempt: null,
  })
  expect(await listed()).toEqual([webhook])
  expect((await add()).secret).not.toBe(secret)
})

it('counts as added when the database says so, and is told what happens from then on, whatever the clock of its process', async () => {
  const ahead = await fixture.startProduct({
    environment: { ROLE: 'api' },
    clock: () => new Date(clock.now().getTime() + 10 * MINUTES),
  })
  const browser = ahead.newBrowser()
  await browser.signIn('Ada Admin')
  const added = await browser.call('POST', WEBHOOKS, { url: 'https://hooks.contoso.com/alerts' })
  expect(added.json.createdAt).toBe(clock.now().toISOString())
  expect((await listed())[0].createdAt).toBe(added.json.createdAt)

  await clock.advance(3 * MINUTES)
  const database = await openDatabase(fixture.database.url, () => {})
  onTestFinished(() => database.close())
  const [tenant] = await fixture.database.query<{ id: string }>('SELECT id FROM tenants')
  const recovered = { type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } } as const
  await appendAlert(database.prisma, { id: newId('alert'), ...recovered, tenantId: tenant?.id ?? '', at: clock.now() })
  expect(await createOutboxStore(database.pool).publish()).toBe(1)

  expect(await fixture.database.query('SELECT webhook_id AS id FROM webhook_deliveries')).toEqual([
    { id: added.json.id },
  ])
})

it('stores the secret sealed only, and logs and audits neither it nor the path of the address', async () => {
  const { id, secret } = await add(URL_WITH_SECRET)

  const [row] = await fixture.database.query<{ secret_sealed: string; url: string }>(
    'SELECT * FROM webhooks WHERE id = $1',
    [id],
  )
  expect(row?.secret_sealed).toMatch(/^eyJ/)
  const key = secret.slice('whsec_'.length)
  expect(JSON.stringify(row)).not.toContain(key)
  const recorded = JSON.stringify([await audited(id), product.logLines])
  expect(recorded).toContain(id)
  for (const hidden of [key, 'the-secret-of-the-receiver', 'another-secret']) expect(recorded).not.toContain(hidden)
})

it.each([
  ['no address', '', 'url'],
  ['plain http', 'http://hooks.contoso.com', 'url'],
  ['no scheme', 'hooks.contoso.com', 'url'],
  ['another scheme', 'ftp://hooks.contoso.com', 'url'],
  ['no host', 'https://', 'url'],
  ['a user name', 'https://user@hooks.contoso.com', 'url'],
  ['a password', 'https://user:secret@hooks.contoso.com', 'url'],
  ['a fragment', 'https://hooks.contoso.com/#a', 'url'],
  ['an empty fragment', 'https://hooks.contoso.com/#', 'url'],
  ['spaces around it', ' https://hooks.contoso.com ', 'url'],
  ['a line break', 'https://hooks.contoso.com/\nhost: other', 'url'],
  ['2,001 characters', `https://hooks.contoso.com/${'a'.repeat(1_975)}`, 'url'],
  ['a loopback address', 'https://127.0.0.1/', 'url'],
  ['a private address', 'https://10.0.0.1/', 'url'],
])('refuses %s by its path', async (_fault, url, path) => {
  const refused = await changingNothing(fixture, () => ada.call('POST', WEBHOOKS, { url }))

  expect(refused.status).toBe(400)
  expect(refused.json).toMatchObject({ code: 'invalid-input', errors: [{ path, message: expect.any(String) }] })
})

it('takes a private address where WEBHOOK_ALLOW_PRIVATE says so, and a metadata address not even then', async () => {
  const inside = await fixture.startProduct({ environment: { ROLE: 'api', WEBHOOK_ALLOW_PRIVATE: 'true' } })
  const admin = inside.newBrowser()
  await admin.signIn('Ada Admin')

  expect((await admin.call('POST', WEBHOOKS, { url: 'https://10.0.0.1/' })).status).toBe(201)
  expect((await admin.call('POST', WEBHOOKS, { url: 'https://[fd00:ec2::254]/' })).status).toBe(400)
})

it('keeps ten webhooks and no more, also when many are added at the same moment', async () => {
  const url = 'https://hooks.contoso.com/alerts'
  const answers = await Promise.all(Array.from({ length: 13 }, () => ada.call('POST', WEBHOOKS, { url })))

  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
  for (const { status, json } of answers.filter(({ status }) => status !== 201)) {
    expect(status).toBe(400)
    expect(json).toMatchObject({ code: 'invalid-input', errors: [{ path: 'url' }] })
  }
  expect(await listed()).toHaveLength(10)
})

it('lists a removed webhook no longer, and answers 404 from then on', async () => {
  const { id } = await add()

  expect((await ada.call('DELETE', `${WEBHOOKS}/${id}`)).status).toBe(204)

  expect(await listed()).toEqual([])
  expect((await ada.call('DELETE', `${WEBHOOKS}/${id}`)).status).toBe(404)
  expect((await ada.call('POST', `${WEBHOOKS}/${id}/test`)).status).toBe(404)
  expect((await ada.call('DELETE', `${WEBHOOKS}/${UNKNOWN}`)).status).toBe(404)
})

it('records who added, tested and removed a webhook, and for which host', async () => {
  const { id } = await add('https://no-such-host.invalid:8443/alerts')
  await ada.call('POST', `${WEBHOOKS}/${id}/test`)
  await ada.call('DELETE', `${WEBHOOKS}/${id}`)

  const [{ id: actor } = { id: '' }] = await fixture.database.query<{ id: string }>(
    `SELECT id FROM users WHERE email = 'ada@contoso.com'`,
  )
  const about = { actor, outcome: 'done', details: { webhook: id, host: 'no-such-host.invalid:8443' } }
  expect(await audited(id)).toEqual([
    { ...about, action: 'webhook-created' },
    { ...about, action: 'webhook-tested', outcome: LEADS_NOWHERE },
    { ...about, action: 'webhook-removed' },
  ])
})
