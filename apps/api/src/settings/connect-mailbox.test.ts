import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { connectMailbox, scopesOf } from '../test-support/office365-smtp.ts'
import type { Answer } from '../test-support/test-browser.ts'

const { fixture, product, ada, post, readSettings, readConsent } = useAdminFixture()

const configure = (fromEmail: string, admin = ada): Promise<Answer> => post('configure', { fromEmail }, admin)

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
    deliveryReports: {
      bounces: { enabled: false, available: false, problem: null },
      trace: { enabled: false, problem: null },
    },
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

const SIGN_IN_SCOPES = ['User.Read', 'offline_access', 'openid', 'profile']

it.each([
  ['the admin’s own address, in any case', { fromEmail: 'ADA@contoso.com' }, ['Mail.Send']],
  ['another address', { fromEmail: 'reports@contoso.com' }, ['Mail.Send', 'Mail.Send.Shared']],
  [
    'the own address with large attachments',
    { fromEmail: 'ada@contoso.com', largeAttachments: true },
    ['Mail.ReadWrite', 'Mail.Send'],
  ],
])('asks for no other mail permission than it needs to send from %s', async (_sender, sender, permissions) => {
  const { consentUrl } = (await post('configure', sender)).json

  expect(scopesOf(consentUrl)).toEqual([...permissions, ...SIGN_IN_SCOPES])
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

const OWN = { mailbox: 'own', grantedPermissions: ['Mail.Send', 'User.Read'] }
const DELEGATED = { mailbox: 'delegated', grantedPermissions: ['Mail.Send', 'Mail.Send.Shared', 'User.Read'] }
const ADA = { name: 'Ada Admin', email: 'ada@contoso.com' }
const BOB = { name: 'Bob Behalf', email: 'bob@contoso.com' }
const MAX = { name: 'Max Member', email: 'max@contoso.com' }

it.each([
  ['a shared mailbox that the delegate has Send As on', 'reports@contoso.com', ADA, DELEGATED],
  ['a group that the delegate has Send As on', 'board@contoso.com', ADA, DELEGATED],
  ['a mailbox that the delegate may send on behalf of', 'reports@contoso.com', BOB, DELEGATED],
  ['the delegate’s own address in another case', 'Ada@Contoso.COM', ADA, OWN],
  ['an alias of the delegate', 'ada.admin@contoso.com', ADA, { mailbox: 'own' }],
  ['the mailbox of another member than the signed-in admin', 'max@contoso.com', MAX, { mailbox: 'own' }],
])('connects %s, and shows the delegate', async (_what, fromEmail, delegate, expected) => {
  const started = await configure(fromEmail)

  await ada.consent(started.json.consentUrl, delegate.name)

  expect(await readSettings()).toMatchObject({ status: 'connected', fromEmail, connectedAs: delegate, ...expected })
})

it('proves the grant with a message from the sender to the delegate', async () => {
  await connectMailbox(ada, { fromEmail: 'reports@contoso.com' })

  const { items } = await fixture.microsoft.control('GET', '/mailboxes/ada@contoso.com/messages?folder=inbox')
  expect(items).toEqual([
    expect.objectContaining({
      from: expect.objectContaining({ address: 'reports@contoso.com' }),
      subject: 'Inforiver sends mail as reports@contoso.com',
    }),
  ])
})

it('completes without a page of Microsoft’s when the permissions were granted before', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await post('reset')
  const started = await configure('ada@contoso.com')

  const back = await ada.consentReturn(started.json.consentUrl, 'Ada Admin', 'Cancel') // there is nothing to cancel

  expect((await ada.open(back)).status).toBe(200)
  expect(await readSettings()).toMatchObject({ status: 'connected' })
})

it('keeps only the permissions that were asked for when Microsoft grants more', async () => {
  await fixture.microsoft.control('PATCH', '/settings', { scopeWording: 'more' })

  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  expect(await readSettings()).toMatchObject({
    grantedPermissions: ['Mail.Send', 'User.Read'],
    largeAttachments: { enabled: false },
  })
})

it('asks for Mail.Send.Shared once the delegate proved not to own the admin’s address', async () => {
  const rights = { address: 'ada@contoso.com', person: 'max@contoso.com', sendAs: true }
  await fixture.microsoft.control('PUT', '/rights', rights)
  const first = await configure('ada@contoso.com')

  expect((await ada.consent(first.json.consentUrl, 'Max Member')).status).toBe(400)
  expect((await readConsent(first)).problem).toMatchObject({
    code: 'permission-missing',
    detail: expect.stringContaining('Mail.Send.Shared'),
  })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })

  // A third consent still asks for it when the second came to nothing.
  await ada.consent((await configure('ada@contoso.com')).json.consentUrl, 'Max Member', 'Cancel')
  const { consentUrl } = (await configure('ada@contoso.com')).json
  expect(scopesOf(consentUrl)).toContain('Mail.Send.Shared')
  expect((await ada.consent(consentUrl, 'Max Member')).status).toBe(200)
  expect(await readSettings()).toMatchObject({ mailbox: 'delegated', connectedAs: { name: 'Max Member' } })

  expect(scopesOf((await post('reconnect')).json.consentUrl)).toContain('Mail.Send.Shared')
})

it.each([
  [
    'the delegate may not send as the sender',
    'reports@contoso.com',
    'Max Member',
    {
      code: 'send-as-denied',
      action: expect.stringMatching(/Exchange admin center.*Send as.*max@contoso\.com.*hour/),
    },
  ],
  ['the sender does not exist', 'nobody@contoso.com', 'Ada Admin', { code: 'mailbox-not-found' }],
  ['the delegate has no mailbox', 'nora@contoso.com', 'Nora Nomail', { code: 'mailbox-not-found' }],
])('fails when %s', async (_why, fromEmail, account, problem) => {
  const started = await configure(fromEmail)

  expect((await ada.consent(started.json.consentUrl, account)).status).toBe(400)
  expect((await readConsent(started)).problem).toMatchObject({ detail: expect.stringContaining(fromEmail), ...problem })
  expect(await readSettings()).toMatchObject({ status: 'not-configured' })
})

it('refuses a second configure while a mailbox is connected', async () => {
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })

  const again = await changingNothing(fixture, () => configure('max@contoso.com'))

  expect(again.status).toBe(409)
  expect(again.json).toMatchObject({ code: 'already-configured' })
})

it.each(['update-sender', 'large-attachments', 'reconnect', 'test-message'])(
  'refuses %s while nothing is configured',
  async (action) => {
    const body = { 'update-sender': { fromEmail: 'max@contoso.com' }, 'large-attachments': { enabled: true } }[action]

    const answer = await changingNothing(fixture, () => post(action, body))

    expect(answer.status).toBe(409)
    expect(answer.json).toMatchObject({ code: 'not-configured' })
  },
)
