import { expect, it } from 'vitest'
import { simulate, type Simulated, type Tokens } from '../test-support/simulated.ts'

const TRACES = '/admin/exchange/tracing/messageTraces?$top=1'
const DELEGATED = 'openid profile offline_access User.Read ExchangeMessageTrace.Read.All'

async function askedBy(simulated: Simulated, token: string): Promise<{ status: number; message: string }> {
  const response = await simulated.graph(token, 'GET', TRACES)
  const { error } = (await response.json()) as { error?: { message: string } }
  return { status: response.status, message: error?.message ?? '' }
}

async function applicationToken(simulated: Simulated): Promise<string> {
  return ((await (await simulated.applicationToken()).json()) as Tokens).access_token
}

it('refuses traces to an application without the permission, and then to nobody who has it', async () => {
  const simulated = await simulate()
  expect(await askedBy(simulated, await applicationToken(simulated))).toMatchObject({ status: 403 })

  await simulated.consentForOrganization()

  expect((await askedBy(simulated, await applicationToken(simulated))).status).not.toBe(403)
})

it('names the service principal that is missing', async () => {
  const simulated = await simulate()
  await simulated.consentForOrganization()
  await simulated.set({ traceServicePrincipal: 'missing' })

  expect(await askedBy(simulated, await applicationToken(simulated))).toEqual({
    status: 401,
    message: expect.stringContaining('App ID 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 was not found'),
  })
})

it('shows traces to a person who has a role for them', async () => {
  const simulated = await simulate()
  const { access_token: grace } = await simulated.signIn('grace', DELEGATED)
  expect((await askedBy(simulated, grace)).status).not.toBe(403)

  const response = await simulated.control('POST', '/people/ada@contoso.com/tokens', {
    scopes: ['ExchangeMessageTrace.Read.All'],
  })
  const { accessToken: ada } = (await response.json()) as { accessToken: string }
  expect((await askedBy(simulated, ada)).status).toBe(403)
})
