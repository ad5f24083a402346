import { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { describe, expect, it } from 'vitest'
import { toConsentProblem } from '../explanation.ts'
import { FACTS, graphAnswer, refused } from '../test-support/graph-answer.ts'
import { findRemedyFaults, ADMIN_CENTERS } from '../test-support/remedy.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { GRAPH_CODES, type RefusalReason } from './graph-codes.ts'
import {
  explainApplicationFailure,
  explainFailure,
  explainIgnoredSender,
  explainLostApplicationAccess,
} from './explain-failure.ts'

const subject = {
  sender: 'reports@contoso.com',
  delegate: 'ada@contoso.com',
  approvalLink: 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app',
  adminCenters: ADMIN_CENTERS,
}

const REASONS: readonly (readonly [RefusalReason, string])[] = [
  ['send-as-denied', 'send-as-denied'],
  ['permission-missing', 'permission-missing'],
  ['access-denied', 'permission-missing'],
  ['mailbox-not-found', 'mailbox-not-found'],
  ['recipient-refused', 'mailbox-not-found'],
  ['message-refused', 'microsoft-refused'],
  ['draft-gone', 'microsoft-refused'],
  ['mailbox-full', 'microsoft-refused'],
  ['message-too-large', 'microsoft-refused'],
  ['sending-limit-reached', 'microsoft-refused'],
]

describe('explainFailure', () => {
  it.each(REASONS)('makes of %s a consent problem %s with the request id', (reason, code) => {
    const problem = ConsentProblem.parse(toConsentProblem(explainFailure(refused(reason), subject)))
    expect(problem).toMatchObject({ code, correlationId: 'request-1' })
  })

  it.each(REASONS)('says of %s in whole sentences what happened, who acts and where, with a link', (reason) => {
    const { title, detail, action } = explainFailure(refused(reason), subject)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(detail).toMatch(/ \(ErrorSomething\)\.$/)
    expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
  })

  it.each(Object.keys(GRAPH_CODES))('says of %s, whatever its status, who acts and where, with a link', (code) => {
    for (const status of [400, 401, 403, 404, 413, 429, 500, 503, 504, 507]) {
      const { action } = explainFailure(classifyFailure(graphAnswer({ status, code })), subject)
      expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
    }
  })

  it('says of a sender that Exchange ignores who acts and where, and that somebody reconnects then', () => {
    const { title, detail, action } = explainIgnoredSender(subject.sender, subject.delegate, ADMIN_CENTERS.exchange)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(detail).toContain('makes ada@contoso.com the sender in place of reports@contoso.com')
    expect(action).toContain('Reconnect')
    expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
  })

  it('says where to grant Send As, to whom, and that it can take an hour', () => {
    const { detail, action } = explainFailure(refused('send-as-denied'), subject)
    expect(detail).toContain('ada@contoso.com has no right to send as reports@contoso.com (ErrorSomething).')
    expect(action).toContain(
      'Exchange admin center (https://admin.exchange.microsoft.com) > Recipients > Mailboxes > reports@contoso.com > Delegation > Send as',
    )
    expect(action).toContain('Groups')
    expect(action).toContain('an hour')
  })

  it('appends the code after a quotation', () => {
    const failure = { ...refused('message-refused'), detail: 'It refused. Microsoft says: “No.”' }
    expect(explainFailure(failure, subject).detail).toBe('It refused. Microsoft says: “No.” (ErrorSomething)')
  })

  it('names an address only once when sender and delegate share it', () => {
    const own = { ...subject, sender: 'Ada@contoso.com' }
    const { detail, action } = explainFailure(refused('mailbox-not-found'), own)
    expect(detail).toBe('Microsoft 365 has no mailbox in the cloud for Ada@contoso.com (ErrorSomething).')
    expect(action).not.toMatch(/both|ada@contoso/)
  })

  it.each(['send-as-denied', 'access-denied', 'mailbox-not-found'] as const)(
    'says of %s with an address of another domain that it has to be the organisation’s',
    (reason) => {
      const foreign = { ...subject, sender: 'ceo@example.com' }
      const sentence = 'If ceo@example.com does not belong to your organisation, choose an address that does.'
      expect(explainFailure(refused(reason), foreign).action).toContain(sentence)
      expect(explainFailure(refused(reason), subject).action).not.toContain('belong')
      expect(findRemedyFaults(explainFailure(refused(reason), foreign).action, { onlyInThePage: true })).toEqual([])
    },
  )

  it('names Mail.Send.Shared and the approval link', () => {
    const { title, action } = explainFailure(refused('permission-missing'), subject)
    expect(title).toContain('Mail.Send.Shared')
    expect(action).toContain(subject.approvalLink)
  })

  it.each(['throttled', 'unavailable', 'unknown'] as const)('explains %s as an outage', (outcome) => {
    expect(explainFailure({ outcome, retryAfter: null, ...FACTS }, subject).kind).toBe('microsoft-unavailable')
  })

  it('explains a token that Graph refuses as a refusal', () => {
    const failure: Failure = { outcome: 'unauthorized', claims: null, ...FACTS }
    expect(explainFailure(failure, subject).kind).toBe('microsoft-refused')
  })
})

const ofApplication = {
  sender: subject.sender,
  recipient: 'ada@contoso.com',
  permission: 'Mail.Send',
  grantedPermissions: ['Mail.Send'],
  approvalLink: subject.approvalLink,
  adminCenters: ADMIN_CENTERS,
} as const

describe('explainApplicationFailure', () => {
  it.each(REASONS)('says of %s who acts and where, with a link, whatever Entra granted', (reason) => {
    for (const grantedPermissions of [['Mail.Send'], [], null]) {
      const { action } = explainApplicationFailure(refused(reason), { ...ofApplication, grantedPermissions })
      expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
    }
  })

  it('blames Exchange when Entra granted the permission', () => {
    expect(explainApplicationFailure(refused('access-denied'), ofApplication)).toMatchObject({
      kind: 'send-as-denied',
      detail: expect.stringMatching(/reports@contoso\.com.*ErrorSomething/),
      action: expect.stringContaining('Exchange administrator'),
      correlationId: 'request-1',
    })
  })

  it.each([[[]], [null]])(
    'names the permission and where to approve it when Entra granted %j',
    (grantedPermissions) => {
      expect(
        explainApplicationFailure(refused('access-denied'), { ...ofApplication, grantedPermissions }),
      ).toMatchObject({
        kind: 'permission-missing',
        title: expect.stringContaining('Mail.Send'),
        action: expect.stringContaining(ofApplication.approvalLink),
      })
    },
  )

  it('says that the sender has to be a mailbox', () => {
    expect(explainApplicationFailure(refused('mailbox-not-found'), ofApplication)).toMatchObject({
      kind: 'mailbox-not-found',
      detail: expect.stringContaining('no group'),
    })
  })

  it('says that an address of another domain has to be the organisation’s', () => {
    const foreign = { ...ofApplication, sender: 'ceo@example.com' }
    expect(explainApplicationFailure(refused('mailbox-not-found'), foreign).action).toContain(
      'If ceo@example.com does not belong to your organisation, choose an address that does.',
    )
  })

  it('names the recipient of the verification message', () => {
    const { detail } = explainApplicationFailure(refused('recipient-refused'), ofApplication)
    expect(detail).toContain('ada@contoso.com')
  })
})

describe('explainLostApplicationAccess', () => {
  it.each([[['Mail.Send']], [[]], [null]])('says who acts and where, with a link, when %j is granted', (granted) => {
    const explanation = explainLostApplicationAccess(refused('access-denied'), {
      ...ofApplication,
      grantedPermissions: granted,
    })
    expect(findRemedyFaults(explanation?.action ?? '')).toEqual([])
  })

  it.each(['access-denied', 'permission-missing', 'send-as-denied'] as const)(
    'asks to reconnect after %s',
    (reason) => {
      expect(explainLostApplicationAccess(refused(reason), ofApplication)).toMatchObject({
        kind: 'reconnect-required',
        action: expect.stringContaining('chooses Reconnect'),
      })
    },
  )

  it.each(['recipient-refused', 'message-refused', 'mailbox-not-found', 'message-too-large'] as const)(
    'keeps the connection after %s',
    (reason) => {
      expect(explainLostApplicationAccess(refused(reason), ofApplication)).toBeNull()
    },
  )
})
