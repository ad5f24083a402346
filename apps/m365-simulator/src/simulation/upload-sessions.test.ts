import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../start.ts'
import { REGISTRATION } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB } from '../test-support/upload-fixture.ts'
const SHA256 = createHash('sha256').update(FILE).digest('hex')

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

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
