import { beforeEach, expect, it } from 'vitest'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { http, isSettled, LOOK_WAITS_SECONDS, lookUntil, unmet, untilSettled } from '../test-support/scenario.ts'

// The delegate granted Mail.ReadWrite, and Sent Items can be searched by our id.

const fixture = useDeliveryFixture({ mailbox: 'can be searched' })

beforeEach(async () => {
  await fixture.calm()
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

/** When each look is made, in seconds after the attempt. */
const LOOKS = [0, 10, 30, 60, 120, 240, 420, 660]

it.each(['send-accepted-but-504', 'send-reset-after', 'send-accepted-but-hang'])(
  'finds the mail in the mailbox after %s, and does not send it again',
  async (scenario) => {
    const since = fixture.clock.now()
    await fixture.switchOn(scenario)
    const { id } = await fixture.service.submit({ subject: scenario })
    if (scenario.endsWith('hang')) await fixture.timeOut()

    expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
      from: 'ada@contoso.com',
      sentAt: expect.any(String),
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent', detail: 'Found in the mailbox: it had been sent.' }],
      possibleDuplicate: false,
    })
    expect(await fixture.requestTimes('message-search', since)).toEqual([0])
    expect(await fixture.requestTimes('sendMail', since)).toEqual([0])
    expect(await fixture.arrived(scenario)).toBe(1)
  },
)

it.each([
  [5, LOOKS.slice(0, 2)],
  [59, LOOKS.slice(0, 4)],
  [120, LOOKS.slice(0, 5)],
  [600, LOOKS],
])('finds a copy that appears %i s late', async (delaySeconds, looks) => {
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: delaySeconds * SECONDS })
  const since = fixture.clock.now()
  const subject = `Late by ${delaySeconds}`
  await fixture.switchOn('send-accepted-but-504')
  const { id } = await fixture.service.submit({ subject })
  await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  await lookUntil(fixture, id, { status: 'sent', possibleDuplicate: false })

  expect(await fixture.requestTimes('message-search', since)).toEqual(looks.map((seconds) => seconds * SECONDS))
  expect(await fixture.arrived(subject)).toBe(1)
})

it.each(['send-504', 'send-reset-before', 'send-hang'])(
  'sends again, marked as a possible duplicate, when no copy is found within eleven minutes after %s',
  async (scenario) => {
    const since = fixture.clock.now()
    await fixture.switchOn(scenario)
    const subject = `Not found after ${scenario}`
    const { id } = await fixture.service.submit({ subject })
    if (scenario.endsWith('hang')) await fixture.timeOut()
    await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })

    await lookUntil(fixture, id, { status: 'sent', possibleDuplicate: true })

    const sentItems = (await fixture.requestTimes('message-search', since)).slice(0, LOOKS.length)
    expect(sentItems).toEqual(LOOKS.map((at) => at * SECONDS))
    expect(await fixture.arrived(subject)).toBe(1)
  },
)

/** `sendMail` accepts the message but its answer is lost; no copy is found for eleven minutes, then a draft is sent. */
async function triedAgain(subject: string, ...attempts: object[]): Promise<string> {
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 1 * HOURS })
  await fixture.switchOn('send-accepted-but-504')
  const { id } = await fixture.service.submit({ subject })
  await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  for (const attempt of attempts) await fixture.switchOn(http('draft-send', attempt))
  for (const seconds of LOOK_WAITS_SECONDS) {
    await untilSettled(fixture, id, fixture.clock.now)
    await fixture.pass(seconds * SECONDS)
  }
  const isTried = async () => {
    if ((await unmet(fixture)) < attempts.length) return true
    // A look that had to wait for a token was not one, so that another has to follow.
    if (await isSettled(fixture, id, fixture.clock.now)) await fixture.pass(240 * SECONDS)
    return false
  }
  await expect.poll(isTried, { interval: 25 }).toBe(true)
  return id
}

it('marks a message that was delivered twice, even when the worker of the second attempt died', async () => {
  const id = await triedAgain('Died at the second', { action: 'hang', when: 'after' })
  await expect.poll(() => fixture.arrived('Died at the second'), { interval: 5 }).toBe(2)
  // A dead owner stands for a worker that cannot write the outcome.
  const dead = `UPDATE message_queue SET attempt_id = 'dead', mark_id = 'dead', marked_by = 'dead', marked_at = $2 WHERE message_id = $1`
  await fixture.database.query(dead, [id, new Date(fixture.clock.now().getTime() - 1)])
  await untilSettled(fixture, id, fixture.clock.now) // recovered, and looked for once
  await fixture.pass(1 * HOURS)

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
})

it('sends nothing while the mailbox cannot be searched', async () => {
  const since = fixture.clock.now()
  await fixture.switchOn('send-accepted-but-504')
  await fixture.switchOn(http('message-search', { action: 'answer', status: 503, body: '' }), 3)
  const { id } = await fixture.service.submit({ subject: 'Search fails' })
  await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  for (let round = 0; round < 4; round++) {
    await untilSettled(fixture, id, fixture.clock.now)
    await fixture.pass(1 * MINUTES)
  }

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await fixture.requestTimes('sendMail', since)).toEqual([0])
  expect(await fixture.arrived('Search fails')).toBe(1)
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
