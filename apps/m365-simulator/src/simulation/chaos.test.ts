import { describe, expect, it } from 'vitest'
import { createSettings } from '../faults/settings.ts'
import { createChaos } from './http-faults.ts'
import { mail, simulate, type Simulated } from '../test-support/simulated.ts'

type Settings = Record<string, unknown>

interface Fixture {
  readonly simulated: Simulated
  readonly token: string
  /** null: the connection was cut, by the simulator or by `signal`. */
  post(path: string, body?: unknown, token?: string, signal?: AbortSignal): Promise<Response | null>
  arrived(): Promise<number>
}

async function begin(settings: Settings = {}): Promise<Fixture> {
  const simulated = await simulate()
  const tokens = await simulated.signIn('ada')
  const changed = await simulated.control('PATCH', '/settings', settings)
  expect(changed.status).toBe(200)
  const post: Fixture['post'] = (path, body, token = tokens.access_token, signal) =>
    fetch(`${simulated.url}/v1.0${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    }).catch(() => null)
  return {
    simulated,
    token: tokens.access_token,
    post,
    arrived: async () => (await simulated.read<{ total: number }>('/arrivals')).total,
  }
}

const only = (fault: string, more: Settings = {}): Settings => ({ faultRates: { [fault]: 1 }, ...more })

describe('a rate of 1', () => {
  it.each([
    ['throttled', 429, 0],
    ['unavailable', 503, 0],
    ['gatewayTimeoutAfter', 504, 1],
    ['resetBefore', null, 0],
    ['resetAfter', null, 1],
  ])('of %s answers sendMail with %s, and %s arrive', async (fault, status, arrived) => {
    const fixture = await begin(only(fault))
    expect((await fixture.post('/me/sendMail', mail()))?.status ?? null).toBe(status)
    await expect.poll(() => fixture.arrived()).toBe(arrived)
  })
})

describe('chance', () => {
  const draws = (seed: number, count: number, change: Settings = {}) => {
    const settings = createSettings()
    const faultRates = { throttled: 0.1, unavailable: 0.05, resetBefore: 0.03, resetAfter: 0.03, ...change }
    settings.change({ faultRates, faultSeed: seed })
    const draw = createChaos(settings)
    return { settings, draw, results: Array.from({ length: count }, () => draw()) }
  }

  it('gives the same faults for the same seed, and others for another', () => {
    expect(draws(1, 200).results).toEqual(draws(1, 200).results)
    expect(draws(1, 200).results).not.toEqual(draws(2, 200).results)
  })
})
