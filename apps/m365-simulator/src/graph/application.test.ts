import { beforeEach, expect, it } from 'vitest'
import { mail, type Simulated, simulate, type Tokens } from '../test-support/simulated.ts'
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
