import { describe, expect, it } from 'vitest'
import type { OutgoingMessage } from './outgoing-message.ts'
import { MESSAGE_ID_PROPERTY, toSendMailRequest } from './send-mail-request.ts'

const message: OutgoingMessage = {
  id: 'msg_00000000000000000000000000000001',
  from: { address: 'reports@contoso.com' },
  to: [{ address: 'max@contoso.com', name: 'Max Member' }],
  cc: [{ address: 'cc@contoso.com' }],
  bcc: [{ address: 'bcc@contoso.com' }],
  replyTo: [{ address: 'reply@contoso.com' }],
  subject: 'Q3',
  html: '<p>Hello</p>',
  text: 'Hello',
  attachments: [],
  headers: {},
  importance: 'normal',
  saveToSentItems: true,
}

describe('toSendMailRequest', () => {
  it('writes the whole message in Graph’s terms', () => {
    expect(toSendMailRequest(message)).toEqual({
      message: {
        from: { emailAddress: { address: 'reports@contoso.com' } },
        toRecipients: [{ emailAddress: { address: 'max@contoso.com', name: 'Max Member' } }],
        ccRecipients: [{ emailAddress: { address: 'cc@contoso.com' } }],
        bccRecipients: [{ emailAddress: { address: 'bcc@contoso.com' } }],
        replyTo: [{ emailAddress: { address: 'reply@contoso.com' } }],
        subject: 'Q3',
        internetMessageId: `<${message.id}@contoso.com>`,
        body: { contentType: 'html', content: '<p>Hello</p>' },
        importance: 'normal',
        singleValueExtendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
      },
      saveToSentItems: true,
    })
  })

  it('sends the text when there is no HTML', () => {
    expect(toSendMailRequest({ ...message, html: null }).message.body).toEqual({
      contentType: 'text',
      content: 'Hello',
    })
  })

  it('asks for receipts only where they are wished for', () => {
    const wished = { ...message, requestReadReceipt: true, requestDeliveryReceipt: true }
    expect(toSendMailRequest(wished).message).toMatchObject({
      isReadReceiptRequested: true,
      isDeliveryReceiptRequested: true,
    })
  })

  it('leaves out headers without a value, and the list where none is left', () => {
    const headersOf = (headers: Record<string, string>) =>
      toSendMailRequest({ ...message, headers }).message.internetMessageHeaders
    expect(headersOf({ 'x-empty': '', 'x-blank': ' \t', 'x-report-id': '42' })).toEqual([
      { name: 'x-report-id', value: '42' },
    ])
    expect(headersOf({ 'x-empty': '' })).toBeUndefined()
  })

  it.each([
    ['a\0b', 'ab'],
    ['a\uD83Db', 'a\uFFFDb'],
    ['a\uD83D\uDE00\r\n\tb', 'a\uD83D\uDE00\r\n\tb'],
  ])('writes the body %j without what Graph cannot carry: %j', (text, content) => {
    expect(toSendMailRequest({ ...message, html: null, text }).message.body).toEqual({ contentType: 'text', content })
    expect(toSendMailRequest({ ...message, html: text }).message.body).toEqual({ contentType: 'html', content })
  })

  it('writes an ordinary attachment and an inline image', () => {
    const content = Buffer.from('content').subarray(0, 3)
    const attachments = [
      { filename: 'q3.pdf', contentType: 'application/pdf', content, contentId: null },
      { filename: 'logo.png', contentType: 'image/png', content, contentId: 'logo' },
    ]
    expect(toSendMailRequest({ ...message, attachments }).message.attachments).toEqual([
      {
        '@odata.type': '#microsoft.graph.fileAttachment',
        name: 'q3.pdf',
        contentType: 'application/pdf',
        contentBytes: 'Y29u',
        isInline: false,
      },
      {
        '@odata.type': '#microsoft.graph.fileAttachment',
        name: 'logo.png',
        contentType: 'image/png',
        contentBytes: 'Y29u',
        isInline: true,
        contentId: 'logo',
      },
    ])
  })
})
