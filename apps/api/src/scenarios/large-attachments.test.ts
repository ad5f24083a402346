import { afterAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { expectArrival, files, MB, RANGE_BYTES, submitFiles, uploadsOf } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const fixture = useUploadFixture()
beforeEach(() => fixture.calm())
afterAll(() => fixture.requireNothingInMemory())

it.each([
  ['one file of exactly 3 MB', [3 * MB]],
  ['one file of exactly one range', [RANGE_BYTES]],
  ['one file of a range and a byte', [RANGE_BYTES + 1]],
  ['files of every kind together', [0, 1, 100, 2 * MB, 3 * MB, RANGE_BYTES + 1]],
  ['large files before small ones', [4 * MB, 0, 3 * MB, 1]],
  ['many small files that exceed one request together', [1 * MB, 1 * MB, 1 * MB, 1 * MB, 1 * MB]],
])('delivers %s, whole and in order', async (subject, sizes) => {
  const contents = files(...sizes)
  const id = await submitFiles(fixture, subject, contents)

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
    possibleDuplicate: false,
    progress: null,
  })
  await expectArrival(fixture.microsoft, subject, contents)
})

it('delivers a body that leaves no room for its files in one request', async () => {
  const [content = Buffer.alloc(0)] = files(1 * MB)
  const text = 'x'.repeat(3 * MB)
  const id = await submitFiles(fixture, 'large body', [content], { text })
  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  await expectArrival(fixture.microsoft, 'large body', [content])
  expect(await mailsIn(fixture.microsoft, 'large body')).toMatchObject([{ body: { content: text } }])
})

it('delivers inline images, attached in one request and uploaded, with their content ids and types', async () => {
  const contents = files(100, 3 * MB, 200)
  const attachments = [
    { part: 0, contentId: 'small', contentType: 'image/png' },
    { part: 1, contentId: 'large', contentType: 'image/jpeg' },
  ]
  const id = await submitFiles(fixture, 'inline', contents, { attachments, html: '<img src="cid:large">' })
  await fixture.service.until(id, { status: 'sent' })
  await expectArrival(fixture.microsoft, 'inline', contents)
  const [mail] = await mailsIn(fixture.microsoft, 'inline')
  expect(mail.attachments).toMatchObject([
    { contentId: 'small', isInline: true, contentType: 'image/png' },
    { contentId: 'large', isInline: true, contentType: 'image/jpeg' },
    { isInline: false, contentType: 'application/x-report' },
  ])
})

it('shows the progress of a large message until it is sent', async () => {
  const totalBytes = 100 + 2 * RANGE_BYTES + 1
  const held = [
    await holdRequest(fixture.microsoft, 'upload-range', 1),
    await holdRequest(fixture.microsoft, 'upload-range', 2),
    await holdRequest(fixture.microsoft, 'upload-range', 3),
  ]
  const id = await submitFiles(fixture, 'progress', files(100, 2 * RANGE_BYTES + 1))
  for (const [taken, range] of held.entries()) {
    await range.untilHeld()
    expect((await fixture.service.read(id)).progress).toEqual({ sentBytes: 100 + taken * RANGE_BYTES, totalBytes })
    await range.release()
  }
  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ progress: null })
})

it('sends no token to the upload host, remembers it, and does not log the address', async () => {
  await fixture.database.query('UPDATE mailboxes SET upload_origin = NULL')
  const id = await submitFiles(fixture, 'secret address', files(3 * MB))
  await fixture.service.until(id, { status: 'sent' })
  expect(await uploadsOf(fixture.microsoft, 'secret address')).toMatchObject([{ state: 'finished' }])
  expect(fixture.product.logLines.join('')).not.toMatch(/authtoken|AttachmentSessions/)
  const uploads = `http://localhost:${new URL(fixture.microsoft.url).port}`
  expect(await fixture.database.query('SELECT upload_origin FROM mailboxes')).toEqual([{ upload_origin: uploads }])
})
