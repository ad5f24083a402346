import { PROBLEM_STATUS, type ProblemCode } from '@inforiver-mail/contract/problem'
import { expect, it } from 'vitest'
import { CallFailed, type Failure, mayHaveArrived } from './failure.ts'

function problem(code: ProblemCode): Failure {
  const type = `urn:inforiver-mail:problem:${code}` as const
  const status = PROBLEM_STATUS[code]
  return {
    kind: 'problem',
    problem: { type, title: 'Title', status, detail: '', code, values: {}, requestId: 'req-1' },
  }
}

it.each<[Failure, boolean]>([
  [{ kind: 'unreachable' }, true],
  [{ kind: 'unavailable' }, true],
  [{ kind: 'unreadable', status: 202 }, true],
  [problem('unavailable'), true],
  [problem('internal'), true],
  [problem('storage-full'), false],
  [problem('recipient-not-allowed'), false],
])('tells whether the server may have done what was asked after %j: %s', (failure, expected) => {
  expect(mayHaveArrived(new CallFailed(failure))).toBe(expected)
})
