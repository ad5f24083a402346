import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDeliveryGround, graphAnswers, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'

// With Mail.ReadWrite, and a mailbox whose Sent Items can be searched by our id.

let ground: DeliveryGround

beforeAll(async () => {
  ground = await createDeliveryGround({ mailbox: 'can be searched', microsoftTimeoutMs: 3_000 })
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.calm()
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

const WAITS_SECONDS = [0, 10, 20, 30, 60, 120, 180, 240]
/** In seconds after the attempt. */
const LOOKS = [0, 10, 30, 60, 120, 240, 420, 660]

/** Lets the looks become due one by one. */
async function lookUntil(id: string, expected: object): Promise<void> {
  for (const seconds of WAITS_SECONDS) {
    await ground.pass(seconds * SECONDS)
    const { status } = await lookDone(id)
    if (status !== 'queued') break
  }
  await ground.service.until(id, expected)
}

/** Until nothing of the message is due, and it is in nobody's hands. */
async function lookDone(id: string) {
  const due = `SELECT 1 FROM message_states WHERE id = $1 AND (status = 'sending' OR status = 'queued' AND next_attempt_at <= $2)`
  await expect.poll(() => ground.database.query(due, [id, ground.clock.now()]), { interval: 10 }).toEqual([])
  return ground.service.read(id)
}

it.each(['send-accepted-but-504', 'send-reset-after', 'send-accepted-but-hang'])(
  'finds the mail in the mailbox after %s, and does not send it again',
  async (scenario) => {
    const since = ground.clock.now()
    await ground.switchOn(scenario)
    const { id } = await ground.service.submit({ subject: scenario })

    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
      from: 'ada@contoso.com',
      sentAt: expect.any(String),
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the mailbox: it had been sent.' }],
      possibleDuplicate: false,
    })
    expect(await ground.requestTimes('message-search', since)).toEqual([0])
    expect(await ground.requestTimes('sendMail', since)).toEqual([0])
    expect(await ground.arrived(scenario)).toBe(1)
  },
)

it.each([
  [5, LOOKS.slice(0, 2)],
  [59, LOOKS.slice(0, 4)],
  [120, LOOKS.slice(0, 5)],
  [600, LOOKS],
])('finds a copy that appears %i s late', async (delaySeconds, looks) => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: delaySeconds * SECONDS })
  const since = ground.clock.now()
  const subject = `Late by ${delaySeconds}`
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  await lookUntil(id, { status: 'sent', possibleDuplicate: false })

  expect(await ground.requestTimes('message-search', since)).toEqual(looks.map((seconds) => seconds * SECONDS))
  expect(await ground.arrived(subject)).toBe(1)
})

it.each(['send-504', 'send-reset-before', 'send-hang'])(
  'sends again, marked, when the mail is not found within eleven minutes after %s',
  async (scenario) => {
    const since = ground.clock.now()
    await ground.switchOn(scenario)
    const subject = `Not found after ${scenario}`
    const { id } = await ground.service.submit({ subject })
    await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

    await lookUntil(id, { status: 'sent', possibleDuplicate: true })

    const sentItems = (await ground.requestTimes('message-search', since)).slice(0, LOOKS.length)
    expect(sentItems).toEqual(LOOKS.map((at) => at * SECONDS))
    expect(await ground.arrived(subject)).toBe(1)
  },
)

it('never sends twice what asked for that, although the mailbox does not show it', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 1 * HOURS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Stop in the end', onUnknownOutcome: 'stop' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  await lookUntil(id, { status: 'failed', problem: { code: 'outcome-unknown' } })
  expect(await ground.arrived('Stop in the end')).toBe(1)
})

it('says that the outcome is not known when what was looked for in vain is refused at last', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 1 * HOURS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Refused in doubt' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await ground.switchOn(graphAnswers(400, 'ErrorInvalidRecipients'))

  await lookUntil(id, { status: 'failed' })
  expect((await ground.service.read(id)).problem).toMatchObject({
    code: 'outcome-unknown',
    microsoftCode: 'ErrorInvalidRecipients',
  })
})

/** Accepted by `sendMail` without an answer, found nowhere for eleven minutes, and then tried by draft. */
async function triedAgain(subject: string, attempt: object): Promise<string> {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 1 * HOURS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await ground.switchOn({ kind: 'http', endpoint: 'draft-send', do: attempt })
  for (const seconds of WAITS_SECONDS) {
    await lookDone(id)
    await ground.pass(seconds * SECONDS)
  }
  return id
}

it('keeps the doubt of the first attempt when the draft of the second is seen unsent, and then refused', async () => {
  const id = await triedAgain('Two doubts', { action: 'answer', when: 'before', status: 504, body: '' })
  await ground.switchOn(graphAnswers(400, 'ErrorInvalidRecipients'))
  await ground.pass(1 * MINUTES)

  await ground.service.until(id, { status: 'failed', problem: { code: 'outcome-unknown' } })
  expect(await ground.arrived('Two doubts')).toBe(1)
})

it('marks a message that was delivered twice, also when the worker of the second attempt died', async () => {
  const id = await triedAgain('Died at the second', { action: 'hang', when: 'after' })
  await expect.poll(() => ground.arrived('Died at the second'), { interval: 5 }).toBe(2)
  // Its outcome is nobody's to write.
  const dead = `UPDATE message_queue SET attempt_id = 'dead', lease_owner = 'dead', lease_until = $2 WHERE message_id = $1`
  await ground.database.query(dead, [id, new Date(ground.clock.now().getTime() - 1)])
  await ground.service.until(id, { status: 'queued' })
  await ground.pass(1 * HOURS)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
})

it('looks also for a message that asked not to be sent twice', async () => {
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Stop, but look', onUnknownOutcome: 'stop' })

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ problem: null })
  expect(await ground.arrived('Stop, but look')).toBe(1)
})

it('sends nothing while the mailbox cannot be searched', async () => {
  const since = ground.clock.now()
  const search = { kind: 'http', endpoint: 'message-search', do: { action: 'answer', status: 503, body: '' } }
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn(search, 3)
  const { id } = await ground.service.submit({ subject: 'Search fails' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  for (let round = 0; round < 4; round++) {
    await lookDone(id)
    await ground.pass(1 * MINUTES)
  }

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await ground.requestTimes('sendMail', since)).toEqual([0])
  expect(await ground.arrived('Search fails')).toBe(1)
})

it('goes on looking with a fresh token when the one it has is refused', async () => {
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn({
    kind: 'http',
    endpoint: 'message-search',
    do: { action: 'answer', status: 401, body: { error: { code: 'InvalidAuthenticationToken', message: '' } } },
  })
  const { id } = await ground.service.submit({ subject: 'Search unauthorized' })

  await ground.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived('Search unauthorized')).toBe(1)
})

it('delivers other messages while one is being looked for', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 1 * HOURS })
  await ground.switchOn('send-accepted-but-504')
  const first = await ground.service.submit()
  await ground.service.until(first.id, { attempts: [{ outcome: 'unknown' }] })
  await lookDone(first.id)
  const second = await ground.service.submit()

  await ground.service.until(second.id, { status: 'sent' })
  expect(await ground.service.read(first.id)).toMatchObject({ status: 'queued' })
})

it.each([
  ['sends again, marked', 'retry', { status: 'sent', possibleDuplicate: true }],
  ['stops, as it asked', 'stop', { status: 'failed', problem: { code: 'outcome-unknown' } }],
])(
  'takes it for no proof that a mailbox of another sender does not have the mail, and %s',
  async (_what, asked, ends) => {
    await ground.switchOn('send-504')
    const { id } = await ground.service.submit({ onUnknownOutcome: asked })
    await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
    await lookDone(id)
    await ground.database.query(`UPDATE message_queue SET from_email = 'former@contoso.com' WHERE message_id = $1`, [
      id,
    ])

    await lookUntil(id, ends)
    expect(await ground.service.read(id)).toMatchObject(ends)
  },
)

it('goes on looking after a reconnect, although it is not known yet whether the mailbox can be searched', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 120 * SECONDS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Reconnected in doubt' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await lookDone(id)
  const ada = ground.product.newBrowser()
  await ada.signIn('Ada Admin')
  const { json: consent } = await ada.call('POST', `${SETTINGS}/reconnect`, {})
  expect((await ada.consent(consent.consentUrl, 'Ada Admin')).status).toBe(200)

  await lookUntil(id, { status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived('Reconnected in doubt')).toBe(1)
})
