import { beforeEach, expect, it } from 'vitest'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// With Mail.Send alone no message can be looked up.

const ground = useDeliveryGround()
beforeEach(() => ground.calm())

/** Faults that leave open whether the mail was sent, and how many were. */
const AMBIGUOUS = [
  ['send-504', 0],
  ['send-accepted-but-504', 1],
  ['send-reset-before', 0],
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

it.each(AMBIGUOUS)('after %s it stops when the message asks for that', async (name, sent) => {
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
})
