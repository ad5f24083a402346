import { describe, expect, it } from 'vitest'
import { toOutgoing, type ContentAttachment, type MessageContent } from './message-content.ts'
import { encodedMessageBytes, measureArriving, measureRequests } from './request-sizes.ts'
import { toGraphAttachment, toGraphMessage, toSendMailRequest } from './send-mail-request.ts'

const FROM = 'größe@contoso.com'
const CONTENT: MessageContent = {
  to: [{ address: 'max@contoso.com', name: 'Max "M" 語' }],
  cc: [],
  bcc: [{ address: 'ada@contoso.com' }],
  replyTo: [],
  subject: 'Q3 📈 \\ "quoted"',
  html: '<p>\n\ttab, "quotes", \u2028 and 語</p>',
  text: 'The text beside html is not sent.',
  attachments: [],
  headers: { 'x-report-id': '42' },
  importance: 'high',
  saveToSentItems: false,
}

function attachment(sizeBytes: number, changes: Partial<ContentAttachment> = {}): ContentAttachment {
  const content = Buffer.alloc(sizeBytes, 0xfb)
  const about = { filename: `語 "${sizeBytes}".bin`, contentType: 'application/pdf', contentId: null, sha256: '' }
  return { ...about, sizeBytes, content, ...changes }
}

describe('measureRequests', () => {
  it.each([
    ['no attachment', []],
    ['an empty one', [attachment(0)]],
    ['one of each remainder', [attachment(1), attachment(2), attachment(3), attachment(4)]],
    ['an inline image', [attachment(1_000, { contentId: 'chart@1' })]],
    ['the longest names', [attachment(10, { filename: '語'.repeat(255), contentType: `a/${'b'.repeat(253)}` })]],
  ])('knows the length of every request to the byte, with %s', (_what, attachments) => {
    const content = { ...CONTENT, attachments }
    const files = attachments.map((each) => ({ ...each, content: 'content' in each ? each.content : Buffer.alloc(0) }))
    const about = { id: `msg_${'f'.repeat(32)}`, from: { address: FROM }, createdAt: new Date() }
    const outgoing = toOutgoing(content, { ...about, attachments: files })
    const length = (body: object) => Buffer.byteLength(JSON.stringify(body))

    expect(measureRequests(content, FROM)).toEqual({
      sendMail: length(toSendMailRequest(outgoing)),
      createDraft: length(toGraphMessage({ ...outgoing, attachments: [] })),
      attachments: files.map((file) => ({ file: file.sizeBytes, attach: length(toGraphAttachment(file)) })),
    })
  })
})

describe('measureArriving', () => {
  it('never says more than what has arrived will need', () => {
    const attachments = [attachment(1), attachment(100_000)]
    const whole = measureRequests({ ...CONTENT, attachments }, FROM)
    const arriving = measureArriving([1, 100_000])

    expect(arriving.sendMail).toBeLessThan(whole.sendMail)
    expect(arriving).toMatchObject({ createDraft: 0, sendMail: 4 + 133_336 })
    expect(encodedMessageBytes(arriving)).toBeLessThan(encodedMessageBytes(whole))
  })
})

describe('encodedMessageBytes', () => {
  it.each([
    [[], 0],
    [[0], 0],
    [[1], 4],
    [[2], 4],
    [[3], 4],
    [[4], 8],
    [[1, 1, 1], 12],
    [[3 * 1024 * 1024], 4 * 1024 * 1024],
  ])('counts attachments of %j bytes as base64', (files, encodedBytes) => {
    const attachments = files.map((file) => ({ file, attach: 0 }))
    expect(encodedMessageBytes({ sendMail: 0, createDraft: 7, attachments })).toBe(7 + encodedBytes)
  })
})
