import { describe, expect, it } from 'vitest'
import { mail, REGISTRATION, type Simulated, simulate } from '../test-support/simulated.ts'

async function begin(preset?: string): Promise<{ simulated: Simulated; token: string; refreshToken: string }> {
  const simulated = await simulate()
  const tokens = await simulated.signIn('ada')
  if (preset !== undefined) await simulated.control('POST', '/scenarios', { name: preset })
  return { simulated, token: tokens.access_token, refreshToken: tokens.refresh_token ?? '' }
}

const errorWith = (code: string) => expect.stringContaining(`"code":"${code}"`)

describe('what sending is answered with', () => {
  it.each([
    ['send-429', 429, '2', errorWith('ApplicationThrottled')],
    ['send-429-date', 429, expect.stringMatching(/GMT$/), errorWith('ApplicationThrottled')],
    ['send-429-without-retry-after', 429, null, errorWith('ApplicationThrottled')],
    ['send-429-too-many-requests', 429, '2', errorWith('TooManyRequests')],
    ['send-429-activity-limit', 429, '2', errorWith('activityLimitReached')],
    ['send-503', 503, null, errorWith('ErrorServerBusy')],
    ['send-503-retry-after', 503, '2', errorWith('ErrorServerBusy')],
    ['send-503-store', 503, null, errorWith('ErrorMailboxStoreUnavailable')],
    ['send-500-empty-object', 500, null, '{}'],
    ['send-502-html', 502, null, expect.stringContaining('<html>')],
    ['send-503-html', 503, null, expect.stringContaining('<html>')],
    ['send-504', 504, null, errorWith('UnknownError')],
    ['send-message-limit-400', 400, null, errorWith('ErrorExceededMessageLimit')],
    ['send-message-limit-403', 403, null, errorWith('ErrorExceededMessageLimit')],
    ['send-message-limit-429', 429, null, errorWith('ErrorExceededMessageLimit')],
  ])('%s', async (preset, status, retryAfter, body) => {
    const { simulated, token } = await begin(preset)
    const response = await simulated.sendMail(token, mail())
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
      status,
      retryAfter,
      body,
    ])
    expect(await (await simulated.control('GET', '/arrivals')).json()).toMatchObject({ total: 0 })
  })

  it('is the same for a draft', async () => {
    const { simulated, token } = await begin()
    const draft = (await (await simulated.graph(token, 'POST', '/me/messages', mail().message)).json()) as {
      id: string
    }
    await simulated.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
    expect((await simulated.graph(token, 'POST', `/me/messages/${draft.id}/send`)).status).toBe(504)
    expect(await (await simulated.control('GET', '/arrivals')).json()).toMatchObject({ total: 1 })
  })

  it('may be silence although the message was accepted', async () => {
    const { simulated, token } = await begin('send-accepted-but-hang')
    const patience = new AbortController()
    const silent = fetch(`${simulated.url}/v1.0/me/sendMail`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(mail()),
      signal: patience.signal,
    }).catch((error: unknown) => error)
    const arrivals = async (): Promise<unknown> => (await simulated.control('GET', '/arrivals')).json()
    await expect.poll(arrivals).toMatchObject({ total: 1 })
    patience.abort()
    expect(await silent).toMatchObject({ name: 'AbortError' })
  })
})

it('a draft may have been created although the answer was 504', async () => {
  const { simulated, token } = await begin('draft-created-but-504')
  expect((await simulated.graph(token, 'POST', '/me/messages', mail().message)).status).toBe(504)
  const { value } = (await (await simulated.graph(token, 'GET', '/me/mailFolders/drafts/messages')).json()) as {
    value: object[]
  }
  expect(value).toHaveLength(1)
})

it('a draft may have been created although the connection was reset', async () => {
  const { simulated, token } = await begin('draft-created-but-reset')
  await expect(simulated.graph(token, 'POST', '/me/messages', mail().message)).rejects.toMatchObject({
    cause: { code: 'ECONNRESET' },
  })
  expect(await (await simulated.control('GET', '/mailboxes')).json()).toContainEqual(
    expect.objectContaining({ address: 'ada@contoso.com', drafts: 1 }),
  )
})

describe('an access token that is revoked while it runs', () => {
  it('is refused from then on, and a refreshed one is good', async () => {
    const { simulated, token, refreshToken } = await begin('access-token-revoked')
    const refused = await simulated.sendMail(token, mail())
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } })
    expect(refused.headers.get('www-authenticate')).not.toContain('insufficient_claims')
    expect((await simulated.sendMail(token, mail())).status).toBe(401)
    const refreshed = await simulated.token({
      client_id: REGISTRATION.clientId,
      client_secret: REGISTRATION.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    })
    const { access_token: next } = (await refreshed.json()) as { access_token: string }
    expect((await simulated.sendMail(next, mail())).status).toBe(202)
  })

  it('may come with a claims challenge', async () => {
    const { simulated, token } = await begin('access-token-claims-challenge')
    const challenge = (await simulated.sendMail(token, mail())).headers.get('www-authenticate') ?? ''
    expect(challenge).toContain('error="insufficient_claims"')
    const claims = /claims="([^"]+)"/.exec(challenge)?.[1] ?? ''
    expect(JSON.parse(Buffer.from(claims, 'base64').toString())).toMatchObject({
      access_token: { nbf: { essential: true } },
    })
  })

  it('is noticed by the endpoint that was named, and by no other', async () => {
    const { simulated, token } = await begin()
    const effect = { kind: 'access-token', change: 'revoked', endpoint: 'draft-send' }
    await simulated.control('POST', '/scenarios', { effect })
    const created = await simulated.graph(token, 'POST', '/me/messages', mail().message)
    expect(created.status).toBe(201)
    const { id } = (await created.json()) as { id: string }
    expect((await simulated.graph(token, 'POST', `/me/messages/${id}/send`)).status).toBe(401)
  })
})
