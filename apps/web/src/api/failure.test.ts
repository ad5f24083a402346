import { expect, it } from 'vitest'
import { exampleFailure } from '../test-support/examples.ts'
import { CallFailed, type Failure, mayHaveArrived } from './failure.ts'

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
