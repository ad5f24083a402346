import { MessageProblem } from '@inforiver-mail/contract/message'
import { describe, expect, it } from 'vitest'
import { graphAnswer } from '../test-support/graph-answer.ts'
import { ADMIN_CENTERS, findRemedyFaults } from '../test-support/remedy.ts'
import { classifyFailure, type FailureContext, type Refused } from './classify-failure.ts'
import type { GraphAnswer } from './graph-call.ts'
import { GRAPH_CODES } from './graph-codes.ts'
import { toMessageProblem, toMailboxProblem } from './explain-problem.ts'

const REFUSALS = Object.entries(GRAPH_CODES).flatMap(([code, { statuses, verdict }]) =>
  typeof verdict === 'string' ? [] : statuses.map((status) => [status, code] as const),
)

describe('toMessageProblem', () => {
  it.each(REFUSALS)('makes of %i %s a problem of the contract that says who acts and where', (status, code) => {
    const problem = problemOf({ status, code, message: 'Words of Microsoft.' })
    expect(MessageProblem.parse(problem).microsoftCode).toBe(code)
    expect(findRemedyFaults(problem.detail)).toEqual([])
    expect(problem.detail.length).toBeLessThan(800)
  })

  it.each([400, 403, 404, 413, 507])('says after %i with a code of tomorrow who acts and where', (status) => {
    expect(findRemedyFaults(problemOf({ status, code: 'ErrorOfTomorrow' }).detail)).toEqual([])
  })

  it('says where Send As is given, and that it can take an hour', () => {
    const { code, detail } = problemOf({ status: 403, code: 'ErrorSendAsDenied' })
    expect(code).toBe('send-as-denied')
    expect(detail).toMatch(
      /Send As on the sender in the Exchange admin center \(https:\/\/admin\.exchange\.microsoft\.com\) > Recipients.*an hour/,
    )
  })

  it('does not say that Send As is missing where access was denied', () => {
    const { code, detail } = problemOf({ status: 403, code: 'ErrorAccessDenied', message: 'Access is denied.' })
    expect(code).toBe('message-refused')
    expect(detail).toMatch(/“Access is denied\.”.*Tenant Settings > Office 365 SMTP.*Entra administrator/)
    expect(detail).not.toContain('Send As')
  })

  it('says where a missing permission is accepted', () => {
    const sender = { own: false, grantedPermissions: ['Mail.Send'] }
    const { title, detail } = problemOf({ status: 403, code: 'ErrorAccessDenied' }, { sender })
    expect(title).toContain('Mail.Send.Shared')
    expect(detail).toContain('Tenant Settings > Office 365 SMTP')
  })
})

function problemOf(members: Partial<GraphAnswer>, context: FailureContext = {}): MessageProblem {
  const failure = classifyFailure(graphAnswer(members), context)
  if (failure.outcome !== 'refused') throw new Error(`It was ${failure.outcome}.`)
  return toMessageProblem(failure, ADMIN_CENTERS)
}

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
