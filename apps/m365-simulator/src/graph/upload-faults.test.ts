import { beforeEach, describe, expect, it } from 'vitest'
import { answerOf } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB, type UploadFixture } from '../test-support/upload-fixture.ts'

const LAST = FILE.length - 1
const SERVER_BUSY = { action: 'answer', status: 503, body: { error: { code: 'ErrorServerBusy', message: '' } } }

let fixture: UploadFixture
beforeEach(async () => {
  fixture = await beginUpload()
})

describe('a scenario of a range', () => {
  it.each([
    ['before', false, { nextExpectedRanges: ['0-'] }],
    ['after', true, { nextExpectedRanges: ['1048576-'] }],
  ])('that answers %s processing is visible in the report', async (when, accepted, expected) => {
    const session = await fixture.open()
    await fixture.simulated.scenario({ kind: 'http', endpoint: 'upload-range', do: { ...SERVER_BUSY, when } })
    expect(await fixture.put(session, 0, MIB - 1)).toMatchObject({ status: 503, code: 'ErrorServerBusy' })
    expect((await answerOf(await fetch(session.uploadUrl))).json).toMatchObject(expected)
    expect((await fixture.reports())[0]?.ranges).toEqual([{ from: 0, to: MIB - 1, status: 503, accepted }])
  })

  it.each([
    ['before', false],
    ['after', true],
  ])('may be a reset %s processing', async (when, accepted) => {
    const session = await fixture.open()
    await fixture.simulated.scenario({ kind: 'http', endpoint: 'upload-range', do: { action: 'reset', when } })
    await expect(fixture.put(session, 0, MIB - 1)).rejects.toThrow('fetch failed')
    expect((await fixture.reports())[0]?.ranges).toEqual([{ from: 0, to: MIB - 1, status: null, accepted }])
  })

  it('applies only to the mailbox that is named', async () => {
    const session = await fixture.open()
    const range = { kind: 'http', endpoint: 'upload-range', do: SERVER_BUSY }
    await fixture.simulated.scenario({ ...range, mailbox: 'bob@contoso.com' })
    expect((await fixture.put(session, 0, MIB - 1)).status).toBe(200)
    await fixture.simulated.scenario({ ...range, mailbox: 'ada@contoso.com' })
    expect((await fixture.put(session, MIB, LAST)).status).toBe(503)
  })
})

it('a scenario reaches every endpoint of an upload by name', async () => {
  const { uploadUrl } = await fixture.open()
  const path = `/me/messages/${fixture.draftId}/attachments`
  const status = async (method: string): Promise<number> => (await fetch(uploadUrl, { method })).status
  const calls: [string, () => Promise<number>][] = [
    ['upload-session-create', async () => (await fixture.ask()).status],
    ['attachment-list', async () => (await fixture.call('GET', path)).status],
    ['upload-range', () => status('PUT')],
    ['upload-status', () => status('GET')],
    ['upload-cancel', () => status('DELETE')],
  ]
  for (const [endpoint, call] of calls) {
    await fixture.simulated.scenario({ kind: 'http', endpoint, do: SERVER_BUSY })
    expect(await call()).toBe(503)
  }
})

describe('the preset', () => {
  it.each([
    ['upload-session-forgotten', 404, 'uploadSessionNotFound'],
    ['upload-token-expired', 401, 'InvalidAuthenticationToken'],
  ])('%s ends one session, and a new one works', async (name, status, code) => {
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    await fixture.simulated.scenario(name)
    for (let times = 0; times < 2; times += 1) {
      expect(await fixture.put(session, MIB, LAST)).toMatchObject({ status, code })
    }
    await fixture.upload(await fixture.open())
    expect(await fixture.attachments()).toHaveLength(1)
  })
})

describe('the limit on bytes in any 5 minutes', () => {
  it('refuses the range beyond it, and says when it will be accepted', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const fixture = await beginUpload({ clock: () => now })
    await fixture.simulated.set({ uploadBytesPer5Minutes: 2 * MIB })
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    now = new Date('2026-11-24T10:01:00Z')
    await fixture.put(session, MIB, 2 * MIB - 1)
    now = new Date('2026-11-24T10:02:00Z')
    const refused = await fixture.put(session, 2 * MIB, LAST)
    expect(refused).toMatchObject({ status: 429, code: 'ApplicationThrottled' })
    expect(refused.text).toContain('IncomingBytes')
    expect(refused.headers.get('retry-after')).toBe('180')
    now = new Date('2026-11-24T10:05:00Z')
    expect((await fixture.put(session, 2 * MIB, LAST)).status).toBe(201)
  })

  it('is off by default, and uploaded bytes are counted per mailbox', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const fixture = await beginUpload({ clock: () => now })
    await fixture.upload(await fixture.open(), MIB)
    now = new Date('2026-11-24T10:05:00Z')
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    await fixture.put(session, 0, MIB - 1)
    expect(await fixture.simulated.read('/counters')).toMatchObject({
      endpoints: { 'upload-range': { requests: 5 } },
      mailboxes: { 'ada@contoso.com': { uploadedBytes: 4 * MIB, maxUploadedBytesPer5Minutes: 3 * MIB } },
    })
    await fixture.simulated.control('DELETE', '/counters')
    await fixture.ask()
    expect(await fixture.simulated.read('/counters')).toMatchObject({
      mailboxes: { 'ada@contoso.com': { uploadedBytes: 0, maxUploadedBytesPer5Minutes: 0 } },
    })
  })
})

it('uploadLatencyMs delays ranges and nothing else', async () => {
  const session = await fixture.open()
  await fixture.simulated.set({ uploadLatencyMs: 600_000 })
  const patience = { signal: AbortSignal.timeout(200) }
  await expect(fetch(session.uploadUrl, { method: 'PUT', ...patience })).rejects.toMatchObject({ name: 'TimeoutError' })
  expect((await fetch(session.uploadUrl)).status).toBe(200)
  expect((await fixture.ask()).status).toBe(201)
})
