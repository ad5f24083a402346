import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { submitAsMime } from '../test-support/mime.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// The delegate granted Mail.Send alone, so that only the message trace can tell whether a message was sent.

const fixture = useDeliveryFixture({ environment: { DELIVERY_REPORTS_POLL_SECONDS: '5' } })

beforeEach(async () => {
  await fixture.calm()
  const permissions = ['ExchangeMessageTrace.Read.All']
  await fixture.microsoft.control('POST', '/application/tokens', { permissions })
  await fixture.database.query('UPDATE tenant_settings SET trace_enabled = true')
})

/** Waits until the trace was first asked about, or settled it: the time must not pass while the message is claimed. */
async function untilLookedFor(id: string): Promise<void> {
  await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  const looks = () => fixture.database.query('SELECT looks FROM message_queue WHERE message_id = $1', [id])
  await expect.poll(looks).not.toEqual([{ looks: 0 }])
}

/** Has the trace asked for the last time, after an hour. */
async function allowToSendAgain(ids: readonly string[]): Promise<void> {
  await fixture.database.query('UPDATE message_queue SET looks = 12 WHERE message_id = ANY ($1)', [ids])
  await fixture.pass(5 * MINUTES)
}

it('is settled by the row of the message, and sent once: of MIME under the Message-ID that it brings', async () => {
  await fixture.switchOn('send-accepted-but-504', 2)
  const { id } = await fixture.service.submit({ subject: 'Traced' })
  const mime = await submitAsMime(fixture, 'Traced MIME', { header: ['Message-ID: <traced@example.com>'] })
  for (const each of [id, mime]) await untilLookedFor(each)
  await fixture.pass(1 * MINUTES)

  for (const [each, subject] of [
    [id, 'Traced'],
    [mime, 'Traced MIME'],
  ] as const) {
    expect(await fixture.service.until(each, { status: 'sent' })).toMatchObject({
      possibleDuplicate: false,
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the message trace: it had been sent.' }],
    })
    expect(await fixture.arrived(subject)).toBe(1)
  }
})

it('is not settled by the row of another mail with the same Message-ID, to others or to the same recipient', async () => {
  const mailboxes = ['grace@contoso.com', 'max@contoso.com']
  const subjectOf = (mailbox: string) => `As well to ${mailbox}`
  const headerOf = (mailbox: string) => [`Message-ID: <${mailbox}>`]
  const others = await Promise.all(
    mailboxes.map((mailbox) => submitAsMime(fixture, subjectOf(mailbox), { header: headerOf(mailbox) })),
  )
  for (const other of others) await fixture.service.until(other, { status: 'sent' })
  await fixture.switchOn('send-504', 2)
  const ids = await Promise.all(
    mailboxes.map((address) =>
      submitAsMime(fixture, subjectOf(address), { header: headerOf(address), to: [{ address }] }),
    ),
  )
  for (const id of ids) await untilLookedFor(id)
  await fixture.pass(1 * MINUTES)
  for (const other of others) await fixture.service.until(other, { recipients: [{ delivery: 'delivered' }] }) // by its row
  await allowToSendAgain(ids)

  for (const id of ids)
    expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
  const received = await Promise.all(
    mailboxes.map(async (mailbox) => (await mailsIn(fixture.microsoft, subjectOf(mailbox), { mailbox })).length),
  )
  expect(received).toEqual([1, 2])
})
