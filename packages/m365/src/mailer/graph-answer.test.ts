import { describe, expect, it } from 'vitest'
import { readGraphAnswer } from './graph-answer.ts'

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
