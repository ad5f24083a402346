import { MessageProblem } from '@inforiver-mail/contract/message'
import { describe, expect, it } from 'vitest'
import { faultsOfRemedy, PLACES } from '../test-support/remedy.ts'
import {
  classifyConnectionFailure,
  classifyFailure,
  MICROSOFT_CODES,
  toMessageProblem,
  type Failure,
  type FailureContext,
} from './classify-failure.ts'
import type { GraphAnswer } from './graph-answer.ts'

const LATER = new Date('2026-11-24T10:00:02.000Z')

/** Every code with the statuses it plausibly comes with: where Microsoft's sources disagree, all of them. */
const TABLE: readonly (readonly [code: string, statuses: readonly number[], verdict: string])[] = [
  ['ErrorAccessDenied', [403], 'access-denied'],
  ['Authorization_RequestDenied', [403], 'access-denied'],
  ['accessDenied', [403], 'access-denied'],
  ['ErrorSendAsDenied', [403], 'send-as-denied'],
  ['MailboxNotEnabledForRESTAPI', [404], 'mailbox-not-found'],
  ['MailboxNotSupportedForRESTAPI', [404], 'mailbox-not-found'],
  ['ErrorNonExistentMailbox', [404, 400], 'mailbox-not-found'],
  ['ResourceNotFound', [404], 'mailbox-not-found'],
  ['Request_ResourceNotFound', [404], 'mailbox-not-found'],
  ['ErrorItemNotFound', [404], 'draft-gone'],
  ['ErrorInvalidMailboxItemId', [400, 404], 'draft-gone'],
  ['ErrorInvalidRecipients', [400, 403], 'recipient-refused'],
  ['ErrorExceededMaxRecipientLimit', [400, 403, 429], 'recipient-refused'],
  ['ErrorExceededMessageLimit', [403, 429, 400], 'sending-limit-reached'],
  ['ErrorExceededHourlyMessageLimit', [403, 429, 400], 'sending-limit-reached'],
  ['ErrorSubmissionQuotaExceeded', [403, 429, 400], 'sending-limit-reached'],
  ['ErrorAccountSuspend', [403, 400], 'sending-limit-reached'],
  ['ErrorMessageSubmissionBlocked', [403, 400], 'sending-limit-reached'],
  ['ErrorQuotaExceeded', [413, 507, 403, 400], 'mailbox-full'],
  ['ErrorMessageSizeExceeded', [400, 413], 'message-too-large'],
  ['RequestEntityTooLarge', [413], 'message-too-large'],
  ['ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', [400, 413], 'message-too-large'],
  ['ErrorMimeContentInvalidBase64String', [400], 'message-refused'],
  ['ErrorMimeContentInvalid', [400], 'message-refused'],
  ['InvalidInternetMessageHeader', [400], 'message-refused'],
  ['InvalidInternetMessageHeaderCollection', [400], 'message-refused'],
  ['BadRequest', [400], 'message-refused'],
  ['RequestBodyRead', [400], 'message-refused'],
  ['UnableToDeserializePostBody', [400], 'message-refused'],
  ['ApplicationThrottled', [429, 503], 'throttled'],
  ['TooManyRequests', [429], 'throttled'],
  ['activityLimitReached', [429, 503], 'throttled'],
  ['ErrorServerBusy', [500, 503], 'unknown'],
  ['ErrorServerBusy', [429], 'unavailable'],
  ['ServiceUnavailable', [503], 'unknown'],
  ['serviceNotAvailable', [503], 'unknown'],
  ['ErrorMailboxMoveInProgress', [503, 400], 'unavailable'],
  ['ErrorMailboxStoreUnavailable', [503, 400], 'unavailable'],
  ['CommandConcurrencyLimitReached', [429, 503], 'unknown'],
  ['UnknownError', [500, 503, 504], 'unknown'],
  ['ErrorInternalServerError', [500], 'unknown'],
  ['ErrorInternalServerTransientError', [500, 503], 'unknown'],
  ['InternalServerError', [500], 'unknown'],
  ['generalException', [500], 'unknown'],
  // A gateway that gave up waiting leaves it open, whatever the code.
  ['ErrorServerBusy', [504], 'unknown'],
  ['ServiceUnavailable', [504], 'unknown'],
  ['ApplicationThrottled', [504], 'unknown'],
  ['InvalidAuthenticationToken', [401], 'unauthorized'],
]
const CASES = TABLE.flatMap(([code, statuses, verdict]) => statuses.map((status) => [status, code, verdict] as const))
const PASSING = new Set(['throttled', 'unavailable', 'unknown', 'unauthorized'])
const REFUSALS = CASES.filter(([, , verdict]) => !PASSING.has(verdict))

describe('classifyFailure', () => {
  it.each(CASES)('sorts %i %s as %s', (status, code, verdict) => {
    expect(verdictOf(classifyFailure(answer({ status, code })))).toBe(verdict)
  })

  it('has an example here for every code of its table', () => {
    const tested = new Set(TABLE.map(([code]) => code))
    expect(MICROSOFT_CODES.filter((code) => !tested.has(code))).toEqual([])
  })

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
    [413, 'message-too-large'],
    [415, 'message-refused'],
    [429, 'throttled'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'unknown'],
    [504, 'unknown'],
    [507, 'mailbox-full'],
    [509, 'throttled'],
    [599, 'unknown'],
  ])('sorts HTTP %i without a code it knows as %s', (status, verdict) => {
    expect(verdictOf(classifyFailure(answer({ status })))).toBe(verdict)
  })

  it.each([
    [400, 'message-refused'],
    [403, 'access-denied'],
    [429, 'throttled'],
    [500, 'unknown'],
    [503, 'unknown'],
  ])('sorts HTTP %i with codes it has never heard of as %s', (status, verdict) => {
    const verdicts = ['SomethingNew', 'constructor'].map((code) => verdictOf(classifyFailure(answer({ status, code }))))
    expect(verdicts).toEqual([verdict, verdict])
  })

  it.each([null, 'ErrorServerBusy', 'ServiceUnavailable', 'serviceNotAvailable', 'SomethingNew'])(
    'takes a 503 with the code %s that names a time as a clear no',
    (code) => {
      expect(classifyFailure(answer({ status: 503, code, retryAfter: LATER })).outcome).toBe('unavailable')
    },
  )

  it.each(['Maximum request length exceeded.', 'The maximum request length supported is 4MB.'])(
    'sees in a BadRequest that says “%s” a message that is too large',
    (message) => {
      expect(verdictOf(classifyFailure(answer({ status: 400, code: 'BadRequest', message })))).toBe('message-too-large')
    },
  )

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
  ])('tells which limit %i %s, saying %j, is about: %s', (status, code, message, limit) => {
    const failure = classifyFailure(answer({ status, code, message }))
    expect('limit' in failure ? failure.limit : undefined).toBe(limit)
  })

  it('passes on how long to wait', () => {
    expect(classifyFailure(answer({ status: 429, retryAfter: LATER }))).toMatchObject({ retryAfter: LATER })
  })

  it.each([401, 403])('passes on the claims of a challenge with HTTP %i', (status) => {
    const claims = '{"access_token":{}}'
    expect(classifyFailure(answer({ status, claims }))).toMatchObject({ outcome: 'unauthorized', claims })
  })

  it.each([['ErrorAccessDenied'], [null]])(
    'names Mail.Send.Shared when it is missing for a foreign sender and access is denied (code %s)',
    (code) => {
      const sender = { own: false, grantedPermissions: ['Mail.Send'] }
      const failure = classifyFailure(answer({ status: 403, code }), { sender })
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
    expect(classifyFailure(answer({ status: 403, code: 'ErrorAccessDenied' }), { sender })).toMatchObject({
      reason: 'access-denied',
    })
  })

  it('keeps a missing Send As right apart from a missing permission', () => {
    const sender = { own: false, grantedPermissions: ['Mail.Send'] }
    expect(classifyFailure(answer({ status: 403, code: 'ErrorSendAsDenied' }), { sender })).toMatchObject({
      reason: 'send-as-denied',
    })
  })

  it('quotes Microsoft where only Microsoft knows the cause, and then one sentence', () => {
    const message = "The header 'N' should start with 'x-'. More advice."
    const failure = classifyFailure(answer({ status: 400, code: 'InvalidInternetMessageHeader', message }))
    expect(failure.detail).toContain("“The header 'N' should start with 'x-'.”")
    expect(failure.detail).not.toContain('More advice')
  })

  it('does not quote Microsoft where the code says it all', () => {
    const failure = classifyFailure(answer({ status: 403, code: 'ErrorSendAsDenied', message: 'Words of Microsoft.' }))
    expect(failure.detail).not.toContain('Words of Microsoft')
  })

  it('keeps code and request id for a support request', () => {
    expect(classifyFailure(answer({ status: 400, code: 'BadRequest', requestId: 'request-1' }))).toMatchObject({
      microsoftCode: 'BadRequest',
      requestId: 'request-1',
    })
  })
})

describe('classifyConnectionFailure', () => {
  it.each([
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    { code: 'UND_ERR_CONNECT_TIMEOUT' },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
  ])('knows that nothing was sent after %j', (facts) => {
    expect(classifyConnectionFailure(fetchFailed(facts))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining(facts.code),
    })
  })

  it.each(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])('names the clock after %s', (code) => {
    expect(classifyConnectionFailure(fetchFailed({ code }))).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('the clock of this machine'),
    })
  })

  it('looks into an error that holds one for each address tried', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' })
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused, refused]) })
    expect(classifyConnectionFailure(error).outcome).toBe('unavailable')
  })

  it.each([
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'ECONNRESET' },
    { code: 'EPIPE', syscall: 'write' },
    { code: 'EHOSTUNREACH', syscall: 'read' },
    { code: 'ETIMEDOUT', syscall: 'read' },
    { code: 'UND_ERR_SOCKET' },
    { code: 'UND_ERR_HEADERS_TIMEOUT' },
    { code: 'UND_ERR_ABORTED' },
    { code: 'SOMETHING_NEW' },
  ])('leaves open what became of the request after %j', (facts) => {
    expect(classifyConnectionFailure(fetchFailed(facts)).outcome).toBe('unknown')
  })

  it.each([new DOMException('x', 'TimeoutError'), new DOMException('x', 'AbortError'), new Error('x'), 'text', null])(
    'leaves open what became of the request after %s',
    (error) => {
      expect(classifyConnectionFailure(error).outcome).toBe('unknown')
    },
  )

  it('ends on an error that is its own cause', () => {
    const error = new Error('x')
    error.cause = error
    expect(classifyConnectionFailure(error).outcome).toBe('unknown')
  })
})

describe('toMessageProblem', () => {
  it.each(REFUSALS)('makes of %i %s a problem of the contract', (status, code) => {
    const failure = classifyFailure(answer({ status, code }))
    if (failure.outcome !== 'refused') throw new Error(`It was ${failure.outcome}.`)
    expect(MessageProblem.parse(toMessageProblem(failure, PLACES)).microsoftCode).toBe(code)
  })

  it.each(REFUSALS)(
    'says after %i %s who acts and where, with a link, and in no more than a few sentences',
    (status, code) => {
      const { detail } = problemOf({ status, code, message: 'Words of Microsoft.' })
      expect(faultsOfRemedy(detail)).toEqual([])
      expect(detail.length).toBeLessThan(800)
    },
  )

  it.each([400, 403, 404, 413, 507])('says after %i with a code of tomorrow who acts and where', (status) => {
    expect(faultsOfRemedy(problemOf({ status, code: 'ErrorOfTomorrow' }).detail)).toEqual([])
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

  it('says of a missing permission where it is accepted', () => {
    const sender = { own: false, grantedPermissions: ['Mail.Send'] }
    const { title, detail } = problemOf({ status: 403, code: 'ErrorAccessDenied' }, { sender })
    expect(title).toContain('Mail.Send.Shared')
    expect(detail).toContain('Tenant Settings > Office 365 SMTP')
  })
})

function problemOf(parts: Partial<GraphAnswer>, context: FailureContext = {}): MessageProblem {
  const failure = classifyFailure(answer(parts), context)
  if (failure.outcome !== 'refused') throw new Error(`It was ${failure.outcome}.`)
  return toMessageProblem(failure, PLACES)
}

function answer(parts: Partial<GraphAnswer>): GraphAnswer {
  const nothing = { code: null, innerCode: null, message: null, requestId: null, retryAfter: null, claims: null }
  return { status: 400, ...nothing, ...parts }
}

function fetchFailed(facts: { readonly code: string; readonly syscall?: string }): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('x'), facts) })
}

function verdictOf(failure: Failure): string {
  return failure.outcome === 'refused' ? failure.reason : failure.outcome
}
