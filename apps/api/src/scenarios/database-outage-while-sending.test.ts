import { beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { useLink } from '../test-support/test-database.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

// The API always reaches the database; the worker reaches it over a link that is cut.

const fixture = useFixture()
const link = useLink(() => fixture.database)
let service: ServiceClient

beforeAll(async () => {
  const api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  await fixture.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: link.url, MAILBOX_MESSAGES_PER_MINUTE: '0' },
  })
  await connectMailbox(api)
  service = await createServiceClient(api)
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
  await fixture.database.setTimeAhead(10 * MINUTES) // whoever went by a time would have given it up by then

  link.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Written afterwards')).toBe(1)
})
