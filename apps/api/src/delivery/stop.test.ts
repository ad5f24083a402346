import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { expectArrival, files, RANGE_BYTES, rangesTaken, submitFiles } from '../test-support/upload-ground.ts'

const ONE_FILE = [0, RANGE_BYTES, 2 * RANGE_BYTES]
const CONTENTS = files(2 * RANGE_BYTES + 17)

let ground: TestGround
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  api = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api, { largeAttachments: true })
  await ground.database.query(`UPDATE tenant_settings SET sent_items_search = 'works'`)
  service = await createServiceClient(api)
})
afterAll(() => ground.close())
beforeEach(() => ground.microsoft.control('DELETE', '/scenarios'))

async function startWorker(deliveryGraceMs?: number): Promise<TestProduct> {
  const worker = await ground.startProduct({
    environment: { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0' },
    ...(deliveryGraceMs !== undefined && { deliveryGraceMs }),
  })
  onTestFinished(() => worker.close())
  return worker
}

/** Until the request that hangs is on its way, or done. */
async function untilMet(): Promise<void> {
  await expect.poll(() => ground.microsoft.control('GET', '/scenarios'), { interval: 10 }).toMatchObject({ active: [] })
}

async function leaseOf(id: string): Promise<unknown> {
  const [row] = await ground.database.query('SELECT status, lease_owner FROM message_states WHERE id = $1', [id])
  return row
}

it('breaks off a delivery that outlasts the stop, and the next process finds it in the mailbox', async () => {
  const worker = await startWorker(0)
  await ground.microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-hang', times: 1 })
  const { id } = await service.submit({ subject: 'Broken off' })
  await untilMet()

  await worker.close()

  expect(await leaseOf(id)).toEqual({ status: 'queued', lease_owner: null })
  expect(await service.read(id)).toMatchObject({ attempts: [{ outcome: 'unknown' }] })
  await startWorker()
  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await mailsIn(ground.microsoft, 'Broken off')).toHaveLength(1)
})

it('ends an upload after the range that is under way, and the next process goes on from there', async () => {
  const worker = await startWorker()
  const held = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product: api, service }, 'Left off', CONTENTS)
  await held.untilHeld()

  const closed = worker.close()
  await held.release()
  await closed

  expect(await leaseOf(id)).toEqual({ status: 'queued', lease_owner: null })
  await startWorker()
  await service.until(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'Left off', CONTENTS)
  expect(await rangesTaken(ground.microsoft, 'Left off')).toEqual([ONE_FILE])
})

it('breaks off a range that outlasts the stop, which counts as no attempt', async () => {
  const worker = await startWorker(0)
  const effect = { kind: 'http', endpoint: 'upload-range', do: { action: 'hang', when: 'before' } }
  await ground.microsoft.control('POST', '/scenarios', { effect, skip: 1 })
  const id = await submitFiles({ product: api, service }, 'Range broken off', CONTENTS)
  await untilMet()

  await worker.close()

  expect(await leaseOf(id)).toEqual({ status: 'queued', lease_owner: null })
  expect(await service.read(id)).toMatchObject({ attempts: [] })
  await startWorker()
  await service.until(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'Range broken off', CONTENTS)
  expect(await rangesTaken(ground.microsoft, 'Range broken off')).toEqual([ONE_FILE])
})
