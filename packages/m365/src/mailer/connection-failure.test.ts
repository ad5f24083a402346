import { describe, expect, it } from 'vitest'
import { NotSentError } from '../microsoft-fetch.ts'
import { classifyConnectionFailure } from './connection-failure.ts'

describe('classifyConnectionFailure', () => {
  it.each([
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
    { code: 'ECONNRESET', syscall: 'read' },
  ])('is unavailable after %j when nothing was sent', (facts) => {
    expect(classifyConnectionFailure(new NotSentError(failed(facts)))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining(facts.code),
    })
  })

  it.each(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])('mentions the clock after %s', (code) => {
    expect(classifyConnectionFailure(new NotSentError(failed({ code })))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('the clock of this machine'),
    })
  })

  it('looks into an error that wraps one for each address', () => {
    const refused = failed({ code: 'ECONNREFUSED', syscall: 'connect' })
    expect(classifyConnectionFailure(new NotSentError(new AggregateError([refused, refused])))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('names the time limit of a request that waited for a connection until then', () => {
    expect(classifyConnectionFailure(new NotSentError(new DOMException('x', 'TimeoutError')))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('TimeoutError'),
    })
  })

  it.each([
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'CERT_HAS_EXPIRED' },
  ])('is unknown after %j of a request that had begun', (facts) => {
    expect(classifyConnectionFailure(failed(facts)).outcome).toBe('unknown')
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

function failed(facts: { readonly code: string; readonly syscall?: string }): Error {
  return Object.assign(new Error('x'), facts)
}
