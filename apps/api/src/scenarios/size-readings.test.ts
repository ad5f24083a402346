import { beforeEach, describe, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import type { DeliveryFixture } from '../test-support/delivery-fixture.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { expectArrival, files, largeMail, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { requestsTo } from '../test-support/scenario.ts'
import { useDeliveryFixture, useUploadFixture } from '../test-support/use-fixture.ts'

// Microsoft takes requests of 4 MB and upload sessions from 3 MB, and does not say how many bytes these are. A file
// between the readings fits one request by one reading, and an upload session by the other.

const BINARY = { maxRequestBytes: 4_194_304, minSessionBytes: 3_145_728 }
const DECIMAL = { maxRequestBytes: 4_000_000, minSessionBytes: 3_000_000 }
const BETWEEN = 3 * MB - 1024

const AT_ONCE = { possibleDuplicate: false, attempts: [{ outcome: 'sent' }] }

/** Submits files, and returns their message once it is sent. */
async function deliver(fixture: DeliveryFixture, subject: string, contents: readonly Buffer[], changes: object = {}) {
  return fixture.service.until(await submitFiles(fixture, subject, contents, changes), { status: 'sent' })
}

/** How many requests that hold a whole message have been made so far. */
const wholeRequests = (fixture: DeliveryFixture) => requestsTo(fixture, 'sendMail')

describe('with large file attachments', () => {
  const fixture = useUploadFixture()
  beforeEach(async () => {
    await fixture.calm()
    await searchable('works')
  })

  const set = (settings: object) => fixture.microsoft.control('PATCH', '/settings', settings)
  const searchable = (how: 'works' | 'fails') =>
    fixture.database.query('UPDATE tenant_settings SET sent_items_search = $1', [how])

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
      expect(await deliver(fixture, subject, contents)).toMatchObject(AT_ONCE)
      await expectArrival(fixture.microsoft, subject, contents)
    })
  })

  it('goes by draft where a gateway lets less through than Microsoft takes, and learns nothing of Microsoft', async () => {
    const contents = files(500_000, 500_000)
    const before = await wholeRequests(fixture)
    await fixture.microsoft.control('POST', '/scenarios', { name: 'gateway-proxy-413', endpoint: 'sendMail', times: 2 })
    for (const subject of ['past a gateway', 'past it again']) {
      expect(await deliver(fixture, subject, contents)).toMatchObject(AT_ONCE)
      await expectArrival(fixture.microsoft, subject, contents)
    }
    expect(await wholeRequests(fixture)).toBe(before + 2)
  })

  it('sends the next one by draft at once, and tries one request again a day later', async () => {
    await set(DECIMAL)
    expect(await deliver(fixture, 'first', files(BETWEEN))).toMatchObject(AT_ONCE)
    const before = await wholeRequests(fixture)
    expect(await deliver(fixture, 'second', files(BETWEEN))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(fixture)).toBe(before + 0)

    await set(BINARY)
    await fixture.pass(24 * HOURS)
    expect(await deliver(fixture, 'a day later', files(BETWEEN))).toMatchObject(AT_ONCE)
    expect(await wholeRequests(fixture)).toBe(before + 1)
  })

  it('learns nothing from a refusal that no reading explains', async () => {
    const refused = { action: 'answer', status: 413, body: '' }
    await fixture.switchOn({ kind: 'http', endpoint: 'any-send', do: refused })
    const { id } = await fixture.service.submit({ subject: 'small' })
    expect(await fixture.service.until(id, { status: 'failed' })).toMatchObject({
      problem: { code: 'message-too-large', detail: expect.stringMatching(/^The request has \d{3} bytes\. /) },
    })
    expect(
      await fixture.service.until((await fixture.service.submit({ subject: 'next' })).id, { status: 'sent' }),
    ).toMatchObject(AT_ONCE)
  })
})

describe('without large file attachments', () => {
  const fixture = useDeliveryFixture()
  beforeEach(async () => {
    await setMailbox(fixture.database, { request_size_limit: null, session_size_minimum: null })
  })

  const set = (settings: object) => fixture.microsoft.control('PATCH', '/settings', settings)
  const submit = (subject: string, sizes: number[], changes: object = {}) =>
    postMultipart(fixture.product.publicUrl, fixture.service.key, largeMail(subject, files(...sizes), changes))

  it('holds it where 4 MB are 4,000,000 bytes, and refuses the next on submission for a day', async () => {
    await set(DECIMAL)
    const id = await submitFiles(fixture, 'held', files(BETWEEN))
    expect(await fixture.service.until(id, { status: 'held' })).toMatchObject({
      heldBecause: 'large-attachments-disabled',
      attempts: [],
      problem: null,
    })

    expect(await submit('refused', [BETWEEN])).toMatchObject({
      status: 422,
      json: { code: 'large-attachments-disabled', detail: expect.stringContaining('at most 4000000 encoded bytes') },
    })
    expect(await deliver(fixture, 'smaller', files(2_990_000))).toMatchObject(AT_ONCE)
    await fixture.pass(24 * HOURS)
    await fixture.service.until(await submitFiles(fixture, 'tried again', files(BETWEEN)), { status: 'held' })
  })
})
