import { describe, expect, it } from 'vitest'
import { toOutgoing, writeContent, type ContentAttachment, type MessageContent } from './message-content.ts'
import { boundRequest, encodedMessageBytes, measureArriving, measureMime, measureRequests } from './request-sizes.ts'
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

it('measures a MIME message as base64, without what JSON adds', () => {
  const content = {
    ...CONTENT,
    mime: { source: Buffer.from('Subject: Q3\r\n\r\nNumbers.\r\n'), fromName: null, attachments: [] },
  }
  const bytes = measureMime(content, FROM)
  expect(bytes).toBeGreaterThan(content.mime.source.length)
  expect(measureRequests(content, FROM)).toEqual({
    sendMail: Math.ceil(bytes / 3) * 4,
    createDraft: Math.ceil(bytes / 3) * 4,
    attachments: [],
  })
  expect(measureMime(CONTENT, FROM)).toBe(0)
})

describe('boundRequest', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => ({ address: `${index}@b.co` }))

  it.each([
    ['no body', { ...CONTENT, html: null, text: '', to: many(1), bcc: [], headers: {} }],
    ['many recipients', { ...CONTENT, to: many(200), cc: many(200) }],
    ['short headers', { ...CONTENT, headers: { 'x-a': '', 'x-b': '', 'x-c': '', 'x-d': '', 'x-e': '' } }],
    ['characters that are escaped', { ...CONTENT, html: '\u0000"\u0001'.repeat(1_000) }],
    ['small attachments', { ...CONTENT, attachments: Array.from({ length: 50 }, () => attachment(1)) }],
  ])('is longer than the request, with %s', (_what, content: MessageContent) => {
    const from = `${'a'.repeat(64)}@${'b'.repeat(185)}.example`
    expect(measureRequests(content, from).sendMail).toBeLessThan(boundRequest(writeContent(content).length))
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
