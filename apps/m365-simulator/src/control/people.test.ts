import { beforeEach, describe, expect, it } from 'vitest'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresIn: number
}

const issue = async (simulated: Simulated, person: string, scopes: unknown): Promise<Response> =>
  simulated.control('POST', `/people/${person}/tokens`, { scopes })

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

describe('generated people', () => {
  it('have their own mailboxes, and are the same at every start', async () => {
    const [first, second] = [await simulate({ generatedPeople: 3 }), await simulate({ generatedPeople: 3 })]
    const list = async (simulated: Simulated): Promise<{ signInName: string; hasMailbox: boolean }[]> =>
      await simulated.read<{ signInName: string; hasMailbox: boolean }[]>('/people')
    expect((await list(first)).slice(-3)).toMatchObject([
      { signInName: 'person-1@contoso.com', hasMailbox: true },
      { signInName: 'person-2@contoso.com' },
      { signInName: 'person-3@contoso.com' },
    ])
    expect(await list(first)).toEqual(await list(second))
  })

  it('send and receive, each counted in their own mailbox', async () => {
    const simulated = await simulate({ generatedPeople: 2 })
    for (const person of ['person-1@contoso.com', 'person-2@contoso.com']) {
      const { accessToken } = (await (await issue(simulated, person, ['Mail.Send'])).json()) as IssuedTokens
      const toRecipients = [{ emailAddress: { address: 'person-2@contoso.com' } }]
      expect((await simulated.sendMail(accessToken, mail({ toRecipients }))).status).toBe(202)
    }
    expect(await simulated.read('/mailboxes')).toContainEqual(
      expect.objectContaining({ address: 'person-2@contoso.com', inbox: 2, sentItems: 1 }),
    )
    expect(await simulated.read('/counters')).toMatchObject({
      mailboxes: { 'person-1@contoso.com': { accepted: 1 }, 'person-2@contoso.com': { accepted: 1 } },
    })
  })
})

describe('tokens without a sign-in', () => {
  it('are an access token for the scopes and a refresh token', async () => {
    const tokens = (await (
      await issue(simulated, 'ada@contoso.com', ['User.Read', 'Mail.Send'])
    ).json()) as IssuedTokens
    expect(tokens.expiresIn).toBeGreaterThan(3000)
    expect((await simulated.sendMail(tokens.accessToken, mail())).status).toBe(202)
    expect((await simulated.graph(tokens.accessToken, 'GET', '/me/messages')).status).toBe(403)
    const refreshed = await simulated.refresh(tokens.refreshToken, { scope: 'Mail.Send User.Read offline_access' })
    expect(await refreshed.json()).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      scope: 'User.Read Mail.Send',
    })
  })

  it.each([
    ['an unknown scope', 'ada@contoso.com', ['Mail.Fly'], 400],
    ['a scope of another resource', 'ada@contoso.com', ['https://vault.azure.net/user_impersonation'], 400],
    ['no scopes', 'ada@contoso.com', [], 400],
    ['scopes that are not a list', 'ada@contoso.com', 'Mail.Send', 400],
    ['nobody', 'nobody@contoso.com', ['Mail.Send'], 404],
    ['a stranger', 'eve@fabrikam.com', ['Mail.Send'], 404],
  ])('are refused for %s', async (_what, person, scopes, status) => {
    const response = await issue(simulated, person, scopes)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) })
  })
})

describe('a token of the application', () => {
  const issueForApplication = (simulated: Simulated, permissions: unknown): Promise<Response> =>
    simulated.control('POST', '/application/tokens', { permissions })

  it('accesses every mailbox with the granted permissions only', async () => {
    const { accessToken, expiresIn } = (await (
      await issueForApplication(simulated, ['Mail.Send'])
    ).json()) as IssuedTokens
    expect(expiresIn).toBeGreaterThan(3000)
    expect((await simulated.sendMail(accessToken, mail(), '/users/max@contoso.com/sendMail')).status).toBe(202)
    expect((await simulated.graph(accessToken, 'GET', '/users/max@contoso.com/messages')).status).toBe(403)
  })

  it('keeps the grant, so that the application can request the next token itself', async () => {
    await issueForApplication(simulated, ['Mail.Send'])
    const next = (await (await simulated.applicationToken()).json()) as { access_token: string }
    expect((await simulated.sendMail(next.access_token, mail(), '/users/max@contoso.com/sendMail')).status).toBe(202)
  })

  it.each([
    ['a permission that only people have', ['User.Read']],
    ['no permissions', []],
  ])('is refused for %s', async (_what, permissions) => {
    expect((await issueForApplication(await simulate(), permissions)).status).toBe(400)
  })
})
