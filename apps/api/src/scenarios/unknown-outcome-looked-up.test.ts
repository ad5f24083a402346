import { beforeEach, expect, it } from 'vitest'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { lookUntil, untilSettled } from '../test-support/scenario.ts'

// The delegate granted Mail.ReadWrite, and Sent Items can be searched by our id.

const fixture = useDeliveryFixture({ mailbox: 'can be searched' })

beforeEach(async () => {
  await fixture.calm()
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

it('finds the mail in the mailbox after an answer that did not come in time, and does not send it again', async () => {
  const since = fixture.clock.now()
  await fixture.switchOn('send-accepted-but-hang')
  const { id } = await fixture.service.submit({ subject: 'No answer' })
  await fixture.timeOut()

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
    from: 'ada@contoso.com',
    sentAt: expect.any(String),
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the mailbox: it had been sent.' }],
    possibleDuplicate: false,
  })
  expect(await fixture.requestTimes('message-search', since)).toEqual([0])
  expect(await fixture.requestTimes('sendMail', since)).toEqual([0])
  expect(await fixture.arrived('No answer')).toBe(1)
})

it.each([
  ['sends again, marked', 'retry', { status: 'sent', possibleDuplicate: true }],
  ['stops, as it asked', 'stop', { status: 'failed', problem: { code: 'outcome-unknown' } }],
])(
  'does not take the absence of a copy in the mailbox of another sender for proof, and %s',
  async (_what, asked, ends) => {
    await fixture.switchOn('send-504')
    const { id } = await fixture.service.submit({ onUnknownOutcome: asked })
    await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })
    await untilSettled(fixture, id, fixture.clock.now)
    await fixture.database.query(`UPDATE message_queue SET from_email = 'former@contoso.com' WHERE message_id = $1`, [
      id,
    ])

    await lookUntil(fixture, id, ends)
    expect(await fixture.service.read(id)).toMatchObject(ends)
  },
)
