import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import {
  expectArrival,
  files,
  MB,
  RANGE_BYTES,
  rangesTaken,
  SHORT_RANGE_BYTES,
  submitFiles,
  untilRanges,
} from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

describe('what a mailbox takes in 5 minutes', () => {
  const LIMIT_BYTES = 4 * MB // of ranges of 1.5 MB
  const environment = { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: String(LIMIT_BYTES) }
  const fixture = useUploadFixture({ environment, deliverySizes: { rangeBytes: SHORT_RANGE_BYTES } })
  beforeAll(() => fixture.microsoft.control('PATCH', '/settings', { uploadBytesPer5Minutes: LIMIT_BYTES }))
  beforeEach(async () => {
    await fixture.calm()
    await fixture.pass(10 * MINUTES)
    await fixture.microsoft.control('DELETE', '/counters')
  })
  afterAll(() => fixture.requireNothingInMemory())

  const counters = async () => (await fixture.microsoft.control('GET', '/counters')).mailboxes['ada@contoso.com']

  it('puts a message that alone exceeds it back into the queue, with its progress, and sends it later', async () => {
    const contents = files(6 * MB)
    const id = await submitFiles(fixture, 'waits', contents)
    await untilRanges(fixture.microsoft, 'waits', 2)
    const waiting = await fixture.service.until(id, { status: 'queued' })
    expect(waiting).toMatchObject({
      attempts: [],
      progress: { totalBytes: 6 * MB },
      waitingBecause: 'uploads-per-5-minutes',
    })
    expect(Date.parse(waiting.nextAttemptAt)).toBeGreaterThan(fixture.clock.now().getTime() + 15_000)

    await fixture.passUntil(id, { status: 'sent', possibleDuplicate: false })
    await expectArrival(fixture.microsoft, 'waits', contents)
    expect((await counters()).maxUploadedBytesPer5Minutes).toBeLessThanOrEqual(LIMIT_BYTES)
  })
})

describe('the memory of what is sent', () => {
  const fixture = useUploadFixture()

  it('is left to small messages while ranges of several uploads wait for Microsoft', async () => {
    const subjects = ['first', 'second', 'third']
    const ranges = [
      await holdRequest(fixture.microsoft, 'upload-range', 1),
      await holdRequest(fixture.microsoft, 'upload-range', 2),
      await holdRequest(fixture.microsoft, 'upload-range', 3),
    ]
    const ids = await Promise.all(subjects.map((subject) => submitFiles(fixture, subject, files(2 * RANGE_BYTES + 1))))
    const metrics = async () => (await fetch(`${fixture.product.url}/metrics`)).text()
    // A range of each is held, twice, and a fourth would not fit.
    await expect.poll(metrics).toMatch(new RegExp(`^inforiver_mail_delivery_memory_bytes ${3 * 2 * RANGE_BYTES}$`, 'm'))

    const small = await fixture.service.submit({ subject: 'small' })

    await fixture.service.until(small.id, { status: 'sent' })
    expect(await Promise.all(subjects.map((subject) => rangesTaken(fixture.microsoft, subject)))).toEqual([
      [[]],
      [[]],
      [[]],
    ])
    for (const range of ranges) await range.release()
    for (const id of ids) await fixture.passUntil(id, { status: 'sent' })
  })
})
