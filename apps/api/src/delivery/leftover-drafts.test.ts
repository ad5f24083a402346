import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import {
  createUploadGround,
  expectArrival,
  files,
  MB,
  rangesTaken,
  submitFiles,
  untilPostponed,
  type UploadGround,
} from '../test-support/upload-ground.ts'

let ground: UploadGround

beforeAll(async () => {
  ground = await createUploadGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())
afterEach(() => ground.requireNothingInMemory())

const drafts = (subject: string) => mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'drafts' })
const deletedItems = (subject: string) =>
  mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'deletedItems' })
const cancel = (id: string) => ground.service.post(`/api/v1/messages/${id}/cancel`)
const answer = (status: number, code: string) => ({ action: 'answer', status, body: { error: { code, message: '' } } })

/** Nor one that is on its way through Deleted Items. */
const noDraft = (subject: string) =>
  expect.poll(async () => [...(await drafts(subject)), ...(await deletedItems(subject))]).toEqual([])

async function chunksOf(id: string): Promise<number> {
  return (await ground.database.query('SELECT 1 FROM message_chunks WHERE message_id = $1', [id])).length
}

describe('a message that is cancelled in the middle of its upload', () => {
  async function cancelled(subject: string): Promise<string> {
    const range = await holdRequest(ground.microsoft, 'upload-range', 2)
    const id = await submitFiles(ground, subject, files(12 * MB))
    await range.untilHeld()
    expect((await cancel(id)).status).toBe(200)
    await range.release()
    return id
  }

  it('has its draft deleted in the mailbox', async () => {
    await cancelled('cancelled, draft')
    await noDraft('cancelled, draft')
    expect(await deletedItems('cancelled, draft')).toEqual([])
  })

  it('is cancelled for good, and leaves no content behind', async () => {
    const id = await cancelled('cancelled, content')
    expect(await chunksOf(id)).toBe(0)
    await noDraft('cancelled, content')
    expect(await ground.service.read(id)).toMatchObject({ status: 'cancelled', progress: null })
  })

  it('never arrives', async () => {
    await cancelled('cancelled, arrival')
    await noDraft('cancelled, arrival')
    expect(await ground.arrived('cancelled, arrival')).toBe(0)
  })

  it('uploads no further', async () => {
    await cancelled('cancelled, ranges')
    await noDraft('cancelled, ranges')
    const [taken] = await rangesTaken(ground.microsoft, 'cancelled, ranges')
    expect(taken?.length).toBeLessThanOrEqual(2)
  })

  it('keeps its draft while the mailbox cannot be reached, and loses it later', async () => {
    await ground.switchOn({ kind: 'http', endpoint: 'message-delete', do: answer(503, 'ErrorServerBusy') })
    await cancelled('cancelled, unreachable')
    await untilPostponed(ground)
    expect(await drafts('cancelled, unreachable')).toHaveLength(1)

    await ground.pass(3 * MINUTES)
    await noDraft('cancelled, unreachable')
  })

  it('keeps its draft while no mailbox is connected, and loses it once the same one is', async () => {
    const subject = 'cancelled, disconnected'
    await ground.switchOn({ kind: 'http', endpoint: 'upload-range', do: answer(503, 'ErrorServerBusy') })
    const id = await submitFiles(ground, subject, files(4 * MB))
    await ground.service.until(id, { attempts: [{}] })
    const ada = ground.product.newBrowser()
    await ada.signIn('Ada Admin')
    await ada.call('POST', '/api/v1/tenant-settings/office365-smtp/reset', {})
    expect((await cancel(id)).status).toBe(200)
    await delay(2_500) // in which leftovers are looked for
    expect(await drafts(subject)).toHaveLength(1)

    await connectMailbox(ground.product, { largeAttachments: true })
    await noDraft(subject)
  })
})

describe('a message that fails', () => {
  it('has its draft deleted in the mailbox', async () => {
    await ground.switchOn('upload-session-access-denied')
    const id = await submitFiles(ground, 'fails', files(100, 4 * MB))
    await ground.service.until(id, { status: 'failed' })
    await noDraft('fails')
    expect(await deletedItems('fails')).toEqual([])
  })

  it('forgets the address of its upload', async () => {
    const refused = { kind: 'http', endpoint: 'upload-range', do: answer(413, 'RequestEntityTooLarge') }
    await ground.switchOn(refused, 1, 1)
    const id = await submitFiles(ground, 'fails later', files(4 * MB, 100))
    await ground.service.until(id, { status: 'failed' })
    const known = 'SELECT 1 FROM message_drafts WHERE message_id = $1 AND upload_url_sealed IS NOT NULL'
    expect(await ground.database.query(known, [id])).toEqual([])
  })

  it('is delivered whole, from a draft of its own, when it is retried', async () => {
    await ground.switchOn('upload-session-access-denied')
    const contents = files(100, 4 * MB)
    const id = await submitFiles(ground, 'retried', contents)
    await ground.service.until(id, { status: 'failed' })
    expect((await ground.service.post(`/api/v1/messages/${id}/retry`)).status).toBe(200)
    await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
    await noDraft('retried')
    await expectArrival(ground.microsoft, 'retried', contents)
  })
})
