import { CODE } from '@inforiver-mail/contract/wording'
import { describe, expect, it } from 'vitest'
import { graphAnswer } from '../test-support/graph-answer.ts'
import { classifyFailure } from './classify-failure.ts'
import { GRAPH_CODES, type GraphVerdict } from './graph-codes.ts'

const LATER = new Date('2026-11-24T10:00:02.000Z')

const CASES = Object.entries(GRAPH_CODES).flatMap(([code, { statuses, verdict }]) =>
  statuses.map((status) => [status, code, nameOf(verdict)] as const),
)

describe('classifyFailure', () => {
  it.each(CASES.filter(([status, , verdict]) => status !== 504 && verdict !== 'busy' && verdict !== 'passing'))(
    'classifies %i %s as %s',
    (status, code, verdict) => {
      expect(nameOfFailure(graphAnswer({ status, code }))).toBe(verdict)
    },
  )

  it.each(Object.keys(GRAPH_CODES))('is unknown after 504 %s', (code) => {
    expect(nameOfFailure(graphAnswer({ status: 504, code, retryAfter: LATER }))).toBe('unknown')
  })

  it.each(CASES.filter(([, , verdict]) => verdict === 'busy'))(
    'classifies %i %s as unavailable if it names a time or the status is below 500, and as unknown otherwise',
    (status, code) => {
      expect(nameOfFailure(graphAnswer({ status, code, retryAfter: LATER }))).toBe('unavailable')
      expect(nameOfFailure(graphAnswer({ status, code }))).toBe(status < 500 ? 'unavailable' : 'unknown')
    },
  )

  it.each([
    [200, 'unknown'],
    [204, 'unknown'],
    [302, 'unavailable'],
    [400, 'message-refused'],
    [401, 'unauthorized'],
    [403, 'access-denied'],
    [404, 'mailbox-not-found'],
    [405, 'message-refused'],
    [407, 'unavailable'],
    [408, 'unavailable'],
    [409, 'unavailable'],
    [412, 'unavailable'],
    [413, 'message-too-large'],
    [415, 'message-refused'],
    [423, 'unavailable'],
    [425, 'unavailable'],
    [429, 'throttled'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'unknown'],
    [504, 'unknown'],
    [507, 'mailbox-full'],
    [509, 'throttled'],
    [599, 'unknown'],
  ])('classifies HTTP %i without a code of the table as %s', (status, verdict) => {
    for (const code of [null, 'ErrorOfTomorrow', 'constructor'])
      expect(nameOfFailure(graphAnswer({ status, code }))).toBe(verdict)
  })

  it.each([
    [200, 'unknown'],
    [202, 'unknown'],
    [302, 'intercepted'],
    [400, 'intercepted'],
    [401, 'intercepted'],
    [403, 'intercepted'],
    [404, 'intercepted'],
    [405, 'intercepted'],
    [407, 'intercepted'],
    [408, 'intercepted'],
    [409, 'intercepted'],
    [413, 'intercepted'],
    [415, 'intercepted'],
    [421, 'intercepted'],
    [429, 'intercepted'],
    [451, 'intercepted'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'unknown'],
    [504, 'unknown'],
    [507, 'unknown'],
    [509, 'unknown'],
  ])('classifies HTTP %i of something in between, in place of Graph, as %s', (status, verdict) => {
    const sender = { own: false, grantedPermissions: ['Mail.Send'] }
    expect(nameOfFailure(graphAnswer({ status, gateway: gateway(status) }), { sender })).toBe(verdict)
  })

  it('says what answered in place of Graph, and what it said', () => {
    const failure = classifyFailure(graphAnswer({ status: 403, gateway: gateway(403) }))
    for (const said of ['graph.microsoft.com', '403', 'text/plain', 'RBAC: access denied'])
      expect(failure.detail).toContain(said)
    expect(failure.detail).not.toContain('Microsoft says')
  })

  it.each([
    [400, 'message-refused'],
    [403, 'access-denied'],
    [404, 'unknown'],
    [405, 'unknown'],
    [408, 'unknown'],
    [409, 'unknown'],
    [413, 'message-too-large'],
    [422, 'message-refused'],
    [429, 'unknown'],
  ])('classifies %i UnknownError, which stands for an answer that Graph could not read, as %s', (status, verdict) => {
    expect(nameOfFailure(graphAnswer({ status, code: 'UnknownError' }))).toBe(verdict)
  })

  it.each([
    [400, 'unavailable'],
    [403, 'unavailable'],
    [404, 'unknown'],
    [408, 'unknown'],
    [500, 'unknown'],
  ])(
    'classifies %i UnknownError with a page, as Graph passes on that of a host behind it, as %s',
    (status, verdict) => {
      expect(nameOfFailure(graphAnswer({ status, code: 'UnknownError', relaysPage: true }))).toBe(verdict)
    },
  )

  it.each([null, 'ErrorOfTomorrow'])('classifies a 503 with the code %s that names a time as unavailable', (code) => {
    expect(nameOfFailure(graphAnswer({ status: 503, code, retryAfter: LATER }))).toBe('unavailable')
  })

  it.each([
    [413, 'RequestEntityTooLarge', null, 'request-length'],
    [413, null, null, 'request-length'],
    [413, 'SomethingNew', null, 'request-length'],
    [413, 'BadRequest', null, 'request-length'],
    [400, 'BadRequest', 'Maximum request length exceeded.', 'request-length'],
    [400, 'SomethingNew', 'The maximum request length supported is 4MB.', 'request-length'],
    [400, null, 'The request length is too long.', 'request-length'],
    [400, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', null, 'session-minimum'],
    [413, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', null, 'session-minimum'],
    [413, 'ErrorMessageSizeExceeded', null, undefined],
    [413, 'ErrorQuotaExceeded', null, undefined],
    [400, 'BadRequest', 'The property is unknown.', undefined],
  ])('finds which limit %i %s, saying %j, is about: %s', (status, code, message, limit) => {
    const failure = classifyFailure(graphAnswer({ status, code, message }))
    expect('limit' in failure ? failure.limit : undefined).toBe(limit)
  })

  it.each([
    [200, 'unknown'],
    [413, 'message-too-large'],
    [429, 'throttled'],
    [503, 'unknown'],
  ])('takes %i with a page of a host behind Graph as what its status says: %s', (status, verdict) => {
    expect(nameOfFailure(graphAnswer({ status, relaysPage: true }))).toBe(verdict)
  })

  it.each([
    [404, undefined, 'draft-gone'],
    [404, 'changed', 'draft-gone'],
    [500, 'sent', 'unknown'],
  ] as const)('takes %i ErrorItemNotFound of a draft that is %s as %s', (status, draft, verdict) => {
    expect(nameOfFailure(graphAnswer({ status, code: 'ErrorItemNotFound' }), draft && { draft })).toBe(verdict)
  })

  it('takes a code that says why for the reason, whatever the message says of a length', () => {
    const answer = graphAnswer({ status: 400, code: 'ErrorInvalidRecipients', message: 'request length' })
    expect(nameOfFailure(answer)).toBe('recipient-refused')
  })

  it.each([
    [{ status: 401, code: 'InvalidAuthenticationToken' }, { detail: ['graph-unauthorized'] }],
    [{ status: 401 }, { detail: ['graph-unauthorized', CODE], microsoftCode: 'HTTP 401' }],
    [{ status: 429 }, { detail: ['graph-throttled', CODE], microsoftCode: 'HTTP 429' }],
    [
      { status: 503, message: 'Busy. More.' },
      { detail: ['graph-unknown', 'quote'], quote: 'Busy.' },
    ],
    [
      { status: 400, code: 'ErrorOfTomorrow', message: 'No.' },
      { detail: ['graph.invalid-message.detail', 'quote'], quote: 'No.', title: 'graph.invalid-message.title' },
    ],
    [
      { status: 403, code: 'ErrorSendAsDenied', message: 'No.' },
      { detail: ['graph.send-as-denied.detail'], title: 'graph.send-as-denied.title' },
    ],
  ])('words %j by %j', (answer, values) => {
    expect(classifyFailure(graphAnswer(answer)).values).toEqual(values)
  })

  it.each([
    [300, 'mailbox'],
    [403, 'mailbox'],
    [413, 'message'],
  ])('says what HTTP %i of something in between concerns: the %s', (status, concerns) => {
    const answer = graphAnswer({ status, gateway: gateway(status), retryAfter: LATER })
    expect(classifyFailure(answer)).toMatchObject({ outcome: 'intercepted', concerns, retryAfter: LATER })
  })

  it.each([
    [403, 'ErrorAccessDenied', 'mailbox'],
    [403, 'ErrorSendAsDenied', 'mailbox'],
    [404, 'MailboxNotEnabledForRESTAPI', 'mailbox'],
    [507, 'ErrorQuotaExceeded', 'mailbox'],
    [403, 'ErrorOfTomorrow', 'mailbox'],
    [400, 'ErrorInvalidRecipients', 'message'],
    [404, 'ErrorItemNotFound', 'message'],
    [413, 'ErrorMessageSizeExceeded', 'message'],
  ])('says that %i %s concerns the %s', (status, code, concerns) => {
    expect(classifyFailure(graphAnswer({ status, code }))).toMatchObject({ concerns })
  })

  it.each<[status: number, code: string | null]>([
    ...CASES.filter(([, , verdict]) => verdict === 'passing').map(([status, code]): [number, string] => [status, code]),
    [409, 'ErrorOfTomorrow'],
    [412, null],
    [423, null],
    [425, null],
  ])('tries again after %i %j, and doubts whether a draft that was being sent has left', (status, code) => {
    const answer = graphAnswer({ status, code })
    expect(nameOfFailure(answer)).toBe('unavailable')
    expect(nameOfFailure(answer, { draft: 'changed' })).toBe('unavailable')
    expect(nameOfFailure(answer, { draft: 'sent' })).toBe('unknown')
  })

  it.each([
    [undefined, 'mailbox-not-found'],
    ['changed', 'unavailable'],
    ['sent', 'unknown'],
  ] as const)('does not believe that the mailbox of a draft is missing (%s): %s', (draft, verdict) => {
    const answer = graphAnswer({ status: 404, code: 'ErrorNonExistentMailbox' })
    expect(nameOfFailure(answer, draft && { draft })).toBe(verdict)
  })

  it('passes on how long to wait', () => {
    expect(classifyFailure(graphAnswer({ status: 429, retryAfter: LATER }))).toMatchObject({ retryAfter: LATER })
  })

  it.each([401, 403])('passes on the claims of a challenge with HTTP %i', (status) => {
    const claims = '{"access_token":{}}'
    expect(classifyFailure(graphAnswer({ status, claims }))).toMatchObject({ outcome: 'unauthorized', claims })
  })

  it.each([['ErrorAccessDenied'], [null]])(
    'names Mail.Send.Shared when it is missing for a foreign sender and access is denied (code %s)',
    (code) => {
      const sender = { own: false, grantedPermissions: ['Mail.Send'] }
      const failure = classifyFailure(graphAnswer({ status: 403, code }), { sender })
      expect(failure).toMatchObject({
        reason: 'permission-missing',
        title: expect.stringContaining('Mail.Send.Shared'),
      })
    },
  )

  it.each([
    { own: true, grantedPermissions: ['Mail.Send'] },
    { own: false, grantedPermissions: ['Mail.Send', 'mail.send.shared'] },
  ])('does not blame Mail.Send.Shared for %j', (sender) => {
    expect(classifyFailure(graphAnswer({ status: 403, code: 'ErrorAccessDenied' }), { sender })).toMatchObject({
      reason: 'access-denied',
    })
  })

  it('distinguishes a missing Send As right from a missing permission', () => {
    const sender = { own: false, grantedPermissions: ['Mail.Send'] }
    expect(classifyFailure(graphAnswer({ status: 403, code: 'ErrorSendAsDenied' }), { sender })).toMatchObject({
      reason: 'send-as-denied',
    })
  })

  it('quotes one sentence of Microsoft when the code has several causes', () => {
    const message = "The header 'N' should start with 'x-'. More advice."
    const failure = classifyFailure(graphAnswer({ status: 400, code: 'InvalidInternetMessageHeader', message }))
    expect(failure.detail).toContain("“The header 'N' should start with 'x-'.”")
    expect(failure.detail).not.toContain('More advice')
  })

  it('does not quote Microsoft when the code says it all', () => {
    const failure = classifyFailure(
      graphAnswer({ status: 403, code: 'ErrorSendAsDenied', message: 'Words of Microsoft.' }),
    )
    expect(failure.detail).not.toContain('Words of Microsoft')
  })

  it('keeps code and request id for a support request', () => {
    expect(classifyFailure(graphAnswer({ status: 400, code: 'BadRequest', requestId: 'request-1' }))).toMatchObject({
      microsoftCode: 'BadRequest',
      requestId: 'request-1',
    })
  })
})

function gateway(status: number) {
  return { status, host: 'graph.microsoft.com', contentType: 'text/plain', excerpt: 'RBAC: access denied' }
}

function nameOf(verdict: GraphVerdict): string {
  return typeof verdict === 'string' ? verdict : verdict.reason
}

function nameOfFailure(...asked: Parameters<typeof classifyFailure>): string {
  const failure = classifyFailure(...asked)
  return failure.outcome === 'refused' ? failure.reason : failure.outcome
}
