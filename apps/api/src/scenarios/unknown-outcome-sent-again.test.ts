import { beforeEach, expect, it } from 'vitest'
import { MINUTES } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// With Mail.Send alone no message can be looked up.

const fixture = useDeliveryFixture()
beforeEach(() => fixture.calm())

/** Faults that leave open whether the mail was sent, and how many were. */
const AMBIGUOUS = [
  ['send-504', 0],
  ['send-accepted-but-504', 1],
  ['send-reset-before', 0],
  ['send-accepted-but-hang', 1],
] as const

it.each(AMBIGUOUS)('after %s it sends once more, and marks the message as a possible duplicate', async (name, sent) => {
  const subject = `Again after ${name}`
  await fixture.switchOn(name)
  const { id } = await fixture.service.submit({ subject })
  if (name.endsWith('hang')) await fixture.timeOut()
  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }], possibleDuplicate: false })

  await fixture.pass(1 * MINUTES)

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    possibleDuplicate: true,
    problem: null,
  })
  expect(await fixture.arrived(subject)).toBe(sent + 1)
})

it.each(AMBIGUOUS)('after %s it stops when the message asks for that', async (name, sent) => {
  const subject = `Stopped after ${name}`
  await fixture.switchOn(name)
  const { id } = await fixture.service.submit({ subject, onUnknownOutcome: 'stop' })
  if (name.endsWith('hang')) await fixture.timeOut()

  expect(await fixture.service.until(id, { status: 'failed' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }],
    possibleDuplicate: false,
    problem: { code: 'outcome-unknown' },
  })
  await fixture.pass(1 * MINUTES)
  expect(await fixture.arrived(subject)).toBe(sent)
})
