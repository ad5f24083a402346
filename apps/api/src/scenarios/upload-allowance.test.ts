import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import {
  expectArrival,
  files,
  MB,
  RANGE_BYTES,
  rangesTaken,
  SHORT_RANGE_BYTES,
  submitFiles,
  untilRanges,
} from '../test-support/upload-ground.ts'
import { startWorker } from '../test-support/scenario.ts'
import { useUploadGround } from '../test-support/use-ground.ts'

describe('what a mailbox takes in 5 minutes', () => {
  const LIMIT_BYTES = 4 * MB // of ranges of 1.5 MB
  const environment = { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: String(LIMIT_BYTES) }
  const ground = useUploadGround({ environment, deliverySizes: { rangeBytes: SHORT_RANGE_BYTES } })
  beforeAll(() => ground.microsoft.control('PATCH', '/settings', { uploadBytesPer5Minutes: LIMIT_BYTES }))
  beforeEach(async () => {
    await ground.calm()
    await ground.pass(10 * MINUTES)
    await ground.microsoft.control('DELETE', '/counters')
  })
  afterAll(() => ground.requireNothingInMemory())

  const counters = async () => (await ground.microsoft.control('GET', '/counters')).mailboxes['ada@contoso.com']

  it('puts a message that alone exceeds it back into the queue, with its progress, and sends it later', async () => {
    const contents = files(6 * MB)
    const id = await submitFiles(ground, 'waits', contents)
    await untilRanges(ground.microsoft, 'waits', 2)
    const waiting = await ground.service.until(id, { status: 'queued' })
    expect(waiting).toMatchObject({
      attempts: [],
      progress: { totalBytes: 6 * MB },
      waitingBecause: 'uploads-per-5-minutes',
    })
    expect(Date.parse(waiting.nextAttemptAt)).toBeGreaterThan(ground.clock.now().getTime() + 15_000)

    await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
    await expectArrival(ground.microsoft, 'waits', contents)
    expect((await counters()).maxUploadedBytesPer5Minutes).toBeLessThanOrEqual(LIMIT_BYTES)
  })
})

describe('the memory of what is sent', () => {
  const ground = useUploadGround()

  it('is left to small messages while ranges of several uploads wait for Microsoft', async () => {
    const subjects = ['first', 'second']
    const ranges = [
      await holdRequest(ground.microsoft, 'upload-range', 1),
      await holdRequest(ground.microsoft, 'upload-range', 2),
    ]
    const ids = await Promise.all(subjects.map((subject) => submitFiles(ground, subject, files(2 * RANGE_BYTES + 1))))
    const metrics = async () => (await fetch(`${ground.product.url}/metrics`)).text()
    // Three ranges are held, twice each, and the fourth waits for memory.
    await expect.poll(metrics).toMatch(new RegExp(`^inforiver_mail_delivery_memory_bytes ${3 * 2 * RANGE_BYTES}$`, 'm'))

    const small = await ground.service.submit({ subject: 'small' })

    await ground.service.until(small.id, { status: 'sent' })
    expect(await Promise.all(subjects.map((subject) => rangesTaken(ground.microsoft, subject)))).toEqual([[[]], [[]]])
    for (const range of ranges) await range.release()
    for (const id of ids) await ground.passUntil(id, { status: 'sent' })
  })
})

describe('requests to a mailbox at once', () => {
  const environment = { MAILBOX_CONCURRENCY: '1' }
  const ground = useUploadGround({ environment })

  it('stay within MAILBOX_CONCURRENCY across two processes, deletions included', async () => {
    await startWorker(ground, { environment })
    await connectMailbox(ground.product, { largeAttachments: true })
    await ground.microsoft.control('PATCH', '/settings', { latencyMs: 100, mailboxConcurrency: 1 })
    await ground.microsoft.control('DELETE', '/counters')
    const changes = { saveToSentItems: false }
    const sizes = [4 * MB, 100, 100, 4 * MB, 100, 100, 4 * MB, 100]
    const ids = await Promise.all(
      sizes.map((size, index) => submitFiles(ground, `at once ${index}`, files(size), changes)),
    )
    for (const id of ids) await ground.passUntil(id, { status: 'sent' })
    const left = () => ground.database.query('SELECT 1 FROM mailbox_cleanups')
    await expect.poll(left).toEqual([])

    const { mailboxes } = await ground.microsoft.control('GET', '/counters')
    expect(mailboxes['ada@contoso.com']).toMatchObject({ maxConcurrent: 1, refusedForConcurrency: 0 })
  })
})
