import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import type { Answer } from '../test-support/test-browser.ts'

const { fixture, ada, post, readSettings, readConsent } = useAdminFixture({
  environment: { GRAPH_AUTH: 'application' },
  waitForGrant: async (ms) => void waits.push(ms),
})

/** What the product has waited for permissions to take effect, in ms; time does not pass in between. */
const waits: number[] = []

const change = (body: unknown): Promise<Answer> => post('delivery-reports', body)

async function connect(applicationPermissions: readonly string[]): Promise<void> {
  await fixture.microsoft.control('PATCH', '/settings', { applicationPermissions })
  const { json } = await post('configure', { fromEmail: 'reports@contoso.com' })
  await ada.consent(json.consentUrl, 'Grace Global')
}

/** Until when the stored access token is used, in milliseconds since 1970. */
async function tokenEnd(): Promise<number> {
  const [row] = await fixture.database.query<{ at: Date }>('SELECT access_token_expires_at AS at FROM tenant_settings')
  return row?.at.getTime() ?? Number.NaN
}

it('switches on at once what an earlier approval brought along, and not before it is asked for', async () => {
  await connect(['Mail.Send', 'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'])
  expect(await readSettings()).toMatchObject({ deliveryReports: { bounces: { enabled: false, available: false } } })

  const answer = await change({ bounces: true, trace: true })

  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite'],
    largeAttachments: { enabled: false },
    deliveryReports: { bounces: { enabled: true, available: true }, trace: { enabled: true } },
  })
})

it('asks for another access token once it may read the mailbox, since drafts would be refused with the old one', async () => {
  await connect(['Mail.Send'])
  const before = await tokenEnd()
  const started = await change({ bounces: true })
  await fixture.microsoft.control('PATCH', '/settings', { applicationPermissions: ['Mail.Send', 'Mail.ReadWrite'] })

  await ada.consent(started.json.consentUrl, 'Grace Global')

  expect((await readConsent(started)).status).toBe('completed')
  expect(await tokenEnd()).toBeLessThan(before)
})

it('saves what the approval allows, and fails for the rest by name', async () => {
  await connect(['Mail.Send'])
  const started = await change({ bounces: true, trace: true })
  await fixture.microsoft.control('PATCH', '/settings', { applicationPermissions: ['Mail.Send', 'Mail.ReadWrite'] })
  waits.length = 0

  await ada.consent(started.json.consentUrl, 'Grace Global')

  expect(waits).toEqual([2_000, 4_000])
  expect(await readConsent(started)).toMatchObject({
    status: 'failed',
    problem: { code: 'permission-missing', detail: expect.stringContaining('ExchangeMessageTrace.Read.All') },
  })
  expect((await readSettings()).deliveryReports).toMatchObject({
    bounces: { enabled: true },
    trace: { enabled: false },
  })
})

it('tells by Graph’s refusal that the permission for the trace is missing where the token cannot be read', async () => {
  await connect(['Mail.Send'])
  await fixture.microsoft.control('PATCH', '/settings', { accessTokens: 'opaque' })
  const started = await change({ trace: true })
  waits.length = 0

  await ada.consent(started.json.consentUrl, 'Grace Global')

  expect(waits).toEqual([2_000, 4_000])
  expect(await readConsent(started)).toMatchObject({
    status: 'failed',
    problem: { code: 'permission-missing', detail: expect.stringContaining('ExchangeMessageTrace.Read.All') },
  })
})

it('does not ask for a consent where Exchange keeps the application out of the mailbox', async () => {
  await connect(['Mail.Send', 'Mail.ReadWrite'])
  await fixture.microsoft.control('PATCH', '/settings', { applicationMailboxes: ['ada@contoso.com'] })

  expect((await change({ bounces: true })).json.code).toBe('reports-unreadable')
})
