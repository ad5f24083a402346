import { beforeEach, describe, expect, it } from 'vitest'
import { beginUpload, MIB, type UploadFixture } from '../test-support/upload-fixture.ts'

const MAX_BYTES = 150 * MIB
const file = (content: Buffer, change: Record<string, unknown> = {}) => ({
  '@odata.type': '#microsoft.graph.fileAttachment',
  name: 'small.bin',
  contentBytes: content.toString('base64'),
  ...change,
})

let fixture: UploadFixture
beforeEach(async () => {
  fixture = await beginUpload()
})

describe('createUploadSession', () => {
  it.each([400, 413])('below 3 MiB is refused, with %s when that is set', async (attachmentTooSmallStatus) => {
    await fixture.simulated.set({ attachmentTooSmallStatus })
    expect(await fixture.ask({ size: 3 * MIB - 1 })).toMatchObject({
      status: attachmentTooSmallStatus,
      code: 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
    })
    expect((await fixture.ask({ size: 3 * MIB })).status).toBe(201)
  })

  it.each([400, 413])('above 150 MiB is refused, with %s when that is set', async (messageTooLargeStatus) => {
    await fixture.simulated.set({ messageTooLargeStatus })
    expect((await fixture.ask({ size: MAX_BYTES })).status).toBe(201)
    expect(await fixture.ask({ size: MAX_BYTES + 1 })).toMatchObject({
      status: messageTooLargeStatus,
      code: 'ErrorMessageSizeExceeded',
    })
  })
})

describe('with a limit on the size of messages', () => {
  const content = Buffer.alloc(300)
  // "<p>Hello</p>" and 300 bytes as base64.
  const exactly = 12 + 400

  it.each([400, 413])('attaching beyond it is refused, with %s when that is set', async (messageTooLargeStatus) => {
    const attach = () => fixture.call('POST', `/me/messages/${fixture.draftId}/attachments`, file(content))
    await fixture.simulated.set({ messageSizeLimitBytes: exactly, messageTooLargeStatus })
    expect((await attach()).status).toBe(201)
    expect(await attach()).toMatchObject({ status: messageTooLargeStatus, code: 'ErrorMessageSizeExceeded' })
    expect(await fixture.attachments()).toHaveLength(1)
  })
})
