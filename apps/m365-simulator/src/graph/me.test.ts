import { beforeEach, expect, it } from 'vitest'
import { type Simulated, simulate } from '../test-support/simulated.ts'

function readMe(simulated: Simulated, accessToken: string | null, query = ''): Promise<Response> {
  return fetch(`${simulated.graphBaseUrl}/v1.0/me${query}`, {
    headers: accessToken === null ? {} : { authorization: `Bearer ${accessToken}` },
  })
}

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('without a token is 401 with a challenge, ids and the error envelope', async () => {
  const response = await readMe(simulated, null)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain('client_id="00000003-0000-0000-c000-000000000000"')
  const requestId = response.headers.get('request-id')
  expect(await response.json()).toEqual({
    error: {
      code: 'InvalidAuthenticationToken',
      message: 'Access token is empty.',
      innerError: {
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        'request-id': requestId,
        'client-request-id': response.headers.get('client-request-id'),
      },
    },
  })
})

it.each([
  ['an invented token', () => 'invented'],
  ['an id_token', (tokens: { id_token?: string }) => tokens.id_token ?? ''],
  [
    'a token with another signature',
    (tokens: { access_token: string }) => `${tokens.access_token.slice(0, -8)}AAAAAAAA`,
  ],
])('with %s is 401', async (_what, choose) => {
  const response = await readMe(simulated, choose(await simulated.signIn('ada')))
  expect(response.status).toBe(401)
})

it('with an expired token is 401, also when the token was good before', async () => {
  let nowMs = Date.parse('2026-11-24T10:00:00Z')
  const simulated = await simulate({ clock: () => new Date(nowMs) })
  const { access_token: token, expires_in: expiresInSeconds } = await simulated.signIn('ada')
  expect((await readMe(simulated, token)).status).toBe(200)
  nowMs += (expiresInSeconds + 1) * 1000
  expect((await readMe(simulated, token)).status).toBe(401)
})
