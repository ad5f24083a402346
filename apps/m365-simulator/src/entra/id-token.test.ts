import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { beforeEach, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  PEOPLE,
  type PersonName,
  REGISTRATION,
  type Simulated,
  simulate,
} from '../test-support/simulated.ts'

async function verified(simulated: Simulated, idToken: string | undefined) {
  const keys = createRemoteJWKSet(new URL(`${simulated.url}/${REGISTRATION.tenantId}/discovery/v2.0/keys`))
  const { payload } = await jwtVerify(idToken ?? '', keys, {
    issuer: `${simulated.authorityHost}/${REGISTRATION.tenantId}/v2.0`,
    audience: REGISTRATION.clientId,
    algorithms: ['RS256'],
  })
  return payload
}

async function claimsOf(person: PersonName, scope = ALL_SCOPES) {
  const simulated = await simulate()
  return decodeJwt((await simulated.signIn(person, scope)).id_token ?? '')
}

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('verifies with the published keys, issuer and audience', async () => {
  const payload = await verified(simulated, (await simulated.signIn('ada')).id_token)
  expect(payload).toMatchObject({
    tid: REGISTRATION.tenantId,
    oid: PEOPLE.ada,
    nonce: 'nonce-1',
    name: 'Ada Admin',
    preferred_username: 'ada@contoso.com',
    email: 'ada@contoso.com',
    roles: ['Workspace.Admin'],
    ver: '2.0',
  })
})

it('names a guest’s home in idp, and the guest by the object id in this tenant', async () => {
  expect(await claimsOf('gil')).toMatchObject({
    idp: 'https://sts.windows.net/b7a4e2c1-5d0f-4a36-9c58-3e1f7d924ab6/',
    tid: REGISTRATION.tenantId,
    oid: PEOPLE.gil,
    preferred_username: 'gil@fabrikam.com',
  })
})
