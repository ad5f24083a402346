import { describe, expect, it } from 'vitest'
import { classifyConnectionFailure } from './connection-failure.ts'

describe('classifyConnectionFailure', () => {
  it.each([
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    { code: 'UND_ERR_CONNECT_TIMEOUT' },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
  ])('is unavailable after %j, since nothing was sent', (facts) => {
    expect(classifyConnectionFailure(fetchFailed(facts))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining(facts.code),
    })
  })

  it.each(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])('mentions the clock after %s', (code) => {
    expect(classifyConnectionFailure(fetchFailed({ code }))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('the clock of this machine'),
    })
  })

  it('looks into an error that wraps one for each address', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' })
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused, refused]) })
    expect(classifyConnectionFailure(error).outcome).toBe('unavailable')
  })

  it.each([
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'ECONNRESET' },
    { code: 'EPIPE', syscall: 'write' },
    { code: 'EHOSTUNREACH', syscall: 'read' },
    { code: 'ETIMEDOUT', syscall: 'read' },
    { code: 'UND_ERR_SOCKET' },
    { code: 'UND_ERR_HEADERS_TIMEOUT' },
    { code: 'UND_ERR_ABORTED' },
    { code: 'SOMETHING_NEW' },
  ])('is unknown after %j', (facts) => {
    expect(classifyConnectionFailure(fetchFailed(facts)).outcome).toBe('unknown')
  })

  it.each([new DOMException('x', 'TimeoutError'), new DOMException('x', 'AbortError'), new Error('x'), 'text', null])(
    'is unknown after %s',
    (error) => {
      expect(classifyConnectionFailure(error).outcome).toBe('unknown')
    },
  )

  it('terminates on an error that is its own cause', () => {
    const error = new Error('x')
    error.cause = error
    expect(classifyConnectionFailure(error).outcome).toBe('unknown')
  })
})

function fetchFailed(facts: { readonly code: string; readonly syscall?: string }): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('x'), facts) })
}
