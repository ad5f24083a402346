import { beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { useDatabaseAt } from '../test-support/test-database.ts'
import { connectMailbox, SETTINGS } from '../test-support/office365-smtp.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { createConsentStore } from './consent-store.ts'
import { createSettingsStore } from './settings-store.ts'

interface AuditRow {
  actor: string | null
  action: string
  outcome: string
  details: Record<string, unknown>
}

const clock = createTestClock()
const { fixture, product, ada, post, scenario } = useAdminFixture({ clock })
const database = useDatabaseAt(() => fixture.database.url)
let adaId: string

beforeEach(async () => {
  adaId = (await fixture.database.query<{ id: string }>('SELECT id FROM users'))[0]?.id ?? ''
})

async function audit(): Promise<AuditRow[]> {
  return fixture.database.query<AuditRow & Record<string, unknown>>(
    'SELECT actor, action, outcome, details FROM audit_events ORDER BY id',
  )
}

/** Has Microsoft refuse tokens, as a worker reports it: the current ones, or older ones. */
async function reportRefusedTokens({ versionsAgo = 0 } = {}): Promise<void> {
  const { tenantId, grantVersion } = await database.prisma.tenantSettings.findFirstOrThrow()
  const problem = {
    code: 'reconnect-required',
    values: { title: 'connection-revoked.title' },
    title: 'The connection was revoked',
    detail: 'It was.',
    action: 'Reconnect.',
    correlationId: 'c0ffee',
    since: clock.now().toISOString(),
  } as const
  const event = { type: 'tokens-refused', problem } as const
  await createSettingsStore(database.prisma, newId).applyHealth(
    tenantId,
    { grantVersion: grantVersion - versionsAgo },
    event,
    clock.now(),
  )
}

async function sweep(): Promise<void> {
  await createConsentStore(database.prisma).sweep(clock.now())
}

it('records a sign-in with its role, and a sign-out', async () => {
  await ada.call('POST', '/api/v1/session/sign-out')

  expect(await audit()).toEqual([
    { actor: adaId, action: 'sign-in', outcome: 'workspace-admin', details: {} },
    { actor: adaId, action: 'sign-out', outcome: 'done', details: {} },
  ])
})

it('records a sign-in that Microsoft refused, with the reason and the correlation id', async () => {
  await scenario('authorize-declined')
  await product.newBrowser().signIn('Max Member')

  expect((await audit()).at(-1)).toEqual({
    actor: null,
    action: 'sign-in',
    outcome: 'refused',
    details: { reason: 'sign-in-cancelled', account: null, correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  })
})

it('records who was refused when Microsoft vouches for the account', async () => {
  await product.newBrowser().signIn('Gil Guest')

  expect((await audit()).at(-1)).toMatchObject({
    outcome: 'refused',
    details: { reason: 'wrong-account', account: expect.stringContaining('gil') },
  })
})

it('records at most 100 refused sign-ins an hour for an account', async () => {
  await product.newBrowser().signIn('Gil Guest')
  await fixture.database.query(
    `INSERT INTO audit_events (tenant_id, at, actor, action, outcome, details)
     SELECT tenant_id, at, actor, action, outcome, details FROM audit_events, generate_series(1, 99)
      WHERE outcome = 'refused'`,
  )
  const refusals = async () => (await audit()).filter(({ outcome }) => outcome === 'refused').length

  await product.newBrowser().signIn('Gil Guest')
  expect(await refusals()).toBe(100)

  await clock.advance(60 * MINUTES)
  await product.newBrowser().signIn('Gil Guest')
  expect(await refusals()).toBe(101)
})

it('records once an hour which member was refused Tenant Settings', async () => {
  const max = product.newBrowser()
  await max.signIn('Max Member')
  const refusals = async () => (await audit()).filter(({ action }) => action === 'access-refused')

  for (const path of [SETTINGS, '/api/v1/service-keys']) expect((await max.call('GET', path)).status).toBe(403)
  expect(await refusals()).toEqual([
    {
      actor: expect.stringMatching(/^usr_/),
      action: 'access-refused',
      outcome: 'not-workspace-admin',
      details: { operation: 'readSettings' },
    },
  ])

  await clock.advance(59 * MINUTES)
  await max.call('GET', SETTINGS)
  expect(await refusals()).toHaveLength(1)
  await clock.advance(1 * MINUTES)
  await max.signIn('Max Member')
  await max.call('GET', SETTINGS)
  expect(await refusals()).toHaveLength(2)
})

it('records who sent a test mail, and not to whom', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const { messageId } = (await post('test-message', { to: 'max@contoso.com' })).json

  expect((await audit()).at(-1)).toEqual({
    actor: adaId,
    action: 'test-message-sent',
    outcome: 'done',
    details: { message: messageId },
  })
})

it('records a consent from its start to its completion', async () => {
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const details = {
    consent: expect.stringMatching(/^con_/),
    purpose: 'configure',
    fromEmail: 'reports@contoso.com',
    largeAttachments: false,
  }
  expect((await audit()).slice(1)).toEqual([
    { actor: adaId, action: 'consent-started', outcome: 'pending', details },
    {
      actor: adaId,
      action: 'consent-ended',
      outcome: 'completed',
      details: { ...details, account: 'ada@contoso.com', mailbox: 'delegated' },
    },
  ])
})

it.each([
  [
    'whose access was connected, even if somebody else consented at Microsoft',
    'bob@contoso.com',
    'Bob Behalf',
    { outcome: 'completed', details: { account: 'bob@contoso.com', mailbox: 'own' } },
  ],
  [
    'who was refused as a wrong account',
    'ada@contoso.com',
    'Gil Guest',
    { outcome: 'wrong-account', details: { account: expect.stringContaining('gil') } },
  ],
  [
    'why it failed',
    'finance@contoso.com',
    'Ada Admin',
    { outcome: 'send-as-denied', details: { fromEmail: 'finance@contoso.com' } },
  ],
  [
    'the correlation id of a refusal',
    'ada@contoso.com',
    'Ada Admin',
    { outcome: 'consent-cancelled', details: { correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
  ],
])('records of the end of a consent %s', async (_what, fromEmail, account, expected) => {
  const { consentUrl } = (await post('configure', { fromEmail })).json
  if (expected.outcome === 'consent-cancelled') await scenario('authorize-declined')
  await ada.consent(consentUrl, account)

  expect((await audit()).at(-1)).toMatchObject({ actor: adaId, action: 'consent-ended', ...expected })
})

it('records a reset with the former sender, and each consent that it voided', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  const { id } = (await post('large-attachments', { enabled: true })).json
  await post('reset', {})

  expect((await audit()).slice(-2)).toEqual([
    expect.objectContaining({
      actor: adaId,
      action: 'consent-ended',
      outcome: 'superseded',
      details: expect.objectContaining({ consent: id }),
    }),
    { actor: adaId, action: 'settings-reset', outcome: 'done', details: { fromEmail: 'ada@contoso.com' } },
  ])
})

it('records an expired consent once it is swept, and deletes its secrets', async () => {
  const { id } = (await post('configure', { fromEmail: 'ada@contoso.com' })).json
  await clock.advance(10 * MINUTES)
  await sweep()

  expect((await audit()).at(-1)).toMatchObject({
    action: 'consent-ended',
    outcome: 'expired',
    details: { consent: id },
  })
  expect(await fixture.database.query('SELECT status, secrets_sealed FROM consents')).toEqual([
    { status: 'expired', secrets_sealed: null },
  ])
})

it('records once that Microsoft ended the connection, with its correlation id and the name of its sentence', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  await reportRefusedTokens()
  await reportRefusedTokens()

  expect((await audit()).filter(({ action }) => action === 'reconnect-required')).toEqual([
    {
      actor: null,
      action: 'reconnect-required',
      outcome: 'The connection was revoked',
      details: { correlationId: 'c0ffee', sentence: 'connection-revoked.title' },
    },
  ])
})
