import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import type { DatabaseLink } from '../test-support/test-database.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestFixture, type TestFixture, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

// The API always reaches the database; the worker reaches it over a link that is cut.

let fixture: TestFixture
let link: DatabaseLink
let worker: TestProduct
let service: ServiceClient

beforeAll(async () => {
  fixture = await createTestFixture()
  const api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  link = await fixture.database.link()
  worker = await fixture.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: link.url, MAILBOX_MESSAGES_PER_MINUTE: '0' },
  })
  await connectMailbox(api)
  service = await createServiceClient(api)
})
afterAll(async () => {
  link.mend()
  await fixture.close()
  await link.close()
})
beforeEach(() => fixture.microsoft.control('DELETE', '/scenarios'))

const arrived = async (subject: string) => (await mailsIn(fixture.microsoft, subject)).length

it('writes an outcome once the database is back', async () => {
  const sending = await holdRequest(fixture.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Written afterwards', onUnknownOutcome: 'stop' })
  await sending.untilHeld()
  link.cut()
  await sending.release()
  await expect.poll(() => arrived('Written afterwards')).toBe(1)
  expect(await service.read(id)).toMatchObject({ status: 'sending' })
  await fixture.database.setTimeAhead(10 * MINUTES) // by then its lease has run out

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Written afterwards')).toBe(1)
})

it.each([
  ['stop', 'Stopped in doubt', { status: 'failed', problem: { code: 'outcome-unknown' } }, 1],
  ['retry', 'Sent again', { status: 'sent', possibleDuplicate: true }, 2],
])(
  'keeps the doubt about a request whose answer was unclear while the database was away, to %s',
  async (onUnknownOutcome, subject, expected, mails) => {
    await fixture.microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
    const sending = await holdRequest(fixture.microsoft, 'sendMail')
    const { id } = await service.submit({ subject, onUnknownOutcome })
    await sending.untilHeld()
    link.cut()
    await sending.release()
    await expect.poll(() => arrived(subject)).toBe(1)
    const unwritten = (line: string) => line.includes(id) && line.includes('could not be written')
    await expect.poll(() => worker.logLines.some(unwritten)).toBe(true)

    link.mend()

    expect(await service.until(id, { status: expected.status })).toMatchObject(expected)
    expect(await arrived(subject)).toBe(mails)
  },
)

it('delivers what was submitted while the worker could not reach the database', async () => {
  link.cut()
  const messages = await Promise.all(Array.from({ length: 20 }, () => service.submit({ subject: 'Piled up' })))

  link.mend()

  for (const { id } of messages) {
    expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  }
  expect(await arrived('Piled up')).toBe(20)
})
