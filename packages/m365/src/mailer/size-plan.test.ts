import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import { describe, expect, it } from 'vitest'
import { toGraphAttachment } from './send-mail-request.ts'
import { encodedMessageBytes, MAX_ATTACHMENT_BYTES, MIN_SESSION_BYTES, planSize } from './size-plan.ts'

const MIB = 1024 * 1024
/** The largest file that one request attaches to a draft, and the smallest that needs a session. */
const LAST_ATTACHED = 2_996_928
const FIRST_SESSION = LAST_ATTACHED + 1

describe('planSize', () => {
  it.each([
    [0, []],
    [MAX_REQUEST_BYTES, []],
    [1_000, [0, 1, 2, 3]],
    [0, [3_000_000]],
    [4, [2_999_997]],
    [MAX_REQUEST_BYTES, [0]],
    [MAX_REQUEST_BYTES - 4, [1]],
    [0, [1_500_000, 1_500_000]],
  ])('sends in one request a body of %i bytes with attachments of %j', (bodyBytes, attachmentBytes) => {
    expect(planSize({ bodyBytes, attachmentBytes })).toEqual({ road: 'send-mail' })
  })

  it.each([
    [MAX_REQUEST_BYTES, [1], ['attach']],
    [MAX_REQUEST_BYTES - 3, [1], ['attach']],
    [1, [3_000_000], ['session']],
    [1, [1_500_000, 1_500_000], ['attach', 'attach']],
    [0, [3_000_001], ['session']],
    [MAX_REQUEST_BYTES, [LAST_ATTACHED], ['attach']],
    [MAX_REQUEST_BYTES, [FIRST_SESSION], ['session']],
    [0, [MIN_SESSION_BYTES - 1], ['session']],
    [0, [MIN_SESSION_BYTES], ['session']],
    [0, [MIN_SESSION_BYTES + 1], ['session']],
    [0, [MAX_ATTACHMENT_BYTES], ['session']],
    [0, [10 * MIB, 0, 1, LAST_ATTACHED, FIRST_SESSION], ['session', 'attach', 'attach', 'attach', 'session']],
    [0, Array.from({ length: 100 }, () => 100_000), Array.from({ length: 100 }, () => 'attach')],
  ])('makes a draft of a body of %i bytes with attachments of %j', (bodyBytes, attachmentBytes, attachments) => {
    expect(planSize({ bodyBytes, attachmentBytes })).toEqual({ road: 'draft', attachments })
  })

  it('knows no road for a body that fits no request', () => {
    expect(planSize({ bodyBytes: MAX_REQUEST_BYTES + 1, attachmentBytes: [MAX_ATTACHMENT_BYTES + 1] })).toEqual({
      road: 'none',
      reason: 'body-too-large',
      sizeBytes: MAX_REQUEST_BYTES + 1,
      limitBytes: MAX_REQUEST_BYTES,
    })
  })

  it('knows no road for an attachment over 150 MB, and names the first', () => {
    const attachmentBytes = [MAX_ATTACHMENT_BYTES, MAX_ATTACHMENT_BYTES + 1, MAX_ATTACHMENT_BYTES + 2]
    expect(planSize({ bodyBytes: 0, attachmentBytes }, { messageBytes: 1 })).toEqual({
      road: 'none',
      reason: 'attachment-too-large',
      sizeBytes: MAX_ATTACHMENT_BYTES + 1,
      limitBytes: MAX_ATTACHMENT_BYTES,
      attachment: 1,
    })
  })

  it.each([
    [{ bodyBytes: 100, attachmentBytes: [30 * MIB] }, 100 + 40 * MIB],
    [{ bodyBytes: 100, attachmentBytes: [1] }, 104],
    [{ bodyBytes: 100, attachmentBytes: [] }, 100],
  ])('knows no road for %j over the organisation’s limit', (message, sizeBytes) => {
    expect(planSize(message, { messageBytes: sizeBytes - 1 })).toEqual({
      road: 'none',
      reason: 'message-too-large',
      sizeBytes,
      limitBytes: sizeBytes - 1,
    })
  })

  it.each([
    [{ bodyBytes: 100, attachmentBytes: [30 * MIB] }, 100 + 40 * MIB, 'draft'],
    [{ bodyBytes: 100, attachmentBytes: [1] }, 104, 'send-mail'],
    [{ bodyBytes: 100, attachmentBytes: [30 * MIB] }, null, 'draft'],
  ])('sends %j under a limit of %j bytes', (message, messageBytes, road) => {
    expect(planSize(message, { messageBytes })).toMatchObject({ road })
  })

  it('attaches in one request nothing that does not fit with the longest names', () => {
    const longest = '語'.repeat(255)
    const file = { filename: longest, contentType: longest, contentId: longest, content: Buffer.alloc(LAST_ATTACHED) }
    expect(Buffer.byteLength(JSON.stringify(toGraphAttachment(file)))).toBeLessThanOrEqual(MAX_REQUEST_BYTES)
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
    [[3 * MIB], 4 * MIB],
  ])('counts attachments of %j bytes as base64', (attachmentBytes, encodedBytes) => {
    expect(encodedMessageBytes({ bodyBytes: 7, attachmentBytes })).toBe(7 + encodedBytes)
  })
})
