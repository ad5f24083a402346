import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { HOURS, SECONDS } from '../test-support/test-clock.ts'
import {
  createUploadGround,
  expectArrival,
  expectNoDraft,
  files,
  largeMail,
  MB,
  submitFiles,
  uploadsOf,
  type UploadGround,
} from '../test-support/upload-ground.ts'

// Microsoft takes requests of 4 MB and upload sessions from 3 MB, and does not say how many bytes these are. A file
// between the readings fits one request by one of them, and an upload session by the other.

const BINARY = { maxRequestBytes: 4_194_304, minSessionBytes: 3_145_728 }
const DECIMAL = { maxRequestBytes: 4_000_000, minSessionBytes: 3_000_000 }
/** By this one neither takes a file between. */
const NEITHER = { maxRequestBytes: 4_000_000, minSessionBytes: 3_145_728 }
const BETWEEN = 3 * MB - 1024

const AT_ONCE = { possibleDuplicate: false, attempts: [{ outcome: 'sent' }] }

async function untilSent({ service }: DeliveryGround, id: string) {
  return service.until(id, { status: 'sent' })
}

/** How many requests that hold a whole message have been made so far. */
async function wholeRequests({ microsoft }: DeliveryGround): Promise<number> {
  const { items } = await microsoft.control('GET', '/log')
  return items.filter(({ endpoint }: { endpoint: string }) => endpoint === 'sendMail').length
}

describe('with large file attachments', () => {
  let ground: UploadGround
  beforeAll(async () => {
    ground = await createUploadGround()
  })
  afterAll(() => ground.close())
  beforeEach(async () => {
    await ground.calm()
    await searchable('works')
  })

  const set = (settings: object) => ground.microsoft.control('PATCH', '/settings', settings)
  const searchable = (how: 'works' | 'fails') =>
    ground.database.query('UPDATE tenant_settings SET sent_items_search = $1', [how])

  const READINGS: [string, object][] = [
    ['4,194,304 bytes', BINARY],
    ['4,000,000 bytes, refused by 400', DECIMAL],
    ['4,000,000 bytes, refused by a gateway', { ...DECIMAL, requestTooLarge: 'payload-too-large-html' }],
  ]

  describe.each(READINGS)('where 4 MB are %s', (reading, settings) => {
    beforeEach(() => set(settings))

    it('delivers a file between whole', async () => {
      const subject = `file, ${reading}`
      const contents = files(BETWEEN)
      expect(await untilSent(ground, await submitFiles(ground, subject, contents))).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
    })

    it('delivers it whole by draft, where no copy of it could be found otherwise', async () => {
      await searchable('fails')
      const subject = `draft, ${reading}`
      const contents = files(BETWEEN)
      expect(await untilSent(ground, await submitFiles(ground, subject, contents))).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
    })

    it('delivers it as an inline image, beside others and a body of a megabyte', async () => {
      const subject = `body, ${reading}`
      const contents = files(200, BETWEEN, BETWEEN)
      const attachments = [
        { part: 0, contentId: 'small', contentType: 'image/png' },
        { part: 1, contentId: 'between', contentType: 'image/png' },
      ]
      const html = `<img src="cid:small"><img src="cid:between">${'語'.repeat(350_000)}`
      expect(
        await untilSent(ground, await submitFiles(ground, subject, contents, { html, attachments })),
      ).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
      const [mail] = await mailsIn(ground.microsoft, subject)
      expect(mail).toMatchObject({
        body: { content: html },
        attachments: [
          { contentId: 'small', isInline: true },
          { contentId: 'between', isInline: true },
          { isInline: false },
        ],
      })
    })
  })

  it('tries one request first, and asks for no upload session where it is taken', async () => {
    const before = await wholeRequests(ground)
    expect(await untilSent(ground, await submitFiles(ground, 'one request', files(BETWEEN)))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(ground)).toBe(before + 1)
    expect(await uploadsOf(ground.microsoft, 'one request')).toEqual([])
  })

  it('sends the next one the other way at once, and tries one request again a day later', async () => {
    await set(DECIMAL)
    expect(await untilSent(ground, await submitFiles(ground, 'first', files(BETWEEN)))).toMatchObject(AT_ONCE)
    const before = await wholeRequests(ground)
    expect(await untilSent(ground, await submitFiles(ground, 'second', files(BETWEEN)))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(ground)).toBe(before + 0)

    await set(BINARY)
    await ground.pass(24 * HOURS)
    expect(await untilSent(ground, await submitFiles(ground, 'a day later', files(BETWEEN)))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(ground)).toBe(before + 1)
  })

  it.each([400, 413])(
    'ends at once what neither takes, naming the size, and refuses the next when it is submitted: %i',
    async (attachmentTooSmallStatus) => {
      const subject = `neither ${attachmentTooSmallStatus}`
      await set({ ...NEITHER, attachmentTooSmallStatus })
      const id = await submitFiles(ground, subject, files(100, BETWEEN))
      expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
        problem: {
          code: 'message-too-large',
          microsoftCode: 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
          detail: expect.stringMatching(
            `^Attachment 2 has ${BETWEEN} bytes\\. .+ The submitting service submits it again with smaller attachments`,
          ),
        },
        attempts: [{ outcome: 'refused' }],
      })
      await expectNoDraft(ground.microsoft, subject)

      const submit = () =>
        postMultipart(ground.product.publicUrl, ground.service.key, largeMail(subject, files(100, BETWEEN)))
      expect(await submit()).toMatchObject({
        status: 413,
        json: {
          code: 'message-too-large',
          detail: expect.stringMatching(`^Attachment 2 has ${BETWEEN} bytes, .+ 4000000 bytes, .+ Send less`),
        },
      })
      await ground.pass(24 * HOURS)
      expect((await submit()).status).toBe(202)
    },
  )

  it('limits no other message by that', async () => {
    await set(NEITHER)
    await ground.service.until(await submitFiles(ground, 'between', files(BETWEEN)), { status: 'failed' })
    for (const sizes of [[3 * MB], [2_900_000, 2_900_000]]) {
      const subject = `not between ${sizes.length}`
      const contents = files(...sizes)
      expect(await untilSent(ground, await submitFiles(ground, subject, contents))).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
    }
  })

  it('learns nothing from a refusal that no reading explains', async () => {
    const refused = { action: 'answer', status: 413, body: '' }
    await ground.switchOn({ kind: 'http', endpoint: 'any-send', do: refused })
    const { id } = await ground.service.submit({ subject: 'small' })
    expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
      problem: { code: 'message-too-large', detail: expect.stringMatching(/^The request has \d{3} bytes\. /) },
    })
    expect(await untilSent(ground, (await ground.service.submit({ subject: 'next' })).id)).toMatchObject(AT_ONCE)
  })

  it('delivers several at once, none keeping the memory that another waits for', async () => {
    await set(DECIMAL)
    const mails = ['a', 'b', 'c'].map((name) => ({ subject: `at once ${name}`, contents: files(BETWEEN) }))
    const ids = await Promise.all(mails.map(({ subject, contents }) => submitFiles(ground, subject, contents)))
    for (const id of ids) expect(await untilSent(ground, id)).toMatchObject(AT_ONCE)
    for (const { subject, contents } of mails) await expectArrival(ground.microsoft, subject, contents)
    await ground.requireNothingInMemory()
  })

  it('looks for one that may have been sent in one request, also once such requests were refused', async () => {
    await set({ ...BINARY, sentCopyDelayMs: 5 * SECONDS })
    await ground.switchOn('send-accepted-but-504')
    const contents = files(BETWEEN)
    const id = await submitFiles(ground, 'in doubt', contents)
    await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }] })
    const learned = { request_size_limit: 4_000_000, request_size_limit_at: ground.clock.now() }
    await setMailbox(ground.database, learned)

    expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(ground.microsoft, 'in doubt', contents)
  })

  // The last one: the others use the process that ends here.
  it('goes on by draft after a restart in between, and tries the one request no more', async () => {
    await set(DECIMAL)
    const busy = {
      action: 'answer',
      status: 503,
      body: { error: { code: 'ErrorMailboxStoreUnavailable', message: '' } },
    }
    await ground.switchOn({ kind: 'http', endpoint: 'draft-create', do: busy })
    const before = await wholeRequests(ground)
    const contents = files(BETWEEN)
    const id = await submitFiles(ground, 'restart', contents)
    await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
    await ground.product.close()
    const next = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
    await ground.pass(10 * SECONDS)

    expect(await ground.service.at(next).until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    expect(await wholeRequests(ground)).toBe(before + 1)
    await expectArrival(ground.microsoft, 'restart', contents)
  })
})

describe('without large file attachments', () => {
  let ground: DeliveryGround
  beforeAll(async () => {
    ground = await createDeliveryGround()
  })
  afterAll(() => ground.close())
  beforeEach(async () => {
    await setMailbox(ground.database, { request_size_limit: null, session_size_minimum: null })
  })

  const set = (settings: object) => ground.microsoft.control('PATCH', '/settings', settings)
  const submit = (subject: string, sizes: number[], changes: object = {}) =>
    postMultipart(ground.product.publicUrl, ground.service.key, largeMail(subject, files(...sizes), changes))

  it('delivers a file between whole where 4 MB are 4,194,304 bytes', async () => {
    await set(BINARY)
    const contents = files(BETWEEN)
    expect(await untilSent(ground, await submitFiles(ground, 'sent', contents))).toMatchObject(AT_ONCE)
    await expectArrival(ground.microsoft, 'sent', contents)
  })

  it('holds it where 4 MB are 4,000,000 bytes, and refuses the next for a day when it is submitted', async () => {
    await set(DECIMAL)
    const id = await submitFiles(ground, 'held', files(BETWEEN))
    expect(await ground.service.until(id, { status: 'held' })).toMatchObject({
      heldBecause: 'large-attachments-disabled',
      attempts: [],
      problem: null,
    })

    expect(await submit('refused', [BETWEEN])).toMatchObject({
      status: 422,
      json: { code: 'large-attachments-disabled', detail: expect.stringContaining('at most 4000000 encoded bytes') },
    })
    expect(await untilSent(ground, await submitFiles(ground, 'smaller', files(2_990_000)))).toMatchObject(AT_ONCE)
    await ground.pass(24 * HOURS)
    await ground.service.until(await submitFiles(ground, 'tried again', files(BETWEEN)), { status: 'held' })
  })

  it('ends at once a body between that is refused, naming the size, and refuses the next when it is submitted', async () => {
    await set(DECIMAL)
    const text = 'x'.repeat(4_100_000)
    const { id } = await ground.service.submit({ subject: 'body', text })
    expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
      problem: {
        code: 'message-too-large',
        microsoftCode: 'BadRequest',
        detail: expect.stringMatching(/^Without attachments it has 4100\d{3} bytes; Microsoft takes at most 4000000/),
      },
    })
    expect(await submit('next body', [], { text })).toMatchObject({
      status: 413,
      json: { code: 'message-too-large', detail: expect.stringMatching(/has 4100\d{3} bytes; .+ at most 4000000/) },
    })
  })
})
