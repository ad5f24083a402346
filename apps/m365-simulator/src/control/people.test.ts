import { describe, expect, it } from 'vitest'
import { mail, REGISTRATION, type Simulated, simulate } from '../test-support/simulated.ts'

interface Minted {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresIn: number
}

const mint = async (simulated: Simulated, person: string, scopes: unknown): Promise<Response> =>
  simulated.control('POST', `/people/${person}/tokens`, { scopes })

describe('generated people', () => {
  it('have mailboxes of their own, and are the same at every start', async () => {
    const [first, second] = [await simulate({ generatedPeople: 3 }), await simulate({ generatedPeople: 3 })]
    const list = async (simulated: Simulated): Promise<{ signInName: string; hasMailbox: boolean }[]> =>
      (await (await simulated.control('GET', '/people')).json()) as { signInName: string; hasMailbox: boolean }[]
    expect((await list(first)).slice(-3)).toMatchObject([
      { signInName: 'person-1@contoso.com', hasMailbox: true },
      { signInName: 'person-2@contoso.com' },
      { signInName: 'person-3@contoso.com' },
    ])
    expect(await list(first)).toEqual(await list(second))
  })

  it('send and receive, each counted in a mailbox of their own', async () => {
    const simulated = await simulate({ generatedPeople: 2 })
    for (const person of ['person-1@contoso.com', 'person-2@contoso.com']) {
      const { accessToken } = (await (await mint(simulated, person, ['Mail.Send'])).json()) as Minted
      const toRecipients = [{ emailAddress: { address: 'person-2@contoso.com' } }]
      expect((await simulated.sendMail(accessToken, mail({ toRecipients }))).status).toBe(202)
    }
    expect(await (await simulated.control('GET', '/mailboxes')).json()).toContainEqual(
      expect.objectContaining({ address: 'person-2@contoso.com', inbox: 2, sentItems: 1 }),
    )
    expect(await (await simulated.control('GET', '/counters')).json()).toMatchObject({
      mailboxes: { 'person-1@contoso.com': { accepted: 1 }, 'person-2@contoso.com': { accepted: 1 } },
    })
  })
})

describe('minted tokens', () => {
  it('are an access token for the scopes and a refresh token that brings the next', async () => {
    const simulated = await simulate()
    const minted = (await (await mint(simulated, 'ada@contoso.com', ['User.Read', 'Mail.Send'])).json()) as Minted
    expect(minted.expiresIn).toBeGreaterThan(3000)
    expect((await simulated.sendMail(minted.accessToken, mail())).status).toBe(202)
    expect((await simulated.graph(minted.accessToken, 'GET', '/me/messages')).status).toBe(403)
    const refreshed = await simulated.token({
      client_id: REGISTRATION.clientId,
      client_secret: REGISTRATION.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: minted.refreshToken,
      scope: 'Mail.Send User.Read offline_access',
    })
    expect(await refreshed.json()).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      scope: 'User.Read Mail.Send',
    })
  })

  it('end when the person’s tokens are revoked', async () => {
    const simulated = await simulate()
    const { accessToken } = (await (await mint(simulated, 'ada@contoso.com', ['Mail.Send'])).json()) as Minted
    await simulated.control('POST', '/people/ada@contoso.com/revoke-tokens', { accessTokens: true })
    expect((await simulated.sendMail(accessToken, mail())).status).toBe(401)
  })

  it.each([
    ['an unknown scope', 'ada@contoso.com', ['Mail.Fly'], 400],
    ['a scope of another resource', 'ada@contoso.com', ['https://vault.azure.net/user_impersonation'], 400],
    ['no scopes', 'ada@contoso.com', [], 400],
    ['scopes that are no list', 'ada@contoso.com', 'Mail.Send', 400],
    ['nobody', 'nobody@contoso.com', ['Mail.Send'], 404],
    ['a stranger', 'eve@fabrikam.com', ['Mail.Send'], 404],
  ])('are not for %s', async (_what, person, scopes, status) => {
    const simulated = await simulate()
    const response = await mint(simulated, person, scopes)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) })
  })
})

describe('a minted token of the application', () => {
  const mintForApplication = (simulated: Simulated, permissions: unknown): Promise<Response> =>
    simulated.control('POST', '/application/tokens', { permissions })

  it('reaches every mailbox for what it was granted, and nothing else', async () => {
    const simulated = await simulate()
    const { accessToken, expiresIn } = (await (await mintForApplication(simulated, ['Mail.Send'])).json()) as Minted
    expect(expiresIn).toBeGreaterThan(3000)
    expect((await simulated.sendMail(accessToken, mail(), '/users/max@contoso.com/sendMail')).status).toBe(202)
    expect((await simulated.graph(accessToken, 'GET', '/users/max@contoso.com/messages')).status).toBe(403)
  })

  it('leaves the application with what it was granted, so that it gets the next token by itself', async () => {
    const simulated = await simulate()
    await mintForApplication(simulated, ['Mail.Send'])
    const next = (await (await simulated.applicationToken()).json()) as { access_token: string }
    expect((await simulated.sendMail(next.access_token, mail(), '/users/max@contoso.com/sendMail')).status).toBe(202)
  })

  it.each([
    ['a permission that only people have', ['User.Read']],
    ['no permissions', []],
  ])('is not for %s', async (_what, permissions) => {
    expect((await mintForApplication(await simulate(), permissions)).status).toBe(400)
  })
})
