import { startSimulator } from '@inforiver-mail/m365-simulator/start'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accessTokenOf, message } from '../test-support/mail.ts'
import { answering, intercepting, mailerAt, token, type SeenRequest, graphError } from '../test-support/mailer.ts'
import { serve, type Listener } from '../test-support/servers.ts'
import { ADA, readControl, registration } from '../test-support/sign-in.ts'
import type { GraphMailer } from './graph-mailer.ts'
import { isLastAttached, type UploadSession } from './upload-calls.ts'
import { randomBytes } from 'node:crypto'
import { patientFetch, timingOutAt } from '../test-support/time-limit.ts'
import { freePort } from '../test-support/free-port.ts'

const pdf = { filename: 'Übersicht "Q3".pdf', contentType: 'application/pdf', contentId: null }
const logo = { filename: 'logo.png', contentType: 'image/png', contentId: 'logo' }
const uploadUrl = "https://outlook.office.com/api/gv1.0/AttachmentSessions('a')?authtoken=secret"

describe('attachFile', () => {
  it('adds files to a draft, including an empty one and an inline image', async () => {
    const simulator = await startSimulator({ port: 0, registration })
    onTestFinished(() => simulator.close())
    const mailer = mailerAt(simulator.graphBaseUrl)
    const ada = { accessToken: await accessTokenOf(simulator.authorityHost, ADA, ['Mail.Send', 'Mail.ReadWrite']) }
    const created = await mailer.createDraft(message, ada)
    if (created.outcome !== 'created') throw new Error(`It was ${created.outcome}.`)
    const { draftId } = created
    const content = Buffer.from('The content of Q3').subarray(4)
    expect(await mailer.attachFile(draftId, { ...pdf, content }, ada)).toEqual({
      outcome: 'attached',
      isConfirmed: true,
    })
    await mailer.attachFile(draftId, { ...pdf, content: Buffer.alloc(0) }, ada)
    await mailer.attachFile(draftId, { ...logo, content: Buffer.from('png') }, ada)
    const drafts = await readControl(simulator.url, '/mailboxes/ada@contoso.com/messages?folder=drafts')
    const attachments = [
      { name: pdf.filename, contentType: pdf.contentType, sizeBytes: content.length, isInline: false },
      { name: pdf.filename, sizeBytes: 0 },
      { name: 'logo.png', sizeBytes: 3, isInline: true, contentId: 'logo' },
    ]
    expect(drafts).toMatchObject({ items: [{ attachments }] })
  })
})

describe('the success of attachFile', () => {
  const answer = { id: 'AAMk', name: logo.filename, size: 3 }
  it.each<[string, unknown, Record<string, string>, boolean]>([
    ['a mark of Graph', '', { 'request-id': '6f1c' }, true],
    ['the trace of Graph’s gateway', '', { 'x-ms-ags-diagnostic': '{}' }, true],
    ['an answer that names the attachment, without a mark', answer, {}, true],
    ['the name of another file', { ...answer, name: 'other.png' }, {}, false],
    ['no id', { ...answer, id: undefined }, {}, false],
    ['nothing', '', {}, false],
    ['a location', '', { location: 'https://graph.microsoft.com/' }, false],
    ['a page', '<html>Welcome</html>', { 'content-type': 'text/html' }, false],
    ['the JSON of a portal', { status: 'created' }, {}, false],
  ])('is confirmed, or not, by a 201 with %s', async (_what, body, headers, isConfirmed) => {
    const { mailer } = await intercepting(201, body, headers)
    const attached = await mailer.attachFile('a', { ...logo, content: Buffer.from('png') }, token)
    expect(attached).toEqual({ outcome: 'attached', isConfirmed })
  })
})

describe('listAttachments', () => {
  it.each([0, 1, 100])('lists %i by name and size', async (count) => {
    const all = Array.from({ length: count }, (_, index) => ({ name: `${index}.pdf`, size: index }))
    const { mailer } = await answering(200, { value: all.map((each) => ({ id: 'a', ...each })) })
    expect(await mailer.listAttachments('a', token)).toEqual({ outcome: 'listed', attachments: all })
  })

  it('lists all pages, and never takes the token to another host', async () => {
    const elsewhere = await answering(200, { value: [] })
    const pages = [
      { value: [{}, {}], '@odata.nextLink': `${elsewhere.origin}/v1.0/other?$select=id&$skiptoken=a%2Bb` },
      { value: [{}] },
    ]
    const asked: (string | undefined)[] = []
    const origin = await serve(({ url }, response) => {
      asked.push(url)
      response.end(JSON.stringify(pages.shift()))
    })
    const listed = await mailerAt(origin).listAttachments('a', token)
    expect(listed).toMatchObject({ outcome: 'listed', attachments: { length: 3 } })
    expect(asked[1]).toBe('/v1.0/me/messages/a/attachments?$select=id&$skiptoken=a%2Bb')
    expect(elsewhere.requests).toEqual([])
  })

  it('gives up on a list that does not end', async () => {
    const { mailer, requests } = await answering(200, { value: [{}], '@odata.nextLink': 'https://x/y?$skip=1' })
    expect(await mailer.listAttachments('a', token)).toMatchObject({ outcome: 'unavailable' })
    expect(requests).toHaveLength(20)
  })
})

describe('isLastAttached', () => {
  const MB = 1024 * 1024
  const file = (filename: string, sizeBytes: number) => ({ filename, sizeBytes })
  const shown = (name: string | null, size: number | null) => ({ name, size })

  it.each([
    ['its name and size', [file('a', 5 * MB)], [shown('a', 5 * MB)], true],
    ['the bytes that Exchange adds', [file('a', 3_483_322)], [shown('a', 3_640_066)], true],
    ['those of a small file', [file('a', 816)], [shown('a', 1_053)], true],
    ['files besides', [file('a', 1), file('b', 5 * MB)], [shown('b', 5 * MB), shown('c', 9)], true],
    ['two of the same', [file('a', MB), file('a', MB)], [shown('a', MB), shown('a', MB)], true],
    ['one of two of the same', [file('a', MB), file('a', MB)], [shown('a', MB)], false],
    ['one of the same name before', [file('a', MB), file('a', 5 * MB)], [shown('a', MB)], false],
    ['another name', [file('a', MB)], [shown('b', MB)], false],
    ['less than it has', [file('a', MB)], [shown('a', MB - 1)], false],
    ['far more than it has', [file('a', MB)], [shown('a', 2 * MB)], false],
    ['nothing', [file('a', MB)], [], false],
    ['no name', [file('a', MB)], [shown(null, MB)], false],
    ['no size', [file('a', MB)], [shown('a', null)], false],
  ])('recognises the last file, or not, by %s', (_what, files, attachments, expected) => {
    expect(isLastAttached(files, attachments)).toBe(expected)
  })
})

describe('createUploadSession', () => {
  it.each([
    [pdf, { name: pdf.filename, contentType: 'application/pdf', isInline: false }],
    [logo, { name: 'logo.png', contentType: 'image/png', isInline: true, contentId: 'logo' }],
  ])('makes the documented request for %j', async (file, item) => {
    const { mailer, requests } = await answering(201, { uploadUrl })
    await mailer.createUploadSession('a', { ...file, sizeBytes: 4_000_000 }, token)
    const url = '/v1.0/me/messages/a/attachments/createUploadSession'
    const body = { AttachmentItem: { attachmentType: 'file', size: 4_000_000, ...item } }
    expect(requests.map(asJson)).toEqual([{ method: 'POST', url, body }])
  })

  it.each([
    [201, { uploadUrl, expirationDateTime: '2026-11-24T12:00:00.1234567Z', nextExpectedRanges: ['0-'] }],
    [201, { UploadUrl: uploadUrl, ExpirationDateTime: '2026-11-24T12:00:00.123Z', NextExpectedRanges: ['0-'] }],
    [200, { uploadUrl, expirationDateTime: '2026-11-24T12:00:00.123Z' }],
  ])('returns address and expiry from HTTP %i with %j', async (status, body) => {
    const { mailer } = await answering(status, body)
    expect(await createSession(mailer)).toEqual({
      outcome: 'created',
      session: { uploadUrl, expiresAt: new Date('2026-11-24T12:00:00.123Z') },
    })
  })

  it.each([[{ uploadUrl }], [{ uploadUrl, expirationDateTime: 'soon' }], [{ uploadUrl, expirationDateTime: 7 }]])(
    'ignores an expiry that it cannot read in %j',
    async (body) => {
      const { mailer } = await answering(201, body)
      expect(await createSession(mailer)).toEqual({ outcome: 'created', session: { uploadUrl, expiresAt: null } })
    },
  )

  it.each(['http://127.0.0.1:1/a?b', 'http://127.9.9.9/a?b', 'http://[::1]:1/a?b', 'http://localhost:1/a?b'])(
    'accepts plain http to this machine: %s',
    async (uploadUrl) => {
      const { mailer } = await answering(201, { uploadUrl })
      expect(await createSession(mailer)).toMatchObject({ outcome: 'created' })
    },
  )

  it.each([
    ['http://outlook.office.com/a?authtoken=secret', 'http://outlook.office.com'],
    ['http://127.0.0.1.example.com/a?authtoken=secret', 'http://127.0.0.1.example.com'],
    ['http://localhost.example.com/a?authtoken=secret', 'http://localhost.example.com'],
    ['ftp://localhost/a?authtoken=secret', 'ftp://localhost'],
    ['https://ada:secret@outlook.office.com/a', 'https://outlook.office.com'],
    ['data:secret', 'data:'],
    ['/a?authtoken=secret', 'not safe'],
  ])('refuses the address %s, and names only its host', async (uploadUrl, named) => {
    const { mailer } = await answering(201, { uploadUrl })
    const outcome = await createSession(mailer)
    expect(outcome).toMatchObject({ outcome: 'unavailable', detail: expect.stringContaining(named) })
    expect(JSON.stringify(outcome)).not.toContain('secret')
  })

  it.each([
    [201, {}],
    [201, { uploadUrl: '' }],
    [201, { uploadUrl: 7 }],
    [204, { uploadUrl }],
    [500, { uploadUrl }],
  ])('is unavailable after HTTP %i with %j', async (status, body) => {
    const { mailer } = await answering(status, body)
    expect(await createSession(mailer)).toMatchObject({ outcome: 'unavailable' })
  })

  function createSession(mailer: GraphMailer) {
    return mailer.createUploadSession('a', { ...pdf, sizeBytes: 4_000_000 }, token)
  }
})

function asJson({ method, url, body }: SeenRequest) {
  return { method, url, body: JSON.parse(body.toString()) as unknown }
}

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

describe.each(CALLS)('%s', (_name, call) => {
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
    await call(watching, sessionOf(uploadUrl))
    expect(asked).toEqual([])
  })
})

describe('the upload address', () => {
  it.each(UNSAFE)('may not be %s, and nothing but its host is named', async (uploadUrl) => {
    const session = sessionOf(uploadUrl)
    for (const outcome of [await mailer.putRange(session, middle), await mailer.readUploadSession(session)]) {
      expect(outcome).toMatchObject({ outcome: 'unavailable', detail: expect.stringContaining('not safe to use') })
      expect(JSON.stringify(outcome)).not.toMatch(/authtoken|eyJ0/)
    }
  })

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
