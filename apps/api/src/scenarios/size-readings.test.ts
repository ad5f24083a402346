import { beforeEach, describe, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { type DeliveryGround } from '../test-support/delivery-ground.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { expectArrival, expectNoDraft, files, largeMail, MB, submitFiles } from '../test-support/upload-ground.ts'
import { requestsTo } from '../test-support/scenario.ts'
import { useDeliveryGround, useUploadGround } from '../test-support/use-ground.ts'

// Microsoft takes requests of 4 MB and upload sessions from 3 MB, and does not say how many bytes these are. A file
// between the readings fits one request by one reading, and an upload session by the other.

const BINARY = { maxRequestBytes: 4_194_304, minSessionBytes: 3_145_728 }
const DECIMAL = { maxRequestBytes: 4_000_000, minSessionBytes: 3_000_000 }
/** By these readings neither takes a file whose size lies between the two. */
const NEITHER = { maxRequestBytes: 4_000_000, minSessionBytes: 3_145_728 }
const BETWEEN = 3 * MB - 1024

const AT_ONCE = { possibleDuplicate: false, attempts: [{ outcome: 'sent' }] }

/** Submits files, and returns their message once it is sent. */
async function deliver(ground: DeliveryGround, subject: string, contents: readonly Buffer[], changes: object = {}) {
  return ground.service.until(await submitFiles(ground, subject, contents, changes), { status: 'sent' })
}

/** How many requests that hold a whole message have been made so far. */
const wholeRequests = (ground: DeliveryGround) => requestsTo(ground, 'sendMail')

describe('with large file attachments', () => {
  const ground = useUploadGround()
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

    it('delivers a file whose size lies between the two readings, whole', async () => {
      const subject = `file, ${reading}`
      const contents = files(BETWEEN)
      expect(await deliver(ground, subject, contents)).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
    })
  })

  it('goes by draft where a gateway lets less through than Microsoft takes, and learns nothing of Microsoft', async () => {
    const contents = files(500_000, 500_000)
    const before = await wholeRequests(ground)
    await ground.microsoft.control('POST', '/scenarios', { name: 'gateway-proxy-413', endpoint: 'sendMail', times: 2 })
    for (const subject of ['past a gateway', 'past it again']) {
      expect(await deliver(ground, subject, contents)).toMatchObject(AT_ONCE)
      await expectArrival(ground.microsoft, subject, contents)
    }
    expect(await wholeRequests(ground)).toBe(before + 2)
  })

  it('sends the next one by draft at once, and tries one request again a day later', async () => {
    await set(DECIMAL)
    expect(await deliver(ground, 'first', files(BETWEEN))).toMatchObject(AT_ONCE)
    const before = await wholeRequests(ground)
    expect(await deliver(ground, 'second', files(BETWEEN))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(ground)).toBe(before + 0)

    await set(BINARY)
    await ground.pass(24 * HOURS)
    expect(await deliver(ground, 'a day later', files(BETWEEN))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(ground)).toBe(before + 1)
  })

  it.each([400, 413])(
    'fails a file at once that neither takes, naming the size, and refuses the next on submission: %i',
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

  it('learns nothing from a refusal that no reading explains', async () => {
    const refused = { action: 'answer', status: 413, body: '' }
    await ground.switchOn({ kind: 'http', endpoint: 'any-send', do: refused })
    const { id } = await ground.service.submit({ subject: 'small' })
    expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({
      problem: { code: 'message-too-large', detail: expect.stringMatching(/^The request has \d{3} bytes\. /) },
    })
    expect(
      await ground.service.until((await ground.service.submit({ subject: 'next' })).id, { status: 'sent' }),
    ).toMatchObject(AT_ONCE)
  })
})

describe('without large file attachments', () => {
  const ground = useDeliveryGround()
  beforeEach(async () => {
    await setMailbox(ground.database, { request_size_limit: null, session_size_minimum: null })
  })

  const set = (settings: object) => ground.microsoft.control('PATCH', '/settings', settings)
  const submit = (subject: string, sizes: number[], changes: object = {}) =>
    postMultipart(ground.product.publicUrl, ground.service.key, largeMail(subject, files(...sizes), changes))

  it('holds it where 4 MB are 4,000,000 bytes, and refuses the next on submission for a day', async () => {
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
    expect(await deliver(ground, 'smaller', files(2_990_000))).toMatchObject(AT_ONCE)
    await ground.pass(24 * HOURS)
    await ground.service.until(await submitFiles(ground, 'tried again', files(BETWEEN)), { status: 'held' })
  })

  it('fails a body that is refused for its size at once, naming the size, and refuses the next on submission', async () => {
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
