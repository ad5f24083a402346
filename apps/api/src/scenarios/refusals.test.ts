import { beforeEach, expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-ground.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

const ground = useDeliveryGround({ fromEmail: 'reports@contoso.com' })
beforeEach(() => ground.calm())

// Every code has its row in packages/m365, and every kind of answer its representative in every-graph-code.test.ts.

it('fails a refused message at once, with the words of Microsoft, and never tries it again', async () => {
  const microsoftCode = 'ErrorInvalidRecipients'
  const subject = 'Refused'
  const since = ground.clock.now()
  await ground.switchOn(graphAnswers(400, microsoftCode), 'always')
  const { id } = await ground.service.submit({ subject })

  const failed = await ground.service.until(id, { status: 'failed' })
  expect(failed).toMatchObject({
    nextAttemptAt: null,
    sentAt: null,
    problem: { code: 'recipient-refused', title: expect.any(String), detail: expect.any(String), microsoftCode },
    attempts: [{ outcome: 'refused', code: microsoftCode }],
  })
  expect(failed.problem.requestId).toMatch(/^[0-9a-f-]{36}$/)
  await ground.pass(1 * HOURS)
  expect(await ground.requestTimes('sendMail', since)).toEqual([0])
  expect(await ground.arrived(subject)).toBe(0)
})

it('tries again when the next attempt is due and not before, each time after at most twice as long', async () => {
  const since = ground.clock.now()
  await ground.switchOn('send-503-store', 8)
  const { id } = await ground.service.submit()
  const due = [0]
  for (let attempt = 1; attempt <= 8; attempt++) {
    const attempts = [{ outcome: 'unavailable', count: attempt }]
    const { nextAttemptAt } = await ground.service.until(id, { status: 'queued', attempts })
    const waitMs = Date.parse(nextAttemptAt) - ground.clock.now().getTime()
    expect(waitMs).toBeLessThanOrEqual(Math.min(2 ** (attempt + 1) * SECONDS, 15 * MINUTES))
    due.push(Date.parse(nextAttemptAt) - since.getTime())
    await ground.pass(Math.max(waitMs - 1, 0))
    await ground.pass(Math.min(waitMs, 1))
  }

  await ground.service.until(id, { status: 'sent' })
  expect(await ground.requestTimes('sendMail', since)).toEqual(due)
})
