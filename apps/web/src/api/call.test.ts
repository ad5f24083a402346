import { readMessage } from '@inforiver-mail/contract/message'
import { listMessages } from '@inforiver-mail/contract/message-list'
import {
  cancelConsent,
  configure,
  readConsent,
  readSettings,
  switchDeliveryReports,
} from '@inforiver-mail/contract/office365-smtp'
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
  it('encodes the parameters into the path', () => {
    expect(requestFor(readMessage, { params: { id: 'msg_/../x' } }).url).toBe('/api/v1/messages/msg_%2F..%2Fx')
  })

  it('appends the encoded query', () => {
    const { url } = requestFor(listMessages, { query: { status: 'failed', cursor: 'a&b', limit: 50 } })
    expect(url).toBe('/api/v1/messages?status=failed&cursor=a%26b&limit=50')
  })

  it('appends nothing for an empty query', () => {
    expect(requestFor(listMessages, { query: {} }).url).toBe('/api/v1/messages')
  })

  it('sends the body as JSON', () => {
    const { init } = requestFor(configure, { body: { fromEmail: 'reports@contoso.com' } })
    expect(init).toMatchObject({
      method: 'POST',
      body: '{"fromEmail":"reports@contoso.com"}',
      headers: { 'content-type': 'application/json' },
    })
  })

  it('sends neither body nor content type to an endpoint without a body', () => {
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

  it('rejects an answer with a field that the contract does not have', async () => {
    const answer = readAnswer(readSettings, Response.json({ ...exampleSettings(), accessToken: 'x' }))
    await expect(answer).rejects.toMatchObject({ failure: { kind: 'unreadable', status: 200 } })
  })

  it('rejects a success with another status', async () => {
    const answer = readAnswer(readSettings, Response.json(exampleSettings(), { status: 202 }))
    await expect(answer).rejects.toMatchObject({ failure: { kind: 'unreadable', status: 202 } })
  })

  it('passes on the problem that the API reports', async () => {
    const problem = {
      type: 'urn:inforiver-mail:problem:not-found',
      title: 'Not found',
      status: 404,
      detail: 'There is no such consent.',
      code: 'not-found',
      values: {},
      requestId: 'req-1',
    }
    const answer = readAnswer(readConsent, Response.json(problem, { status: 404 }))
    await expect(answer).rejects.toMatchObject({ failure: { kind: 'problem', problem } })
  })

  it.each([502, 503, 504])("treats a proxy's %i as an unavailable server", async (status) => {
    const answer = readAnswer(readSettings, new Response('<html>Bad gateway</html>', { status }))
    await expect(answer).rejects.toMatchObject({ failure: { kind: 'unavailable' } })
  })

  it('treats any other page as an unreadable answer', async () => {
    const answer = readAnswer(readSettings, new Response('<html>Sign in to the proxy</html>', { status: 403 }))
    await expect(answer).rejects.toMatchObject({ failure: { kind: 'unreadable', status: 403 } })
  })
})
