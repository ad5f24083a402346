import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../start.ts'
import { REGISTRATION } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB } from '../test-support/upload-fixture.ts'

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
})

describe('with a data folder', () => {
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
