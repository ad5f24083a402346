import { beforeEach, expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'

const GRACE = 'Grace' // the Entra administrator

const {
  fixture,
  product,
  ada,
  post: start,
  readSettings,
  readConsent,
  scenario,
} = useAdminFixture({
  environment: { GRAPH_AUTH: 'application' },
  async waitForGrant(ms) {
    waits.push(ms)
    await meanwhile()
  },
})

/** What the product has waited for permissions to take effect, in ms; time does not pass in between. */
const waits: number[] = []
let meanwhile = async () => {}
beforeEach(() => {
  waits.length = 0
  meanwhile = async () => {}
})

async function connect(fromEmail = 'reports@contoso.com', largeAttachments = false): Promise<void> {
  const { json } = await start('configure', { fromEmail, largeAttachments })
  const result = await ada.consent(json.consentUrl, GRACE)
  if (result.status !== 200) throw new Error(`The mailbox could not be connected: ${result.text}`)
}

function change(settings: object): Promise<unknown> {
  return fixture.microsoft.control('PATCH', '/settings', settings)
}

it('opens Microsoft’s page for the consent of the organisation, with .default, at our one redirect URI', async () => {
  const { json } = await start('configure', { fromEmail: 'reports@contoso.com' })

  const url = new URL(json.consentUrl)
  expect(url.pathname).toBe(`/${product.config.registration.tenantId}/v2.0/adminconsent`)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: product.config.registration.clientId,
    scope: 'https://graph.microsoft.com/.default',
    redirect_uri: `${product.publicUrl}/auth/microsoft/callback`,
    state: expect.stringMatching(/^[\w-]{43,}$/),
  })
})

it('connects a mailbox that no person has rights on, as the application', async () => {
  await connect('finance@contoso.com')

  expect(await readSettings()).toMatchObject({
    status: 'connected',
    version: 1,
    fromEmail: 'finance@contoso.com',
    mailbox: 'application',
    connectedAs: null,
    grantedPermissions: ['Mail.Send'], // the registration lists more
    largeAttachments: { enabled: false, locked: false },
    problem: null,
    pendingConsent: null,
  })
})

it('stores no refresh token, and the access token only sealed', async () => {
  await connect()

  const [row] = await fixture.database.query('SELECT * FROM tenant_settings')
  expect(row).toMatchObject({
    refresh_token_sealed: null,
    access_token_sealed: expect.stringMatching(/^ey/),
    delegate_object_id: null,
    delegate_email: null,
  })
  const header = JSON.parse(
    Buffer.from(String(row?.['access_token_sealed']).split('.')[0] ?? '', 'base64url').toString(),
  )
  expect(header).toMatchObject({ kid: 'test' })
})

it('ends as cancelled when the administrator cancels, even though admin_consent is True', async () => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE, 'Cancel')
  expect(new URL(back).searchParams.get('admin_consent')).toBe('True')

  expect((await ada.open(back)).status).toBe(400)

  expect((await readConsent(started)).problem).toMatchObject({
    code: 'consent-cancelled',
    action: expect.stringContaining(`${product.publicUrl}/auth/microsoft/admin-consent `),
    correlationId: expect.any(String),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('fails on a return that mentions no consent', async () => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const state = new URL(started.json.consentUrl).searchParams.get('state')

  expect((await ada.open(`/auth/microsoft/callback?state=${state}&code=made-up`)).status).toBe(400)

  expect((await readConsent(started)).problem).toMatchObject({ code: 'unexpected-answer' })
})

it.each([
  ['secret-wrong', 'AADSTS7000215'],
  ['secret-expired', 'AADSTS7000222'],
])('fails with %s, which the operator has to fix', async (name, code) => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE)
  await scenario(name)

  await ada.open(back)

  expect((await readConsent(started)).problem).toMatchObject({
    code: 'app-misconfigured',
    detail: expect.stringContaining(code),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it.each([
  [
    'a policy keeps the application out of the mailbox',
    'reports@contoso.com',
    { applicationMailboxes: ['ada@contoso.com'] },
    {
      code: 'send-as-denied',
      detail: expect.stringContaining('reports@contoso.com'),
      action: expect.stringContaining('Exchange administrator'),
    },
  ],
  [
    'neither Entra nor Exchange granted the permission',
    'reports@contoso.com',
    { applicationPermissions: [] },
    {
      code: 'permission-missing',
      title: expect.stringContaining('Mail.Send'),
      action: expect.stringContaining('API permissions'),
    },
  ],
  ...[
    ['the sender does not exist', 'nobody@contoso.com'] as const,
    ['the sender is a group', 'board@contoso.com'] as const,
    ['the sender has no mailbox', 'nora@contoso.com'] as const,
  ].map(
    ([why, fromEmail]) =>
      [why, fromEmail, {}, { code: 'mailbox-not-found', detail: expect.stringContaining(fromEmail) }] as const,
  ),
] as const)('fails when %s', async (_why, fromEmail, settings, problem) => {
  await change(settings)
  const started = await start('configure', { fromEmail })

  expect((await ada.consent(started.json.consentUrl, GRACE)).status).toBe(400)
  expect((await readConsent(started)).problem).toMatchObject(problem)
  expect(waits).toEqual(problem.code === 'permission-missing' ? [2_000, 4_000] : [])
})

it('connects the mailbox that a policy lets the application use', async () => {
  await change({ applicationMailboxes: ['reports@contoso.com'] })

  await connect()

  expect(await readSettings()).toMatchObject({ status: 'connected' })
})

it('connects by a role in Exchange alone, with no permission in Entra', async () => {
  await change({
    applicationPermissions: [],
    applicationRoles: [
      { permission: 'Mail.Send', mailbox: 'reports@contoso.com' },
      { permission: 'Mail.ReadWrite', mailbox: 'reports@contoso.com' },
    ],
  })

  await connect('reports@contoso.com', true)

  expect(await readSettings()).toMatchObject({
    status: 'connected',
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite'],
    largeAttachments: { enabled: true },
  })
})

it('enables large attachments later, proved by a draft that it deletes', async () => {
  await connect()

  const started = await start('large-attachments', { enabled: true })
  await ada.consent(started.json.consentUrl, GRACE)

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite'],
    largeAttachments: { enabled: true, locked: true },
  })
  for (const folder of ['drafts', 'deletedItems']) {
    const { items } = await fixture.microsoft.control('GET', `/mailboxes/reports@contoso.com/messages?folder=${folder}`)
    expect(items).toEqual([])
  }
})

it.each([
  [
    'it could not be deleted',
    'message-delete',
    { action: 'answer', when: 'before', status: 503, body: '' },
    ['draft', 'stray'],
  ],
  ['Microsoft’s answer to it was lost', 'draft-create', { action: 'reset', when: 'after' }, ['stray']],
])('has the draft of the proof deleted later where %s', async (_, endpoint, fault, kinds) => {
  await connect()
  const started = await start('large-attachments', { enabled: true })
  await fixture.microsoft.control('POST', '/scenarios', { effect: { kind: 'http', endpoint, do: fault } })

  await ada.consent(started.json.consentUrl, GRACE)

  const drafts = await fixture.microsoft.control('GET', '/mailboxes/reports@contoso.com/messages?folder=drafts')
  expect(drafts.items).toHaveLength(1)
  const cleanups = await fixture.database.query('SELECT kind, mailbox FROM mailbox_cleanups ORDER BY kind')
  expect(cleanups).toEqual(kinds.map((kind) => ({ kind, mailbox: 'reports@contoso.com' })))
})

it('does not enable large attachments without Mail.ReadWrite, and sends no message then', async () => {
  await change({ applicationPermissions: ['Mail.Send'] })
  await connect()
  await fixture.microsoft.control('DELETE', '/arrivals')

  const started = await start('large-attachments', { enabled: true })
  await ada.consent(started.json.consentUrl, GRACE)

  expect((await readConsent(started)).problem).toMatchObject({
    code: 'permission-missing',
    title: expect.stringContaining('Mail.ReadWrite'),
  })
  expect(await readSettings()).toMatchObject({
    largeAttachments: { enabled: false },
    grantedPermissions: ['Mail.Send'],
  })
  expect(await fixture.microsoft.control('GET', '/arrivals')).toMatchObject({ total: 0 })
})

it('reconnects, and asks for what was enabled', async () => {
  await connect('reports@contoso.com', true)

  const started = await start('reconnect')
  await ada.consent(started.json.consentUrl, GRACE)

  expect(await readSettings()).toMatchObject({
    status: 'connected',
    version: 2,
    fromEmail: 'reports@contoso.com',
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite'],
  })
})

it('leads an Entra administrator to the same page by the link, whose return changes nothing', async () => {
  const grace = product.newBrowser()

  const page = await grace.consent(`${product.publicUrl}/auth/microsoft/admin-consent`, GRACE)

  expect(page.status).toBe(200)
  expect(await fixture.microsoft.control('GET', '/tenant-consents')).toMatchObject({
    applicationPermissions: ['Mail.Send', 'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'],
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured', pendingConsent: null })
})
