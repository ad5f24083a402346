import { CERTAIN_REQUEST_BYTES, MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'
import { describe, expect, it } from 'vitest'
import type { RequestSizes } from './request-sizes.ts'
import { learnLimit, MAX_ATTACHMENT_BYTES, NOTHING_KNOWN, planDraft, planSize, shorterThan } from './size-plan.ts'

const MIB = 1024 * 1024
const STRICT = { ...NOTHING_KNOWN, requestBytes: CERTAIN_REQUEST_BYTES }
/** What stands around a file in the request that attaches it. */
const NAMES = 200

/** As the requests of a message are, with a body of that many bytes. */
function sizesOf(createDraft: number, files: readonly number[]): RequestSizes {
  const attachments = files.map((file) => ({ file, attach: NAMES + Math.ceil(file / 3) * 4 }))
  return { sendMail: attachments.reduce((sum, { attach }) => sum + attach, createDraft), createDraft, attachments }
}
/** Returns the size of the largest file that one request of this many bytes can attach. */
const largestFile = (requestBytes: number) => Math.floor((requestBytes - NAMES) / 4) * 3

describe('planSize', () => {
  it.each([
    [0, []],
    [MAX_REQUEST_BYTES, []],
    [1_000, [0, 1, 2, 3]],
    [0, [3 * MIB - 1024]],
    [0, [largestFile(MAX_REQUEST_BYTES)]],
    [0, [1_500_000, 1_500_000]],
  ])('sends in one request a body of %i bytes with attachments of %j', (body, files) => {
    expect(planSize(sizesOf(body, files), NOTHING_KNOWN)).toEqual({ kind: 'send-mail' })
  })

  it.each([
    [MAX_REQUEST_BYTES, [1], ['attach']],
    [MAX_REQUEST_BYTES - NAMES - 3, [1], ['attach']],
    [1_000_000, [3 * MIB - 1024], ['attach']],
    [MAX_REQUEST_BYTES, [largestFile(MAX_REQUEST_BYTES)], ['attach']],
    [0, [largestFile(MAX_REQUEST_BYTES) + 1], ['session']],
    [0, [3 * MIB], ['session']],
    [0, [MAX_ATTACHMENT_BYTES], ['session']],
    [0, [10 * MIB, 0, 1, 3_100_000], ['session', 'attach', 'attach', 'attach']],
    [0, Array.from({ length: 100 }, () => 100_000), Array.from({ length: 100 }, () => 'attach')],
  ])('makes a draft of a body of %i bytes with attachments of %j', (body, files, attachments) => {
    expect(planSize(sizesOf(body, files), NOTHING_KNOWN)).toEqual({ kind: 'draft', attachments })
  })

  it.each([
    [CERTAIN_REQUEST_BYTES, [], { kind: 'send-mail' }],
    [CERTAIN_REQUEST_BYTES - NAMES - 3, [1], { kind: 'draft', attachments: ['attach'] }],
    [0, [largestFile(CERTAIN_REQUEST_BYTES)], { kind: 'send-mail' }],
    [0, [largestFile(CERTAIN_REQUEST_BYTES) + 1], { kind: 'draft', attachments: ['session'] }],
    [0, [3 * MIB - 1024], { kind: 'draft', attachments: ['session'] }],
  ])('takes the other route once longer requests were refused: a body of %i bytes with %j', (body, files, plan) => {
    expect(planSize(sizesOf(body, files), STRICT)).toEqual(plan)
  })

  it.each([
    [MAX_REQUEST_BYTES + 1, [], NOTHING_KNOWN, MAX_REQUEST_BYTES],
    [MAX_REQUEST_BYTES + 1, [MAX_ATTACHMENT_BYTES + 1], NOTHING_KNOWN, MAX_REQUEST_BYTES],
    [CERTAIN_REQUEST_BYTES + 1, [], STRICT, CERTAIN_REQUEST_BYTES],
    [CERTAIN_REQUEST_BYTES + 1, [1], STRICT, CERTAIN_REQUEST_BYTES],
  ])('finds no route for a body of %i bytes with %j, given %j', (sizeBytes, files, limits, limitBytes) => {
    const plan = { kind: 'none', reason: 'body-too-large', sizeBytes, limitBytes }
    expect(planSize(sizesOf(sizeBytes, files), limits)).toEqual(plan)
  })

  it('finds no route for a file that neither one request nor an upload session has taken, and names the first', () => {
    const limits = { ...STRICT, sessionMinimumBytes: 3 * MIB }
    const files = [100, 3 * MIB, 3 * MIB - 1, 3 * MIB - 2]
    expect(planSize(sizesOf(0, files), limits)).toEqual({
      kind: 'none',
      reason: 'attachment-between',
      sizeBytes: 3 * MIB - 1,
      limitBytes: CERTAIN_REQUEST_BYTES,
      attachment: 2,
    })
  })

  it('sends in one request what a draft could not take, since a request for one attachment says more around it', () => {
    const sizes = {
      sendMail: MAX_REQUEST_BYTES,
      createDraft: 0,
      attachments: [{ file: 1, attach: MAX_REQUEST_BYTES + 1 }],
    }
    expect(planSize(sizes, { ...NOTHING_KNOWN, sessionMinimumBytes: 2 })).toEqual({ kind: 'send-mail' })
  })

  it('finds no route for an attachment over 150 MB, and names the first', () => {
    const files = [MAX_ATTACHMENT_BYTES, MAX_ATTACHMENT_BYTES + 1, MAX_ATTACHMENT_BYTES + 2]
    expect(planSize(sizesOf(0, files), { ...NOTHING_KNOWN, messageBytes: 1 })).toEqual({
      kind: 'none',
      reason: 'attachment-too-large',
      sizeBytes: MAX_ATTACHMENT_BYTES + 1,
      limitBytes: MAX_ATTACHMENT_BYTES,
      attachment: 1,
    })
  })

  it.each([
    [100, [30 * MIB], 100 + 40 * MIB, 'draft'],
    [100, [1], 104, 'send-mail'],
    [100, [], 100, 'send-mail'],
  ])('keeps a body of %i bytes with %j to the organisation’s limit', (body, files, sizeBytes, kind) => {
    const limits = (messageBytes: number | null) => ({ ...NOTHING_KNOWN, messageBytes })
    const tooLarge = { kind: 'none', reason: 'message-too-large', sizeBytes, limitBytes: sizeBytes - 1 }
    expect(planSize(sizesOf(body, files), limits(sizeBytes - 1))).toEqual(tooLarge)
    expect(planSize(sizesOf(body, files), limits(sizeBytes))).toMatchObject({ kind })
    expect(planSize(sizesOf(body, files), limits(null))).toMatchObject({ kind })
  })
})

describe('planDraft', () => {
  it('goes on with a draft although one request would do', () => {
    expect(planDraft(sizesOf(10, [20]), NOTHING_KNOWN)).toEqual({ kind: 'draft', attachments: ['attach'] })
  })
})

describe('learnLimit', () => {
  it.each([
    ['request-length', MAX_REQUEST_BYTES, { requestBytes: CERTAIN_REQUEST_BYTES }],
    ['request-length', CERTAIN_REQUEST_BYTES + 1, { requestBytes: CERTAIN_REQUEST_BYTES }],
    ['request-length', CERTAIN_REQUEST_BYTES, null],
    ['session-minimum', 3 * MIB - 1, { sessionMinimumBytes: 3 * MIB }],
    ['session-minimum', 2_999_999, { sessionMinimumBytes: 3_000_000 }],
    ['session-minimum', 3 * MIB, null],
  ] as const)('learns from a refusal for %s with %i bytes: %j', (limit, sizeBytes, learned) => {
    expect(learnLimit(limit, sizeBytes)).toEqual(learned)
  })
})

describe('shorterThan', () => {
  const attach = NAMES + 2_000_000
  const large = NAMES + 4 * MIB

  it.each([
    ['the whole of it', [1_500_000], attach + 1_000, ['attach']],
    ['the request that attaches a file', [3 * MIB, 1_500_000], large, ['session', 'attach']],
  ])('fills a draft where %s was too long for something on the way', (_what, files, sizeBytes, attachments) => {
    const sizes = sizesOf(1_000, files)
    const limits = shorterThan(sizeBytes, sizes, NOTHING_KNOWN)
    expect(limits && planSize(sizes, limits)).toEqual({ kind: 'draft', attachments })
  })

  it.each([
    ['the body', [1_500_000], 1_000],
    ['a file below the least of an upload session', [1_500_000], attach],
    ['a message without files', [], 1_000],
  ])('finds nothing shorter than %s', (_what, files, sizeBytes) => {
    expect(shorterThan(sizeBytes, sizesOf(1_000, files), NOTHING_KNOWN)).toBeNull()
  })
})
