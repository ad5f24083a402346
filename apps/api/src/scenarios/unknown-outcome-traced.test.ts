import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { submitAsMime } from '../test-support/mime.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// The delegate granted Mail.Send alone, so that only the message trace can tell whether a message was sent.

const ground = useDeliveryGround({ environment: { DELIVERY_REPORTS_POLL_SECONDS: '5' } })

beforeEach(async () => {
  await ground.calm()
  const permissions = ['ExchangeMessageTrace.Read.All']
  await ground.microsoft.control('POST', '/application/tokens', { permissions })
  await ground.database.query('UPDATE tenant_settings SET trace_enabled = true')
})

/** Waits until the trace was first asked about, or settled it: the time must not pass while the message is claimed. */
async function untilLookedFor(id: string): Promise<void> {
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  const looks = () => ground.database.query('SELECT looks FROM message_queue WHERE message_id = $1', [id])
  await expect.poll(looks).not.toEqual([{ looks: 0 }])
}

/** Has the trace asked for the last time, after an hour. */
async function allowToSendAgain(ids: readonly string[]): Promise<void> {
  await ground.database.query('UPDATE message_queue SET looks = 12 WHERE message_id = ANY ($1)', [ids])
  await ground.pass(5 * MINUTES)
}

it('is settled by the row of the message, and sent once: of MIME under the Message-ID that it brings', async () => {
  await ground.switchOn('send-accepted-but-504', 2)
  const { id } = await ground.service.submit({ subject: 'Traced' })
  const mime = await submitAsMime(ground, 'Traced MIME', { header: ['Message-ID: <traced@example.com>'] })
  for (const each of [id, mime]) await untilLookedFor(each)
  await ground.pass(1 * MINUTES)

  for (const [each, subject] of [
    [id, 'Traced'],
    [mime, 'Traced MIME'],
  ] as const) {
    expect(await ground.service.until(each, { status: 'sent' })).toMatchObject({
      possibleDuplicate: false,
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the message trace: it had been sent.' }],
    })
    expect(await ground.arrived(subject)).toBe(1)
  }
})

it('is not settled by the row of another mail with the same Message-ID, to others or to the same recipient', async () => {
  const mailboxes = ['grace@contoso.com', 'max@contoso.com']
  const subjectOf = (mailbox: string) => `As well to ${mailbox}`
  const headerOf = (mailbox: string) => [`Message-ID: <${mailbox}>`]
  const others = await Promise.all(
    mailboxes.map((mailbox) => submitAsMime(ground, subjectOf(mailbox), { header: headerOf(mailbox) })),
  )
  for (const other of others) await ground.service.until(other, { status: 'sent' })
  await ground.switchOn('send-504', 2)
  const ids = await Promise.all(
    mailboxes.map((address) =>
      submitAsMime(ground, subjectOf(address), { header: headerOf(address), to: [{ address }] }),
    ),
  )
  for (const id of ids) await untilLookedFor(id)
  await ground.pass(1 * MINUTES)
  for (const other of others) await ground.service.until(other, { recipients: [{ delivery: 'delivered' }] }) // by its row
  await allowToSendAgain(ids)

  for (const id of ids)
    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
  const received = await Promise.all(
    mailboxes.map(async (mailbox) => (await mailsIn(ground.microsoft, subjectOf(mailbox), { mailbox })).length),
  )
  expect(received).toEqual([1, 2])
})

it('waits an hour for a row that does not come, then sends again and says so', async () => {
  await ground.switchOn('send-504')
  const { id } = await ground.service.submit({ subject: 'Not traced' })
  await untilLookedFor(id)
  expect(await ground.arrived('Not traced')).toBe(0)
  await allowToSendAgain([id])

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
  expect(await ground.arrived('Not traced')).toBe(1)
})
