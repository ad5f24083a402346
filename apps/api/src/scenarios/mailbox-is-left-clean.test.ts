import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { asAda, copiesIn, draftsIn, http, untilCleaned } from '../test-support/scenario.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import {
  expectArrival,
  expectNoDraft,
  files,
  SMALL_UPLOADS,
  submitFiles,
  untilPostponed,
} from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const RANGE_BYTES = SMALL_UPLOADS.rangeBytes
const LARGE = 2 * RANGE_BYTES + 17

const fixture = useUploadFixture({ deliverySizes: SMALL_UPLOADS })
beforeEach(() => fixture.calm())
afterAll(() => fixture.requireNothingInMemory())

const drafts = (subject: string) => draftsIn(fixture, subject)
const copies = (subject: string) => copiesIn(fixture, subject)
const cancel = (id: string) => fixture.service.post(`/api/v1/messages/${id}/cancel`)

// A request to create a draft whose answer was lost may have made one whose id nobody knows.
describe('a draft of unknown id', () => {
  const loseAnswer = (when: 'before' | 'after') => fixture.switchOn(http('draft-create', { action: 'reset', when }))

  /** Waits until the worker has looked for strays of the message, and will look again. */
  async function untilLooked(id: string): Promise<void> {
    const looked = `SELECT 1 FROM mailbox_cleanups WHERE item_id = $1 AND due_at > $2`
    await expect.poll(() => fixture.database.query(looked, [id, fixture.clock.now()])).toHaveLength(1)
  }

  it('is deleted when its message was cancelled before the draft was found', async () => {
    await loseAnswer('after')
    const id = await submitFiles(fixture, 'stray', files(LARGE))
    await fixture.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    expect((await cancel(id)).status).toBe(200)
    expect(await drafts('stray')).toHaveLength(1)

    await fixture.pass(6 * MINUTES)
    await expect.poll(() => drafts('stray')).toEqual([])
  })

  it('is deleted when Microsoft makes it after another draft was sent', async () => {
    await loseAnswer('before')
    const id = await submitFiles(fixture, 'late', files(LARGE))
    await fixture.passUntil(id, { status: 'sent' })
    const [sent] = await copies('late')
    const late = { subject: 'late', singleValueExtendedProperties: sent.extendedProperties }
    expect(await asAda(fixture.microsoft, 'POST', '', late)).toBe(201)

    // For some minutes it may be the message itself, accepted and still on its way out of the mailbox.
    await fixture.pass(6 * MINUTES)
    await untilLooked(id)
    expect(await drafts('late')).toHaveLength(1)

    await fixture.pass(6 * MINUTES)
    await expect.poll(() => drafts('late')).toEqual([])
    expect(await fixture.arrived('late')).toBe(1)
  })

  it('is not sent without its files when it was made while requests of its size were refused', async () => {
    const at = fixture.clock.now()
    await setMailbox(fixture.database, { request_size_limit: 4_000_000, request_size_limit_at: at })
    await loseAnswer('after')
    const contents = files(3_050_000)
    const id = await submitFiles(fixture, 'without files', contents)
    await fixture.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    expect(await drafts('without files')).toMatchObject([{ attachments: [] }])
    await setMailbox(fixture.database, { request_size_limit: null }) // as after a day

    await fixture.passUntil(id, { status: 'sent' })
    await expectArrival(fixture.microsoft, 'without files', contents)
  })
})

describe('the copy in Sent Items', () => {
  describe.each([
    ['a large file', LARGE],
    ['a small file', 100],
  ])('of a message with %s', (kind, sizeBytes) => {
    it('is deleted where saveToSentItems is false', async () => {
      const id = await submitFiles(fixture, `no copy, ${kind}`, files(sizeBytes), { saveToSentItems: false })
      await fixture.service.until(id, { status: 'sent' })
      await expect.poll(() => copies(`no copy, ${kind}`)).toEqual([])
      expect(await fixture.arrived(`no copy, ${kind}`)).toBe(1)
      await expectNoDraft(fixture.microsoft, `no copy, ${kind}`)
    })

    it('is deleted even when it appears late', async () => {
      await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 45 * SECONDS })
      const subject = `late copy, ${kind}`
      const id = await submitFiles(fixture, subject, files(sizeBytes), { saveToSentItems: false })
      await fixture.service.until(id, { status: 'sent' })
      await untilPostponed(fixture)
      const deletion = await holdRequest(fixture.microsoft, 'message-delete')
      await fixture.pass(50 * SECONDS)
      await expect.poll(() => copies(subject)).toHaveLength(1)
      await deletion.release()
      await fixture.pass(1 * MINUTES)
      await expect.poll(() => copies(subject)).toEqual([])
      expect(await fixture.arrived(subject)).toBe(1)
    })

    it('stays otherwise', async () => {
      const id = await submitFiles(fixture, `copy, ${kind}`, files(sizeBytes))
      await fixture.service.until(id, { status: 'sent' })
      await untilCleaned(fixture)
      expect(await copies(`copy, ${kind}`)).toHaveLength(1)
    })
  })

  it('is left alone while the message has not left the mailbox yet', async () => {
    const stillDraft = { action: 'answer', status: 200, body: { id: 'x', isDraft: true } }
    await fixture.switchOn(http('message-get', stillDraft))
    const id = await submitFiles(fixture, 'not left', files(100), { saveToSentItems: false })
    await fixture.service.until(id, { status: 'sent' })
    await untilPostponed(fixture)
    expect(await copies('not left')).toHaveLength(1)
    await fixture.pass(1 * MINUTES)
    await expect.poll(() => copies('not left')).toEqual([])
  })
})
