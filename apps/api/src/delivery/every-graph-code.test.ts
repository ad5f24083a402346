import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDeliveryGround, graphAnswers, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'

// Every code that Graph and Exchange are known to answer a mail with, produced at the simulator, and what becomes of
// the message and of its mailbox. Written after Microsoft's error responses and reports of its users, not after the
// code; where nobody is sure which status a code comes with, each plausible one is tried.

let ground: DeliveryGround

beforeAll(async () => {
  ground = await createDeliveryGround({ fromEmail: 'reports@contoso.com', tickMs: 1 })
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())

type Codes = readonly (readonly [code: string, statuses: readonly number[], problem?: string, words?: string])[]

/** One case for each code and status. */
function cases(table: Codes): [status: number, code: string, problem: string, words: string][] {
  return table.flatMap(([code, statuses, problem = '', words = '']) =>
    statuses.map((status): [number, string, string, string] => [status, code, problem, words]),
  )
}

async function pausedForMs(): Promise<number> {
  const { json } = await ground.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  const [row] = await ground.database.query<{ now: Date }>('SELECT mail_now() AS now')
  return json.pausedUntil === null ? 0 : Date.parse(json.pausedUntil) - (row?.now.getTime() ?? 0)
}

const EXCHANGE = 'Exchange admin center (https://admin.exchange.microsoft.com) > Recipients'

const REFUSED: Codes = [
  ['ErrorAccessDenied', [403], 'message-refused', 'A workspace admin connects the mailbox again'],
  ['ErrorSendAsDenied', [403, 400], 'send-as-denied', EXCHANGE],
  ['MailboxNotEnabledForRESTAPI', [404], 'mailbox-not-found', EXCHANGE],
  ['ResourceNotFound', [404], 'mailbox-not-found', EXCHANGE],
  ['ErrorNonExistentMailbox', [404, 400], 'mailbox-not-found', EXCHANGE],
  [
    'ErrorItemNotFound',
    [404, 400],
    'message-refused',
    'A workspace admin or the submitting service retries the message',
  ],
  [
    'ErrorInvalidRecipients',
    [400, 403],
    'recipient-refused',
    'Check the recipients and have the service send it again',
  ],
  [
    'ErrorExceededMaxRecipientLimit',
    [400, 403, 429],
    'recipient-refused',
    'Check the recipients and have the service send it again',
  ],
  ['ErrorQuotaExceeded', [413, 507, 403, 400], 'message-refused', 'makes room in it'],
  [
    'ErrorMessageSizeExceeded',
    [400, 413],
    'message-too-large',
    'The submitting service submits it again with smaller attachments',
  ],
  [
    'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
    [400, 413],
    'message-too-large',
    'The submitting service submits it again with smaller attachments',
  ],
  ['ErrorMimeContentInvalidBase64String', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['ErrorMimeContentInvalid', [400, 422], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['InvalidInternetMessageHeader', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['InvalidInternetMessageHeaderCollection', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['BadRequest', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['RequestBodyRead', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
  ['UnableToDeserializePostBody', [400], 'message-refused', 'https://learn.microsoft.com/graph/errors'],
]

it.each(cases(REFUSED))(
  '%i %s fails the message at once as %s, says who does what and where, and leaves the mailbox alone',
  async (status, microsoftCode, problem, words) => {
    const subject = `${status} ${microsoftCode}`
    await ground.switchOn(graphAnswers(status, microsoftCode))
    const { id } = await ground.service.submit({ subject })

    const failed = await ground.service.until(id, { status: 'failed' })
    expect(failed).toMatchObject({
      problem: { code: problem, microsoftCode, detail: expect.stringContaining(words), requestId: expect.any(String) },
      attempts: [{ outcome: 'refused', code: microsoftCode }],
      nextAttemptAt: null,
      possibleDuplicate: false,
    })
    expect(failed.problem?.detail).toMatch(/https:\/\/(entra|admin\.exchange|learn)\.microsoft\.com\b/)
    expect(await pausedForMs()).toBe(0)
    expect(await ground.arrived(subject)).toBe(0)
  },
)

it.each([
  [400, 'message-refused'],
  [403, 'message-refused'],
  [404, 'mailbox-not-found'],
  [413, 'message-too-large'],
])('%i with a code that nobody has heard of fails the message as %s', async (status, problem) => {
  await ground.switchOn(graphAnswers(status, 'ErrorOfTomorrow'))
  const { id } = await ground.service.submit()

  expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
    problem: { code: problem, microsoftCode: 'ErrorOfTomorrow' },
  })
})

it.each(
  cases([
    ['ErrorExceededMessageLimit', [403, 429, 400]],
    ['ErrorSubmissionQuotaExceeded', [403, 429, 400]],
    ['ErrorExceededHourlyMessageLimit', [403, 429, 400]],
    ['ErrorAccountSuspend', [403, 400]],
    ['ErrorMessageSubmissionBlocked', [403, 400]],
  ]),
)('%i %s pauses the mailbox for an hour, and the message leaves afterwards', async (status, code) => {
  const subject = `${status} ${code}`
  await ground.switchOn(graphAnswers(status, code))
  const { id } = await ground.service.submit({ subject })

  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'refused', code }], problem: null })
  expect(await pausedForMs()).toBeGreaterThan(59 * MINUTES)
  expect(await pausedForMs()).toBeLessThanOrEqual(60 * MINUTES)
  await ground.pass(1 * HOURS)

  await ground.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived(subject)).toBe(1)
})

it.each(
  cases([
    ['ApplicationThrottled', [429, 503]],
    ['TooManyRequests', [429]],
    ['activityLimitReached', [429, 503]],
  ]),
)('%i %s pauses the mailbox for a moment, and the message leaves afterwards', async (status, code) => {
  const subject = `${status} ${code}`
  await ground.switchOn(graphAnswers(status, code))
  const { id } = await ground.service.submit({ subject })

  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'throttled', code }], problem: null })
  expect(await pausedForMs()).toBeGreaterThan(0)
  await ground.pass(1 * MINUTES)

  await ground.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived(subject)).toBe(1)
})

it.each(
  cases([
    ['ErrorServerBusy', [429]],
    ['ErrorMailboxMoveInProgress', [503, 400]],
    ['ErrorMailboxStoreUnavailable', [503, 400]],
  ]),
)('%i %s delays the message and nothing else', async (status, code) => {
  const subject = `${status} ${code}`
  await ground.switchOn(graphAnswers(status, code))
  const { id } = await ground.service.submit({ subject })

  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable', code }], problem: null })
  expect(await pausedForMs()).toBe(0)
  await ground.pass(1 * MINUTES)

  await ground.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived(subject)).toBe(1)
})

it.each(
  cases([
    ['UnknownError', [500, 503, 504]],
    ['ErrorInternalServerError', [500]],
    ['ErrorInternalServerTransientError', [500, 503]],
    ['CommandConcurrencyLimitReached', [429, 503]],
    ['ErrorServerBusy', [503, 504]],
    ['ServiceUnavailable', [503, 504]],
    ['serviceNotAvailable', [503]],
    ['ApplicationThrottled', [504]],
    ['ErrorOfTomorrow', [500, 504]],
  ]),
)('%i %s leaves it open whether the message was sent: it is sent again, and says so', async (status, code) => {
  const subject = `${status} ${code}`
  await ground.switchOn(graphAnswers(status, code))
  const { id } = await ground.service.submit({ subject })

  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown', code }], problem: null })
  await ground.pass(1 * MINUTES)

  await ground.service.until(id, { status: 'sent', possibleDuplicate: true })
  expect(await ground.arrived(subject)).toBe(1)
})

it.each([504, 500])('%i leaves it open, and a message that asked for it is not sent again', async (status) => {
  await ground.switchOn(graphAnswers(status, 'UnknownError'))
  const { id } = await ground.service.submit({ onUnknownOutcome: 'stop' })

  expect(await ground.service.untilEnded(id)).toMatchObject({ status: 'failed', problem: { code: 'outcome-unknown' } })
})

it('401 InvalidAuthenticationToken gets a new token, and the message leaves in the same attempt', async () => {
  const before = await ground.service.submit()
  await ground.service.until(before.id, { status: 'sent' })
  await ground.microsoft.control('DELETE', '/counters')
  await ground.switchOn(graphAnswers(401, 'InvalidAuthenticationToken'))
  const { id } = await ground.service.submit({ subject: 'A new token' })

  await ground.service.until(id, { status: 'sent', attempts: [{ outcome: 'sent' }], possibleDuplicate: false })
  const { endpoints } = await ground.microsoft.control('GET', '/counters')
  expect(endpoints.token.requests).toBe(1)
  expect(await ground.arrived('A new token')).toBe(1)
})
