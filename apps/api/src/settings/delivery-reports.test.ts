import { describe, expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { connectMailbox, scopesOf } from '../test-support/office365-smtp.ts'
import { http, requestsTo, switchOn } from '../test-support/scenario.ts'
import type { Answer } from '../test-support/test-browser.ts'

const OFF = { bounces: { enabled: false, problem: null }, trace: { enabled: false, problem: null } }

const admin = useAdminFixture()
const { fixture, ada, post, readSettings, readConsent } = admin

const change = (body: unknown): Promise<Answer> => post('delivery-reports', body)
const reports = async () => (await readSettings()).deliveryReports

/** Lets the application read traces, as after an approval. */
async function approveTrace(): Promise<void> {
  const permissions = ['ExchangeMessageTrace.Read.All']
  await fixture.microsoft.control('POST', '/application/tokens', { permissions })
}

it('needs a connected mailbox to be switched on, and something to switch', async () => {
  expect((await change({ bounces: true })).json.code).toBe('not-configured')
  expect((await change({ trace: true })).json.code).toBe('not-configured')
  expect((await change({})).status).toBe(400)
  expect((await change({ bounces: false })).status).toBe(200)
})

const withoutPrincipal = () => fixture.microsoft.control('PATCH', '/settings', { traceServicePrincipal: 'missing' })

/** Has Microsoft answer the next question for the trace with this status. */
async function answerTrace(status: number): Promise<void> {
  await approveTrace()
  await switchOn(fixture, http('message-trace', { action: 'answer', when: 'before', status, body: {} }))
}

async function refuseConnection(): Promise<void> {
  const texts = { title: '', detail: '', action: '', since: new Date(0).toISOString() }
  await fixture.database.query(`UPDATE tenant_settings SET status = 'reconnect-required', problem = $1`, [
    JSON.stringify({ code: 'reconnect-required', ...texts }),
  ])
}

async function switchBouncesOn(): Promise<void> {
  await change({ bounces: true })
  await withoutPrincipal()
}

it.each<[string, object, () => Promise<unknown>, string]>([
  ['bounces while Microsoft refuses the connection', { bounces: true }, refuseConnection, 'reports-unreadable'],
  ['the trace without its service principal', { trace: true }, withoutPrincipal, 'trace-not-provisioned'],
  ['the trace after a 429', { trace: true }, () => answerTrace(429), 'trace-unavailable'],
  ['the trace after a 503', { trace: true }, () => answerTrace(503), 'trace-unavailable'],
  ['both where one is refused', { bounces: true, trace: true }, withoutPrincipal, 'trace-not-provisioned'],
  ['one off where the other is refused', { bounces: false, trace: true }, switchBouncesOn, 'trace-not-provisioned'],
])('refuses to switch %s, and changes nothing', async (_what, body, prepare, code) => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
  await prepare()
  const stored = async () => [
    await readSettings(),
    await fixture.database.query('SELECT FROM audit_events'),
    await requestsTo(fixture, 'sendMail'),
  ]
  const before = await stored()

  const answer = await change(body)

  expect([answer.status, answer.json.code]).toEqual([409, code])
  expect(await stored()).toEqual(before)
})

describe('bounces', () => {
  it('are switched on at once where the inbox can be read, without a message', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
    expect(await reports()).toMatchObject({ bounces: { enabled: false, available: true } })
    const sent = await requestsTo(fixture, 'sendMail')

    const answer = await change({ bounces: true })

    expect(answer.status).toBe(200)
    expect(answer.json.deliveryReports).toMatchObject({ bounces: { enabled: true, available: true, problem: null } })
    expect(await requestsTo(fixture, 'sendMail')).toBe(sent)
  })

  it('ask the delegate for the missing permission, and enable no large attachments', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    const started = await change({ bounces: true })
    expect(started.status).toBe(201)
    expect(started.json).toMatchObject({ purpose: 'delivery-reports', status: 'pending' })
    expect(scopesOf(started.json.consentUrl)).toContain('Mail.ReadWrite')
    expect(await reports()).toMatchObject(OFF)

    expect((await ada.consent(started.json.consentUrl, 'Ada Admin')).status).toBe(200)

    expect((await readConsent(started)).status).toBe('completed')
    expect(await readSettings()).toMatchObject({
      largeAttachments: { enabled: false, locked: false },
      grantedPermissions: ['Mail.Send', 'Mail.ReadWrite', 'User.Read'],
      deliveryReports: { bounces: { enabled: true, available: true, problem: null } },
    })
  })

  it('of a shared mailbox need the shared permission and Full Access', async () => {
    await connectMailbox(ada, { fromEmail: 'reports@contoso.com', largeAttachments: true })
    expect(await reports()).toMatchObject({ bounces: { available: false } })
    await fixture.microsoft.control('PUT', '/rights', {
      address: 'reports@contoso.com',
      person: 'ada@contoso.com',
      fullAccess: false,
    })
    const refused = await change({ bounces: true })
    expect(scopesOf(refused.json.consentUrl)).toContain('Mail.ReadWrite.Shared')
    await ada.consent(refused.json.consentUrl, 'Ada Admin')
    expect((await readConsent(refused)).problem).toMatchObject({
      code: 'reports-unreadable',
      action: expect.stringContaining('Full Access'),
    })
    expect(await readSettings()).toMatchObject({ deliveryReports: OFF, version: 1 })

    await fixture.microsoft.control('PUT', '/rights', {
      address: 'reports@contoso.com',
      person: 'ada@contoso.com',
      fullAccess: true,
    })
    const started = await change({ bounces: true })
    await ada.consent(started.json.consentUrl, 'Ada Admin')
    expect(await reports()).toMatchObject({ bounces: { enabled: true, available: true } })
  })
})

describe('the message trace', () => {
  it('is switched on at once where the application may read it', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    await approveTrace()

    const answer = await change({ trace: true })

    expect(answer.status).toBe(200)
    expect(answer.json.deliveryReports).toMatchObject({ trace: { enabled: true, problem: null } })
  })

  it('is switched on also where the clock here is ahead of Microsoft’s', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    await approveTrace()
    const headers = { date: new Date(Date.now() - 60_000).toUTCString() }
    await switchOn(fixture, http('message-trace', { action: 'answer', when: 'before', status: 400, headers, body: {} }))

    expect((await change({ trace: true })).status).toBe(200)
    expect(await requestsTo(fixture, 'message-trace')).toBe(2)
  })

  it('asks an Entra administrator to approve the application', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    const started = await change({ trace: true })
    expect(started.status).toBe(201)
    expect(new URL(started.json.consentUrl).pathname).toMatch(/\/v2\.0\/adminconsent$/)

    expect((await ada.consent(started.json.consentUrl, 'Grace Global')).status).toBe(200)

    expect((await readConsent(started)).status).toBe('completed')
    expect(await readSettings()).toMatchObject({
      mailbox: 'own',
      connectedAs: { email: 'ada@contoso.com' },
      deliveryReports: { trace: { enabled: true } },
    })
  })
})

describe('both at once', () => {
  it('save at once what is proved, and ask for the rest', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })

    const started = await change({ bounces: true, trace: true })

    expect(started.status).toBe(201)
    expect(new URL(started.json.consentUrl).pathname).toMatch(/adminconsent$/)
    expect(await reports()).toMatchObject({ bounces: { enabled: true }, trace: { enabled: false } })
  })

  it('take one consent with two pages, the delegate’s first', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    const started = await change({ bounces: true, trace: true })
    const second = await ada.consent(started.json.consentUrl, 'Ada Admin')
    expect(second.url).toMatch(/\/v2\.0\/adminconsent\?/)
    expect(await readConsent(started)).toMatchObject({ status: 'pending', consentUrl: second.url })
    expect(await reports()).toMatchObject({ bounces: { enabled: true }, trace: { enabled: false } })

    expect((await ada.consent(second.url, 'Grace Global')).status).toBe(200)

    expect((await readConsent(started)).status).toBe('completed')
    expect(await reports()).toMatchObject({ bounces: { enabled: true }, trace: { enabled: true } })
    const log = await ada.call('GET', '/api/v1/audit-events?action=delivery-reports-changed')
    expect(log.json.items.map(({ details }: { details: unknown }) => details)).toEqual([
      { trace: true },
      { bounces: true },
    ])
  })

  it('keep what was saved where the second page is left, and fail', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    const started = await change({ bounces: true, trace: true })
    const second = await ada.consent(started.json.consentUrl, 'Ada Admin')

    await ada.consent(second.url, 'Grace Global', 'Cancel')

    expect(await readConsent(started)).toMatchObject({ status: 'failed', problem: { code: 'consent-cancelled' } })
    expect(await reports()).toMatchObject({ bounces: { enabled: true }, trace: { enabled: false } })
  })
})

describe('switching off', () => {
  it('needs nothing of Microsoft', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
    await approveTrace()
    await change({ bounces: true, trace: true })
    await fixture.microsoft.control('DELETE', '/counters')

    const answer = await change({ bounces: false, trace: false })

    expect(answer.json.deliveryReports).toMatchObject(OFF)
    expect(await fixture.microsoft.control('GET', '/counters')).toMatchObject({ endpoints: {} })
  })

  it('ends a pending consent, which does not switch on again', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    const started = await change({ bounces: true })
    const back = await ada.consentReturn(started.json.consentUrl, 'Ada Admin')

    expect((await change({ bounces: false })).status).toBe(200)

    expect((await readConsent(started)).status).toBe('superseded')
    expect((await ada.open(back)).status).toBe(409)
    expect(await reports()).toMatchObject(OFF)
  })
})

describe('another connection', () => {
  it('keeps bounces where the new inbox can be read', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
    await approveTrace()
    await change({ bounces: true, trace: true })
    const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
    expect(scopesOf(started.json.consentUrl)).toContain('Mail.ReadWrite.Shared')

    await ada.consent(started.json.consentUrl, 'Ada Admin')

    expect(await readSettings()).toMatchObject({
      fromEmail: 'reports@contoso.com',
      deliveryReports: { bounces: { enabled: true, available: true, problem: null }, trace: { enabled: true } },
    })
  })

  it('keeps them with their problem where it cannot, and ends that with a reconnect that reads it', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
    await change({ bounces: true })
    const rights = { address: 'reports@contoso.com', person: 'ada@contoso.com' }
    await fixture.microsoft.control('PUT', '/rights', { ...rights, fullAccess: false })
    const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
    await ada.consent(started.json.consentUrl, 'Ada Admin')
    expect((await readConsent(started)).status).toBe('completed')
    expect(await reports()).toMatchObject({
      bounces: { enabled: true, available: false, problem: { code: 'reports-unreadable' } },
    })

    await fixture.microsoft.control('PUT', '/rights', { ...rights, fullAccess: true })
    const again = await post('reconnect')
    await ada.consent(again.json.consentUrl, 'Ada Admin')

    expect(await reports()).toMatchObject({ bounces: { enabled: true, available: true, problem: null } })
  })

  it('is a new beginning after a reset', async () => {
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
    await approveTrace()
    await change({ bounces: true, trace: true })

    const { json } = await post('reset')

    expect(json.deliveryReports).toMatchObject({ ...OFF, bounces: { enabled: false, available: false } })
    await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
    expect(await reports()).toMatchObject(OFF)
  })
})
