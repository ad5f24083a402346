import { decodeJwt } from 'jose'
import { beforeEach, expect, it } from 'vitest'
import { entraFailure, REGISTRATION, type Simulated, simulate, type Tokens } from '../test-support/simulated.ts'

async function claimsOf(response: Response): Promise<Record<string, unknown>> {
  return decodeJwt(((await response.json()) as Tokens).access_token)
}

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('returns no refresh token, id_token or scope', async () => {
  const response = await simulated.applicationToken()
  expect(response.status).toBe(200)
  expect(Object.keys((await response.json()) as object).toSorted()).toEqual([
    'access_token',
    'expires_in',
    'ext_expires_in',
    'token_type',
  ])
})

it('puts the permissions that an administrator granted into the token as roles', async () => {
  await simulated.consentForOrganization()
  const claims = await claimsOf(await simulated.applicationToken())
  expect(claims).toMatchObject({
    roles: ['Mail.Send', 'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'],
    idtyp: 'app',
  })
  expect(claims).not.toHaveProperty('scp')
})

it('has no roles in the token while no administrator has consented', async () => {
  expect(await claimsOf(await simulated.applicationToken())).not.toHaveProperty('roles')
})

it('grants only what the registration lists', async () => {
  await simulated.set({ applicationPermissions: ['Mail.Send'] })
  await simulated.consentForOrganization()
  expect(await claimsOf(await simulated.applicationToken())).toMatchObject({ roles: ['Mail.Send'] })
})

it('grants the application nothing when the consent names permissions', async () => {
  const request = new URLSearchParams({
    client_id: REGISTRATION.clientId,
    scope: 'https://graph.microsoft.com/Mail.Send',
    redirect_uri: 'http://localhost:3000/auth/microsoft/callback',
  }).toString()
  const grace = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1104'
  await simulated.submit('/admin-consent', { request, account: grace, decision: 'accept' })
  expect(await claimsOf(await simulated.applicationToken())).not.toHaveProperty('roles')
})

it('loses the permissions with the organization’s consent', async () => {
  await simulated.consentForOrganization()
  await simulated.control('DELETE', '/tenant-consents')
  expect(await claimsOf(await simulated.applicationToken())).not.toHaveProperty('roles')
})

it.each([
  ['no scope', { scope: '' }, 400, 900144],
  ['a named scope', { scope: 'https://graph.microsoft.com/Mail.Send' }, 400, 1002012],
  ['.default of an address that is not Graph’s', { scope: 'https://graph.contoso.com/.default' }, 400, 500011],
  ['.default together with another scope', { scope: 'https://graph.microsoft.com/.default openid' }, 400, 1002012],
  ['a wrong secret', { client_secret: 'wrong' }, 401, 7000215],
  ['a secret and an assertion', { client_assertion: 'x' }, 400, 9002313],
])('with %s is refused', async (_what, change, status, code) => {
  expect(await entraFailure(await simulated.applicationToken(change))).toMatchObject({ status, error_codes: [code] })
})

it.each(['common', 'organizations'])('is refused on /%s', async (tenant) => {
  const response = await fetch(`${simulated.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: REGISTRATION.clientId,
      client_secret: REGISTRATION.clientSecret,
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
    }),
  })
  expect(await entraFailure(response)).toMatchObject({ status: 400, error_codes: [50194] })
})
