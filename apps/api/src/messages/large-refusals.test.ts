import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MIB = 1024 * 1024
const clock = createTestClock()

/** Of a message that is refused long before all of it has arrived. */
const FILE = Buffer.alloc(20 * MIB)

const { fixture, product, service } = useProduct({ clock })
afterEach(() => fixture.database.empty('messages'))

const nothing = { messages: 0, chunks: 0 }
const post = (contents: readonly Buffer[], changes: object = {}) =>
  postMultipart(product.publicUrl, service.key, mailWith(contents, changes))

describe('while nothing is configured', () => {
  it('refuses one byte more than 150 MB, naming the file, its size, the limit and the remedy, and keeps nothing', async () => {
    const { status, json } = await post([Buffer.alloc(1), Buffer.alloc(150 * MIB + 1)])

    expect(status).toBe(413)
    expect(json).toMatchObject({ code: 'message-too-large' })
    expect(json.detail).toContain(
      'Attachment 2 has at least 157286401 bytes; Microsoft takes at most 157286400 (150 MB)',
    )
    expect(json.detail).toContain('Send a link')
    await expect.poll(() => countStored(fixture.database)).toEqual(nothing)
  })
})

describe('while large attachments are not enabled', () => {
  beforeAll(() => connectMailbox(product))

  it('refuses early, long before the rest has arrived, keeps nothing, and says that the size may still grow', async () => {
    const upload = startUpload(product, service.key, mailWith([FILE]))
    await upload.send(4 * MIB)
    const attachments = [{ filename: 'a.bin', content: Buffer.alloc(3_200_000).toString('base64') }]
    const complete = await service.post('/api/v1/messages', {
      to: ['max@contoso.com'],
      subject: 'Figures',
      text: 'Attached.',
      attachments,
    })

    const early = await upload.answer
    for (const answer of [early, complete]) {
      expect(answer).toMatchObject({ status: 422, json: { code: 'large-attachments-disabled' } })
      expect(answer.json.detail).toContain('4194304')
      expect(answer.json.detail).toContain('Tenant Settings > Office 365 SMTP')
    }
    await expect.poll(() => countStored(fixture.database)).toEqual(nothing)
    expect(early.json.detail).toMatch(
      /^The message has at least \d+ bytes of attachments, and at least \d+ bytes encoded for Microsoft;/,
    )
    expect(complete.json.detail).toMatch(
      /^The message has 3200000 bytes of attachments, and \d+ bytes encoded for Microsoft;/,
    )
  })

  it.each([
    ['is faulty', { to: ['nobody'] }, { status: 400, json: { errors: [{ path: 'to[0]' }] } }],
    ['asks for another sender', { from: 'max@contoso.com' }, { status: 422, json: { code: 'sender-not-allowed' } }],
  ])(
    'refuses a message that stands first and %s before its attachments have arrived',
    async (_what, changes, answer) => {
      const upload = startUpload(product, service.key, mailWith([FILE], changes))
      await upload.send(1 * MIB)

      expect(await upload.answer).toMatchObject(answer)
      await expect.poll(() => countStored(fixture.database)).toEqual(nothing)
    },
  )
})

describe('once the limit of the organisation is known', () => {
  const LIMIT = 10_000_000

  beforeAll(() => connectMailbox(product, { largeAttachments: true }))
  afterAll(() => learn(null))

  const learn = (limit: number | null, tenant?: string) =>
    setMailbox(fixture.database, { message_size_limit: limit, message_size_limit_at: clock.now() }, tenant)

  it('refuses a message above it, naming both sizes and the remedy, and keeps nothing', async () => {
    await learn(LIMIT)
    const { status, json } = await post([Buffer.alloc(5 * MIB), Buffer.alloc(3 * MIB)])

    expect([status, json.code]).toEqual([413, 'message-too-large'])
    const [encoded, refused] = [...json.detail.matchAll(/(\d+) bytes/g)].map(([, bytes]) => Number(bytes))
    expect(encoded).toBeGreaterThan(LIMIT)
    expect(refused).toBe(LIMIT + 1)
    expect(json.detail).toContain('message size limit of the mailbox')
    expect(await countStored(fixture.database)).toEqual(nothing)
  })

  it('forgets it after a day', async () => {
    await learn(LIMIT)
    await clock.advance(24 * HOURS - 1 * MINUTES)
    expect((await post([Buffer.alloc(8 * MIB)])).status).toBe(413)

    await clock.advance(2 * MINUTES)
    expect((await post([Buffer.alloc(8 * MIB)])).status).toBe(202)
  })
})
