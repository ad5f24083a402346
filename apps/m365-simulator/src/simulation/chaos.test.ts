import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'
import { createChaos } from '../faults/chaos.ts'
import { createSettings, FAULT_NAMES } from '../faults/settings.ts'

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

  it('applies to creating and sending a draft as well, and to nothing else', async () => {
    const fixture = await begin()
    const id = await createDraft(fixture)
    await fixture.simulated.control('PATCH', '/settings', only('unavailable'))
    expect((await fixture.post('/me/messages', mail().message))?.status).toBe(503)
    expect((await fixture.post(`/me/messages/${id}/send`))?.status).toBe(503)
    expect((await fixture.simulated.graph(fixture.token, 'GET', `/me/messages/${id}`)).status).toBe(200)
    expect((await fixture.simulated.graph(fixture.token, 'GET', '/me/messages')).status).toBe(200)
  })
})

describe('Retry-After of a random 429 or 503', () => {
  it.each(['throttled', 'unavailable'])('has the form that was set (%s)', async (fault) => {
    const fixture = await begin()
    const header = async (retryAfterForm: string): Promise<string | null | undefined> => {
      await fixture.simulated.control('PATCH', '/settings', only(fault, { retryAfterForm, retryAfterSeconds: 9 }))
      return (await fixture.post('/me/sendMail', mail()))?.headers.get('retry-after')
    }
    expect(await header('seconds')).toBe('9')
    expect(await header('none')).toBeNull()
    expect(await header('http-date')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
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

  it('restarts when the settings change', () => {
    const { settings, draw, results } = draws(1, 50)
    settings.change({ faultSeed: 1 })
    expect(Array.from({ length: 50 }, () => draw())).toEqual(results)
  })

  it('matches its rates', () => {
    const { results } = draws(5, 10_000)
    const share = (fault: object): number =>
      results.filter((result) => expect.objectContaining(fault).asymmetricMatch(result)).length / results.length
    expect(share({ status: 429 })).toBeCloseTo(0.1, 1)
    expect(share({ status: 503 })).toBeCloseTo(0.05, 1)
    expect(share({ action: 'reset', when: 'after' })).toBeGreaterThan(0.02)
    expect(results.filter((result) => result === null).length / results.length).toBeCloseTo(0.79, 1)
  })

  it('mixes all forms of Retry-After when set to', () => {
    const settings = createSettings()
    settings.change({ faultRates: { throttled: 1 }, retryAfterForm: 'mixed' })
    const draw = createChaos(settings)
    const actions = JSON.stringify(Array.from({ length: 50 }, () => draw()))
    expect(new Set(actions.match(/"form":"[\w-]+"|ApplicationThrottled[^}]*}}}/g)).size).toBe(3)
  })
})

describe('settings', () => {
  it.each([
    ['rates that add up to more than 1', { faultRates: { throttled: 0.6, resetAfter: 0.5 } }],
    ['a negative rate', { faultRates: { throttled: -0.1 } }],
    ['an unknown fault', { faultRates: { earthquake: 0.1 } }],
    ['a concurrency of 0', { mailboxConcurrency: 0 }],
    ['a latency that ends before it begins', { latencyMs: { min: 5, max: 1 } }],
  ])('refuse %s', async (_what, settings) => {
    const simulated = await simulate()
    expect((await simulated.control('PATCH', '/settings', settings)).status).toBe(400)
  })

  it('include every rate, and set those not named to 0', async () => {
    const simulated = await simulate()
    const response = await simulated.control('PATCH', '/settings', { faultRates: { throttled: 0.5 } })
    const { faultRates } = (await response.json()) as { faultRates: Record<string, number> }
    expect(Object.keys(faultRates)).toEqual(FAULT_NAMES)
    expect(Object.values(faultRates).reduce((sum, rate) => sum + rate, 0)).toBe(0.5)
  })
})

describe('load', () => {
  it('latency keeps requests in flight, so that the fifth at once is refused', async () => {
    const fixture = await begin({ latencyMs: 600_000 })
    const patience = new AbortController()
    const sending = Array.from({ length: 5 }, () =>
      fixture.post('/me/sendMail', mail(), fixture.token, patience.signal),
    )
    const counters = () => fixture.simulated.read('/counters')
    const mailbox = { requests: 5, inFlight: 4, refusedForConcurrency: 1 }
    await expect.poll(counters).toMatchObject({ mailboxes: { 'ada@contoso.com': mailbox } })
    patience.abort()
    expect((await Promise.all(sending)).filter((answer) => answer?.status === 429)).toHaveLength(1)
  })

  it('without a limit on concurrency none is refused, and the maximum is still counted', async () => {
    const fixture = await begin({ mailboxConcurrency: null })
    const effect = { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 600_000 } }
    await fixture.simulated.scenario(effect, { times: 'always' })
    const sending = Promise.all(Array.from({ length: 10 }, () => fixture.post('/me/sendMail', mail())))
    const counters = () => fixture.simulated.read('/counters')
    await expect.poll(counters).toMatchObject({ mailboxes: { 'ada@contoso.com': { inFlight: 10 } } })
    await fixture.simulated.control('DELETE', '/scenarios')
    expect((await sending).every((answer) => answer?.status === 202)).toBe(true)
    expect(await counters()).toMatchObject({
      mailboxes: { 'ada@contoso.com': { maxConcurrent: 10, refusedForConcurrency: 0, accepted: 10 } },
    })
  })
})

describe('without storing mail', () => {
  it('sent mail is counted and not kept', async () => {
    const fixture = await begin({ storeMail: false })
    await fixture.post('/me/sendMail', mail())
    await fixture.post('/me/sendMail', mail({ toRecipients: [{ emailAddress: { address: 'nobody@contoso.com' } }] }))
    expect(await fixture.arrived()).toBe(2)
    expect(await messageCounts(fixture.simulated)).toEqual([])
  })

  it('attachments leave no file in the data folder', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'simulator-'))
    onTestFinished(() => rmSync(dataDirectory, { recursive: true }))
    const simulated = await simulate({ dataDirectory })
    await simulated.set({ storeMail: false })
    const { access_token: token } = await simulated.signIn('ada')
    const attachments = [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: 'YWJj' }]
    expect((await simulated.sendMail(token, mail({ attachments }))).status).toBe(202)
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([])
  })

  it('a draft is kept until it is sent', async () => {
    const fixture = await begin({ storeMail: false })
    const id = await createDraft(fixture)
    expect(await messageCounts(fixture.simulated)).toMatchObject([{ address: 'ada@contoso.com', drafts: 1 }])
    expect((await fixture.post(`/me/messages/${id}/send`))?.status).toBe(202)
    expect(await fixture.arrived()).toBe(1)
    expect(await messageCounts(fixture.simulated)).toEqual([])
  })
})

async function createDraft({ simulated, token }: Fixture): Promise<string> {
  const created = await simulated.graph(token, 'POST', '/me/messages', mail().message)
  return ((await created.json()) as { id: string }).id
}

async function messageCounts(simulated: Simulated): Promise<object[]> {
  const response = await simulated.control('GET', '/mailboxes')
  const mailboxes = (await response.json()) as { inbox: number; sentItems: number; drafts: number }[]
  return mailboxes.filter(({ inbox, sentItems, drafts }) => inbox + sentItems + drafts > 0)
}
