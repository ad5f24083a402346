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

  it('leads to another host than Graph, where the URL itself is the credential', async () => {
    const { uploadUrl } = await fixture.open()
    const { port } = new URL(fixture.simulated.graphBaseUrl)
    expect(uploadUrl).toMatch(
      new RegExp(
        `^http://localhost:${port}/api/gv1\\.0/users\\('[0-9a-f-]{36}@[0-9a-f-]{36}'\\)/messages\\('AAMkAD[^']+'\\)/AttachmentSessions\\('[\\w-]+'\\)\\?authtoken=[\\w-]+$`,
      ),
    )
  })

  it('attaches nothing yet', async () => {
    await fixture.open()
    expect(await fixture.attachments()).toEqual([])
  })

  it('accepts its parameter and the kind of attachment in any case', async () => {
    const body = { attachmentitem: { attachmentType: 'File', name: 'a', size: FILE.length } }
    const path = `/me/messages/${fixture.draftId}/attachments/createUploadSession`
    expect((await fixture.call('POST', path, body)).status).toBe(201)
  })

  it.each([
    ['without a name', { name: null }, 'RequestBodyRead'],
    ['without a size', { size: null }, 'RequestBodyRead'],
    ['without a kind', { attachmentType: null }, 'RequestBodyRead'],
    ['with a size that is not a number', { size: String(FILE.length) }, 'RequestBodyRead'],
    ['with half a byte', { size: FILE.length + 0.5 }, 'RequestBodyRead'],
    ['with a property in another case', { Name: 'a' }, 'RequestBodyRead'],
    ['with content', { contentBytes: '' }, 'RequestBodyRead'],
    ['of an item', { attachmentType: 'item' }, 'RequestBodyRead'],
    ['of a kind that does not exist', { attachmentType: 'folder' }, 'RequestBodyRead'],
  ])('%s is 400', async (_what, change, code) => {
    expect(await fixture.ask(change)).toMatchObject({ status: 400, code })
  })

  it.each([
    ['no parameter', {}, 'ErrorInvalidParameter'],
    ['null', { AttachmentItem: null }, 'ErrorInvalidParameter'],
    ['another parameter', { AttachmentItem: {}, item: {} }, 'RequestBodyRead'],
    ['the item itself', { attachmentType: 'file', name: 'a', size: FILE.length }, 'RequestBodyRead'],
    ['an array', [], 'BadRequest'],
  ])('with %s is 400', async (_what, body, code) => {
    const path = `/me/messages/${fixture.draftId}/attachments/createUploadSession`
    expect(await fixture.call('POST', path, body)).toMatchObject({ status: 400, code })
  })

  it.each([400, 413])('below 3 MiB is refused, with %s when that is set', async (attachmentTooSmallStatus) => {
    await fixture.simulated.set({ attachmentTooSmallStatus })
    expect(await fixture.ask({ size: 3 * MIB - 1 })).toMatchObject({
      status: attachmentTooSmallStatus,
      code: 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
    })
    expect((await fixture.ask({ size: 3 * MIB })).status).toBe(201)
  })

  it('from 3,000,000 bytes is opened where 3 MB are set to mean that', async () => {
    await fixture.simulated.set({ minSessionBytes: 3_000_000 })
    expect((await fixture.ask({ size: 2_999_999 })).status).toBe(400)
    expect((await fixture.ask({ size: 3_000_000 })).status).toBe(201)
  })

  it.each([400, 413])('above 150 MiB is refused, with %s when that is set', async (messageTooLargeStatus) => {
    await fixture.simulated.set({ messageTooLargeStatus })
    expect((await fixture.ask({ size: MAX_BYTES })).status).toBe(201)
    expect(await fixture.ask({ size: MAX_BYTES + 1 })).toMatchObject({
      status: messageTooLargeStatus,
      code: 'ErrorMessageSizeExceeded',
    })
  })

  it('of a message that has been sent is 400', async () => {
    await fixture.call('POST', `/me/messages/${fixture.draftId}/send`)
    const sent = (await fixture.call('GET', '/me/mailFolders/sentitems/messages')).json['value'] as { id: string }[]
    const path = `/me/messages/${sent[0]?.id}/attachments/createUploadSession`
    const body = { AttachmentItem: { attachmentType: 'file', name: 'a', size: FILE.length } }
    expect(await fixture.call('POST', path, body)).toMatchObject({ status: 400 })
  })

  it('of an unknown message is 404', async () => {
    const path = `/me/messages/${fixture.draftId.slice(0, 30)}=/attachments/createUploadSession`
    expect(await fixture.call('POST', path, {})).toMatchObject({ status: 404, code: 'ErrorItemNotFound' })
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

  it('a session counts the attachments that the draft already has', async () => {
    await fixture.simulated.set({ messageSizeLimitBytes: 12 + 4 * MIB })
    expect((await fixture.ask()).status).toBe(201)
    await fixture.call('POST', `/me/messages/${fixture.draftId}/attachments`, file(content))
    expect(await fixture.ask()).toMatchObject({ status: 400, code: 'ErrorMessageSizeExceeded' })
  })

  it('sending a draft beyond it is refused, and it stays a draft', async () => {
    await fixture.call('POST', `/me/messages/${fixture.draftId}/attachments`, file(content))
    const send = () => fixture.call('POST', `/me/messages/${fixture.draftId}/send`)
    await fixture.simulated.set({ messageSizeLimitBytes: exactly - 1 })
    expect(await send()).toMatchObject({ status: 400, code: 'ErrorMessageSizeExceeded' })
    await fixture.simulated.set({ messageSizeLimitBytes: exactly })
    expect((await send()).status).toBe(202)
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

  it.each(['$select=contentBytes', '$select=contentId', '$filter=size gt 1', '$select=id&$select=name'])(
    'asked for with %s is 400',
    async (query) => {
      expect(await fixture.call('GET', `/me/messages/${fixture.draftId}/attachments?${query}`)).toMatchObject({
        status: 400,
      })
    },
  )
})
