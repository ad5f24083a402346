import { describe, expect, it } from 'vitest'
import { refused } from '../test-support/graph-answer.ts'
import { findRemedyFaults, ADMIN_CENTERS } from '../test-support/remedy.ts'
import type { RefusalReason } from './graph-codes.ts'
import { explainApplicationFailure, explainLostApplicationAccess } from './explain-failure.ts'

const SUBJECT = {
  sender: 'reports@contoso.com',
  recipient: 'ada@contoso.com',
  permission: 'Mail.Send',
  grantedPermissions: ['Mail.Send'],
  approvalLink: 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app',
  adminCenters: ADMIN_CENTERS,
} as const
const REASONS = [
  'send-as-denied',
  'permission-missing',
  'access-denied',
  'mailbox-not-found',
  'recipient-refused',
  'message-refused',
  'draft-gone',
  'mailbox-full',
  'message-too-large',
  'sending-limit-reached',
] as const satisfies readonly RefusalReason[]

describe('explainApplicationFailure', () => {
  it.each(REASONS)('says of %s who acts and where, with a link, whatever Entra granted', (reason) => {
    for (const grantedPermissions of [['Mail.Send'], [], null]) {
      const { action } = explainApplicationFailure(refused(reason), { ...SUBJECT, grantedPermissions })
      expect(findRemedyFaults(action, { onlyInThePage: true })).toEqual([])
    }
  })

  it('blames Exchange when Entra granted the permission', () => {
    expect(explainApplicationFailure(refused('access-denied'), SUBJECT)).toMatchObject({
      kind: 'send-as-denied',
      detail: expect.stringMatching(/reports@contoso\.com.*ErrorSomething/),
      action: expect.stringContaining('Exchange administrator'),
      correlationId: 'request-1',
    })
  })

  it.each([[[]], [null]])(
    'names the permission and where to approve it when Entra granted %j',
    (grantedPermissions) => {
      expect(explainApplicationFailure(refused('access-denied'), { ...SUBJECT, grantedPermissions })).toMatchObject({
        kind: 'permission-missing',
        title: expect.stringContaining('Mail.Send'),
        action: expect.stringContaining(SUBJECT.approvalLink),
      })
    },
  )

  it('says that the sender has to be a mailbox', () => {
    expect(explainApplicationFailure(refused('mailbox-not-found'), SUBJECT)).toMatchObject({
      kind: 'mailbox-not-found',
      detail: expect.stringContaining('no group'),
    })
  })

  it('says that an address of another domain has to be the organisation’s', () => {
    const foreign = { ...SUBJECT, sender: 'ceo@example.com' }
    expect(explainApplicationFailure(refused('mailbox-not-found'), foreign).action).toContain(
      'If ceo@example.com does not belong to your organisation, choose an address that does.',
    )
  })

  it('names the recipient of the verification message', () => {
    const { detail } = explainApplicationFailure(refused('recipient-refused'), SUBJECT)
    expect(detail).toContain('ada@contoso.com')
  })
})

describe('explainLostApplicationAccess', () => {
  it.each([[['Mail.Send']], [[]], [null]])('says who acts and where, with a link, when %j is granted', (granted) => {
    const explanation = explainLostApplicationAccess(refused('access-denied'), {
      ...SUBJECT,
      grantedPermissions: granted,
    })
    expect(findRemedyFaults(explanation?.action ?? '')).toEqual([])
  })

  it.each(['access-denied', 'permission-missing', 'send-as-denied'] as const)(
    'asks to reconnect after %s',
    (reason) => {
      expect(explainLostApplicationAccess(refused(reason), SUBJECT)).toMatchObject({
        kind: 'reconnect-required',
        action: expect.stringContaining('chooses Reconnect'),
      })
    },
  )

  it.each(['recipient-refused', 'message-refused', 'mailbox-not-found', 'message-too-large'] as const)(
    'keeps the connection after %s',
    (reason) => {
      expect(explainLostApplicationAccess(refused(reason), SUBJECT)).toBeNull()
    },
  )
})
