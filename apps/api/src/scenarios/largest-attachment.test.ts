import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { expectArrival, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const fixture = useUploadFixture({ environment: { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' } })

it('delivers a file of 150 MB whole', async () => {
  const contents = [randomBytes(150 * MB)]
  const id = await submitFiles(fixture, '150 MB', contents)
  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(fixture.microsoft, '150 MB', contents)
})
