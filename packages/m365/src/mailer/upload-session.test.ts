import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { patientFetch, timingOutAt } from '../test-support/time-limit.ts'
import { answering, graphError, intercepting, mailerAt } from '../test-support/mailer.ts'
import { freePort } from '../test-support/free-port.ts'
import { serve, type Listener } from '../test-support/servers.ts'
import type { GraphMailer } from './graph-mailer.ts'
import { type UploadSession } from './upload-calls.ts'

const PATH = "/api/gv1.0/users('o@t')/messages('m')/AttachmentSessions('a')?authtoken=eyJ0b2tlbg.c2VjcmV0"
const GRAPH = 'http://127.0.0.1:1' // is never asked
const mailer = mailerAt(GRAPH)

const ATTACHED = { location: "https://outlook.office.com/api/v2.0/Users('o')/Messages('m')/Attachments('a')" }

/** Ranges in the middle and at the end of a file of 1,000 bytes. */
const middle = { start: 100, totalBytes: 1_000, bytes: Buffer.alloc(200) }
const last = { start: 800, totalBytes: 1_000, bytes: Buffer.alloc(200) }

const UNSAFE = [`http://outlook.office.com${PATH}`, `ftp://localhost${PATH}`, PATH, '']
const GONE = [
  [401, ''],
  [401, graphError('InvalidAuthenticationToken')],
  [404, ''],
  [404, graphError('uploadSessionNotFound')],
  [404, graphError('ErrorItemNotFound')],
  [410, ''],
  [400, graphError('uploadSessionNotFound')],
  [400, graphError('invalidRequest', 'uploadSessionNotFound')],
  [403, graphError('ErrorUploadSessionExpired')],
] as const

describe('putRange', () => {
  it('sends exactly the bytes of the range, with their position', async () => {
    const whole = randomBytes(100_000)
    const { session, requests } = await uploadHost(200)
    await mailer.putRange(session, { start: 3, totalBytes: 200_000, bytes: whole.subarray(3, 70_003) })
    const [request] = requests
    expect(request).toMatchObject({
      method: 'PUT',
      url: PATH,
      headers: {
        'content-length': '70000',
        'content-range': 'bytes 3-70002/200000',
        'content-type': 'application/octet-stream',
      },
    })
    expect(request?.headers['transfer-encoding']).toBeUndefined()
    expect(request?.body.equals(whole.subarray(3, 70_003))).toBe(true)
  })

  it.each([
    [200, { ExpirationDateTime: 'x', nextExpectedRanges: ['300'] }, 300],
    [200, { NextExpectedRanges: ['300'] }, 300],
    [200, { nextExpectedRanges: ['300-'] }, 300],
    [200, { nextExpectedRanges: ['300-999'] }, 300],
    [200, { NextExpectedRanges: ['300-999'] }, 300],
    [200, { nextExpectedRanges: ['300-499', '600-'] }, 300],
    [200, { nextExpectedRanges: [300] }, 300],
    [200, { nextExpectedRanges: ['250'] }, 250],
    [200, { nextExpectedRanges: ['500'] }, 500],
    [200, { nextExpectedRanges: ['0-'] }, 0],
    [200, { nextExpectedRanges: ['later'] }, 300],
    [200, { nextExpectedRanges: '300' }, 300],
    [200, { ExpirationDateTime: 'x' }, 300],
    [200, '', 300],
    [202, { nextExpectedRanges: ['300-'] }, 300],
    [204, '', 300],
    [201, { nextExpectedRanges: ['300'] }, 300],
  ])('continues after HTTP %i with %j at %i', async (status, body, nextStart) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.putRange(session, middle)).toEqual({ outcome: 'stored', nextStart })
  })

  it.each(['', '<html>', { id: 'a' }])(
    'is finished after the last range with HTTP 201, the address of the attachment and %j',
    async (body) => {
      const { session } = await uploadHost(201, body, ATTACHED)
      expect(await mailer.putRange(session, last)).toEqual({ outcome: 'finished' })
    },
  )

  it.each([
    [201, ''],
    [201, { id: 'a' }],
    [200, { id: 'a', name: 'q3.pdf' }],
    [200, { Id: 'a' }],
    [200, { nextExpectedRanges: [] }],
    [200, { NextExpectedRanges: [] }],
    [200, { nextExpectedRanges: ['1000'] }],
    [200, {}],
    [200, ''],
    [204, ''],
  ])(
    'leaves it to the draft whether the file is attached after the last range with HTTP %i and %j',
    async (status, body) => {
      for (const { session } of [await uploadHost(status, body), await inPlaceOfHost(status, body)])
        expect(await mailer.putRange(session, last)).toEqual({ outcome: 'unconfirmed' })
    },
  )

  it.each([
    [201, ''],
    [200, { id: 'a' }],
    [200, { nextExpectedRanges: [] }],
    [200, { nextExpectedRanges: ['1000'] }],
  ])('does not accept from HTTP %i with %j that a file is complete in its middle', async (status, body) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.putRange(session, middle)).toEqual({ outcome: 'out-of-step' })
  })

  it.each([
    [416, ''],
    [416, graphError('invalidRange')],
    [400, graphError('invalidRange')],
    [400, graphError('ErrorInvalidRange')],
    [409, graphError('fragmentOutOfOrder')],
    [400, graphError('fragmentOverlap')],
    [400, graphError('invalidRequest', 'fragmentOutOfOrder')],
    [400, { error: { code: 'BadRequest', message: 'Uploaded fragment overlaps with existing data.' } }],
  ])('is out of step after HTTP %i with %j', async (status, body) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.putRange(session, middle)).toEqual({ outcome: 'out-of-step' })
  })

  it.each(GONE)('reports after HTTP %i with %j that the session has ended', async (status, body) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.putRange(session, middle)).toEqual({ outcome: 'session-gone' })
  })

  it.each([
    [503, graphError('ErrorServerBusy'), 'unknown'],
    [503, graphError('ErrorMailboxStoreUnavailable'), 'unavailable'],
    [503, '', 'unknown'],
    [500, '', 'unknown'],
    [502, '<html>', 'unknown'],
    [504, graphError('uploadSessionNotFound'), 'unknown'],
    [500, graphError('invalidRange'), 'unknown'],
    [200, '<html>Welcome to the hotel</html>', 'unknown'],
    [302, '', 'unavailable'],
    [429, graphError('invalidRange'), 'throttled'],
    [403, '', 'refused'],
    [403, '<html>Forbidden</html>', 'refused'],
    [400, graphError('BadRequest'), 'refused'],
  ])('classifies HTTP %i with %j as %s', async (status, body, outcome) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.putRange(session, middle)).toMatchObject({ outcome })
  })

  it.each([200, 302, 400, 401, 403, 404, 405, 409, 410, 413, 415, 416, 421, 429, 451])(
    'keeps only this message waiting after HTTP %i of something in place of the host',
    async (status) => {
      const { session } = await inPlaceOfHost(status, 'RBAC: access denied', { 'retry-after': '60' })
      expect(await mailer.putRange(session, middle)).toMatchObject({
        outcome: 'intercepted',
        concerns: 'message',
        retryAfter: null,
        gateway: { status, excerpt: 'RBAC: access denied' },
      })
    },
  )

  it('pauses nothing after a 503 of something in place of the host', async () => {
    const { session } = await inPlaceOfHost(503, '', { 'retry-after': '60' })
    expect(await mailer.putRange(session, middle)).toMatchObject({ outcome: 'unavailable', retryAfter: null })
  })

  it('is unknown when no answer comes in time', async () => {
    const asked = Promise.withResolvers<void>()
    const session = await sessionAt(() => asked.resolve())
    const impatient = mailerAt(
      GRAPH,
      timingOutAt(() => asked.promise),
    )
    expect(await impatient.putRange(session, middle)).toMatchObject({ outcome: 'unknown' })
  })

  it('is unavailable where nobody listens', async () => {
    const session = sessionOf(`http://127.0.0.1:${await freePort()}${PATH}`)
    expect(await mailer.putRange(session, middle)).toMatchObject({ outcome: 'unavailable' })
  })
})

describe('readUploadSession', () => {
  it('sends a bare GET to the address', async () => {
    const { session, requests } = await uploadHost(200, { nextExpectedRanges: ['300'] })
    await mailer.readUploadSession(session)
    expect(requests).toMatchObject([{ method: 'GET', url: PATH, body: Buffer.alloc(0) }])
  })

  it.each([
    [{ expirationDateTime: 'x', nextExpectedRanges: ['300-'] }, 300],
    [{ NextExpectedRanges: ['300'] }, 300],
    [{ nextExpectedRanges: ['300-999', '1200-'] }, 300],
    [{ nextExpectedRanges: ['0-'] }, 0],
  ])('reads from %j where to continue', async (body, nextStart) => {
    const { session } = await uploadHost(200, body)
    expect(await mailer.readUploadSession(session)).toEqual({ outcome: 'open', nextStart })
  })

  it.each([...GONE, [200, { nextExpectedRanges: [] }]] as const)(
    'reports after HTTP %i with %j that the session has ended',
    async (status, body) => {
      const { session } = await uploadHost(status, body)
      expect(await mailer.readUploadSession(session)).toEqual({ outcome: 'session-gone' })
    },
  )

  it.each([
    [405, ''],
    [405, '<html>Method Not Allowed</html>'],
    [400, graphError('BadRequest')],
    [403, graphError('ErrorAccessDenied')],
    [200, {}],
    [200, ''],
    [200, { nextExpectedRanges: ['later'] }],
  ])('is unsupported after HTTP %i with %j', async (status, body) => {
    for (const { session } of [await uploadHost(status, body), await inPlaceOfHost(status, body)])
      expect(await mailer.readUploadSession(session)).toEqual({ outcome: 'unsupported' })
  })

  it.each([
    [429, '', 'throttled'],
    [500, '', 'unavailable'],
    [503, '', 'unavailable'],
    [504, graphError('uploadSessionNotFound'), 'unavailable'],
    [302, '', 'unavailable'],
    [200, '<html>Welcome to the hotel</html>', 'unavailable'],
  ])('may be repeated after HTTP %i with %j: %s', async (status, body, outcome) => {
    const { session } = await uploadHost(status, body)
    expect(await mailer.readUploadSession(session)).toMatchObject({ outcome })
  })
})

describe('cancelUpload', () => {
  it('deletes the session', async () => {
    const { session, requests } = await uploadHost(204)
    await mailer.cancelUpload(session)
    expect(requests).toMatchObject([{ method: 'DELETE', url: PATH }])
  })

  it.each([401, 404, 405, 429, 500, 503])('makes one attempt, even after HTTP %i', async (status) => {
    const { session, requests } = await uploadHost(status)
    await mailer.cancelUpload(session)
    expect(requests).toHaveLength(1)
  })
})

type Call = (mailer: GraphMailer, session: UploadSession, signal?: AbortSignal) => Promise<unknown>
const CALLS: readonly (readonly [name: string, call: Call])[] = [
  ['putRange', (mailer, session, signal) => mailer.putRange(session, middle, signal)],
  ['readUploadSession', (mailer, session, signal) => mailer.readUploadSession(session, signal)],
  ['cancelUpload', (mailer, session, signal) => mailer.cancelUpload(session, signal)],
]

describe.each(CALLS)('%s', (name, call) => {
  it('sends the upload host no token but the one in the address', async () => {
    const { session, requests } = await uploadHost(200)
    await call(mailer, session)
    expect(requests[0]?.headers).not.toHaveProperty('authorization')
    expect(requests[0]?.headers).not.toHaveProperty('cookie')
  })

  it('follows no redirect', async () => {
    const elsewhere = await uploadHost(200)
    const session = await sessionAt((_request, response) => {
      response.writeHead(307, { location: elsewhere.session.uploadUrl }).end()
    })
    await call(mailer, session)
    expect(elsewhere.requests).toEqual([])
  })

  it.each(UNSAFE)('makes no request to the address %s', async (uploadUrl) => {
    const asked: string[] = []
    const watching = mailerAt(GRAPH, (url, init) => {
      asked.push(url)
      return patientFetch(url, init)
    })
    const outcome = await call(watching, sessionOf(uploadUrl))
    expect(asked).toEqual([])
    if (name === 'cancelUpload') return
    expect(outcome).toMatchObject({ outcome: 'unavailable', detail: expect.stringContaining('not safe to use') })
    expect(JSON.stringify(outcome), 'nothing but its host is named').not.toMatch(/authtoken|eyJ0/)
  })
})

describe('the upload address', () => {
  it.each([400, 403, 413, 429, 500, 503])('is in no outcome, even though HTTP %i quotes it', async (status) => {
    const quoting = { error: { code: 'BadRequest', message: `No such thing: ${PATH}` } }
    for (const { session } of [await uploadHost(status, quoting), await inPlaceOfHost(status, `Denied: ${PATH}`)]) {
      const outcomes = [await mailer.putRange(session, middle), await mailer.readUploadSession(session)]
      expect(JSON.stringify(outcomes)).not.toMatch(/authtoken|eyJ0/)
    }
  })
})

/** Opens a session at a host that gives every request the same answer. */
async function uploadHost(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  const { origin, requests } = await answering(status, body, headers)
  return { session: sessionOf(`${origin}${PATH}`), requests }
}

/** Opens a session whose requests something else than the host answers. */
async function inPlaceOfHost(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  const { origin } = await intercepting(status, body, headers)
  return { session: sessionOf(`${origin}${PATH}`) }
}

async function sessionAt(listener: Listener): Promise<UploadSession> {
  return sessionOf(`${await serve(listener)}${PATH}`)
}

function sessionOf(uploadUrl: string): UploadSession {
  return { uploadUrl, expiresAt: null }
}
