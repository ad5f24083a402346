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
} from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'

const RANGE_BYTES = SMALL_UPLOADS.rangeBytes
const LARGE = 2 * RANGE_BYTES + 17

const ground = useUploadGround({ deliverySizes: SMALL_UPLOADS })
beforeEach(() => ground.calm())
afterAll(() => ground.requireNothingInMemory())

const drafts = (subject: string) => draftsIn(ground, subject)
const copies = (subject: string) => copiesIn(ground, subject)
const deletedItems = (subject: string) =>
  mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'deletedItems' })
const cancel = (id: string) => ground.service.post(`/api/v1/messages/${id}/cancel`)

async function chunksOf(id: string): Promise<number> {
  return (await ground.database.query('SELECT 1 FROM message_chunks WHERE message_id = $1', [id])).length
}

describe('a message that is cancelled in the middle of its upload', () => {
  async function cancelled(subject: string): Promise<string> {
    const range = await holdRequest(ground.microsoft, 'upload-range', 2)
    const id = await submitFiles(ground, subject, files(4 * RANGE_BYTES))
    await range.untilHeld()
    expect((await cancel(id)).status).toBe(200)
    await range.release()
    return id
  }

  it('uploads no further, never arrives, and leaves neither draft nor content', async () => {
    const id = await cancelled('cancelled')
    expect(await chunksOf(id)).toBe(0)
    await expectNoDraft(ground.microsoft, 'cancelled')
    expect(await ground.service.read(id)).toMatchObject({ status: 'cancelled', progress: null })
    expect(await ground.arrived('cancelled')).toBe(0)
    const [taken] = await rangesTaken(ground.microsoft, 'cancelled')
    expect(taken?.length).toBeLessThanOrEqual(2)
  })
})

describe('a message that fails', () => {
  it('has its draft deleted in the mailbox', async () => {
    await ground.switchOn(http('upload-session-create', answer(400, 'BadRequest')))
    const id = await submitFiles(ground, 'fails', files(100, LARGE))
    await ground.service.until(id, { status: 'failed' })
    await expectNoDraft(ground.microsoft, 'fails')
    expect(await deletedItems('fails')).toEqual([])
  })

  it('is delivered whole, from a draft of its own, when it is retried', async () => {
    await ground.switchOn(http('upload-session-create', answer(400, 'BadRequest')))
    const contents = files(100, LARGE)
    const id = await submitFiles(ground, 'retried', contents)
    await ground.service.until(id, { status: 'failed' })
    expect((await ground.service.post(`/api/v1/messages/${id}/retry`)).status).toBe(200)
    await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
    await expectArrival(ground.microsoft, 'retried', contents)
  })
})

// A request to create a draft whose answer was lost may have made one whose id nobody knows.
describe('a draft of unknown id', () => {
  const loseAnswer = (when: 'before' | 'after') => ground.switchOn(http('draft-create', { action: 'reset', when }))

  /** Waits until the worker has looked for strays of the message, and will look again. */
  async function untilLooked(id: string): Promise<void> {
    const looked = `SELECT 1 FROM mailbox_cleanups WHERE item_id = $1 AND due_at > $2`
    await expect.poll(() => ground.database.query(looked, [id, ground.clock.now()])).toHaveLength(1)
  }

  it('is deleted when its message was cancelled before the draft was found', async () => {
    await loseAnswer('after')
    const id = await submitFiles(ground, 'stray', files(LARGE))
    await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    expect((await cancel(id)).status).toBe(200)
    expect(await drafts('stray')).toHaveLength(1)

    await ground.pass(6 * MINUTES)
    await expect.poll(() => drafts('stray')).toEqual([])
  })

  it('is deleted when Microsoft makes it after another draft was sent', async () => {
    await loseAnswer('before')
    const id = await submitFiles(ground, 'late', files(LARGE))
    await ground.passUntil(id, { status: 'sent' })
    const [sent] = await copies('late')
    const late = { subject: 'late', singleValueExtendedProperties: sent.extendedProperties }
    expect(await asAda(ground.microsoft, 'POST', '', late)).toBe(201)

    // For some minutes it may be the message itself, accepted and still on its way out of the mailbox.
    await ground.pass(6 * MINUTES)
    await untilLooked(id)
    expect(await drafts('late')).toHaveLength(1)

    await ground.pass(6 * MINUTES)
    await expect.poll(() => drafts('late')).toEqual([])
    expect(await ground.arrived('late')).toBe(1)
  })

  it('is not sent without its files when it was made while requests of its size were refused', async () => {
    const at = ground.clock.now()
    await setMailbox(ground.database, { request_size_limit: 4_000_000, request_size_limit_at: at })
    await loseAnswer('after')
    const contents = files(3_050_000)
    const id = await submitFiles(ground, 'without files', contents)
    await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    expect(await drafts('without files')).toMatchObject([{ attachments: [] }])
    await setMailbox(ground.database, { request_size_limit: null }) // as after a day

    await ground.passUntil(id, { status: 'sent' })
    await expectArrival(ground.microsoft, 'without files', contents)
  })
})

describe('a draft that Microsoft does not find for a moment', () => {
  it('is deleted once its message was sent by another', async () => {
    await ground.switchOn('draft-attach-404')
    const contents = files(100, LARGE)
    const id = await submitFiles(ground, 'not found', contents)
    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(ground.microsoft, 'not found', contents)
  })
})

describe('the copy in Sent Items', () => {
  describe.each([
    ['a large file', LARGE],
    ['a small file', 100],
  ])('of a message with %s', (kind, sizeBytes) => {
    it('is deleted where saveToSentItems is false', async () => {
      const id = await submitFiles(ground, `no copy, ${kind}`, files(sizeBytes), { saveToSentItems: false })
      await ground.service.until(id, { status: 'sent' })
      await expect.poll(() => copies(`no copy, ${kind}`)).toEqual([])
      expect(await ground.arrived(`no copy, ${kind}`)).toBe(1)
      await expectNoDraft(ground.microsoft, `no copy, ${kind}`)
    })

    it('is deleted even when it appears late', async () => {
      await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 45 * SECONDS })
      const subject = `late copy, ${kind}`
      const id = await submitFiles(ground, subject, files(sizeBytes), { saveToSentItems: false })
      await ground.service.until(id, { status: 'sent' })
      await untilPostponed(ground)
      const deletion = await holdRequest(ground.microsoft, 'message-delete')
      await ground.pass(50 * SECONDS)
      await expect.poll(() => copies(subject)).toHaveLength(1)
      await deletion.release()
      await ground.pass(1 * MINUTES)
      await expect.poll(() => copies(subject)).toEqual([])
      expect(await ground.arrived(subject)).toBe(1)
    })

    it('stays otherwise', async () => {
      const id = await submitFiles(ground, `copy, ${kind}`, files(sizeBytes))
      await ground.service.until(id, { status: 'sent' })
      await untilCleaned(ground)
      expect(await copies(`copy, ${kind}`)).toHaveLength(1)
    })
  })

  it('is left alone while the message has not left the mailbox yet', async () => {
    const stillDraft = { action: 'answer', status: 200, body: { id: 'x', isDraft: true } }
    await ground.switchOn(http('message-get', stillDraft))
    const id = await submitFiles(ground, 'not left', files(100), { saveToSentItems: false })
    await ground.service.until(id, { status: 'sent' })
    await untilPostponed(ground)
    expect(await copies('not left')).toHaveLength(1)
    await ground.pass(1 * MINUTES)
    await expect.poll(() => copies('not left')).toEqual([])
  })
})
