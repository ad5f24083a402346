import { beforeEach, describe, expect, it } from 'vitest'
import { createSettings } from '../faults/settings.ts'
import { createChaos } from './http-faults.ts'
import { answerOf, mail, type Simulated, simulate } from '../test-support/simulated.ts'

let simulated: Simulated
let token: string
beforeEach(async () => {
  simulated = await simulate()
  const tokens = await simulated.signIn('ada')
  token = tokens.access_token
})

const arrived = async (): Promise<number> => (await simulated.read<{ total: number }>('/arrivals')).total
const send = (): Promise<Response> => simulated.sendMail(token, mail())
const errorWith = (code: string) => expect.stringContaining(`"code":"${code}"`)

it.each([
  ['send-429', 429, '2', errorWith('ApplicationThrottled'), 0],
  ['send-429-date', 429, expect.stringMatching(/GMT$/), errorWith('ApplicationThrottled'), 0],
  ['send-503-retry-after', 503, '2', errorWith('ErrorServerBusy'), 0],
  ['send-500-empty-object', 500, null, '{}', 0],
  ['send-502-html', 502, null, expect.stringContaining('<html>'), 0],
  ['send-accepted-but-504', 504, null, errorWith('UnknownError'), 1],
  ['send-accepted-with-retry-after', 202, '2', '', 1],
])('%s answers sending with %i, Retry-After %s and its body', async (preset, status, retryAfter, body, total) => {
  await simulated.scenario(preset)
  const { status: answered, headers, text } = await answerOf(await send())
  expect([answered, headers.get('retry-after'), text]).toEqual([status, retryAfter, body])
  expect(await arrived()).toBe(total)
})

it.each([
  ['send-reset-before', 0],
  ['send-reset-after', 1],
])('%s cuts the connection, and %i messages arrive', async (preset, total) => {
  await simulated.scenario(preset)
  await expect(send()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
  expect(await arrived()).toBe(total)
})

describe('a scenario', () => {
  const delay = { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 600_000 } }

  it('ends after as many times as it was switched on for', async () => {
    await simulated.scenario('send-503', { times: 2 })
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([503, 503, 202])
  })

  it.each(['/scenarios/scenario-1', '/scenarios'])(
    'that delays ends with DELETE %s, even when it was used up',
    async (path) => {
      await simulated.scenario(delay)
      const answer = send()
      const counters = () => simulated.read('/counters')
      await expect.poll(counters).toMatchObject({ mailboxes: { 'ada@contoso.com': { inFlight: 1 } } })
      await simulated.control('DELETE', path)
      expect((await answer).status).toBe(202)
    },
  )
})

it.each([
  ['throttled', 429, 0],
  ['unavailable', 503, 0],
  ['gatewayTimeoutAfter', 504, 1],
  ['resetBefore', null, 0],
  ['resetAfter', null, 1],
])('a rate of 1 of %s answers sendMail with %s, and %s arrive', async (fault, status, total) => {
  await simulated.set({ faultRates: { [fault]: 1 } })
  const answered = await send().catch(() => null)
  expect(answered?.status ?? null).toBe(status)
  await expect.poll(arrived).toBe(total)
})

it('gives the same faults by chance for the same seed, and others for another', () => {
  const draws = (faultSeed: number) => {
    const settings = createSettings()
    settings.change({
      faultRates: { throttled: 0.1, unavailable: 0.05, resetBefore: 0.03, resetAfter: 0.03 },
      faultSeed,
    })
    const draw = createChaos(settings)
    return Array.from({ length: 200 }, () => draw())
  }
  expect(draws(1)).toEqual(draws(1))
  expect(draws(1)).not.toEqual(draws(2))
})
