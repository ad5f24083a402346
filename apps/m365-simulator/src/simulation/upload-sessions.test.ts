import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NO_BLOBS } from '../tenant/blobs.ts'
import { REGISTRATION } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB } from '../test-support/upload-fixture.ts'
import { startSimulator } from '../start.ts'
import { createUploadSessions, type NewUpload, type UploadSessions } from './upload-sessions.ts'

const LAST = FILE.length - 1
const SHA256 = createHash('sha256').update(FILE).digest('hex')

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

describe('the report of uploads', () => {
  it('names every session with its ranges as they came', async () => {
    const fixture = await beginUpload()
    const session = await fixture.open({ contentType: 'application/pdf' })
    await fixture.put(session, 0, MIB - 1)
    await fixture.put(session, 0, MIB - 1)
    await fixture.put(session, MIB, LAST)
    await fixture.put(session, MIB, LAST)
    await fixture.open({ name: 'other.bin' })
    const reports = await fixture.reports()
    expect(JSON.stringify(reports)).not.toContain(new URL(session.uploadUrl).searchParams.get('authtoken'))
    expect(reports).toEqual([
      expect.objectContaining({
        sequence: 1,
        session: expect.any(String),
        mailbox: 'ada@contoso.com',
        name: 'plan.bin',
        contentType: 'application/pdf',
        sizeBytes: FILE.length,
        expiresAtMs: Date.parse(session.expirationDateTime),
        receivedBytes: FILE.length,
        sha256: SHA256,
        state: 'finished',
        ranges: [
          { from: 0, to: MIB - 1, status: 200, accepted: true },
          { from: 0, to: MIB - 1, status: 416, accepted: false },
          { from: MIB, to: LAST, status: 201, accepted: true },
          { from: MIB, to: LAST, status: 404, accepted: false },
        ],
      }),
      expect.objectContaining({ name: 'other.bin', state: 'open', sha256: null, ranges: [] }),
    ])
  })

  it('includes ranges that were refused before they were read', async () => {
    const fixture = await beginUpload()
    const session = await fixture.open()
    await fixture.put(session, 0, LAST, { authorization: `Bearer ${fixture.token}` })
    await fetch(session.uploadUrl, { method: 'PUT' })
    expect((await fixture.reports())[0]?.ranges).toEqual([
      { from: 0, to: LAST, status: 401, accepted: false },
      { from: null, to: null, status: 415, accepted: false },
    ])
  })

  it('comes in pages', async () => {
    const fixture = await beginUpload()
    for (const name of ['a', 'b', 'c']) await fixture.open({ name })
    const page = await fixture.simulated.read('/uploads?after=1&limit=1')
    expect(page).toMatchObject({ items: [{ sequence: 2, name: 'b' }], total: 2 })
  })

  it('is empty after a reset, and its sessions are over', async () => {
    const fixture = await beginUpload()
    const session = await fixture.open()
    await fixture.simulated.control('POST', '/reset')
    expect(await fixture.reports()).toEqual([])
    expect((await fixture.put(session, 0, LAST)).status).toBe(404)
  })
})

describe('with a data folder', () => {
  it('ranges are on disk until the upload is whole, which is then stored by its hash', async () => {
    const dataDirectory = folder()
    const fixture = await beginUpload({ dataDirectory })
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    const [part = ''] = readdirSync(join(dataDirectory, 'attachments'))
    expect(statSync(join(dataDirectory, 'attachments', part)).size).toBe(MIB)
    await fixture.put(session, MIB, LAST)
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([SHA256])
  })

  it.each(['cancelled', 'expired'])('nothing is left of an upload that is %s', async (state) => {
    let now = new Date('2026-11-24T10:00:00Z')
    const dataDirectory = folder()
    const fixture = await beginUpload({ dataDirectory, clock: () => now })
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    if (state === 'cancelled') await fetch(session.uploadUrl, { method: 'DELETE' })
    else now = new Date('2026-11-24T12:00:00Z')
    expect(await fixture.reports()).toMatchObject([{ state }])
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([])
  })

  it('a restart keeps whole uploads, and forgets sessions and their bytes', async () => {
    const dataDirectory = folder()
    const fixture = await beginUpload({ dataDirectory })
    await fixture.upload(await fixture.open())
    await fixture.put(await fixture.open(), 0, MIB - 1)
    await fixture.simulated.close()
    const again = await startSimulator({ port: 0, registration: REGISTRATION, dataDirectory })
    onTestFinished(() => again.close())
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([SHA256])
    expect(await (await fetch(`${again.url}/control/uploads`)).json()).toEqual({ items: [], total: 0 })
    const drafts = await fetch(`${again.url}/control/mailboxes/ada@contoso.com/messages?folder=drafts`)
    expect(await drafts.json()).toMatchObject({ items: [{ attachments: [{ sizeBytes: FILE.length }] }] })
  })
})

describe('without storing mail', () => {
  it('hash and size of an upload are kept, and its bytes are not', async () => {
    const dataDirectory = folder()
    const fixture = await beginUpload({ dataDirectory })
    await fixture.simulated.set({ storeMail: false })
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([])
    await fixture.put(session, MIB, LAST)
    expect(readdirSync(join(dataDirectory, 'attachments'))).toEqual([])
    const [draft] = await fixture.simulated.messages('ada@contoso.com', 'drafts')
    expect(draft?.attachments).toMatchObject([{ name: 'plan.bin', sizeBytes: FILE.length, sha256: SHA256 }])
    expect(await fixture.reports()).toMatchObject([{ state: 'finished', sha256: SHA256 }])
    expect((await fixture.call('POST', `/me/messages/${fixture.draftId}/send`)).status).toBe(202)
  })
})

describe('memory', () => {
  const upload = (change: Partial<NewUpload> = {}): NewUpload => ({
    mailbox: 'ada@contoso.com',
    draftId: 'd',
    owner: 'o',
    messageId: 'm',
    name: 'a',
    contentType: 'text/plain',
    contentId: null,
    isInline: false,
    sizeBytes: 10,
    createdAtMs: 0,
    expiresAtMs: 1,
    content: NO_BLOBS.begin(),
    ...change,
  })
  const sequences = (uploads: UploadSessions): number[] =>
    uploads.list(0, 10_000, 0).items.map(({ sequence }) => sequence)

  it('holds the last 5,000 sessions', () => {
    const uploads = createUploadSessions()
    for (let count = 0; count < 5_001; count += 1) uploads.open(upload())
    expect([sequences(uploads).length, sequences(uploads)[0]]).toEqual([5_000, 2])
  })

  it('does not hold the bytes of an expired session once another is opened', () => {
    const uploads = createUploadSessions()
    let discarded = false
    const content = { ...NO_BLOBS.begin(), discard: () => (discarded = true) }
    uploads.open(upload({ content }))
    uploads.open(upload({ createdAtMs: 1 }))
    expect(discarded).toBe(true)
  })
})
