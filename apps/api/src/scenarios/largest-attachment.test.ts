import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { expectArrival, MB, submitFiles } from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'

const ground = useUploadGround({ environment: { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' } })

it('delivers a file of 150 MB whole', async () => {
  const contents = [randomBytes(150 * MB)]
  const id = await submitFiles(ground, '150 MB', contents)
  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, '150 MB', contents)
})
