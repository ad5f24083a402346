import { expect, it } from 'vitest'
import { mail, simulate } from '../test-support/simulated.ts'

const INBOX = '/users/reports@contoso.com/mailFolders/inbox/messages?$top=1&$select=id'
const SHARED = 'openid profile offline_access User.Read Mail.Send Mail.ReadWrite.Shared'

it.each([
  ['with Full Access and the shared permission', 'ada', SHARED, 200],
  ['with Full Access, but the permission for one’s own mailbox', 'ada', undefined, 403],
  ['with the shared permission, but without Full Access', 'bob', SHARED, 403],
] as const)('the inbox of a shared mailbox is read %s: %s', async (_how, person, scope, status) => {
  const simulated = await simulate()
  const { access_token: token } = await simulated.signIn(person, scope)

  expect((await simulated.graph(token, 'GET', INBOX)).status).toBe(status)
})

it('does not send from a mailbox to which somebody has Full Access alone', async () => {
  const simulated = await simulate()
  const { access_token: token } = await simulated.signIn('ada', `${SHARED} Mail.Send.Shared`)

  expect((await simulated.sendMail(token, mail(), '/users/reports@contoso.com/sendMail')).status).toBe(403)
})
