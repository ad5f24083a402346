import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connectMailbox, scopesOf, SETTINGS } from '../test-support/office365-smtp.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

let ground: TestGround
let product: TestProduct
let ada: TestBrowser

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.clear()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

async function configure(fromEmail: string, admin = ada): Promise<Answer> {
  return admin.call('POST', `${SETTINGS}/configure`, { fromEmail })
}

async function readSettings(): Promise<Answer['json']> {
  return (await ada.call('GET', SETTINGS)).json
}

async function readConsent({ json }: Answer, admin = ada): Promise<Answer['json']> {
  return (await admin.call('GET', `/api/v1/consents/${json.id}`)).json
}

it('has nothing configured at first, with single sender identity on and locked', async () => {
  expect(await readSettings()).toEqual({
    status: 'not-configured',
    version: 0,
    fromEmail: null,
    mailbox: null,
    connectedAs: null,
    connectedAt: null,
    grantedPermissions: [],
    singleSenderIdentity: { enabled: true, locked: true },
    largeAttachments: { enabled: false, locked: false },
    waitingMessages: 0,
    problem: null,
    pendingConsent: null,
  })
})

it('answers a configure with a pending consent, and changes nothing else yet', async () => {
  const started = await configure('ada@contoso.com')

  expect(started.status).toBe(201)
  expect(started.json).toMatchObject({ purpose: 'configure', status: 'pending', problem: null })
  expect(await readSettings()).toMatchObject({
    status: 'not-configured',
    version: 0,
    pendingConsent: { id: started.json.id, purpose: 'configure', fromEmail: 'ada@contoso.com' },
  })
})

it('opens Microsoft’s page with select_account, PKCE S256, state and nonce, at our one redirect URI', async () => {
  const { consentUrl } = (await configure('ada@contoso.com')).json

  const url = new URL(consentUrl)
  const query = Object.fromEntries(url.searchParams)
  expect(url.href).toMatch(`${product.config.authorityHost}/${product.config.registration.tenantId}/oauth2/v2.0/`)
  expect(query).toMatchObject({
    prompt: 'select_account',
    response_type: 'code',
    code_challenge_method: 'S256',
    redirect_uri: `${product.publicUrl}/auth/microsoft/callback`,
  })
  expect(query['code_challenge']).toMatch(/^[\w-]{43}$/)
  expect(query['state']?.length).toBeGreaterThanOrEqual(43)
  expect(query['nonce']?.length).toBeGreaterThanOrEqual(43)
})

it('asks for Mail.Send and no other mail permission when From is the admin’s own address', async () => {
  const { consentUrl } = (await configure('ADA@contoso.com')).json

  expect(scopesOf(consentUrl)).toEqual(['Mail.Send', 'User.Read', 'offline_access', 'openid', 'profile'])
})

it('asks for Mail.Send.Shared as well when From is another address', async () => {
  const { consentUrl } = (await configure('reports@contoso.com')).json

  expect(scopesOf(consentUrl)).toEqual([
    'Mail.Send',
    'Mail.Send.Shared',
    'User.Read',
    'offline_access',
    'openid',
    'profile',
  ])
})

it('asks for Mail.ReadWrite as well with the large-attachments toggle on', async () => {
  const sender = { fromEmail: 'ada@contoso.com', largeAttachments: true }
  const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, sender)).json

  expect(scopesOf(consentUrl)).toEqual([
    'Mail.ReadWrite',
    'Mail.Send',
    'User.Read',
    'offline_access',
    'openid',
    'profile',
  ])
})

it('connects the admin’s own mailbox', async () => {
  const started = await configure('ada@contoso.com')

  const result = await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(result.status).toBe(200)
  expect(await readSettings()).toMatchObject({
    status: 'connected',
    version: 1,
    fromEmail: 'ada@contoso.com',
    mailbox: 'own',
    connectedAs: { name: 'Ada Admin', email: 'ada@contoso.com' },
    grantedPermissions: ['Mail.Send', 'User.Read'],
    largeAttachments: { enabled: false, locked: false },
    problem: null,
    pendingConsent: null,
  })
  expect(await readConsent(started)).toMatchObject({ status: 'completed', consentUrl: null, problem: null })
})

it('connects a shared mailbox that the delegate has Send As on', async () => {
  const started = await configure('reports@contoso.com')

  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(await readSettings()).toMatchObject({
    fromEmail: 'reports@contoso.com',
    mailbox: 'delegated',
    connectedAs: { name: 'Ada Admin', email: 'ada@contoso.com' },
    grantedPermissions: ['Mail.Send', 'Mail.Send.Shared', 'User.Read'],
  })
})

it('connects a group that the delegate has Send As on', async () => {
  const started = await configure('board@contoso.com')

  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(await readSettings()).toMatchObject({ fromEmail: 'board@contoso.com', mailbox: 'delegated' })
})

it('connects a mailbox that the delegate may send on behalf of', async () => {
  const started = await configure('reports@contoso.com')

  await ada.consent(started.json.consentUrl, 'Bob Behalf')

  expect(await readSettings()).toMatchObject({
    status: 'connected',
    mailbox: 'delegated',
    connectedAs: { name: 'Bob Behalf', email: 'bob@contoso.com' },
  })
})

it('takes an address for the delegate’s own whatever its case', async () => {
  const started = await configure('Ada@Contoso.COM')

  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(await readSettings()).toMatchObject({ mailbox: 'own', grantedPermissions: ['Mail.Send', 'User.Read'] })
})

it('takes an alias of the delegate for their own mailbox', async () => {
  const started = await configure('ada.admin@contoso.com')

  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(await readSettings()).toMatchObject({ fromEmail: 'ada.admin@contoso.com', mailbox: 'own' })
})

it('connects another member than the signed-in admin as the delegate, and shows which', async () => {
  const started = await configure('max@contoso.com')

  await ada.consent(started.json.consentUrl, 'Max Member')

  expect(await readSettings()).toMatchObject({
    mailbox: 'own',
    connectedAs: { name: 'Max Member', email: 'max@contoso.com' },
  })
})

it('proves the grant with a message from the sender to the delegate', async () => {
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const { items } = await ground.microsoft.control('GET', '/mailboxes/ada@contoso.com/messages?folder=inbox')
  expect(items).toEqual([
    expect.objectContaining({
      from: expect.objectContaining({ address: 'reports@contoso.com' }),
      subject: 'Inforiver sends mail as reports@contoso.com',
    }),
  ])
})

it('completes without a page of Microsoft’s when the permissions were granted before', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await ada.call('POST', `${SETTINGS}/reset`, {})
  const started = await configure('ada@contoso.com')

  const back = await ada.consentReturn(started.json.consentUrl, 'Ada Admin', 'Cancel') // there is nothing to cancel

  expect((await ada.open(back)).status).toBe(200)
  expect(await readSettings()).toMatchObject({ status: 'connected' })
})

it('keeps only the permissions that were asked for when Microsoft grants more', async () => {
  await ground.microsoft.control('PATCH', '/settings', { scopeWording: 'more' })

  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send', 'User.Read'],
    largeAttachments: { enabled: false },
  })
})

it.each(['short', 'qualified', 'upper-case', 'absent'])('understands granted scopes that are %s', async (wording) => {
  await ground.microsoft.control('PATCH', '/settings', { scopeWording: wording })

  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send', 'Mail.Send.Shared', 'User.Read'],
  })
})

it('fails as permission-missing when the delegate turns out not to own the admin’s address', async () => {
  await ground.microsoft.control('PUT', '/rights', {
    address: 'ada@contoso.com',
    person: 'max@contoso.com',
    sendAs: true,
  })
  const started = await configure('ada@contoso.com')

  const result = await ada.consent(started.json.consentUrl, 'Max Member')

  expect(result.status).toBe(400)
  expect((await readConsent(started)).problem).toMatchObject({
    code: 'permission-missing',
    detail: expect.stringContaining('Mail.Send.Shared'),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('asks for Mail.Send.Shared the second time, and connects', async () => {
  await ground.microsoft.control('PUT', '/rights', {
    address: 'ada@contoso.com',
    person: 'max@contoso.com',
    sendAs: true,
  })
  await ada.consent((await configure('ada@contoso.com')).json.consentUrl, 'Max Member')
  // A third one asks as well when the second came to nothing.
  await ada.consent((await configure('ada@contoso.com')).json.consentUrl, 'Max Member', 'Cancel')

  const { consentUrl } = (await configure('ada@contoso.com')).json
  const result = await ada.consent(consentUrl, 'Max Member')

  expect(scopesOf(consentUrl)).toContain('Mail.Send.Shared')
  expect(result.status).toBe(200)
  expect(await readSettings()).toMatchObject({ mailbox: 'delegated', connectedAs: { name: 'Max Member' } })
})

it('goes on asking for Mail.Send.Shared once it was needed for the sender', async () => {
  await ground.microsoft.control('PUT', '/rights', {
    address: 'ada@contoso.com',
    person: 'max@contoso.com',
    sendAs: true,
  })
  await ada.consent((await configure('ada@contoso.com')).json.consentUrl, 'Max Member')
  await ada.consent((await configure('ada@contoso.com')).json.consentUrl, 'Max Member')

  const { consentUrl } = (await ada.call('POST', `${SETTINGS}/reconnect`, {})).json

  expect(scopesOf(consentUrl)).toContain('Mail.Send.Shared')
})

it('fails when the delegate may not send as the sender, and says where to allow it', async () => {
  const started = await configure('reports@contoso.com')

  const result = await ada.consent(started.json.consentUrl, 'Max Member')

  expect(result.status).toBe(400)
  expect((await readConsent(started)).problem).toMatchObject({
    code: 'send-as-denied',
    detail: expect.stringContaining('reports@contoso.com'),
    action: expect.stringMatching(/Exchange admin center.*Send as.*max@contoso\.com.*hour/),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('fails when the sender does not exist', async () => {
  const started = await configure('nobody@contoso.com')

  await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect((await readConsent(started)).problem).toMatchObject({
    code: 'mailbox-not-found',
    detail: expect.stringContaining('nobody@contoso.com'),
  })
})

it('fails when the delegate has no mailbox', async () => {
  const nora = product.newBrowser()
  await nora.signIn('Nora Nomail')
  const started = await configure('nora@contoso.com', nora)

  await nora.consent(started.json.consentUrl, 'Nora Nomail')

  expect((await readConsent(started, nora)).problem).toMatchObject({ code: 'mailbox-not-found' })
})

it('refuses a second configure while a mailbox is connected', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  const again = await configure('max@contoso.com')

  expect(again.status).toBe(409)
  expect(again.json).toMatchObject({ code: 'already-configured' })
})

it.each(['update-sender', 'large-attachments', 'reconnect', 'test-message'])(
  'refuses %s while nothing is configured',
  async (action) => {
    const body = { 'update-sender': { fromEmail: 'max@contoso.com' }, 'large-attachments': { enabled: true } }[action]

    const answer = await ada.call('POST', `${SETTINGS}/${action}`, body ?? {})

    expect(answer.status).toBe(409)
    expect(answer.json).toMatchObject({ code: 'not-configured' })
  },
)
