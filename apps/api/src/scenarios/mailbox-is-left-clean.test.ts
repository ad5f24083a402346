import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { copiesIn, http } from '../test-support/scenario.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { expectNoDraft, files, SMALL_UPLOADS, submitFiles, untilPostponed } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const RANGE_BYTES = SMALL_UPLOADS.rangeBytes
const LARGE = 2 * RANGE_BYTES + 17

const fixture = useUploadFixture({ deliverySizes: SMALL_UPLOADS })
beforeEach(() => fixture.calm())
afterAll(() => fixture.requireNothingInMemory())

const copies = (subject: string) => copiesIn(fixture, subject)

describe('the copy in Sent Items', () => {
  describe.each([
    ['a large file', LARGE],
    ['a small file', 100],
  ])('of a message with %s', (kind, sizeBytes) => {
    it('is deleted where saveToSentItems is false', async () => {
      const id = await submitFiles(fixture, `no copy, ${kind}`, files(sizeBytes), { saveToSentItems: false })
      await fixture.service.until(id, { status: 'sent' })
      await expect.poll(() => copies(`no copy, ${kind}`)).toEqual([])
      expect(await fixture.arrived(`no copy, ${kind}`)).toBe(1)
      await expectNoDraft(fixture.microsoft, `no copy, ${kind}`)
    })

    it('is deleted even when it appears late', async () => {
      await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 45 * SECONDS })
      const subject = `late copy, ${kind}`
      const id = await submitFiles(fixture, subject, files(sizeBytes), { saveToSentItems: false })
      await fixture.service.until(id, { status: 'sent' })
      await untilPostponed(fixture)
      const deletion = await holdRequest(fixture.microsoft, 'message-delete')
      await fixture.pass(50 * SECONDS)
      await expect.poll(() => copies(subject)).toHaveLength(1)
      await deletion.release()
      await fixture.pass(1 * MINUTES)
      await expect.poll(() => copies(subject)).toEqual([])
      expect(await fixture.arrived(subject)).toBe(1)
    })
  })

  it('is left alone while the message has not left the mailbox yet', async () => {
    const stillDraft = { action: 'answer', status: 200, body: { id: 'x', isDraft: true } }
    await fixture.switchOn(http('message-get', stillDraft))
    const id = await submitFiles(fixture, 'not left', files(100), { saveToSentItems: false })
    await fixture.service.until(id, { status: 'sent' })
    await untilPostponed(fixture)
    expect(await copies('not left')).toHaveLength(1)
    await fixture.pass(1 * MINUTES)
    await expect.poll(() => copies('not left')).toEqual([])
  })
})
