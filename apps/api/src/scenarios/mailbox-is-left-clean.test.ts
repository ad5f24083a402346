import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { answer, asAda, copiesIn, draftsIn, http, untilCleaned } from '../test-support/scenario.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import {
  expectArrival,
  expectNoDraft,
  files,
  rangesTaken,
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
const deletedItems = (subject: string) =>
  mailsIn(fixture.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'deletedItems' })
const cancel = (id: string) => fixture.service.post(`/api/v1/messages/${id}/cancel`)

async function chunksOf(id: string): Promise<number> {
  return (await fixture.database.query('SELECT 1 FROM message_chunks WHERE message_id = $1', [id])).length
}

describe('a message that is cancelled in the middle of its upload', () => {
  async function cancelled(subject: string): Promise<string> {
    const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
    const id = await submitFiles(fixture, subject, files(4 * RANGE_BYTES))
    await range.untilHeld()
    expect((await cancel(id)).status).toBe(200)
    await range.release()
    return id
  }

  it('uploads no further, never arrives, and leaves neither draft nor content', async () => {
    const id = await cancelled('cancelled')
    expect(await chunksOf(id)).toBe(0)
    await expectNoDraft(fixture.microsoft, 'cancelled')
    expect(await fixture.service.read(id)).toMatchObject({ status: 'cancelled', progress: null })
    expect(await fixture.arrived('cancelled')).toBe(0)
    const [taken] = await rangesTaken(fixture.microsoft, 'cancelled')
    expect(taken?.length).toBeLessThanOrEqual(2)
  })
})

describe('a message that fails', () => {
  it('has its draft deleted in the mailbox', async () => {
    await fixture.switchOn(http('upload-session-create', answer(400, 'BadRequest')))
    const id = await submitFiles(fixture, 'fails', files(100, LARGE))
    await fixture.service.until(id, { status: 'failed' })
    await expectNoDraft(fixture.microsoft, 'fails')
    expect(await deletedItems('fails')).toEqual([])
  })

  it('is delivered whole, from a draft of its own, when it is retried', async () => {
    await fixture.switchOn(http('upload-session-create', answer(400, 'BadRequest')))
    const contents = files(100, LARGE)
    const id = await submitFiles(fixture, 'retried', contents)
    await fixture.service.until(id, { status: 'failed' })
    expect((await fixture.service.post(`/api/v1/messages/${id}/retry`)).status).toBe(200)
    await fixture.passUntil(id, { status: 'sent', possibleDuplicate: false })
    await expectArrival(fixture.microsoft, 'retried', contents)
  })
})

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

describe('a draft that Microsoft does not find for a moment', () => {
  it('is deleted once its message was sent by another', async () => {
    await fixture.switchOn('draft-attach-404')
    const contents = files(100, LARGE)
    const id = await submitFiles(fixture, 'not found', contents)
    expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(fixture.microsoft, 'not found', contents)
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
