import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { expectArrival, expectNoDraft, files, largeMail, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const fixture = useUploadFixture()
beforeEach(() => fixture.calm())
afterAll(() => fixture.requireNothingInMemory())

const set = (settings: object) => fixture.microsoft.control('PATCH', '/settings', settings)
const submit = (subject: string, sizes: readonly number[]) =>
  postMultipart(fixture.product.publicUrl, fixture.service.key, largeMail(subject, files(...sizes)))

describe.each([400, 413])('a message that the organisation finds too large, refused by %s', (messageTooLargeStatus) => {
  beforeEach(() => set({ messageTooLargeStatus, messageSizeLimitBytes: 5_000_000 }))

  it.each([
    ['when a session is asked for', [100, 4 * MB]],
    ['when a small file is attached', [2 * MB, 2 * MB]],
  ])('fails with a sentence %s, and leaves no draft behind', async (name, sizes) => {
    const subject = `${messageTooLargeStatus} ${name}`
    const since = fixture.clock.now()
    const id = await submitFiles(fixture, subject, files(...sizes))
    expect(await fixture.service.until(id, { status: 'failed' })).toMatchObject({
      problem: {
        code: 'message-too-large',
        microsoftCode: 'ErrorMessageSizeExceeded',
        detail: expect.stringMatching(
          / bytes\. .+ The submitting service submits it again with smaller attachments, or fewer\./,
        ),
      },
      progress: null,
    })
    // Cleanups of earlier tests do not count: their token may have expired as the clock went on.
    const left = () => fixture.database.query('SELECT 1 FROM mailbox_cleanups WHERE created_at >= $1', [since])
    await expect.poll(left).toEqual([])
    await expectNoDraft(fixture.microsoft, subject)
  })

  it('teaches the limit: the next of its size is refused on submission, and a smaller one is sent', async () => {
    const subject = `${messageTooLargeStatus} learned`
    const id = await submitFiles(fixture, subject, files(4 * MB))
    await fixture.service.until(id, { status: 'failed' })

    expect(await submit(subject, [4 * MB])).toMatchObject({ status: 413, json: { code: 'message-too-large' } })
    const smaller = files(3 * MB)
    await fixture.service.until(await submitFiles(fixture, `${subject} smaller`, smaller), { status: 'sent' })
    await expectArrival(fixture.microsoft, `${subject} smaller`, smaller)
  })
})
