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
})
