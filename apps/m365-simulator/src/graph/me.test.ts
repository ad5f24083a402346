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
