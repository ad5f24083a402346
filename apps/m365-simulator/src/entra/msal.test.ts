import { ConfidentialClientApplication } from '@azure/msal-node'
import { expect, it } from 'vitest'
import {
  CHALLENGE,
  PEOPLE,
  REDIRECT_URI,
  REGISTRATION,
  type Simulated,
  simulate,
  VERIFIER,
} from '../test-support/simulated.ts'

function msal(simulated: Simulated, clientSecret = REGISTRATION.clientSecret): ConfidentialClientApplication {
  const base = `${simulated.authorityHost}/${REGISTRATION.tenantId}`
  return new ConfidentialClientApplication({
    auth: {
      clientId: REGISTRATION.clientId,
      clientSecret,
      authority: `https://login.microsoftonline.com/${REGISTRATION.tenantId}`,
      knownAuthorities: ['login.microsoftonline.com'],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      }),
    },
  })
}

async function signIn(simulated: Simulated, client: ConfidentialClientApplication) {
  const authorize = await client.getAuthCodeUrl({
    scopes: ['User.Read', 'Mail.Send'],
    redirectUri: REDIRECT_URI,
    state: 'state-1',
    nonce: 'nonce-1',
    prompt: 'select_account',
    codeChallenge: CHALLENGE,
    codeChallengeMethod: 'S256',
  })
  const request = new URL(authorize).search.slice(1)
  await simulated.submit('/sign-in', { request, account: PEOPLE.ada })
  const accepted = await simulated.submit('/consent', { request, account: PEOPLE.ada, decision: 'accept' })
  const callback = new URL(accepted.headers.get('location') ?? '').searchParams
  return client.acquireTokenByCode(
    {
      scopes: ['User.Read', 'Mail.Send'],
      redirectUri: REDIRECT_URI,
      code: callback.get('code') ?? '',
      codeVerifier: VERIFIER,
      state: 'state-1',
      nonce: 'nonce-1',
    },
    { code: callback.get('code') ?? '', state: callback.get('state') ?? '', nonce: 'nonce-1' },
  )
}

it('msal-node signs in with code, PKCE and nonce, and knows the account by oid and tid', async () => {
  const simulated = await simulate()
  const result = await signIn(simulated, msal(simulated))
  expect(result.uniqueId).toBe(PEOPLE.ada)
  expect(result.tenantId).toBe(REGISTRATION.tenantId)
  expect(result.account?.homeAccountId).toBe(`${PEOPLE.ada}.${REGISTRATION.tenantId}`)
  expect(result.scopes).toContain('Mail.Send')
})

it('msal-node refreshes silently with the refresh token of the sign-in', async () => {
  const simulated = await simulate()
  const client = msal(simulated)
  const first = await signIn(simulated, client)
  if (first.account === null) throw new Error('no account')
  const second = await client.acquireTokenSilent({ account: first.account, scopes: ['Mail.Send'], forceRefresh: true })
  expect(second.fromCache).toBe(false)
  expect(second.accessToken).not.toBe(first.accessToken)
})

it('msal-node reports a wrong secret as invalid_client with AADSTS7000215', async () => {
  const simulated = await simulate()
  const refused = signIn(simulated, msal(simulated, 'wrong'))
  await expect(refused).rejects.toMatchObject({ errorCode: 'invalid_client', errorNo: 7000215 })
})
