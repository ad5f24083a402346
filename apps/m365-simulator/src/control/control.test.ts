import { beforeEach, describe, expect, it } from 'vitest'
import { PRESETS } from '../faults/presets.ts'
import { Effect } from '../faults/scenario.ts'
import { mail, REGISTRATION, simulate, type Simulated } from '../test-support/simulated.ts'

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('refuses another site’s page', async () => {
  const response = await fetch(`${simulated.url}/control/reset`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  })
  expect(response.status).toBe(403)
})

describe('scenarios', () => {
  it('are all switched on by name, and valid effects', async () => {
    for (const [name, { effect }] of PRESETS) {
      expect({ name, effect: Effect.parse(effect) }).toEqual({ name, effect })
      await simulated.scenario(name)
    }
    const { active } = await simulated.read<{ active: { name: string }[] }>('/scenarios')
    expect(active.map(({ name }) => name)).toEqual([...PRESETS.keys()])
  })

  it.each([
    ['an unknown name', { name: 'nonsense' }],
    ['a code that is not a number', { effect: { kind: 'entra-error', at: 'refresh', code: '50173' } }],
    ['an unknown endpoint', { effect: { kind: 'http', endpoint: 'x', do: { action: 'hang' } } }],
    [
      'a header with a line break',
      { effect: { kind: 'http', endpoint: 'me', do: { action: 'add-headers', headers: { a: 'b\r\nc' } } } },
    ],
    ['zero times', { name: 'send-503', times: 0 }],
    ['a body that is not JSON', undefined],
  ])('%s is refused with a sentence', async (_what, body) => {
    const response = await simulated.control('POST', '/scenarios', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/\w/) })
  })
})

it('shows no secret, code, verifier or token in its log', async () => {
  const callback = await simulated.consent('ada')
  const tokens = (await (await simulated.redeem(callback.get('code') ?? '')).json()) as Record<string, string>
  await simulated.sendMail(tokens['access_token'] ?? '', mail())
  const log = await (await simulated.control('GET', '/log')).text()
  expect(log).toContain('"endpoint":"token"')
  const secrets = [REGISTRATION.clientSecret, callback.get('code'), tokens['access_token'], tokens['refresh_token']]
  for (const secret of secrets) expect(log).not.toContain(secret)
})

it('reset forgets mail, grants, rights, scenarios, settings and counters', async () => {
  const { access_token: token } = await simulated.signIn('ada')
  await simulated.sendMail(token, mail())
  await simulated.scenario('send-503', { times: 'always' })
  await simulated.set({ userConsent: 'disabled' })
  await simulated.control('PUT', '/rights', { address: 'finance@contoso.com', person: 'ada@contoso.com', sendAs: true })
  await simulated.control('POST', '/reset')
  const read = async (path: string): Promise<unknown> => simulated.read(path)
  expect(await read('/mailboxes/max@contoso.com/messages')).toEqual({ items: [], total: 0 })
  expect(await read('/scenarios')).toMatchObject({ active: [] })
  expect(await read('/settings')).toMatchObject({ userConsent: 'allowed' })
  const from = { emailAddress: { address: 'finance@contoso.com' } }
  const { access_token: fresh } = await simulated.signIn('ada')
  expect((await simulated.sendMail(fresh, mail({ from }))).status).toBe(403)
})
