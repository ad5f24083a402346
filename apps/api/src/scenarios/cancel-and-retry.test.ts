import { beforeEach, describe, expect, it } from 'vitest'
import { changingNothing } from '../test-support/changing-nothing.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { createTestClock, HOURS } from '../test-support/test-clock.ts'
import { useProduct } from '../test-support/use-fixture.ts'
import { answer, http, switchOn } from '../test-support/scenario.ts'

const MESSAGES = '/api/v1/messages'
const clock = createTestClock()

const { fixture, product, service } = useProduct({
  environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' },
  clock,
  mailbox: {},
})
beforeEach(() => fixture.microsoft.control('DELETE', '/scenarios'))

const cancel = (id: string) => service.post(`${MESSAGES}/${id}/cancel`)
const retry = (id: string) => service.post(`${MESSAGES}/${id}/retry`)

const scheduled = () => service.submit({ sendAt: new Date(clock.now().getTime() + 1 * HOURS).toISOString() })

const NOT_CANCELLABLE = { status: 409, json: { code: 'message-not-cancellable' } }
const UNKNOWN_FIELD = { status: 400, json: { errors: [{ path: 'force', message: 'This field is not known.' }] } }
const notRetryable = (detail: string) => ({ status: 409, json: { code: 'message-not-retryable', detail } })

async function waitingForItsNextAttempt() {
  await fixture.microsoft.control('POST', '/scenarios', { name: 'send-503-store' })
  const { id } = await service.submit()
  return service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
}

async function inDoubt() {
  await fixture.microsoft.control('POST', '/scenarios', { name: 'send-504' })
  const { id } = await service.submit()
  return service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }] })
}

async function refused(subject = 'Q3') {
  await switchOn(fixture, http('sendMail', answer(400, 'ErrorInvalidRecipients')))
  const { id } = await service.submit({ subject })
  return service.until(id, { status: 'failed', problem: { code: 'recipient-refused' } })
}

async function stopped(subject: string) {
  await fixture.microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
  const { id } = await service.submit({ subject, onUnknownOutcome: 'stop' })
  return service.until(id, { status: 'failed', problem: { code: 'outcome-unknown' } })
}

async function withoutContent(failed: Promise<{ id: string }>) {
  const { id } = await failed
  await fixture.database.query('DELETE FROM message_contents WHERE message_id = $1', [id])
  return { id }
}

async function sent() {
  const { id } = await service.submit()
  return service.until(id, { status: 'sent' })
}

it('retries only to recipients that the policy of the installation allows by then', async () => {
  const { id } = await refused('Not allowed any more')
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const allow = (...allowedDomains: string[]) =>
    ada.call('PUT', '/api/v1/tenant-settings/recipients', { allowedDomains, redirectAllTo: null })
  await allow('fabrikam.com')
  const alone = await retry(id)
  const together = await service.post(`${MESSAGES}/retry`, { filter: { subject: 'Not allowed any more' } })
  await allow()

  expect(alone).toMatchObject({ status: 422, json: { code: 'recipient-not-allowed', errors: [{ path: 'to[0]' }] } })
  expect(together.json).toEqual({ count: 0, expired: 0, withoutContent: 0, notAllowed: 1 })
  expect((await retry(id)).status).toBe(200)
})

it.each([
  ['scheduled', scheduled],
  ['waiting for its next attempt', waitingForItsNextAttempt],
])('cancels a message that is %s', async (_state, make) => {
  const { id } = await make()

  const { status, json } = await cancel(id)

  expect(status).toBe(200)
  expect(json).toMatchObject({ id, status: 'cancelled', nextAttemptAt: null, heldBecause: null })
  await clock.advance(2 * HOURS)
  await sent() // by now whatever was due has left
  expect(await service.read(id)).toEqual(json)
})

it('sends a failed message when it is retried, and keeps what happened before', async () => {
  const { id } = await refused('Retried')

  const { status, json } = await retry(id)

  expect(status).toBe(200)
  expect(json).toMatchObject({ id, problem: null })
  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'refused', code: 'ErrorInvalidRecipients' }, { outcome: 'sent' }],
    possibleDuplicate: false,
    problem: null,
  })
  expect(await mailsIn(fixture.microsoft, 'Retried')).toHaveLength(1)
})

it.each<[string, () => Promise<{ id: string }>, string, { status: number; json: object }, object?]>([
  ['cancel one in doubt', inDoubt, 'cancel', NOT_CANCELLABLE],
  ['cancel one that was sent', sent, 'cancel', NOT_CANCELLABLE],
  ['cancel one that failed', () => refused(), 'cancel', NOT_CANCELLABLE],
  ['cancel with a field that it does not know', scheduled, 'cancel', UNKNOWN_FIELD, { force: true }],
  ['cancel with a query that it does not know', scheduled, 'cancel?force=1', UNKNOWN_FIELD],
  [
    'retry one that is scheduled',
    scheduled,
    'retry',
    notRetryable('Only a failed message can be retried; this one is scheduled.'),
  ],
  [
    'retry one that is queued',
    waitingForItsNextAttempt,
    'retry',
    notRetryable('Only a failed message can be retried; this one is queued.'),
  ],
  ['retry one that was sent', sent, 'retry', notRetryable('Only a failed message can be retried; this one is sent.')],
  [
    'retry one that was refused and has no content any more',
    () => withoutContent(refused()),
    'retry',
    notRetryable(expect.stringContaining('submit it again')),
  ],
  [
    'retry one that may have been sent and has no content any more',
    () => withoutContent(stopped('Deleted')),
    'retry',
    notRetryable(expect.stringContaining('submit it again')),
  ],
])('does not %s, and changes nothing', async (_what, make, action, answer, body) => {
  const { id } = await make()

  const refusal = await changingNothing(fixture, () => service.post(`${MESSAGES}/${id}/${action}`, body))

  expect(refusal).toMatchObject(answer)
})

describe('in the audit log', () => {
  const audited = () =>
    fixture.database.query(`SELECT actor, action, outcome, details FROM audit_events WHERE action LIKE 'message-%'`)

  it('names the person who cancelled or retried a message; what services do is in the log of the process only', async () => {
    const ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const [user] = await fixture.database.query<{ id: string }>('SELECT id FROM users')
    const adaId = user?.id
    const [planned, own, failed] = [await scheduled(), await scheduled(), await refused('Retried by Ada')]

    expect((await ada.call('POST', `${MESSAGES}/${planned.id}/cancel`, {})).status).toBe(200)
    expect((await ada.call('POST', `${MESSAGES}/${planned.id}/cancel`, {})).status).toBe(409)
    expect((await ada.call('POST', `${MESSAGES}/${failed.id}/retry`, {})).status).toBe(200)
    expect((await cancel(own.id)).status).toBe(200)

    const about = (message: string) => ({ outcome: 'done', actor: adaId, details: { message, name: 'reports' } })
    expect(await audited()).toEqual([
      { action: 'message-cancelled', ...about(planned.id) },
      { action: 'message-retried', ...about(failed.id) },
    ])
    const lines = product.logLines.map((line) => JSON.parse(line) as object)
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'message cancelled', message: own.id, by: 'reports' }))
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'message retried', message: failed.id, by: adaId }))
  })

  it('does not cancel what cannot be audited', async () => {
    const ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    const { id } = await scheduled()
    await fixture.database.query('ALTER TABLE audit_events RENAME TO away')
    const { status } = await ada.call('POST', `${MESSAGES}/${id}/cancel`, {})
    await fixture.database.query('ALTER TABLE away RENAME TO audit_events')

    expect(status).toBe(500)
    expect(await service.read(id)).toMatchObject({ status: 'scheduled' })
  })
})
