import { expect, it } from 'vitest'
import { exampleFailure } from '../test-support/examples.ts'
import { CallFailed, type Failure, failureText, mayHaveArrived } from './failure.ts'
import { fault } from '@inforiver-mail/contract/fault-text'
import { type Problem, PROBLEM_STATUS, ProblemCode } from '@inforiver-mail/contract/problem'
import { english, german } from '../test-support/languages.ts'

it.each<[Failure, boolean]>([
  [{ kind: 'unreachable' }, true],
  [{ kind: 'unavailable' }, true],
  [{ kind: 'unreadable', status: 202 }, true],
  [exampleFailure('unavailable').failure, true],
  [exampleFailure('internal').failure, true],
  [exampleFailure('storage-full').failure, false],
  [exampleFailure('recipient-not-allowed').failure, false],
])('tells whether the server may have done what was asked after %j: %s', (failure, expected) => {
  expect(mayHaveArrived(new CallFailed(failure))).toBe(expected)
})

function failed(code: ProblemCode, given: Partial<Problem> = {}): CallFailed {
  const status = PROBLEM_STATUS[code]
  const type = `urn:inforiver-mail:problem:${code}` as const
  return new CallFailed({
    kind: 'problem',
    problem: { type, title: 'Title', status, detail: '', code, values: {}, requestId: 'req-1', ...given },
  })
}

it("prefers the API's own detail, shows the request id, and offers no Retry of what the API refused", () => {
  expect(failureText(failed('not-found', { detail: 'There is no such consent.' }), english)).toMatchObject({
    detail: 'There is no such consent.',
    requestId: 'req-1',
    canRetry: false,
  })
})

it.each(ProblemCode.options)('words %s in German by its code alone, whatever English the API has for it', (code) => {
  for (const given of [{}, { title: 'Not that', detail: 'Nor that.' }]) {
    const { title, detail } = failureText(failed(code, given), german)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(detail).toMatch(/\.$/)
    expect([title, detail].join(' ')).not.toMatch(/Not that|Nor that/)
  }
})

it('lists every fault of the input', () => {
  const errors = [
    { path: 'fromEmail', code: 'invalid', values: {}, message: 'An email address needs an @.' },
    { path: '', code: 'invalid', values: {}, message: 'Unknown field.' },
  ]
  expect(failureText(failed('invalid-input', { detail: 'Invalid.', errors }), english).detail).toBe(
    'Invalid. An email address needs an @. Unknown field.',
  )
})

it.each([{ kind: 'unreachable' }, { kind: 'unavailable' }, { kind: 'unreadable', status: 200 }] as const)(
  'offers Retry when the answer is $kind',
  (failure) => {
    expect(failureText(new CallFailed(failure), english).canRetry).toBe(true)
  },
)

it('words the sentences that a problem names, with their facts', () => {
  const facts = { storedBytes: 2_000_000, storageBytes: 2_000_000, neededBytes: 1_024 }
  const full = failed('storage-full', { detail: 'Full.', values: { detail: ['problem.storage-full'], ...facts } })
  expect(failureText(full, english).detail).toBe('Full.')
  expect(failureText(full, german).detail).toMatch(/2\.000\.000 von 2\.000\.000 Bytes, .+ 1\.024\./)

  const ended = failed('message-not-cancellable', { values: { detail: ['problem.has-ended'], status: 'sent' } })
  expect(failureText(ended, german).detail).toBe('Die Nachricht ist gesendet.')

  const newer = failed('unavailable', { detail: 'New.', values: { detail: ['problem.of-tomorrow'] } })
  expect(failureText(newer, german).detail).toBe(german.known('failures.problem.unavailable'))
})

it('words the faults of the input, and says where they are', () => {
  const errors = [{ path: 'to[0]', code: 'address-without-at', values: {}, message: fault('address-without-at') }]
  expect(failureText(failed('invalid-input', { detail: `to[0]: ${errors[0]?.message}`, errors }), german).detail).toBe(
    `${german.known('failures.problem.invalid-input')} to[0]: Eine E-Mail-Adresse braucht ein @, wie in reports@contoso.com.`,
  )
})
