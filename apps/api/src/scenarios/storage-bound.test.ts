import { afterEach, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { startUpload } from '../test-support/upload.ts'
import { files } from '../test-support/upload-fixture.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
const MIB = 1024 * 1024
const BOUND = 4 * MIB

const fixture = useDeliveryFixture({
  mailbox: 'may be read',
  environment: { TENANT_STORAGE_BYTES: String(BOUND) },
})
afterEach(async () => {
  await fixture.calm()
  await fixture.database.empty('messages')
})

const later = () => ({ sendAt: new Date(fixture.clock.now().getTime() + 24 * HOURS).toISOString() })
const post = (sizeBytes: number, changes: object = later()) =>
  postMultipart(fixture.product.publicUrl, fixture.service.key, mailWith(files(sizeBytes), changes))

it('refuses what exceeds the bound with 507, saying what is stored, the bound and what to do, and keeps nothing', async () => {
  const first = await post(2.4 * MIB)
  const before = await countStored(fixture.database)
  const { status, json } = await post(2 * MIB)

  expect(first.status).toBe(202)
  expect(status).toBe(507)
  expect(json).toMatchObject({
    code: 'storage-full',
    values: { detail: ['problem.storage-full'], storageBytes: BOUND },
    detail: expect.stringContaining(`of ${BOUND} bytes`),
  })
  expect(json.detail).toContain('TENANT_STORAGE_BYTES')
  expect(await countStored(fixture.database)).toEqual(before)
})

it('refuses while the message arrives, as soon as the bound is reached', async () => {
  const upload = startUpload(fixture.product, fixture.service.key, mailWith(files(15 * MIB), later()))
  await upload.send(5 * MIB)

  expect(await upload.answer).toMatchObject({ status: 507, json: { code: 'storage-full' } })
  upload.breakOff()
  await expect.poll(() => countStored(fixture.database)).toEqual({ messages: 0, chunks: 0 })
})
