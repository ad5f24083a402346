import { beforeEach, expect, it } from 'vitest'
import { createChance } from '../../test-support/chance.ts'
import { CONTRADICTIONS, WRONG_COUNTERS } from '../../test-support/queue-faults.ts'
import {
  ADA,
  useQueueFixture,
  FAILED,
  HELD,
  IN_DOUBT,
  QUEUED,
  SENT,
  VERSION,
} from '../../test-support/queue-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import type { MarkedMessage } from './marked-message.ts'

const STEPS = 150
const ACTOR = { tenantId: ADA, service: 'reports', userId: null }
const DRAFT = {
  internetMessageId: null,
  redirectedTo: null,
  mailbox: 'reports@contoso.com',
  from: 'ada@contoso.com',
}

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.empty('messages', 'mailbox_usage', 'mailbox_cleanups', 'data_keys')
  await fixture.addDataKey('dky_1')
})

it.each([1, 2, 3])('keeps totals and rows consistent, whatever happens in whatever order: seed %i', async (seed) => {
  const random = createChance(seed)
  const chance = (below: number) => Math.floor(random() * below)
  const { deliveries, messages } = createTestQueue(fixture.opened.pool)
  const ids: string[] = []
  /** Includes what was taken over, whose outcome may still come late. */
  const claimed: MarkedMessage[] = []
  const outcomes = [{ ...QUEUED, tryingMs: 5 * SECONDS }, IN_DOUBT, HELD, FAILED, SENT]
  const anyId = () => ids[chance(ids.length)] ?? 'msg_none'
  const withAny = (work: (message: MarkedMessage) => Promise<unknown>) => async () => {
    const message = claimed.at(-1 - chance(Math.min(claimed.length, 6)))
    if (message) await work(message)
  }
  const steps: Record<string, () => Promise<unknown>> = {
    async submit() {
      const content = Buffer.alloc([10, 80_000, 3_100_000][chance(3)] ?? 0)
      const sendAt = chance(3) === 0 ? new Date(fixture.clock.now().getTime() + 1 * MINUTES) : null
      ids.push(await fixture.submit({ content, recipients: 1 + chance(3), openBytes: chance(50), sendAt }))
    },
    claim: async () => claimed.push(...(await deliveries.claim(`owner ${claimed.length}`, 1 + chance(3)))),
    clear: withAny((message) => deliveries.clear(message, VERSION, chance(4) > 0, chance(4) === 0)),
    draft: withAny((message) => {
      const draftId = chance(4) === 0 ? null : `draft ${chance(1_000)}`
      return deliveries.storeDraft(message, VERSION, { ...DRAFT, draftId, uploading: chance(2) === 0 })
    }),
    upload: withAny((message) =>
      deliveries.storeUpload(message, VERSION, { attached: 0, session: null, position: 9 }, 0),
    ),
    finishUpload: withAny((message) => deliveries.finishUpload(message, VERSION)),
    settle: withAny((message) => fixture.settle(message, outcomes[chance(outcomes.length)] ?? QUEUED)),
    /** What was marked without an answer is not among these. */
    takeBack: () => deliveries.takeOver(() => claimed.map(({ markId }) => markId)),
    async settleTooLate() {
      const [late] = await deliveries.claim(`late ${claimed.length}`, 1)
      if (!late || !(await deliveries.clear(late, VERSION, true))) return
      await fixture.takeOver()
      claimed.push(...(await deliveries.claim(`other ${claimed.length}`, 100)))
      const other = claimed.findLast(({ id }) => id === late.id)
      if (other) await fixture.settle(other, FAILED)
      await fixture.settle(late, SENT)
    },
    cancel: () => messages.cancel(ACTOR, anyId(), fixture.clock.now()),
    retry: () => messages.retry(ACTOR, anyId(), fixture.clock.now()),
    wait: () => fixture.clock.advance([10 * SECONDS, 1 * HOURS][chance(2)] ?? 0),
    recover: () => fixture.takeOver(),
  }
  const taken: string[] = []
  const names = Object.keys(steps)
  for (let step = 0; step < STEPS; step += 1) {
    const name = names[chance(names.length)] ?? 'submit'
    taken.push(name)
    await steps[name]?.()
    const faults = [WRONG_COUNTERS, CONTRADICTIONS]
    const found = (await Promise.all(faults.map((query) => fixture.database.query(query)))).flat()
    expect({ found, after: found.length === 0 ? '' : taken }).toEqual({ found: [], after: '' })
  }
})
