import { describe, expect, it } from 'vitest'
import { createMicrosoftFetch, type MicrosoftFetchInit } from '../microsoft-fetch.ts'
import { serve } from '../test-support/servers.ts'
import { createGraphCall } from './graph-call.ts'

describe('a Graph call', () => {
  it.each(['https://graph.microsoft.com', 'http://127.0.0.1:3001'])('sends the token to %s', async (graphBaseUrl) => {
    const { fetch, requests } = recordingFetch()
    await createGraphCall(graphBaseUrl, fetch)({ method: 'GET', path: '/me', accessToken: 'token-1' })
    expect(requests).toEqual([{ url: `${graphBaseUrl}/v1.0/me`, authorization: 'Bearer token-1' }])
  })

  it.each([
    ['https://Graph.Microsoft.com', 'https://graph.microsoft.com'],
    ['https://graph.microsoft.com:443/v1.0/', 'https://graph.microsoft.com'],
    ['https://Gateway.contoso.com/Graph/v1.0', 'https://gateway.contoso.com/Graph'],
  ])('sends the token also where the base URL is spelled %s', async (graphBaseUrl, spelledAsAsked) => {
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
