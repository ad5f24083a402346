import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

const GRACE = 'Grace' // the Entra administrator

let ground: TestGround
let product: TestProduct
let ada: TestBrowser

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api', GRAPH_AUTH: 'application' } })
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.clear()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

function start(action: string, body: object = {}): Promise<Answer> {
  return ada.call('POST', `${SETTINGS}/${action}`, body)
}

async function connect(fromEmail = 'reports@contoso.com', largeAttachments = false): Promise<void> {
  const { json } = await start('configure', { fromEmail, largeAttachments })
  const result = await ada.consent(json.consentUrl, GRACE)
  if (result.status !== 200) throw new Error(`The mailbox could not be connected: ${result.text}`)
}

async function readSettings(): Promise<Answer['json']> {
  return (await ada.call('GET', SETTINGS)).json
}

async function problemOf({ json }: Answer): Promise<Answer['json']> {
  return (await ada.call('GET', `/api/v1/consents/${json.id}`)).json.problem
}

function change(settings: object): Promise<unknown> {
  return ground.microsoft.control('PATCH', '/settings', settings)
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

it('connects a mailbox that nobody has a right on, as the application and as no person', async () => {
  await connect('finance@contoso.com')

  expect(await readSettings()).toMatchObject({
    status: 'connected',
    version: 1,
    fromEmail: 'finance@contoso.com',
    mailbox: 'application',
    connectedAs: null,
    grantedPermissions: ['Mail.Send'],
    largeAttachments: { enabled: false, locked: false },
    problem: null,
    pendingConsent: null,
  })
})

it('proves it with a message from the sender to the admin who enabled it', async () => {
  await connect()

  const [mail, ...others] = await mailsIn(ground.microsoft, 'Inforiver sends mail as reports@contoso.com', {
    mailbox: 'ada@contoso.com',
  })
  expect(others).toEqual([])
  expect(mail).toMatchObject({
    from: { address: 'reports@contoso.com' },
    sender: { address: 'reports@contoso.com' },
    body: { content: expect.stringContaining('the application’s own access') },
  })
})

it('stores no refresh token, and the access token only sealed', async () => {
  await connect()

  const [row] = await ground.database.query('SELECT * FROM tenant_settings')
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

it('ends as cancelled when the administrator cancels, although admin_consent says True', async () => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE, 'Cancel')
  expect(new URL(back).searchParams.get('admin_consent')).toBe('True')

  expect((await ada.open(back)).status).toBe(400)

  expect(await problemOf(started)).toMatchObject({
    code: 'consent-cancelled',
    action: expect.stringContaining(`${product.publicUrl}/auth/microsoft/admin-consent `),
    correlationId: expect.any(String),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('cannot be finished in another browser', async () => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE)
  const bob = product.newBrowser()
  await bob.signIn('Bob Behalf')

  expect((await bob.open(back)).status).toBe(409)

  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('believes no return that says nothing of a consent', async () => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const state = new URL(started.json.consentUrl).searchParams.get('state')

  expect((await ada.open(`/auth/microsoft/callback?state=${state}&code=made-up`)).status).toBe(400)

  expect(await problemOf(started)).toMatchObject({ code: 'unexpected-answer' })
})

it.each([
  ['secret-wrong', 'AADSTS7000215'],
  ['secret-expired', 'AADSTS7000222'],
])('fails as the operator’s to mend with %s', async (name, code) => {
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE)
  await ground.microsoft.control('POST', '/scenarios', { name })

  await ada.open(back)

  expect(await problemOf(started)).toMatchObject({
    code: 'app-misconfigured',
    detail: expect.stringContaining(code),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('fails when a policy keeps the application out of the mailbox, and says where to change it', async () => {
  await change({ applicationMailboxes: ['ada@contoso.com'] })
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })

  expect((await ada.consent(started.json.consentUrl, GRACE)).status).toBe(400)

  expect(await problemOf(started)).toMatchObject({
    code: 'send-as-denied',
    detail: expect.stringContaining('reports@contoso.com'),
    action: expect.stringContaining('Exchange administrator'),
  })
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

it('fails as permission-missing when neither Entra nor Exchange granted it', async () => {
  await change({ applicationPermissions: [] })
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })

  await ada.consent(started.json.consentUrl, GRACE)

  expect(await problemOf(started)).toMatchObject({
    code: 'permission-missing',
    title: expect.stringContaining('Mail.Send'),
    action: expect.stringContaining('API permissions'),
  })
})

it('waits for a permission that the first token does not show yet', async () => {
  await change({ applicationPermissions: [] })
  const started = await start('configure', { fromEmail: 'reports@contoso.com' })
  const finished = ada.consent(started.json.consentUrl, GRACE)
  await expect
    .poll(() => ground.microsoft.control('GET', '/counters'))
    .toMatchObject({
      endpoints: { sendMail: { byStatus: { '403': expect.any(Number) } } },
    })
  await change({ applicationPermissions: ['Mail.Send'] })
  await product.newBrowser().consent(`${product.publicUrl}/auth/microsoft/admin-consent`, GRACE)

  expect((await finished).status).toBe(200)
})

it.each([
  ['nobody@contoso.com', 'does not exist'],
  ['board@contoso.com', 'is a group'],
  ['nora@contoso.com', 'has no mailbox'],
])('fails as mailbox-not-found for %s, which %s', async (fromEmail) => {
  const started = await start('configure', { fromEmail })

  await ada.consent(started.json.consentUrl, GRACE)

  expect(await problemOf(started)).toMatchObject({
    code: 'mailbox-not-found',
    detail: expect.stringContaining(fromEmail),
  })
})

it('keeps the old sender until another is proved, and when it is not', async () => {
  await connect('reports@contoso.com')

  const failing = await start('update-sender', { fromEmail: 'nobody@contoso.com' })
  expect(await readSettings()).toMatchObject({ fromEmail: 'reports@contoso.com' })
  await ada.consent(failing.json.consentUrl, GRACE)
  expect(await readSettings()).toMatchObject({ fromEmail: 'reports@contoso.com', status: 'connected', version: 1 })

  const working = await start('update-sender', { fromEmail: 'finance@contoso.com' })
  await ada.consent(working.json.consentUrl, GRACE)
  expect(await readSettings()).toMatchObject({ fromEmail: 'finance@contoso.com', mailbox: 'application', version: 2 })
})

it('enables large attachments later, proved by a draft that is gone again', async () => {
  await connect()

  const started = await start('large-attachments', { enabled: true })
  await ada.consent(started.json.consentUrl, GRACE)

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send', 'Mail.ReadWrite'],
    largeAttachments: { enabled: true, locked: true },
  })
  for (const folder of ['drafts', 'deletedItems']) {
    const { items } = await ground.microsoft.control('GET', `/mailboxes/reports@contoso.com/messages?folder=${folder}`)
    expect(items).toEqual([])
  }
})

it('does not enable large attachments without Mail.ReadWrite, and sends no message then', async () => {
  await change({ applicationPermissions: ['Mail.Send'] })
  await connect()
  await ground.microsoft.control('DELETE', '/arrivals')

  const started = await start('large-attachments', { enabled: true })
  await ada.consent(started.json.consentUrl, GRACE)

  expect(await problemOf(started)).toMatchObject({
    code: 'permission-missing',
    title: expect.stringContaining('Mail.ReadWrite'),
  })
  expect(await readSettings()).toMatchObject({
    largeAttachments: { enabled: false },
    grantedPermissions: ['Mail.Send'],
  })
  expect(await ground.microsoft.control('GET', '/arrivals')).toMatchObject({ total: 0 })
})

it('keeps no more than was asked for when the registration lists more', async () => {
  await connect()

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send'],
    largeAttachments: { enabled: false },
  })
})

it('deletes everything with a reset, and a consent that comes back afterwards changes nothing', async () => {
  await connect()
  const started = await start('update-sender', { fromEmail: 'finance@contoso.com' })
  const back = await ada.consentReturn(started.json.consentUrl, GRACE)

  await start('reset')

  expect((await ada.open(back)).status).toBe(409)
  expect(await readSettings()).toMatchObject({ status: 'not-configured', mailbox: null, fromEmail: null })
  expect(await ground.database.query('SELECT access_token_sealed FROM tenant_settings')).toEqual([
    { access_token_sealed: null },
  ])
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
  expect(grace.lastReturn).not.toContain('state=')
  expect(await ground.microsoft.control('GET', '/tenant-consents')).toMatchObject({
    applicationPermissions: ['Mail.Send', 'Mail.ReadWrite'],
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured', pendingConsent: null })
})
