import { beforeEach, expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'

// Graph refuses, and the refusal travels to where it ends: in the message and in its mailbox. Each kind of answer has a
// representative here; every code and status is classified in the tests of packages/m365. The expectations follow
// Microsoft's error responses and the reports of its users, not our table.

const fixture = useDeliveryFixture({ fromEmail: 'reports@contoso.com', tickMs: 1 })

beforeEach(() => fixture.calm())

async function pausedForMs(): Promise<number> {
  const { json } = await fixture.service.get('/api/v1/tenant-settings/office365-smtp/usage')
  const [row] = await fixture.database.query<{ now: Date }>('SELECT mail_now() AS now')
  return json.pausedUntil === null ? 0 : Date.parse(json.pausedUntil) - (row?.now.getTime() ?? 0)
}

const CODE_LIST = 'https://learn.microsoft.com/graph/errors'

it.each([
  [404, 'ErrorItemNotFound', 'message-refused', 'A workspace admin or the submitting service retries the message'],
  [400, 'ErrorInvalidRecipients', 'recipient-refused', 'Check the recipients'],
  [413, 'ErrorMessageSizeExceeded', 'message-too-large', 'with smaller attachments'],
  [400, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', 'message-too-large', 'with smaller attachments'],
  [400, 'InvalidInternetMessageHeader', 'message-refused', CODE_LIST],
])(
  '%i %s fails the message at once as %s, says who does what and where, and leaves the mailbox alone',
  async (status, microsoftCode, problem, text) => {
    const subject = `${status} ${microsoftCode}`
    await fixture.switchOn(graphAnswers(status, microsoftCode))
    const { id } = await fixture.service.submit({ subject })

    const failed = await fixture.service.until(id, { status: 'failed' })
    expect(failed).toMatchObject({
      problem: { code: problem, microsoftCode, detail: expect.stringContaining(text), requestId: expect.any(String) },
      attempts: [{ outcome: 'refused', code: microsoftCode }],
      nextAttemptAt: null,
      possibleDuplicate: false,
    })
    expect(failed.problem?.detail).toMatch(/https:\/\/(entra|admin\.exchange|learn)\.microsoft\.com\b/)
    expect(await pausedForMs()).toBe(0)
    expect(await fixture.arrived(subject)).toBe(0)
  },
)

it.each([
  [403, 'ErrorAccessDenied'],
  [403, 'ErrorSendAsDenied'],
  [403, 'ErrorTenantNotFoundInCurrentSovereignEnvironment'],
])('%i %s concerns the mailbox: a message that alone meets it waits, and leaves afterwards', async (status, code) => {
  const subject = `${status} ${code}`
  await fixture.switchOn(graphAnswers(status, code))
  const { id } = await fixture.service.submit({ subject })

  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'refused', code }], problem: null })
  expect(await pausedForMs()).toBe(0)
  await fixture.pass(1 * MINUTES)

  await fixture.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await fixture.arrived(subject)).toBe(1)
})

it.each([
  [403, 'ErrorExceededMessageLimit'],
  [400, 'ErrorAccountSuspend'],
])('%i %s pauses the mailbox for an hour, and the message leaves afterwards', async (status, code) => {
  const subject = `${status} ${code}`
  await fixture.switchOn(graphAnswers(status, code))
  const { id } = await fixture.service.submit({ subject })

  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'refused', code }], problem: null })
  expect(await pausedForMs()).toBeGreaterThan(59 * MINUTES)
  expect(await pausedForMs()).toBeLessThanOrEqual(60 * MINUTES)
  await fixture.pass(1 * HOURS)

  await fixture.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await fixture.arrived(subject)).toBe(1)
})

it.each([
  [429, 'TooManyRequests', 'throttled', 'pauses the mailbox for a moment'],
  [503, 'ApplicationThrottled', 'throttled', 'pauses the mailbox for a moment'],
  [429, 'ErrorServerBusy', 'unavailable', 'delays the message and nothing else'],
  [400, 'ErrorMailboxMoveInProgress', 'unavailable', 'delays the message and nothing else'],
  [409, 'ErrorIrresolvableConflict', 'unavailable', 'delays the message and nothing else'],
])('%i %s (%s) %s, and the message leaves afterwards', async (status, code, outcome) => {
  const subject = `${status} ${code}`
  await fixture.switchOn(graphAnswers(status, code))
  const { id } = await fixture.service.submit({ subject })

  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome, code }], problem: null })
  expect((await pausedForMs()) > 0).toBe(outcome === 'throttled')
  await fixture.pass(1 * MINUTES)

  await fixture.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await fixture.arrived(subject)).toBe(1)
})

it.each([
  [500, 'ErrorInternalServerError'],
  [503, 'ErrorServerBusy'],
  [429, 'CommandConcurrencyLimitReached'],
  [504, 'ApplicationThrottled'],
])('%i %s leaves it open whether the message was sent: it is sent again, and says so', async (status, code) => {
  const subject = `${status} ${code}`
  await fixture.switchOn(graphAnswers(status, code))
  const { id } = await fixture.service.submit({ subject })

  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown', code }], problem: null })
  await fixture.pass(1 * MINUTES)

  await fixture.service.until(id, { status: 'sent', possibleDuplicate: true })
  expect(await fixture.arrived(subject)).toBe(1)
})

it('401 InvalidAuthenticationToken gets a new token, and the message leaves in the same attempt', async () => {
  const before = await fixture.service.submit()
  await fixture.service.until(before.id, { status: 'sent' })
  await fixture.microsoft.control('DELETE', '/counters')
  await fixture.switchOn(graphAnswers(401, 'InvalidAuthenticationToken'))
  const { id } = await fixture.service.submit({ subject: 'A new token' })

  await fixture.service.until(id, { status: 'sent', attempts: [{ outcome: 'sent' }], possibleDuplicate: false })
  const { endpoints } = await fixture.microsoft.control('GET', '/counters')
  expect(endpoints.token.requests).toBe(1)
  expect(await fixture.arrived('A new token')).toBe(1)
})
