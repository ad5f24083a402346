import { expect, it } from 'vitest'
import { mail, simulate } from '../test-support/simulated.ts'

it.each([
  ['with Full Access and the permission for shared mail', 'reports', true, ['Mail.ReadWrite.Shared'], 201],
  ['with the permission for one’s own mail alone', 'reports', true, ['Mail.ReadWrite'], 403],
  ['without Full Access', 'reports', false, ['Mail.ReadWrite', 'Mail.ReadWrite.Shared'], 403],
  ['in one’s own mailbox, by its address', 'ada', false, ['Mail.ReadWrite'], 201],
])('creating a draft %s: mailbox %s, Full Access %s, %j is %i', async (_what, mailbox, fullAccess, scopes, status) => {
  const simulated = await simulate()
  const person = 'ada@contoso.com'
  await simulated.control('PUT', '/rights', { address: 'reports@contoso.com', person, fullAccess })
  const response = await simulated.control('POST', `/people/${person}/tokens`, { scopes })
  const { accessToken } = (await response.json()) as { accessToken: string }
  const path = `/users/${mailbox}@contoso.com/messages`
  expect((await simulated.graph(accessToken, 'POST', path, mail().message)).status).toBe(status)
})
