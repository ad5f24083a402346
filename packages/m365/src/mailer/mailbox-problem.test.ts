import { expect, it } from 'vitest'
import { ADMIN_CENTERS } from '../test-support/remedy.ts'
import type { Refused } from './classify-failure.ts'
import { GRAPH_CODES } from './graph-codes.ts'
import { toMailboxProblem } from './mailbox-problem.ts'

const GOES_ON = 'Mail then goes on by itself'

it.each([
  ['ErrorAccessDenied', 'connects the mailbox again', true],
  ['ErrorTenantNotFoundInCurrentSovereignEnvironment', 'another database (DATABASE_URL) or data folder', false],
])('says what to do about %s: %s, and whether mail then goes on by itself: %s', (microsoftCode, remedy, goesOn) => {
  const { verdict } = GRAPH_CODES[microsoftCode] ?? {}
  const refused = {
    outcome: 'refused',
    ...(verdict as object),
    microsoftCode,
    requestId: null,
    detail: 'No.',
  } as Refused
  const { action } = toMailboxProblem(refused, ADMIN_CENTERS, false)

  expect(action).toContain(remedy)
  expect(action.includes(GOES_ON)).toBe(goesOn)
})
