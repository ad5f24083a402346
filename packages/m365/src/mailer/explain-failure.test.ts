import { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { describe, expect, it } from 'vitest'
import { toConsentProblem } from '../explanation.ts'
import type { Failure, RefusalReason } from './classify-failure.ts'
import { explainFailure } from './explain-failure.ts'

const subject = {
  sender: 'reports@contoso.com',
  delegate: 'ada@contoso.com',
  approvalLink: 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app',
}
const facts = { microsoftCode: 'ErrorSomething', requestId: 'request-1', detail: 'Microsoft said no.' }

const REASONS: readonly (readonly [RefusalReason, string])[] = [
  ['send-as-denied', 'send-as-denied'],
  ['permission-missing', 'permission-missing'],
  ['access-denied', 'permission-missing'],
  ['mailbox-not-found', 'mailbox-not-found'],
  ['recipient-refused', 'mailbox-not-found'],
  ['message-refused', 'microsoft-refused'],
  ['message-too-large', 'microsoft-refused'],
  ['sending-limit-reached', 'microsoft-refused'],
]

describe('explainFailure', () => {
  it.each(REASONS)('makes of %s a consent problem %s with the request id', (reason, code) => {
    const problem = ConsentProblem.parse(toConsentProblem(explainFailure(refused(reason), subject)))
    expect(problem).toMatchObject({ code, correlationId: 'request-1' })
  })

  it.each(REASONS)('says of %s what to do in whole sentences with at most one link', (reason) => {
    const { title, detail, action } = explainFailure(refused(reason), subject)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(detail).toContain('ErrorSomething')
    expect(action).toMatch(/^[A-Z].*(\.|client_id=app)$/)
    expect(action.match(/https?:\/\//g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  it('says where to grant Send As, to whom, and that it can take an hour', () => {
    const { detail, action } = explainFailure(refused('send-as-denied'), subject)
    expect(detail).toContain('ada@contoso.com has no right to send as reports@contoso.com')
    expect(action).toContain(
      'Exchange admin center > Recipients > Mailboxes > reports@contoso.com > Delegation > Send as',
    )
    expect(action).toContain('Groups')
    expect(action).toContain('an hour')
  })

  it('names Mail.Send.Shared and the approval link', () => {
    const { title, action } = explainFailure(refused('permission-missing'), subject)
    expect(title).toContain('Mail.Send.Shared')
    expect(action).toContain(subject.approvalLink)
  })

  it.each(['throttled', 'unavailable', 'unknown'] as const)('explains %s as trouble that passes', (outcome) => {
    expect(explainFailure({ outcome, retryAfter: null, ...facts }, subject).kind).toBe('microsoft-unavailable')
  })

  it('explains a token that Graph refuses as a refusal', () => {
    const failure: Failure = { outcome: 'unauthorized', claims: null, ...facts }
    expect(explainFailure(failure, subject).kind).toBe('microsoft-refused')
  })
})

function refused(reason: RefusalReason): Failure {
  return { outcome: 'refused', reason, title: 'Microsoft refused', ...facts }
}
