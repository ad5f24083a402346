import { describe, expect, it } from 'vitest'
import { createMicrosoftFetch, type MicrosoftFetchInit } from '../microsoft-fetch.ts'
import { serve } from '../test-support/servers.ts'
import { createGraphCall, readGraphAnswer, isFromGraph } from './graph-call.ts'

describe('a Graph call', () => {
  it.each([
    ['https://graph.microsoft.com', 'https://graph.microsoft.com'],
    ['http://127.0.0.1:3001', 'http://127.0.0.1:3001'],
    ['https://Graph.Microsoft.com', 'https://graph.microsoft.com'],
    ['https://graph.microsoft.com:443/v1.0/', 'https://graph.microsoft.com'],
    ['https://Gateway.contoso.com/Graph/v1.0', 'https://gateway.contoso.com/Graph'],
  ])('sends the token to %s, however it is spelled', async (graphBaseUrl, spelledAsAsked) => {
    const { fetch, requests } = recordingFetch()
    await createGraphCall(graphBaseUrl, fetch)({ method: 'GET', path: '/me', accessToken: 'token-1' })
    expect(requests).toEqual([{ url: `${spelledAsAsked}/v1.0/me`, authorization: 'Bearer token-1' }])
  })

  it.each(['https://outlook.office.com/api/v2.0/upload', 'https://graph.microsoft.com:8443/v1.0/me'])(
    'sends no token to %s',
    async (path) => {
      const { fetch, requests } = recordingFetch()
      await createGraphCall('https://graph.microsoft.com', fetch)({ method: 'GET', path, accessToken: 'token-1' })
      expect(requests).toEqual([{ url: path, authorization: null }])
    },
  )

  it('keeps token and answer of calls that overlap apart', async () => {
    const waiting: (() => unknown)[] = []
    const origin = await serve(({ headers }, response) => {
      waiting.unshift(() => response.end(headers.authorization))
      if (waiting.length === 2) for (const answer of waiting) answer()
    })
    const call = createGraphCall(origin, createMicrosoftFetch({}))
    const tokens = ['token-1', 'token-2']
    const replies = await Promise.all(tokens.map((accessToken) => call({ method: 'GET', path: '/me', accessToken })))
    expect(replies).toMatchObject(tokens.map((accessToken) => ({ text: `Bearer ${accessToken}` })))
  })
})

function recordingFetch() {
  const requests: { url: string; authorization: string | null }[] = []
  const fetch = (url: string, init?: MicrosoftFetchInit) => {
    requests.push({ url, authorization: new Headers(init?.headers).get('authorization') })
    return Promise.resolve(new Response('{}'))
  }
  return { fetch, requests }
}

const NOW = new Date('2026-11-24T10:00:00.000Z')

describe('readGraphAnswer', () => {
  it.each(['innerError', 'innererror'])('reads Graph’s error envelope with %s', (inner) => {
    const error = {
      code: 'ApplicationThrottled',
      message: 'Application is over its MailboxConcurrency limit.',
      [inner]: { code: 'MailboxConcurrency', 'request-id': 'request-1' },
    }
    expect(read(429, JSON.stringify({ error }), { 'retry-after': '2' })).toEqual({
      status: 429,
      code: 'ApplicationThrottled',
      innerCode: 'MailboxConcurrency',
      gateway: null,
      relaysPage: false,
      message: 'Application is over its MailboxConcurrency limit.',
      requestId: 'request-1',
      retryAfter: new Date('2026-11-24T10:00:02.000Z'),
      claims: null,
    })
  })

  it('prefers the request id of the header', () => {
    const error = { code: 'x', innerError: { 'request-id': 'inner' } }
    expect(read(400, JSON.stringify({ error }), { 'request-id': 'header' }).requestId).toBe('header')
  })

  it.each(['', '<html>502</html>', '{"error":', '[]', 'null', '{"error":"text"}', '{"error":{"code":5}}'])(
    'keeps status and Retry-After of an answer that is no Graph error: %j',
    (text) => {
      const answer = read(503, text, { 'retry-after': '1' })
      expect(answer).toMatchObject({ status: 503, code: null, message: null })
      expect(answer.retryAfter).not.toBeNull()
    },
  )

  it.each([
    ['{"error":{"code":"UnknownError","message":"\\uFEFF\\r\\n<!DOCTYPE html>"}}', true],
    ['{"error":{"code":"UnknownError","message":"No page."}}', false],
    ['{"error":{"code":"BadRequest","message":"<b>"}}', false],
    ['<html></html>', false],
  ])('recognises the page of a host behind Graph in %j: %s', (text, relaysPage) => {
    expect(read(403, text, {}).relaysPage).toBe(relaysPage)
  })

  it('decodes a claims challenge, even after another challenge', () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1732442400"}}}'
    const encoded = Buffer.from(claims).toString('base64')
    const header = `Bearer realm="", Bearer error="insufficient_claims", claims="${encoded}"`
    expect(read(401, '', { 'www-authenticate': header }).claims).toBe(claims)
  })

  it.each(['Bearer realm=""', 'Bearer claims="bm8ganNvbg=="', 'Bearer claims=""'])(
    'finds no claims in %s',
    (header) => {
      expect(read(401, '', { 'www-authenticate': header }).claims).toBeNull()
    },
  )

  it('bounds and cleans code and message', () => {
    const error = { code: `A\r\n${'x'.repeat(5_000)}`, message: `M\u202E${'y'.repeat(5_000)}` }
    const { code, message } = read(400, JSON.stringify({ error }), {})
    expect(code?.length).toBeLessThanOrEqual(100)
    expect(message?.length).toBeLessThanOrEqual(300)
    expect(`${code}${message}`).not.toMatch(/[\r\n\u202E]/)
  })
})

function read(status: number, text: string, headers: Record<string, string>) {
  const reply = { answered: true, requestBytes: 0, status, headers: new Headers(headers), text } as const
  return readGraphAnswer(reply, 'graph.microsoft.com', NOW)
}

const ENVOY = { 'www-authenticate': 'Bearer realm="https://mesh.contoso.com", error="invalid_token"' }
const CHALLENGE = 'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
const GRAPHS_ID = 'client_id="00000003-0000-0000-c000-000000000000"'

describe('isFromGraph', () => {
  it.each<[string, number, string, Record<string, string>, boolean]>([
    ['its error object', 403, '{"error":{"code":"ErrorAccessDenied","message":""}}', {}, true],
    ['an error object with an empty code', 403, '{"error":{"code":""}}', {}, true],
    ['its request-id', 400, '', { 'request-id': '6f1c' }, true],
    ['the trace of its gateway', 404, '', { 'X-MS-AGS-Diagnostic': '{"ServerInfo":{}}' }, true],
    ['its challenge', 401, '', { 'www-authenticate': `Bearer realm="", ${CHALLENGE}` }, true],
    ['a challenge with its id', 401, '', { 'www-authenticate': `Basic realm="x", Bearer ${GRAPHS_ID}` }, true],
    ['the text of a service mesh', 403, 'RBAC: access denied', { 'content-type': 'text/plain' }, false],
    ['the JSON of a gateway', 403, '{"message":"Forbidden"}', { 'content-type': 'application/json' }, false],
    ['an error that is a text', 403, '{"error":"Forbidden"}', {}, false],
    ['a code that is a number', 403, '{"error":{"code":403,"message":"Forbidden"}}', {}, false],
    ['a page', 403, '<html>Blocked</html>', { 'content-type': 'text/html' }, false],
    ['nothing', 404, '', {}, false],
    ['the id of another request', 403, '', { 'x-request-id': '6f1c' }, false],
    ['the challenge of Envoy', 401, 'Jwt verification fails', ENVOY, false],
    ['a challenge of Basic', 401, '', { 'www-authenticate': `Basic ${CHALLENGE}` }, false],
    ['its challenge with another status', 403, '', { 'www-authenticate': `Bearer ${CHALLENGE}` }, false],
  ])('recognises Graph, or something in between, by %s', (_what, status, text, headers, expected) => {
    expect(isFromGraph(reply({ status, text, headers: new Headers(headers) }))).toBe(expected)
  })

  it.each([
    [4_000_000, true],
    [3_999_999, false],
  ])('takes a 413 without a mark to %i bytes for Graph’s: %s', (requestBytes, expected) => {
    expect(isFromGraph(reply({ status: 413, requestBytes }))).toBe(expected)
  })
})

function reply(members: Partial<Parameters<typeof isFromGraph>[0]>) {
  return { requestBytes: 0, status: 400, text: '', headers: new Headers(), ...members } as const
}
