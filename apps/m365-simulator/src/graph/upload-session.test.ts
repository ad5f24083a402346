import { beforeEach, describe, expect, it } from 'vitest'
import { beginUpload, FILE, MIB, type UploadFixture } from '../test-support/upload-fixture.ts'

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
  it('is 201 with a URL, an expiry, and the whole file expected', async () => {
    const fixture = await beginUpload({ clock: () => new Date('2026-11-24T10:00:00Z') })
    const { status, json } = await fixture.ask()
    expect(status).toBe(201)
    expect(json).toEqual({
      uploadUrl: expect.any(String),
      expirationDateTime: '2026-11-24T12:00:00.000Z',
      nextExpectedRanges: ['0-'],
    })
  })

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

  it('sendMail beyond it is refused, and nothing arrives', async () => {
    const message = {
      body: { contentType: 'html', content: '<p>Hello</p>' },
      toRecipients: [{ emailAddress: { address: 'max@contoso.com' } }],
      attachments: [file(content)],
    }
    await fixture.simulated.set({ messageSizeLimitBytes: exactly - 1 })
    expect(await fixture.call('POST', '/me/sendMail', { message })).toMatchObject({ code: 'ErrorMessageSizeExceeded' })
    await fixture.simulated.set({ messageSizeLimitBytes: exactly })
    expect((await fixture.call('POST', '/me/sendMail', { message })).status).toBe(202)
  })
})

describe('the attachments of a message', () => {
  it('are listed once they are whole, with the selected properties and the id', async () => {
    const session = await fixture.open({ contentType: 'application/pdf', isInline: true, contentId: 'plan' })
    const list = (query: string) => fixture.call('GET', `/me/messages/${fixture.draftId}/attachments${query}`)
    await fixture.put(session, 0, MIB - 1)
    expect((await list('?$select=id,name,size')).json['value']).toEqual([])
    await fixture.put(session, MIB, FILE.length - 1)
    expect((await list('?$select=name,size')).json['value']).toEqual([
      {
        '@odata.type': '#microsoft.graph.fileAttachment',
        id: expect.any(String),
        name: 'plan.bin',
        size: FILE.length + 237, // what the mailbox stores for a file, as Exchange says it
      },
    ])
    expect((await list('')).json['value']).toMatchObject([
      { contentType: 'application/pdf', isInline: true, contentId: 'plan', contentBytes: FILE.toString('base64') },
    ])
  })

  it('are returned as a whole, whatever page is requested', async () => {
    const path = `/me/messages/${fixture.draftId}/attachments`
    for (const name of ['a', 'b', 'c']) await fixture.call('POST', path, file(Buffer.from(name), { name }))
    const { json } = await fixture.call('GET', `${path}?$select=name&$top=2&$skip=1`)
    expect(json).toMatchObject({ value: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })
    expect(json).not.toHaveProperty('@odata.nextLink')
  })
})
