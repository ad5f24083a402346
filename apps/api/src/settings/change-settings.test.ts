import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { connectMailbox, scopesOf, SETTINGS } from '../test-support/office365-smtp.ts'
import type { Answer } from '../test-support/test-browser.ts'
import { createTestClock, HOURS, SECONDS } from '../test-support/test-clock.ts'

const clock = createTestClock()
const admin = useAdminFixture({ clock })
const { fixture, product, ada, readSettings } = admin

/** Lets a second pass first, so that two consents have an order. */
async function post(action: string, body: unknown = {}, by = ada): Promise<Answer> {
  await clock.advance(1 * SECONDS)
  return admin.post(action, body, by)
}

async function statusOf(started: Answer): Promise<string> {
  return (await admin.readConsent(started)).status
}

async function pause(): Promise<void> {
  await setMailbox(fixture.database, { paused_until: new Date(clock.now().getTime() + 1 * HOURS) })
}

async function isPaused(): Promise<boolean> {
  return (await ada.call('GET', `${SETTINGS}/usage`)).json.pausedUntil !== null
}

// Pauses that Microsoft asked for

it.each([
  ['reconnected', () => post('reconnect')],
  ['saved with large attachments', () => post('large-attachments', { enabled: true })],
  [
    'connected again after a reset',
    async () => {
      await post('reset')
      return post('configure', { fromEmail: 'Ada@contoso.com' })
    },
  ],
])('keeps the pause of a mailbox that is %s', async (_how, start) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await pause()
  const { json } = await start()
  expect((await ada.consent(json.consentUrl, 'Ada Admin')).status).toBe(200)

  expect(await isPaused()).toBe(true)
})

it.each([
  ['at once', (to: string) => post('update-sender', { fromEmail: to })],
  [
    'after a reset',
    async (to: string) => {
      await post('reset')
      return post('configure', { fromEmail: to })
    },
  ],
])('drops the pause when another mailbox is connected %s', async (_when, start) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await pause()
  const { json } = await start('reports@contoso.com')
  expect((await ada.consent(json.consentUrl, 'Ada Admin')).status).toBe(200)

  expect(await isPaused()).toBe(false)
})

// Another sender

it('keeps the old sender until the consent for the new one completes', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })

  expect(started.status).toBe(201)
  expect(await readSettings()).toMatchObject({
    fromEmail: 'ada@contoso.com',
    pendingConsent: { id: started.json.id, purpose: 'update-sender', fromEmail: 'reports@contoso.com' },
  })
  await ada.consent(started.json.consentUrl, 'Ada Admin')
  expect(await readSettings()).toMatchObject({
    status: 'connected',
    version: 2,
    fromEmail: 'reports@contoso.com',
    mailbox: 'delegated',
    pendingConsent: null,
  })
})

it.each([
  ['keeps large attachments that are enabled already', true, {}],
  ['can enable large attachments', false, { largeAttachments: true }],
])('%s when the sender changes', async (_what, largeAttachments, change) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments })

  const started = await post('update-sender', { fromEmail: 'reports@contoso.com', ...change })
  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(scopesOf(started.json.consentUrl)).toContain('Mail.ReadWrite')
  expect(await readSettings()).toMatchObject({
    fromEmail: 'reports@contoso.com',
    largeAttachments: { enabled: true, locked: true },
  })
})

it('enables large attachments later by a separate consent for the same sender', async () => {
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const started = await post('large-attachments', { enabled: true })
  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(started.json.purpose).toBe('large-attachments')
  expect(scopesOf(started.json.consentUrl)).toEqual(
    expect.arrayContaining(['Mail.ReadWrite', 'Mail.Send', 'Mail.Send.Shared']),
  )
  expect(await readSettings()).toMatchObject({
    fromEmail: 'reports@contoso.com',
    largeAttachments: { enabled: true, locked: true },
  })
})

it.each([
  ['to enable them again', true, 'large-attachments', { enabled: true }],
  ['to disable them', true, 'large-attachments', { enabled: false }],
  ['to disable them before they are enabled', false, 'large-attachments', { enabled: false }],
  ['another sender without them', true, 'update-sender', { fromEmail: 'max@contoso.com', largeAttachments: false }],
])('locks large attachments: refuses %s', async (_what, largeAttachments, action, body) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments })

  const answer = await changingNothing(fixture, () => post(action, body))

  expect(answer.status).toBe(409)
  expect(answer.json).toMatchObject({ code: 'large-attachments-locked' })
})

// Reset

it('deletes tokens and settings with a reset, and unlocks large attachments', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })

  const answer = await post('reset')

  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({
    status: 'not-configured',
    version: 2,
    fromEmail: null,
    connectedAs: null,
    grantedPermissions: [],
    largeAttachments: { enabled: false, locked: false },
  })
  const [row] = await fixture.database.query(
    'SELECT refresh_token_sealed, access_token_sealed, delegate_object_id, from_email FROM tenant_settings',
  )
  expect(row).toEqual({
    refresh_token_sealed: null,
    access_token_sealed: null,
    delegate_object_id: null,
    from_email: null,
  })
})

it('voids every pending consent with a reset', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const one = await post('update-sender', { fromEmail: 'reports@contoso.com' })
  const other = await post('large-attachments', { enabled: true })

  await post('reset')

  expect([await statusOf(one), await statusOf(other)]).toEqual(['superseded', 'superseded'])
  expect(await readSettings()).toMatchObject({ pendingConsent: null })
})

it('counts the messages that a reset leaves waiting', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await post('test-message')

  expect((await post('reset')).json).toMatchObject({ waitingMessages: 1 })
})

it('sends no test mail to an admin whose sign-in name is no mail address', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await fixture.database.query(`UPDATE users SET email = 'ada@contoso'`)

  const { status, json } = await post('test-message')

  expect(status).toBe(400)
  expect(json).toMatchObject({ code: 'invalid-input', errors: [{ path: 'to' }] })
  expect((await ada.call('GET', '/api/v1/messages')).status).toBe(200)
})

// Several at once

it('answers a second request for the same change with the pending consent', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const change = { fromEmail: 'reports@contoso.com', largeAttachments: true }
  const first = await post('update-sender', change)
  const again = await post('update-sender', change)

  expect(again.status).toBe(201)
  expect(again.json).toEqual(first.json)
  expect(await fixture.database.query(`SELECT 1 FROM audit_events WHERE action = 'consent-started'`)).toHaveLength(2)
  expect((await ada.consent(again.json.consentUrl, 'Ada Admin')).status).toBe(200)
  expect(await readSettings()).toMatchObject({ fromEmail: 'reports@contoso.com', largeAttachments: { enabled: true } })
})

it('starts another consent for another purpose, address, toggle or session', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')
  const change = { fromEmail: 'reports@contoso.com', largeAttachments: false }

  const started = [
    await post('update-sender', change),
    await post('update-sender', { ...change, largeAttachments: true }),
    await post('update-sender', { ...change, fromEmail: 'ada@contoso.com' }),
    await post('reconnect'),
    await post('update-sender', change, bob),
  ]

  expect(new Set(started.map(({ json }) => json.id)).size).toBe(5)
  expect(await Promise.all(started.map(statusOf))).toEqual(Array(5).fill('pending'))
})

it('starts a consent while another is pending, and shows the newest', async () => {
  const one = await post('configure', { fromEmail: 'ada@contoso.com' })
  const other = await post('configure', { fromEmail: 'reports@contoso.com' })

  expect([await statusOf(one), await statusOf(other)]).toEqual(['pending', 'pending'])
  expect(await readSettings()).toMatchObject({ pendingConsent: { id: other.json.id } })
  await ada.call('DELETE', `/api/v1/consents/${other.json.id}`)
  expect(await readSettings()).toMatchObject({ pendingConsent: { id: one.json.id } })
})

it('completes the older of two pending consents, and supersedes the newer one', async () => {
  const one = await post('configure', { fromEmail: 'ada@contoso.com' })
  const other = await post('configure', { fromEmail: 'reports@contoso.com' })

  await ada.consent(one.json.consentUrl, 'Ada Admin')

  expect([await statusOf(one), await statusOf(other)]).toEqual(['completed', 'superseded'])
  expect(await readSettings()).toMatchObject({ fromEmail: 'ada@contoso.com', pendingConsent: null })
})

it('lets one of two consents that complete at the same moment win, and supersedes the other', async () => {
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')
  const adas = await post('configure', { fromEmail: 'ada@contoso.com' })
  const bobs = await post('configure', { fromEmail: 'bob@contoso.com' }, bob)
  const adaBack = await ada.consentReturn(adas.json.consentUrl, 'Ada Admin')
  const bobBack = await bob.consentReturn(bobs.json.consentUrl, 'Bob Behalf')

  const results = await Promise.all([ada.open(adaBack), bob.open(bobBack)])

  expect(results.map(({ status }) => String(status)).sort()).toEqual(['200', '409'])
  expect([await statusOf(adas), await statusOf(bobs)].sort()).toEqual(['completed', 'superseded'])
  expect(await readSettings()).toMatchObject({ version: 1 })
})
