import { PROBLEM_STATUS, type Problem, ProblemCode } from '@inforiver-mail/contract/problem'
import { expect, it } from 'vitest'
import { failureText } from './failure-text.ts'
import { CallFailed } from './failure.ts'

function failed(code: ProblemCode, given: Partial<Problem> = {}): CallFailed {
  const status = PROBLEM_STATUS[code]
  const type = `urn:inforiver-mail:problem:${code}` as const
  return new CallFailed({
    kind: 'problem',
    problem: { type, title: 'Title', status, detail: '', code, values: {}, requestId: 'req-1', ...given },
  })
}

it("prefers the API's own detail", () => {
  expect(failureText(failed('not-found', { detail: 'There is no such consent.' })).detail).toBe(
    'There is no such consent.',
  )
})

it.each(ProblemCode.options)('has a sentence for %s when the API gives no detail', (code) => {
  expect(failureText(failed(code)).detail).toMatch(/\.$/)
})

it('shows the request id', () => {
  expect(failureText(failed('internal')).requestId).toBe('req-1')
})

it('lists every fault of the input', () => {
  const errors = [
    { path: 'fromEmail', code: 'invalid', values: {}, message: 'An email address needs an @.' },
    { path: '', code: 'invalid', values: {}, message: 'Unknown field.' },
  ]
  expect(failureText(failed('invalid-input', { detail: 'Invalid.', errors })).detail).toBe(
    'Invalid. An email address needs an @. Unknown field.',
  )
})

it.each([{ kind: 'unreachable' }, { kind: 'unavailable' }, { kind: 'unreadable', status: 200 }] as const)(
  'offers Retry when the answer is $kind',
  (failure) => {
    expect(failureText(new CallFailed(failure)).canRetry).toBe(true)
  },
)

it('does not offer Retry when the API refused the call', () => {
  expect(failureText(failed('already-configured')).canRetry).toBe(false)
})
