import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mail, REGISTRATION, type Simulated, simulate } from '../test-support/simulated.ts'
import { createChaos } from '../faults/chaos.ts'
import { createSettings, FAULT_NAMES } from '../faults/settings.ts'

type Settings = Record<string, unknown>

interface Desk {
  readonly simulated: Simulated
  readonly token: string
  readonly refreshToken: string
  /** null: the connection was cut, by the simulator or after `patienceMs`. */
  post(path: string, body?: unknown, token?: string, patienceMs?: number): Promise<Response | null>
  arrived(): Promise<number>
}

async function begin(settings: Settings = {}): Promise<Desk> {
  const simulated = await simulate()
  const tokens = await simulated.signIn('ada')
  const changed = await simulated.control('PATCH', '/settings', settings)
  expect(changed.status).toBe(200)
  const post: Desk['post'] = (path, body, token = tokens.access_token, patienceMs) =>
    fetch(`${simulated.url}/v1.0${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(patienceMs === undefined ? {} : { signal: AbortSignal.timeout(patienceMs) }),
    }).catch(() => null)
  return {
    simulated,
    token: tokens.access_token,
    refreshToken: tokens.refresh_token ?? '',
    post,
    arrived: async () => ((await (await simulated.control('GET', '/arrivals')).json()) as { total: number }).total,
  }
}

const only = (fault: string, more: Settings = {}): Settings => ({ faultRates: { [fault]: 1 }, ...more })

describe('a rate of 1', () => {
  it.each([
    ['throttled', 429, 0],
    ['unavailable', 503, 0],
    ['internalError', 500, 0],
    ['badGateway', 502, 0],
    ['gatewayTimeoutBefore', 504, 0],
    ['gatewayTimeoutAfter', 504, 1],
    ['resetBefore', null, 0],
    ['resetAfter', null, 1],
    ['hangBefore', null, 0],
    ['hangAfter', null, 1],
    ['tokenRevoked', 401, 0],
  ])('of %s answers sendMail with %s, and %s arrive', async (fault, status, arrived) => {
    const desk = await begin(only(fault))
    const patienceMs = fault.startsWith('hang') ? 3_000 : undefined
    expect((await desk.post('/me/sendMail', mail(), desk.token, patienceMs))?.status ?? null).toBe(status)
    await expect.poll(() => desk.arrived()).toBe(arrived)
  })

  it('covers creating and sending a draft as well, and nothing else', async () => {
    const desk = await begin()
    const id = await createDraft(desk)
    await desk.simulated.control('PATCH', '/settings', only('unavailable'))
    expect((await desk.post('/me/messages', mail().message))?.status).toBe(503)
    expect((await desk.post(`/me/messages/${id}/send`))?.status).toBe(503)
    expect((await desk.simulated.graph(desk.token, 'GET', `/me/messages/${id}`)).status).toBe(200)
    expect((await desk.simulated.graph(desk.token, 'GET', '/me/messages')).status).toBe(200)
  })

  it('of retryAfterOnAccepted gives the accepted ones a Retry-After, and no others', async () => {
    const desk = await begin(only('retryAfterOnAccepted', { retryAfterSeconds: 7 }))
    const accepted = await desk.post('/me/sendMail', mail())
    expect([accepted?.status, accepted?.headers.get('retry-after')]).toEqual([202, '7'])
    const refused = await desk.post('/me/sendMail', mail({ toRecipients: [] }))
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([400, null])
  })

  it('of tokenRevoked is over for a token issued later', async () => {
    const desk = await begin(only('tokenRevoked'))
    await desk.post('/me/sendMail', mail())
    await desk.simulated.control('PATCH', '/settings', { faultRates: {} })
    expect((await desk.post('/me/sendMail', mail()))?.status).toBe(401)
    expect((await desk.post('/me/sendMail', mail(), await refresh(desk)))?.status).toBe(202)
  })
})

describe('Retry-After of a random 429 or 503', () => {
  it.each(['throttled', 'unavailable'])('is of the form that was set (%s)', async (fault) => {
    const desk = await begin()
    const header = async (retryAfterForm: string): Promise<string | null | undefined> => {
      await desk.simulated.control('PATCH', '/settings', only(fault, { retryAfterForm, retryAfterSeconds: 9 }))
      return (await desk.post('/me/sendMail', mail()))?.headers.get('retry-after')
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

  it('decides the same for the same seed, and otherwise for another', () => {
    expect(draws(1, 200).results).toEqual(draws(1, 200).results)
    expect(draws(1, 200).results).not.toEqual(draws(2, 200).results)
  })

  it('gives a Retry-After to accepted requests only, besides 429 and 503', () => {
    const withRetryAfter = draws(1, 2000, { retryAfterOnAccepted: 1 }).results.filter((one) => one.retryAfter !== null)
    expect(new Set(withRetryAfter.map(({ fault }) => fault))).toEqual(new Set([null, 'throttled', 'unavailable']))
  })

  it('begins again when the settings change', () => {
    const { settings, draw, results } = draws(1, 50)
    settings.change({ faultSeed: 1 })
    expect(Array.from({ length: 50 }, () => draw())).toEqual(results)
  })

  it('keeps to its rates', () => {
    const { results } = draws(5, 10_000)
    const share = (fault: string): number => results.filter((result) => result.fault === fault).length / results.length
    expect(share('throttled')).toBeCloseTo(0.1, 1)
    expect(share('unavailable')).toBeCloseTo(0.05, 1)
    expect(share('resetAfter')).toBeGreaterThan(0.02)
    expect(results.filter(({ fault }) => fault === null).length / results.length).toBeCloseTo(0.79, 1)
  })

  it('mixes all forms of Retry-After when told to', () => {
    const settings = createSettings()
    settings.change({ faultRates: { throttled: 1 }, retryAfterForm: 'mixed' })
    const draw = createChaos(settings)
    const forms = new Set(Array.from({ length: 50 }, () => draw().retryAfter?.form))
    expect(forms).toEqual(new Set(['seconds', 'http-date', undefined]))
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

  it('name every rate, and take those not named as 0', async () => {
    const simulated = await simulate()
    const response = await simulated.control('PATCH', '/settings', { faultRates: { throttled: 0.5 } })
    const { faultRates } = (await response.json()) as { faultRates: Record<string, number> }
    expect(Object.keys(faultRates)).toEqual([...FAULT_NAMES, 'retryAfterOnAccepted'])
    expect(Object.values(faultRates).reduce((sum, rate) => sum + rate, 0)).toBe(0.5)
  })
})

describe('load', () => {
  it('latency keeps a request under way for as long, so that five at once are one too many', async () => {
    const desk = await begin({ latencyMs: 4_000 })
    const answers = await Promise.all(Array.from({ length: 5 }, () => desk.post('/me/sendMail', mail())))
    expect(answers.filter((answer) => answer?.status === 429)).toHaveLength(1)
  })

  it('without a limit on concurrency none is refused, and the most at once is still counted', async () => {
    const desk = await begin({ latencyMs: 4_000, mailboxConcurrency: null })
    const answers = await Promise.all(Array.from({ length: 10 }, () => desk.post('/me/sendMail', mail())))
    expect(answers.every((answer) => answer?.status === 202)).toBe(true)
    expect(await (await desk.simulated.control('GET', '/counters')).json()).toMatchObject({
      mailboxes: { 'ada@contoso.com': { maxConcurrent: 10, refusedForConcurrency: 0, accepted: 10 } },
    })
  })
})

describe('without storing mail', () => {
  it('what is sent is counted and not kept', async () => {
    const desk = await begin({ storeMail: false })
    await desk.post('/me/sendMail', mail())
    await desk.post('/me/sendMail', mail({ toRecipients: [{ emailAddress: { address: 'nobody@contoso.com' } }] }))
    expect(await desk.arrived()).toBe(2)
    expect(await messageCounts(desk.simulated)).toEqual([])
  })

  it('attachments leave nothing in the data folder', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'simulator-'))
    onTestFinished(() => rmSync(dataDirectory, { recursive: true }))
    const simulated = await simulate({ dataDirectory })
    await simulated.control('PATCH', '/settings', { storeMail: false })
    const { access_token: token } = await simulated.signIn('ada')
    const attachments = [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: 'YWJj' }]
    expect((await simulated.sendMail(token, mail({ attachments }))).status).toBe(202)
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([])
  })

  it('a draft is kept until it is sent', async () => {
    const desk = await begin({ storeMail: false })
    const id = await createDraft(desk)
    expect(await messageCounts(desk.simulated)).toMatchObject([{ address: 'ada@contoso.com', drafts: 1 }])
    expect((await desk.post(`/me/messages/${id}/send`))?.status).toBe(202)
    expect(await desk.arrived()).toBe(1)
    expect(await messageCounts(desk.simulated)).toEqual([])
  })
})

async function createDraft({ simulated, token }: Desk): Promise<string> {
  const created = await simulated.graph(token, 'POST', '/me/messages', mail().message)
  return ((await created.json()) as { id: string }).id
}

async function messageCounts(simulated: Simulated): Promise<object[]> {
  const response = await simulated.control('GET', '/mailboxes')
  const mailboxes = (await response.json()) as { inbox: number; sentItems: number; drafts: number }[]
  return mailboxes.filter(({ inbox, sentItems, drafts }) => inbox + sentItems + drafts > 0)
}

async function refresh({ simulated, refreshToken }: Desk): Promise<string> {
  const response = await simulated.token({
    client_id: REGISTRATION.clientId,
    client_secret: REGISTRATION.clientSecret,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  })
  return ((await response.json()) as { access_token: string }).access_token
}
