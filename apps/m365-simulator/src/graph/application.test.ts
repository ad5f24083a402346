import { beforeEach, expect, it } from 'vitest'
import { mail, type Simulated, simulate, type Tokens } from '../test-support/simulated.ts'

const IMMUTABLE = { prefer: 'IdType="ImmutableId"' }
const ACCESS_DENIED = 'Access is denied. Check credentials and try again.'
const OUTSIDE_POLICY = 'Access to OData is disabled.'

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

async function applicationToken(): Promise<string> {
  return ((await (await simulated.applicationToken()).json()) as Tokens).access_token
}

async function consentedToken(): Promise<string> {
  await simulated.consentForOrganization()
  return applicationToken()
}

async function graphFailure(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } }
  return { status: response.status, code: error.code, message: error.message }
}

async function received(address: string, folder: string): Promise<Record<string, unknown>[]> {
  const response = await simulated.control('GET', `/mailboxes/${address}/messages?folder=${folder}`)
  return ((await response.json()) as { items: Record<string, unknown>[] }).items
}

it.each(['ada@contoso.com', 'reports@contoso.com', '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1101'])(
  'sends from %s without a person’s rights',
  async (user) => {
    expect((await simulated.sendMail(await consentedToken(), mail(), `/users/${user}/sendMail`)).status).toBe(202)
  },
)

it('arrives as from the mailbox itself, with a copy in its Sent Items', async () => {
  await simulated.sendMail(await consentedToken(), mail(), '/users/reports@contoso.com/sendMail')
  const [arrived] = await received('max@contoso.com', 'inbox')
  expect(arrived).toMatchObject({
    from: { address: 'reports@contoso.com' },
    sender: { address: 'reports@contoso.com' },
  })
  expect(await received('reports@contoso.com', 'sentItems')).toHaveLength(1)
})

it.each([
  ['nobody@contoso.com', 404, 'ErrorNonExistentMailbox'],
  ['board@contoso.com', 404, 'ErrorNonExistentMailbox'],
  ['nora@contoso.com', 404, 'MailboxNotEnabledForRESTAPI'],
])('cannot send from %s, which has no mailbox', async (user, status, code) => {
  const response = await simulated.sendMail(await consentedToken(), mail(), `/users/${user}/sendMail`)
  expect(await graphFailure(response)).toMatchObject({ status, code })
})

it.each(['/me', '/me/sendMail', '/me/messages'])('is refused at %s', async (path) => {
  const response = await simulated.graph(await consentedToken(), path.endsWith('sendMail') ? 'POST' : 'GET', path)
  expect(await graphFailure(response)).toEqual({
    status: 400,
    code: 'BadRequest',
    message: '/me request is only valid with delegated authentication flow.',
  })
})

it('is refused without the application permission', async () => {
  const response = await simulated.sendMail(await applicationToken(), mail(), '/users/ada@contoso.com/sendMail')
  expect(await graphFailure(response)).toEqual({ status: 403, code: 'ErrorAccessDenied', message: ACCESS_DENIED })
})

it('accesses only the mailboxes of an application access policy', async () => {
  await simulated.set({ applicationMailboxes: ['Reports@contoso.com'] })
  const token = await consentedToken()
  const refused = await simulated.sendMail(token, mail(), '/users/ada@contoso.com/sendMail')
  expect(await graphFailure(refused)).toEqual({ status: 403, code: 'ErrorAccessDenied', message: OUTSIDE_POLICY })
  expect((await simulated.sendMail(token, mail(), '/users/reports@contoso.com/sendMail')).status).toBe(202)
})

it('sends from a mailbox for which Exchange grants it the role, without one in the token', async () => {
  await simulated.set({
    applicationRoles: [{ permission: 'Mail.Send', mailbox: 'reports@contoso.com' }],
  })
  const token = await applicationToken()
  expect((await simulated.sendMail(token, mail(), '/users/reports@contoso.com/sendMail')).status).toBe(202)
  const refused = await simulated.sendMail(token, mail(), '/users/ada@contoso.com/sendMail')
  expect(await graphFailure(refused)).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
})

it('creates, attaches to, finds, sends and deletes a draft in a mailbox', async () => {
  const token = await consentedToken()
  const user = '/users/reports@contoso.com'
  const created = await simulated.graph(token, 'POST', `${user}/messages`, mail().message, IMMUTABLE)
  expect(created.status).toBe(201)
  const { id } = (await created.json()) as { id: string }
  const attachment = {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: 'a.txt',
    contentType: 'text/plain',
    contentBytes: 'YQ==',
  }
  const one = `${user}/messages/${id}`
  expect((await simulated.graph(token, 'POST', `${one}/attachments`, attachment, IMMUTABLE)).status).toBe(201)
  expect((await simulated.graph(token, 'GET', `${user}/mailFolders/drafts/messages`)).status).toBe(200)
  expect((await simulated.graph(token, 'POST', `${one}/send`, undefined, IMMUTABLE)).status).toBe(202)
  expect(await (await simulated.graph(token, 'GET', one, undefined, IMMUTABLE)).json()).toMatchObject({
    isDraft: false,
  })
  expect((await simulated.graph(token, 'DELETE', one, undefined, IMMUTABLE)).status).toBe(204)
})
