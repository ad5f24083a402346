import { request as httpRequest } from 'node:http'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { VisibleMessage } from '../mail/visible-message.ts'
import { mail, type Tokens } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB, read, type Session, type UploadDesk } from '../test-support/upload-desk.ts'

const LAST = FILE.length - 1
const SHA256 = createHash('sha256').update(FILE).digest('hex')

async function begin(): Promise<{ desk: UploadDesk; session: Session }> {
  const desk = await beginUpload()
  return { desk, session: await desk.open() }
}

describe('a range', () => {
  it('that is not the last is 200 with what comes next, as a bare number, and in the letters Outlook writes', async () => {
    const { desk, session } = await begin()
    const { status, json } = await desk.put(session, 0, 2 * MIB - 1)
    expect(status).toBe(200)
    expect(json).toEqual({
      '@odata.context': expect.any(String),
      ExpirationDateTime: session.expirationDateTime,
      nextExpectedRanges: ['2097152'],
    })
  })

  it('that is the last is 201 without a body, and says where the attachment is', async () => {
    const { desk, session } = await begin()
    await desk.put(session, 0, 2 * MIB - 1)
    const { status, text, headers } = await desk.put(session, 2 * MIB, LAST)
    const [attachment] = await desk.attachments()
    expect({ status, text, length: headers.get('content-length') }).toEqual({ status: 201, text: '', length: '0' })
    expect(headers.get('location')).toMatch(
      /^https:\/\/outlook\.office\.com\/api\/v2\.0\/Users\('.+'\)\/Messages\('.+'\)\/Attachments\('.+'\)$/,
    )
    expect(headers.get('location')).toContain(`Attachments('${String(attachment?.['id'])}')`)
  })

  it('may be the whole file, up to 4 MiB', async () => {
    const { desk, session } = await begin()
    expect((await desk.put(session, 0, LAST)).status).toBe(201)
  })

  it.each([
    ['bad-request', 400, 'BadRequest'],
    ['payload-too-large', 413, 'RequestEntityTooLarge'],
  ])('above 4 MiB is refused, with %s set by %s', async (requestTooLarge, status, code) => {
    const desk = await beginUpload()
    await desk.set({ requestTooLarge })
    const session = await desk.open({ size: 5 * MIB })
    const send = async (sizeBytes: number) =>
      read(
        await fetch(session.uploadUrl, {
          method: 'PUT',
          headers: {
            'content-type': 'application/octet-stream',
            'content-range': `bytes 0-${sizeBytes - 1}/${5 * MIB}`,
          },
          body: Buffer.alloc(sizeBytes),
        }),
      )
    expect(await send(4 * MIB + 1)).toMatchObject({ status, code })
    expect((await send(4 * MIB)).status).toBe(200)
  })

  it.each([
    ['begins behind what is expected', 0, MIB - 1],
    ['leaves a gap', 2 * MIB, LAST],
    ['overlaps with what is there', MIB - 1, LAST],
  ])('that %s is 416, and the next in order is taken all the same', async (_what, from, to) => {
    const { desk, session } = await begin()
    await desk.put(session, 0, MIB - 1)
    expect(await desk.put(session, from, to)).toMatchObject({ status: 416, code: 'invalidRange' })
    expect((await desk.put(session, MIB, LAST)).status).toBe(201)
  })

  it.each([
    ['of another total', 'bytes 0-1048575/3145729'],
    ['longer than its body', 'bytes 0-1048576/3145728'],
    ['shorter than its body', 'bytes 0-1048574/3145728'],
    ['without a total', 'bytes 0-1048575/*'],
    ['that ends before it begins', 'bytes 5-4/3145728'],
    ['without a unit', '0-1048575/3145728'],
    ['beyond the end', 'bytes 3145727-4194302/3145728'],
  ])('%s is 400', async (_what, range) => {
    const { desk, session } = await begin()
    expect(await desk.put(session, 0, MIB - 1, { 'content-range': range })).toMatchObject({
      status: 400,
      code: 'BadRequest',
    })
    expect(await desk.reports()).toMatchObject([{ receivedBytes: 0 }])
  })

  it('without Content-Range is 400', async () => {
    const { session } = await begin()
    const headers = { 'content-type': 'application/octet-stream' }
    const response = await fetch(session.uploadUrl, { method: 'PUT', headers, body: FILE })
    expect(await read(response)).toMatchObject({ status: 400, code: 'BadRequest' })
  })

  it.each(['application/json', 'text/plain', 'application/octet-stream; charset=utf-8'])(
    'of the type %s is 415',
    async (type) => {
      const { desk, session } = await begin()
      expect((await desk.put(session, 0, LAST, { 'content-type': type })).status).toBe(415)
    },
  )

  it('without Content-Length is 411', async () => {
    const { session } = await begin()
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `bytes 0-${LAST}/${FILE.length}`,
      'transfer-encoding': 'chunked',
    }
    const status = await new Promise((resolve, reject) => {
      const chunked = httpRequest(session.uploadUrl, { method: 'PUT', headers }, (response) =>
        resolve(response.resume().statusCode),
      )
      chunked.on('error', reject)
      chunked.end(FILE)
    })
    expect(status).toBe(411)
  })

  it('sent twice at the same time is taken once', async () => {
    const { desk, session } = await begin()
    const answers = await Promise.all([desk.put(session, 0, MIB - 1), desk.put(session, 0, MIB - 1)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 416]))
    expect(await desk.reports()).toMatchObject([{ receivedBytes: MIB }])
  })
})

describe('the URL of a session', () => {
  it('refuses a token of Graph’s, for it is meant for another audience', async () => {
    const { desk, session } = await begin()
    const answer = await desk.put(session, 0, LAST, { authorization: `Bearer ${desk.token}` })
    expect(answer.status).toBe(401)
    expect(answer.text).toContain('The audience claim value is invalid for current resource')
    expect(await desk.attachments()).toEqual([])
  })

  it.each(['', '?authtoken=', '?authtoken=x'])('is no good with %j in place of its token', async (query) => {
    const { desk, session } = await begin()
    const uploadUrl = session.uploadUrl.replace(/\?.*$/, query)
    expect((await desk.put({ ...session, uploadUrl }, 0, LAST)).status).toBe(401)
  })

  it('is not known with another draft in it', async () => {
    const { desk, session } = await begin()
    const uploadUrl = session.uploadUrl.replace('/messages(', "/messages('x')/messages(")
    expect(await desk.put({ ...session, uploadUrl }, 0, LAST)).toMatchObject({
      status: 404,
      code: 'uploadSessionNotFound',
    })
  })

  it('leads nowhere on Graph’s host, and Graph is not on its', async () => {
    const { desk, session } = await begin()
    const uploadUrl = session.uploadUrl.replace('localhost', '127.0.0.1')
    expect((await desk.put({ ...session, uploadUrl }, 0, LAST)).status).toBe(404)
    const me = new URL('/v1.0/me', session.uploadUrl)
    const headers = { authorization: `Bearer ${desk.token}` }
    expect((await fetch(me, { headers })).status).toBe(404)
  })

  it('is in no answer of the control API', async () => {
    const { desk, session } = await begin()
    await desk.put(session, 0, LAST)
    const token = new URL(session.uploadUrl).searchParams.get('authtoken') ?? ''
    for (const path of ['/uploads', '/log', '/mailboxes/ada@contoso.com/messages']) {
      const text = await (await desk.simulated.control('GET', path)).text()
      expect(text).not.toContain(token)
    }
  })
})

describe('a session', () => {
  const gone = { status: 404, code: 'uploadSessionNotFound' }

  it('is over when it is finished', async () => {
    const { desk, session } = await begin()
    await desk.upload(session)
    expect(await desk.put(session, 0, LAST)).toMatchObject(gone)
    expect(await read(await fetch(session.uploadUrl))).toMatchObject(gone)
    expect(await read(await fetch(session.uploadUrl, { method: 'DELETE' }))).toMatchObject(gone)
    expect(await desk.attachments()).toHaveLength(1)
  })

  it('is over when it is cancelled, which is 204', async () => {
    const { desk, session } = await begin()
    await desk.put(session, 0, MIB - 1)
    expect(await read(await fetch(session.uploadUrl, { method: 'DELETE' }))).toMatchObject({ status: 204, text: '' })
    expect(await desk.put(session, MIB, LAST)).toMatchObject(gone)
    expect(await desk.reports()).toMatchObject([{ state: 'cancelled', cancelled: true, finished: false }])
  })

  it('is over at the time it named, and ranges do not put that off', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const desk = await beginUpload({ clock: () => now })
    await desk.set({ uploadSessionSeconds: 60 })
    const session = await desk.open()
    expect(session.expirationDateTime).toBe('2026-11-24T10:01:00.000Z')
    now = new Date('2026-11-24T10:00:59Z')
    expect((await desk.put(session, 0, MIB - 1)).json).toMatchObject({ ExpirationDateTime: session.expirationDateTime })
    now = new Date('2026-11-24T10:01:00Z')
    expect(await desk.put(session, MIB, LAST)).toMatchObject(gone)
    expect(await desk.reports()).toMatchObject([{ state: 'expired' }])
  })

  it('is over when its draft is sent', async () => {
    const { desk, session } = await begin()
    await desk.call('POST', `/me/messages/${desk.draftId}/send`)
    expect(await desk.put(session, 0, LAST)).toMatchObject(gone)
  })

  it('is over when its draft is deleted for good', async () => {
    const { desk, session } = await begin()
    await desk.call('DELETE', `/me/messages/${desk.draftId}`)
    const trash = (await desk.call('GET', '/me/mailFolders/deleteditems/messages')).json['value'] as { id: string }[]
    await desk.call('DELETE', `/me/messages/${trash[0]?.id}`)
    expect(await desk.put(session, 0, LAST)).toMatchObject(gone)
  })

  it('tells what it expects, as it did when it was new', async () => {
    const { desk, session } = await begin()
    await desk.put(session, 0, MIB - 1)
    const { status, json } = await read(await fetch(session.uploadUrl))
    expect(status).toBe(200)
    expect(json).toEqual({
      '@odata.context': expect.any(String),
      expirationDateTime: session.expirationDateTime,
      nextExpectedRanges: ['1048576-'],
    })
  })

  it('does not tell when that is not supported: 405', async () => {
    const { desk, session } = await begin()
    await desk.set({ uploadStatus: 'unsupported' })
    expect((await fetch(session.uploadUrl)).status).toBe(405)
  })

  it.each([
    ['documented', { nextExpectedRanges: ['1048576'] }],
    ['pascal', { NextExpectedRanges: ['1048576'] }],
    ['dashed', { nextExpectedRanges: ['1048576-'] }],
  ])('answers in the form %s when that is set', async (uploadAnswerCasing, form) => {
    const { desk, session } = await begin()
    await desk.set({ uploadAnswerCasing })
    expect((await desk.put(session, 0, MIB - 1)).json).toEqual({
      '@odata.context': expect.any(String),
      ExpirationDateTime: session.expirationDateTime,
      ...form,
    })
  })

  it('answers in every form in turn when they are mixed', async () => {
    const { desk, session } = await begin()
    await desk.set({ uploadAnswerCasing: 'mixed' })
    const forms = new Set<string>()
    for (let from = 0; from < 3000; from += 1000) {
      const { json } = await desk.put(session, from, from + 999)
      const name = Object.keys(json).find((key) => /ranges/i.test(key)) ?? ''
      forms.add(`${name} ${String(json[name]).replace(/\d+/, '')}`)
    }
    expect(forms).toEqual(new Set(['nextExpectedRanges ', 'NextExpectedRanges ', 'nextExpectedRanges -']))
  })
})

describe('what was uploaded', () => {
  it('is sent along, byte for byte', async () => {
    const desk = await beginUpload()
    await desk.upload(await desk.open({ contentType: 'application/pdf', contentId: 'plan', isInline: true }), MIB)
    await desk.call('POST', `/me/messages/${desk.draftId}/send`)
    const response = await desk.simulated.control('GET', '/mailboxes/max@contoso.com/messages')
    const [message] = ((await response.json()) as { items: VisibleMessage[] }).items
    const [attachment] = message?.attachments ?? []
    expect(attachment).toMatchObject({
      name: 'plan.bin',
      contentType: 'application/pdf',
      sizeBytes: FILE.length,
      sha256: SHA256,
      isInline: true,
      contentId: 'plan',
    })
    const url = `${desk.simulated.url}/mailboxes/max@contoso.com/messages/${message?.id}/attachments/${attachment?.id}`
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(FILE)).toBe(true)
  })

  it('in two sessions of one draft at once becomes two attachments', async () => {
    const desk = await beginUpload()
    const sessions = [await desk.open({ name: 'a' }), await desk.open({ name: 'b' })]
    await Promise.all(sessions.map((session) => desk.upload(session, MIB)))
    expect(new Set((await desk.attachments()).map(({ name }) => name))).toEqual(new Set(['a', 'b']))
  })

  it('by the application itself reaches the draft of a shared mailbox', async () => {
    const desk = await beginUpload()
    const { simulated } = desk
    await simulated.consentForOrganization()
    const { access_token: token } = (await (await simulated.applicationToken()).json()) as Tokens
    const path = '/users/reports@contoso.com/messages'
    const { id } = (await read(await simulated.graph(token, 'POST', path, mail().message))).json
    const attachments = `${path}/${String(id)}/attachments`
    const body = { AttachmentItem: { attachmentType: 'file', name: 'plan.bin', size: FILE.length } }
    const opened = await read(await simulated.graph(token, 'POST', `${attachments}/createUploadSession`, body))
    await desk.upload(opened.json as unknown as Session, MIB)
    expect(await desk.reports()).toMatchObject([{ mailbox: 'reports@contoso.com', finished: true }])
    const list = await read(await simulated.graph(token, 'GET', `${attachments}?$select=name`))
    expect(list.json).toMatchObject({ value: [{ name: 'plan.bin' }] })
  })
})
