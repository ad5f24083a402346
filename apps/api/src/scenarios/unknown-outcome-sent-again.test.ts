import { beforeEach, expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'
import { ageBy } from '../test-support/scenario.ts'

// With Mail.Send alone no message can be looked up.

const ground = useDeliveryGround()
beforeEach(() => ground.calm())

/** Faults that leave open whether the mail was sent, and how many were. */
const AMBIGUOUS = [
  ['send-504', 0],
  ['send-accepted-but-504', 1],
  ['send-500-empty-object', 0],
  ['send-502-html', 0],
  ['send-503-html', 0],
  ['send-reset-before', 0],
  ['send-reset-after', 1],
  ['send-hang', 0],
  ['send-accepted-but-hang', 1],
] as const

it.each(AMBIGUOUS)('after %s it sends once more, and marks the message as a possible duplicate', async (name, sent) => {
  const subject = `Again after ${name}`
  await ground.switchOn(name)
  const { id } = await ground.service.submit({ subject })
  if (name.endsWith('hang')) await ground.timeOut()
  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }], possibleDuplicate: false })

  await ground.pass(1 * MINUTES)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    possibleDuplicate: true,
    problem: null,
  })
  expect(await ground.arrived(subject)).toBe(sent + 1)
})

it.each(AMBIGUOUS.filter(([name]) => name !== 'send-hang'))(
  'after %s it stops when the message asks for that',
  async (name, sent) => {
    const subject = `Stopped after ${name}`
    await ground.switchOn(name)
    const { id } = await ground.service.submit({ subject, onUnknownOutcome: 'stop' })
    if (name.endsWith('hang')) await ground.timeOut()

    expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
      attempts: [{ outcome: 'unknown' }],
      possibleDuplicate: false,
      problem: { code: 'outcome-unknown' },
    })
    await ground.pass(1 * MINUTES)
    expect(await ground.arrived(subject)).toBe(sent)
  },
)

it('keeps the mark when the second try meets trouble of its own', async () => {
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn('send-503-store')
  const { id } = await ground.service.submit({ subject: 'Trouble again' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await ground.pass(1 * MINUTES)
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }, { outcome: 'unavailable' }] })
  await ground.pass(1 * MINUTES)

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: true })
})

it('marks no message but the one in doubt', async () => {
  await ground.switchOn('send-504')
  const first = await ground.service.submit()
  await ground.service.until(first.id, { attempts: [{ outcome: 'unknown' }] })
  const second = await ground.service.submit()

  expect(await ground.service.until(second.id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
})

it('ends as unknown when it is given up while in doubt', async () => {
  await ground.switchOn('send-accepted-but-504', 2)
  const { id } = await ground.service.submit({ subject: 'Doubt to the end' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await ageBy(ground, id, 24 * HOURS - 1)

  await ground.pass(15 * MINUTES)

  expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'outcome-unknown' },
    possibleDuplicate: true,
  })
})

it('ends as unknown, with the code of the refusal, when a refusal follows the doubt', async () => {
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn(graphAnswers(400, 'ErrorInvalidRecipients'))
  const { id } = await ground.service.submit()
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await ground.pass(1 * MINUTES)

  expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'refused' }],
    problem: { code: 'outcome-unknown', microsoftCode: 'ErrorInvalidRecipients' },
  })
})
