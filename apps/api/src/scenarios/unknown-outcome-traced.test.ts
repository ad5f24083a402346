import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { submitAsMime } from '../test-support/mime.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// The delegate granted Mail.Send alone, so that only the message trace can tell whether a message was sent.

const ground = useDeliveryGround({ environment: { DELIVERY_REPORTS_POLL_SECONDS: '5' }, microsoftTimeoutMs: 5_000 })

beforeEach(async () => {
  await ground.calm()
  const permissions = ['ExchangeMessageTrace.Read.All']
  await ground.microsoft.control('POST', '/application/tokens', { permissions })
  await ground.database.query('UPDATE tenant_settings SET trace_enabled = true')
})

/** Waits until the trace was first asked about: the time must not pass before, while the message is claimed. */
async function untilLookedFor(id: string): Promise<void> {
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  const looks = () => ground.database.query('SELECT looks FROM message_queue WHERE message_id = $1', [id])
  await expect.poll(looks).toEqual([{ looks: 1 }])
}

/** Has the trace asked for the last time, after an hour. */
async function allowToSendAgain(id: string): Promise<void> {
  await ground.database.query('UPDATE message_queue SET looks = 12 WHERE message_id = $1', [id])
  await ground.pass(5 * MINUTES)
}

it('is settled by the row of the message, and sent once', async () => {
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Traced' })
  await untilLookedFor(id)
  await ground.pass(1 * MINUTES)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
    possibleDuplicate: false,
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the message trace: it had been sent.' }],
  })
  expect(await ground.arrived('Traced')).toBe(1)
})

it('is settled by the row of MIME under the Message-ID that it brings', async () => {
  await ground.switchOn('send-accepted-but-504')
  const id = await submitAsMime(ground, 'Traced MIME', { header: ['Message-ID: <traced@example.com>'] })
  await untilLookedFor(id)
  await ground.pass(1 * MINUTES)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await ground.arrived('Traced MIME')).toBe(1)
})

it.each([
  ['others', 'grace@contoso.com', 1],
  ['the same recipient', 'max@contoso.com', 2],
])('is not settled by the row of a mail to %s with the same Message-ID', async (whom, mailbox, mails) => {
  const subject = `To ${whom}`
  const header = [`Message-ID: <${mailbox}>`]
  const other = await submitAsMime(ground, subject, { header })
  await ground.service.until(other, { status: 'sent' })
  await ground.switchOn('send-504')
  const id = await submitAsMime(ground, subject, { header, to: [{ address: mailbox }] })
  await untilLookedFor(id)
  await ground.pass(1 * MINUTES)
  await ground.service.until(other, { recipients: [{ delivery: 'delivered' }] }) // by its row
  await allowToSendAgain(id)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
  expect(await mailsIn(ground.microsoft, subject, { mailbox })).toHaveLength(mails)
})

it('waits an hour for a row that does not come, then sends again and says so', async () => {
  await ground.switchOn('send-504')
  const { id } = await ground.service.submit({ subject: 'Not traced' })
  await untilLookedFor(id)
  expect(await ground.arrived('Not traced')).toBe(0)
  await allowToSendAgain(id)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
  expect(await ground.arrived('Not traced')).toBe(1)
})
