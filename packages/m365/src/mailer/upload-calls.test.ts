import { describe, expect, it } from 'vitest'
import { answering, intercepting, mailerAt, token, type SeenRequest } from '../test-support/mailer.ts'
import { serve } from '../test-support/servers.ts'
import type { GraphMailer } from './graph-mailer.ts'
import { isLastAttached } from './upload-calls.ts'

const pdf = { filename: 'Übersicht "Q3".pdf', contentType: 'application/pdf', contentId: null }
const logo = { filename: 'logo.png', contentType: 'image/png', contentId: 'logo' }
const uploadUrl = "https://outlook.office.com/api/gv1.0/AttachmentSessions('a')?authtoken=secret"

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

  it('accepts plain http to this machine', async () => {
    const { mailer } = await answering(201, { uploadUrl: 'http://localhost:1/a?b' })
    expect(await createSession(mailer)).toMatchObject({ outcome: 'created' })
  })

  it.each([
    ['http://outlook.office.com/a?authtoken=secret', 'http://outlook.office.com'],
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
