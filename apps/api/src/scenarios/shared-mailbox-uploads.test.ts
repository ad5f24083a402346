import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

// Ada sends as reports@contoso.com, a shared mailbox.

const fixture = useUploadFixture({ fromEmail: 'reports@contoso.com' })
beforeEach(() => fixture.calm())

it('delivers a large message from the sender', async () => {
  const contents = files(100, 3 * MB)
  const id = await submitFiles(fixture, 'shared', contents)
  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ from: 'reports@contoso.com' })
  await expectArrival(fixture.microsoft, 'shared', contents)
  expect(await mailsIn(fixture.microsoft, 'shared')).toMatchObject([{ from: { address: 'reports@contoso.com' } }])
})
