import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { createTestFixture, type TestFixture, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import {
  expectArrival,
  files,
  permitSmallUploads,
  rangesTaken,
  SMALL_UPLOADS,
  submitFiles,
  uploadsOf,
} from '../test-support/upload-fixture.ts'
import {
  http,
  requestsTo,
  createWorkerStarts,
  startKillableWorker,
  switchOn,
  untilMet,
} from '../test-support/scenario.ts'

const AFTER_THE_LEASE_MS = 60 * SECONDS

const RANGE_BYTES = SMALL_UPLOADS.rangeBytes
const ONE_FILE = [0, RANGE_BYTES, 2 * RANGE_BYTES]
const sizes = [100, 2 * RANGE_BYTES + 17, 200]

let fixture: TestFixture
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  fixture = await createTestFixture()
  api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api, { largeAttachments: true })
  await permitSmallUploads(fixture)
  service = await createServiceClient(api)
})
afterAll(() => fixture.close())
beforeEach(() => fixture.microsoft.control('DELETE', '/scenarios'))

const { startLater } = createWorkerStarts(() => fixture, { deliverySizes: SMALL_UPLOADS })

const submit = (subject: string, contents: readonly Buffer[]) =>
  submitFiles({ product: api, service }, subject, contents)

/** Counts ranges that were sent more than once, whatever the answers, in whatever session. */
async function sentAgain(subject: string): Promise<number> {
  const uploads = await uploadsOf(fixture.microsoft, subject)
  const sent = uploads.flatMap(({ name, ranges }) => ranges.map(({ from }) => `${name} ${from}`))
  return sent.length - new Set(sent).size
}

describe('a message whose worker is killed', () => {
  it.each([
    ['before its draft is there', 'draft-create', 'before'],
    ['when its draft is there, and its id not yet written down', 'draft-create', 'after'],
    ['before a small file is attached', 'draft-attach', 'before'],
    ['when a small file is attached, and it is not yet written down', 'draft-attach', 'after'],
    ['before an upload begins', 'upload-session-create', 'before'],
    ['when an upload has begun, and its address is not yet written down', 'upload-session-create', 'after'],
    ['before a range is taken', 'upload-range', 'before'],
    ['when a range is taken, and it is not yet written down', 'upload-range', 'after'],
    ['before its draft is sent', 'draft-send', 'before'],
    ['when its draft is sent, and it is not yet written down', 'draft-send', 'after'],
  ] as const)('%s is resumed by another process', async (name, endpoint, when) => {
    const contents = files(...sizes)
    const before = await requestsTo(fixture, 'draft-create')
    const worker = await startKillableWorker(fixture, { deliverySizes: SMALL_UPLOADS })
    await switchOn(fixture, http(endpoint, { action: 'hang', when }))
    const id = await submit(name, contents)
    await untilMet(fixture)
    await worker.kill()
    await startLater(AFTER_THE_LEASE_MS)

    expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(fixture.microsoft, name, contents)
    const sessions = await rangesTaken(fixture.microsoft, name)
    expect(sessions.filter((starts) => starts.length > 0)).toEqual([ONE_FILE])
    expect(await sentAgain(name)).toBeLessThanOrEqual(1)
    const lost = endpoint === 'draft-create' && when === 'before'
    expect((await requestsTo(fixture, 'draft-create')) - before).toBe(lost ? 2 : 1)
  })
})
