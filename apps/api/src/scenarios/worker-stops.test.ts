import { beforeAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import {
  expectArrival,
  files,
  permitSmallUploads,
  rangesTaken,
  SMALL_UPLOADS,
  submitFiles,
} from '../test-support/upload-fixture.ts'
import { startWorker, untilMet, untilStopping } from '../test-support/scenario.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const RANGE_BYTES = SMALL_UPLOADS.rangeBytes
const ONE_FILE = [0, RANGE_BYTES, 2 * RANGE_BYTES]
const OPTIONS = { deliverySizes: SMALL_UPLOADS }
const CONTENTS = files(2 * RANGE_BYTES + 17)

let api: TestProduct
let service: ServiceClient

const fixture = useFixture()
beforeAll(async () => {
  api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api, { largeAttachments: true })
  await permitSmallUploads(fixture)
  await fixture.database.query(`UPDATE tenant_settings SET sent_items_search = 'works'`)
  service = await createServiceClient(api)
})
beforeEach(() => fixture.microsoft.control('DELETE', '/scenarios'))

async function leaseOf(id: string): Promise<unknown> {
  const [row] = await fixture.database.query('SELECT status, mark_id FROM message_states WHERE id = $1', [id])
  return row
}

it('breaks off an attempt that outlasts the grace period, and the next process finds the mail in the mailbox', async () => {
  const worker = await startWorker(fixture, { ...OPTIONS, deliveryGraceMs: 0 })
  await fixture.microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-hang', times: 1 })
  const { id } = await service.submit({ subject: 'Broken off' })
  await untilMet(fixture)

  await worker.close()

  expect(await leaseOf(id)).toEqual({ status: 'queued', mark_id: null })
  expect(await service.read(id)).toMatchObject({ attempts: [{ outcome: 'unknown' }] })
  await startWorker(fixture, OPTIONS)
  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await mailsIn(fixture.microsoft, 'Broken off')).toHaveLength(1)
})

it('ends an upload after the range under way when its process is stopped, and the next process resumes it there', async () => {
  const worker = await startWorker(fixture, OPTIONS)
  const held = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product: api, service }, 'Left off', CONTENTS)
  await held.untilHeld()

  const closed = worker.close()
  await untilStopping(worker)
  await held.release()
  await closed

  expect(await leaseOf(id)).toEqual({ status: 'queued', mark_id: null })
  expect(await service.read(id)).toMatchObject({
    attempts: [],
    progress: { sentBytes: 2 * RANGE_BYTES, totalBytes: 2 * RANGE_BYTES + 17 },
  })
  await startWorker(fixture, OPTIONS)
  await service.until(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(fixture.microsoft, 'Left off', CONTENTS)
  expect(await rangesTaken(fixture.microsoft, 'Left off')).toEqual([ONE_FILE])
})

it('finishes an attempt under way when it is stopped', async () => {
  const worker = await startWorker(fixture, OPTIONS)
  const sending = await holdRequest(fixture.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Finished' })
  await sending.untilHeld()

  const closed = worker.close()
  await sending.release()
  await closed

  expect(await service.read(id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }] })
})
