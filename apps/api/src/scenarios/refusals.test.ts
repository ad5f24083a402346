import { beforeEach, expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const fixture = useDeliveryFixture({ fromEmail: 'reports@contoso.com' })
beforeEach(() => fixture.calm())

// Every code has its row in packages/m365, and every kind of answer its representative in every-graph-code.test.ts.

it('fails a refused message at once, with the words of Microsoft, and never tries it again', async () => {
  const microsoftCode = 'ErrorInvalidRecipients'
  const subject = 'Refused'
  const since = fixture.clock.now()
  await fixture.switchOn(graphAnswers(400, microsoftCode), 'always')
  const { id } = await fixture.service.submit({ subject })

  const failed = await fixture.service.until(id, { status: 'failed' })
  expect(failed).toMatchObject({
    nextAttemptAt: null,
    sentAt: null,
    problem: { code: 'recipient-refused', title: expect.any(String), detail: expect.any(String), microsoftCode },
    attempts: [{ outcome: 'refused', code: microsoftCode }],
  })
  expect(failed.problem.requestId).toMatch(/^[0-9a-f-]{36}$/)
  await fixture.pass(1 * HOURS)
  expect(await fixture.requestTimes('sendMail', since)).toEqual([0])
  expect(await fixture.arrived(subject)).toBe(0)
})

it('tries again when the next attempt is due and not before, each time after at most twice as long', async () => {
  const since = fixture.clock.now()
  await fixture.switchOn('send-503-store', 8)
  const { id } = await fixture.service.submit()
  const due = [0]
  for (let attempt = 1; attempt <= 8; attempt++) {
    const attempts = [{ outcome: 'unavailable', count: attempt }]
    const { nextAttemptAt } = await fixture.service.until(id, { status: 'queued', attempts })
    const waitMs = Date.parse(nextAttemptAt) - fixture.clock.now().getTime()
    expect(waitMs).toBeLessThanOrEqual(Math.min(2 ** (attempt + 1) * SECONDS, 15 * MINUTES))
    due.push(Date.parse(nextAttemptAt) - since.getTime())
    await fixture.pass(Math.max(waitMs - 1, 0))
    await fixture.pass(Math.min(waitMs, 1))
  }

  await fixture.service.until(id, { status: 'sent' })
  expect(await fixture.requestTimes('sendMail', since)).toEqual(due)
})
