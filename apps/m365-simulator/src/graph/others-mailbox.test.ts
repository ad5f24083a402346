import { beforeEach, expect, it } from 'vitest'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

const MESSAGES = '/users/reports@contoso.com/messages'
const REPORTS = { address: 'reports@contoso.com', person: 'ada@contoso.com' }

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

async function tokenOf(scopes: string[]): Promise<string> {
  const response = await simulated.control('POST', '/people/ada@contoso.com/tokens', { scopes })
  return ((await response.json()) as { accessToken: string }).accessToken
}

it('takes a draft of a person with Full Access and the permission for others’ mail', async () => {
  await simulated.control('PUT', '/rights', { ...REPORTS, fullAccess: true })
  const token = await tokenOf(['Mail.ReadWrite.Shared'])
  expect((await simulated.graph(token, 'POST', MESSAGES, mail().message)).status).toBe(201)
})

it('is closed with the permission for one’s own mail alone', async () => {
  await simulated.control('PUT', '/rights', { ...REPORTS, fullAccess: true })
  const token = await tokenOf(['Mail.ReadWrite'])
  expect((await simulated.graph(token, 'POST', MESSAGES, mail().message)).status).toBe(403)
})

it('is closed without Full Access', async () => {
  const token = await tokenOf(['Mail.ReadWrite', 'Mail.ReadWrite.Shared'])
  expect((await simulated.graph(token, 'POST', MESSAGES, mail().message)).status).toBe(403)
})

it('is one’s own by one’s own address', async () => {
  const token = await tokenOf(['Mail.ReadWrite'])
  expect((await simulated.graph(token, 'POST', '/users/ada@contoso.com/messages', mail().message)).status).toBe(201)
})
