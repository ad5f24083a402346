import { readMessage } from '@inforiver-mail/contract/message'
import { listMessages } from '@inforiver-mail/contract/message-list'
import { cancelConsent, configure, readSettings, switchDeliveryReports } from '@inforiver-mail/contract/office365-smtp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { exampleSettings } from '../test-support/examples.ts'
import { call, readAnswer, requestFor } from './call.ts'

afterEach(() => void vi.restoreAllMocks())

it('waits as long as it takes to switch delivery reports on, which asks Microsoft several times', async () => {
  const limit = vi.spyOn(AbortSignal, 'timeout')
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('The server is away.'))
  const [access, inbox, trace] = [30_000, 30_000, 30_000]

  await expect(call(switchDeliveryReports, { body: { bounces: true } })).rejects.toThrow('unreachable')
  expect(limit.mock.lastCall?.[0]).toBeGreaterThan(access + inbox + trace)
  await expect(call(readSettings, {})).rejects.toThrow('unreachable')
  expect(limit.mock.lastCall?.[0]).toBe(20_000)
})

describe('requestFor', () => {
  it.each([
    [
      'encodes the parameters into the path',
      requestFor(readMessage, { params: { id: 'msg_/../x' } }),
      '/msg_%2F..%2Fx',
    ],
    [
      'appends the encoded query',
      requestFor(listMessages, { query: { status: 'failed', cursor: 'a&b', limit: 50 } }),
      '/messages?status=failed&cursor=a%26b&limit=50',
    ],
    ['appends nothing for an empty query', requestFor(listMessages, { query: {} }), '/api/v1/messages'],
  ])('%s', (_what, { url }, end) => {
    expect(url).toMatch(/^\/api\/v1\/messages/)
    expect(url.endsWith(end)).toBe(true)
  })

  it('sends the body as JSON, and neither body nor content type to an endpoint without one', () => {
    expect(requestFor(configure, { body: { fromEmail: 'reports@contoso.com' } }).init).toMatchObject({
      method: 'POST',
      body: '{"fromEmail":"reports@contoso.com"}',
      headers: { 'content-type': 'application/json' },
    })
    const { init } = requestFor(cancelConsent, { params: { id: 'con_1' } })
    expect(init.body).toBeUndefined()
    expect(init.headers).not.toHaveProperty('content-type')
  })
})

describe('readAnswer', () => {
  it('returns an answer that matches the contract', async () => {
    const settings = exampleSettings()
    expect(await readAnswer(readSettings, Response.json(settings))).toEqual(settings)
  })

  it('returns null for an answer without a body', async () => {
    expect(await readAnswer(cancelConsent, new Response(null, { status: 204 }))).toBeNull()
  })

  const PROBLEM = {
    type: 'urn:inforiver-mail:problem:not-found',
    title: 'Not found',
    status: 404,
    detail: 'There is no such consent.',
    code: 'not-found',
    values: {},
    requestId: 'req-1',
  }
  const page = (status: number) => new Response('<html>Bad gateway</html>', { status })

  it.each([
    [
      'an answer with a field that the contract does not have',
      Response.json({ ...exampleSettings(), accessToken: 'x' }),
      { kind: 'unreadable', status: 200 },
    ],
    [
      'a success with another status',
      Response.json(exampleSettings(), { status: 202 }),
      { kind: 'unreadable', status: 202 },
    ],
    [
      'the problem that the API reports',
      Response.json(PROBLEM, { status: 404 }),
      { kind: 'problem', problem: PROBLEM },
    ],
    ["a proxy's 502", page(502), { kind: 'unavailable' }],
    ["a proxy's 503", page(503), { kind: 'unavailable' }],
    ["a proxy's 504", page(504), { kind: 'unavailable' }],
    ['any other page', page(403), { kind: 'unreadable', status: 403 }],
  ])('rejects %s, by its kind', async (_what, answer, failure) => {
    await expect(readAnswer(readSettings, answer)).rejects.toMatchObject({ failure })
  })
})
