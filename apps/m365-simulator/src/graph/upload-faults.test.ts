import { describe, expect, it } from 'vitest'
import { beginUpload, FILE, MIB, read } from '../test-support/upload-desk.ts'

const LAST = FILE.length - 1
const SERVER_BUSY = { action: 'answer', status: 503, body: { error: { code: 'ErrorServerBusy', message: '' } } }

describe('a scenario of a range', () => {
  it.each([
    ['before', false, { nextExpectedRanges: ['0-'] }],
    ['after', true, { nextExpectedRanges: ['1048576-'] }],
  ])('that answers %s it is taken says so in the report', async (when, accepted, expected) => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.scenario({ kind: 'http', endpoint: 'upload-range', do: { ...SERVER_BUSY, when } })
    expect(await desk.put(session, 0, MIB - 1)).toMatchObject({ status: 503, code: 'ErrorServerBusy' })
    expect((await read(await fetch(session.uploadUrl))).json).toMatchObject(expected)
    expect((await desk.reports())[0]?.ranges).toEqual([{ from: 0, to: MIB - 1, status: 503, accepted }])
  })

  it.each([
    ['before', false],
    ['after', true],
  ])('may be a reset %s it is taken', async (when, accepted) => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.scenario({ kind: 'http', endpoint: 'upload-range', do: { action: 'reset', when } })
    await expect(desk.put(session, 0, MIB - 1)).rejects.toThrow('fetch failed')
    expect((await desk.reports())[0]?.ranges).toEqual([{ from: 0, to: MIB - 1, status: null, accepted }])
  })

  it('concerns the mailbox that is named, and no other', async () => {
    const desk = await beginUpload()
    const session = await desk.open()
    const range = { kind: 'http', endpoint: 'upload-range', do: SERVER_BUSY }
    await desk.scenario({ ...range, mailbox: 'bob@contoso.com' })
    expect((await desk.put(session, 0, MIB - 1)).status).toBe(200)
    await desk.scenario({ ...range, mailbox: 'ada@contoso.com' })
    expect((await desk.put(session, MIB, LAST)).status).toBe(503)
  })
})

it('a session is forgotten in the mailbox that is named, and in no other', async () => {
  const desk = await beginUpload()
  const session = await desk.open()
  await desk.scenario({ kind: 'upload-session', change: 'forgotten', mailbox: 'bob@contoso.com' })
  expect((await desk.put(session, 0, MIB - 1)).status).toBe(200)
  await desk.scenario({ kind: 'upload-session', change: 'forgotten', mailbox: 'Ada@contoso.com' })
  expect((await desk.put(session, MIB, LAST)).status).toBe(404)
})

it('a scenario finds every endpoint of an upload by name', async () => {
  const desk = await beginUpload()
  const { uploadUrl } = await desk.open()
  const path = `/me/messages/${desk.draftId}/attachments`
  const status = async (method: string): Promise<number> => (await fetch(uploadUrl, { method })).status
  const calls: [string, () => Promise<number>][] = [
    ['upload-session-create', async () => (await desk.ask()).status],
    ['attachment-list', async () => (await desk.call('GET', path)).status],
    ['upload-range', () => status('PUT')],
    ['upload-status', () => status('GET')],
    ['upload-cancel', () => status('DELETE')],
  ]
  for (const [endpoint, call] of calls) {
    await desk.scenario({ kind: 'http', endpoint, do: SERVER_BUSY })
    expect(await call()).toBe(503)
  }
})

describe('the preset', () => {
  it.each([
    ['upload-range-416', 416, 'invalidRange'],
    ['upload-range-429', 429, 'ApplicationThrottled'],
    ['upload-range-503', 503, 'ErrorServerBusy'],
    ['upload-range-taken-but-503', 503, 'ErrorServerBusy'],
  ])('%s refuses one range', async (name, status, code) => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.simulated.control('POST', '/scenarios', { name })
    expect(await desk.put(session, 0, MIB - 1)).toMatchObject({ status, code })
    const taken = name.includes('taken') ? MIB : 0
    expect((await desk.reports())[0]?.receivedBytes).toBe(taken)
    expect((await desk.put(session, taken, LAST)).status).toBe(201)
  })

  it.each([
    ['upload-session-forgotten', 404, 'uploadSessionNotFound'],
    ['upload-token-expired', 401, 'InvalidAuthenticationToken'],
  ])('%s ends one session, and a new one is good', async (name, status, code) => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.put(session, 0, MIB - 1)
    await desk.simulated.control('POST', '/scenarios', { name })
    for (let times = 0; times < 2; times += 1) {
      expect(await desk.put(session, MIB, LAST)).toMatchObject({ status, code })
    }
    await desk.upload(await desk.open())
    expect(await desk.attachments()).toHaveLength(1)
  })

  it('upload-session-access-denied gives no session once', async () => {
    const desk = await beginUpload()
    await desk.simulated.control('POST', '/scenarios', { name: 'upload-session-access-denied' })
    expect(await desk.ask()).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
    expect((await desk.ask()).status).toBe(201)
  })
})

describe('faults at random', () => {
  it('cover attaching, sessions and ranges', async () => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.set({ faultRates: { unavailable: 1 } })
    const file = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: 'YWJj' }
    expect((await desk.call('POST', `/me/messages/${desk.draftId}/attachments`, file)).status).toBe(503)
    expect((await desk.ask()).status).toBe(503)
    expect((await desk.put(session, 0, LAST)).status).toBe(503)
    expect((await fetch(session.uploadUrl)).status).toBe(200)
  })

  it('of tokenRevoked end the URL of the session', async () => {
    const desk = await beginUpload()
    const session = await desk.open()
    await desk.set({ faultRates: { tokenRevoked: 1 } })
    expect((await desk.put(session, 0, LAST)).status).toBe(401)
    await desk.set({ faultRates: {} })
    expect((await desk.put(session, 0, LAST)).status).toBe(401)
    expect((await desk.ask()).status).toBe(201)
  })
})

describe('the limit on bytes in any 5 minutes', () => {
  it('refuses the range that goes beyond it, and says when it will not', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const desk = await beginUpload({ clock: () => now })
    await desk.set({ uploadBytesPer5Minutes: 2 * MIB })
    const session = await desk.open()
    await desk.put(session, 0, MIB - 1)
    now = new Date('2026-11-24T10:01:00Z')
    await desk.put(session, MIB, 2 * MIB - 1)
    now = new Date('2026-11-24T10:02:00Z')
    const refused = await desk.put(session, 2 * MIB, LAST)
    expect(refused).toMatchObject({ status: 429, code: 'ApplicationThrottled' })
    expect(refused.text).toContain('IncomingBytes')
    expect(refused.headers.get('retry-after')).toBe('180')
    now = new Date('2026-11-24T10:05:00Z')
    expect((await desk.put(session, 2 * MIB, LAST)).status).toBe(201)
  })

  it('is not there by default, and what came is counted per mailbox', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const desk = await beginUpload({ clock: () => now })
    await desk.upload(await desk.open(), MIB)
    now = new Date('2026-11-24T10:05:00Z')
    const session = await desk.open()
    await desk.put(session, 0, MIB - 1)
    await desk.put(session, 0, MIB - 1)
    expect(await (await desk.simulated.control('GET', '/counters')).json()).toMatchObject({
      endpoints: { 'upload-range': { requests: 5 } },
      mailboxes: { 'ada@contoso.com': { uploadedBytes: 4 * MIB, maxUploadedBytesPer5Minutes: 3 * MIB } },
    })
    await desk.simulated.control('DELETE', '/counters')
    await desk.ask()
    expect(await (await desk.simulated.control('GET', '/counters')).json()).toMatchObject({
      mailboxes: { 'ada@contoso.com': { uploadedBytes: 0, maxUploadedBytesPer5Minutes: 0 } },
    })
  })
})

it('ranges do not count against the requests to a mailbox at once', async () => {
  const desk = await beginUpload()
  const sessions = await Promise.all([desk.open(), desk.open()])
  await desk.set({ mailboxConcurrency: 1, uploadLatencyMs: 300 })
  const answers = await Promise.all(sessions.map((session) => desk.put(session, 0, LAST)))
  expect(answers.map(({ status }) => status)).toEqual([201, 201])
})

it('uploadLatencyMs keeps a range under way, and nothing else', async () => {
  const desk = await beginUpload()
  const session = await desk.open()
  await desk.set({ uploadLatencyMs: 600_000 })
  const patience = { signal: AbortSignal.timeout(200) }
  await expect(fetch(session.uploadUrl, { method: 'PUT', ...patience })).rejects.toMatchObject({ name: 'TimeoutError' })
  expect((await fetch(session.uploadUrl)).status).toBe(200)
  expect((await desk.ask()).status).toBe(201)
})
