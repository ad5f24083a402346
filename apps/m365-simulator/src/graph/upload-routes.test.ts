import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { VisibleMessage } from '../mail/mailbox-view.ts'
import { answerOf } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB, type Session, type UploadFixture } from '../test-support/upload-fixture.ts'

const LAST = FILE.length - 1
const SHA256 = createHash('sha256').update(FILE).digest('hex')

let fixture: UploadFixture
let session: Session
beforeEach(async () => {
  fixture = await beginUpload()
  session = await fixture.open()
})

describe('a range', () => {
  it('that is the last is 201 without a body, and names the attachment', async () => {
    await fixture.put(session, 0, 2 * MIB - 1)
    const { status, text, headers } = await fixture.put(session, 2 * MIB, LAST)
    const [attachment] = await fixture.attachments()
    expect({ status, text, length: headers.get('content-length') }).toEqual({ status: 201, text: '', length: '0' })
    expect(headers.get('location')).toMatch(
      /^https:\/\/outlook\.office\.com\/api\/v2\.0\/Users\('.+'\)\/Messages\('.+'\)\/Attachments\('.+'\)$/,
    )
    expect(headers.get('location')).toContain(`Attachments('${String(attachment?.['id'])}')`)
  })

  it.each([
    ['bad-request', 400, 'BadRequest'],
    ['payload-too-large', 413, 'RequestEntityTooLarge'],
  ])('above 4 MiB is refused, with %s set by %s', async (requestTooLarge, status, code) => {
    const fixture = await beginUpload()
    await fixture.simulated.set({ requestTooLarge })
    const session = await fixture.open({ size: 5 * MIB })
    const send = async (sizeBytes: number) =>
      answerOf(
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
    ['repeats an earlier one', 0, MIB - 1],
    ['leaves a gap', 2 * MIB, LAST],
    ['overlaps with what is there', MIB - 1, LAST],
  ])('that %s is 416, and the next in order is still accepted', async (_what, from, to) => {
    await fixture.put(session, 0, MIB - 1)
    expect(await fixture.put(session, from, to)).toMatchObject({ status: 416, code: 'invalidRange' })
    expect((await fixture.put(session, MIB, LAST)).status).toBe(201)
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
    expect(await fixture.put(session, 0, MIB - 1, { 'content-range': range })).toMatchObject({
      status: 400,
      code: 'BadRequest',
    })
    expect(await fixture.reports()).toMatchObject([{ receivedBytes: 0 }])
  })

  it('sent twice at the same time is accepted once', async () => {
    const answers = await Promise.all([fixture.put(session, 0, MIB - 1), fixture.put(session, 0, MIB - 1)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 416]))
    expect(await fixture.reports()).toMatchObject([{ receivedBytes: MIB }])
  })
})

describe('the URL of a session', () => {
  it('refuses an access token for Graph, which has another audience', async () => {
    const answer = await fixture.put(session, 0, LAST, { authorization: `Bearer ${fixture.token}` })
    expect(answer.status).toBe(401)
    expect(answer.text).toContain('The audience claim value is invalid for current resource')
    expect(await fixture.attachments()).toEqual([])
  })

  it.each(['', '?authtoken=', '?authtoken=x'])('is refused with %j in place of its token', async (query) => {
    const uploadUrl = session.uploadUrl.replace(/\?.*$/, query)
    expect((await fixture.put({ ...session, uploadUrl }, 0, LAST)).status).toBe(401)
  })

  it('is unknown on Graph’s host, and so is Graph on its own', async () => {
    const uploadUrl = session.uploadUrl.replace('localhost', '127.0.0.1')
    expect((await fixture.put({ ...session, uploadUrl }, 0, LAST)).status).toBe(404)
    const me = new URL('/v1.0/me', session.uploadUrl)
    const headers = { authorization: `Bearer ${fixture.token}` }
    expect((await fetch(me, { headers })).status).toBe(404)
  })
})

describe('a session', () => {
  const gone = { status: 404, code: 'uploadSessionNotFound' }

  it('is over when it is finished', async () => {
    await fixture.upload(session)
    expect(await fixture.put(session, 0, LAST)).toMatchObject(gone)
    expect(await answerOf(await fetch(session.uploadUrl))).toMatchObject(gone)
    expect(await answerOf(await fetch(session.uploadUrl, { method: 'DELETE' }))).toMatchObject(gone)
    expect(await fixture.attachments()).toHaveLength(1)
  })

  it('is over when it is cancelled, which is 204', async () => {
    await fixture.put(session, 0, MIB - 1)
    expect(await answerOf(await fetch(session.uploadUrl, { method: 'DELETE' }))).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await fixture.put(session, MIB, LAST)).toMatchObject(gone)
    expect(await fixture.reports()).toMatchObject([{ state: 'cancelled' }])
  })

  it('is over at the time it named, which ranges do not extend', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const fixture = await beginUpload({ clock: () => now })
    await fixture.simulated.set({ uploadSessionSeconds: 60 })
    const session = await fixture.open()
    expect(session.expirationDateTime).toBe('2026-11-24T10:01:00.000Z')
    now = new Date('2026-11-24T10:00:59Z')
    expect((await fixture.put(session, 0, MIB - 1)).json).toMatchObject({
      ExpirationDateTime: session.expirationDateTime,
    })
    now = new Date('2026-11-24T10:01:00Z')
    expect(await fixture.put(session, MIB, LAST)).toMatchObject(gone)
    expect(await fixture.reports()).toMatchObject([{ state: 'expired' }])
  })

  it('reports the next range in the form of a new session', async () => {
    await fixture.put(session, 0, MIB - 1)
    const { status, json } = await answerOf(await fetch(session.uploadUrl))
    expect(status).toBe(200)
    expect(json).toEqual({
      expirationDateTime: session.expirationDateTime,
      nextExpectedRanges: ['1048576-'],
    })
  })

  it('answers 405 when its status is not supported', async () => {
    await fixture.simulated.set({ uploadStatus: 'unsupported' })
    expect((await fetch(session.uploadUrl)).status).toBe(405)
  })

  it.each([
    ['documented', { nextExpectedRanges: ['1048576'] }],
    ['pascal', { NextExpectedRanges: ['1048576'] }],
    ['dashed', { nextExpectedRanges: ['1048576-'] }],
  ])('answers in the form %s when that is set', async (uploadAnswerCasing, form) => {
    await fixture.simulated.set({ uploadAnswerCasing })
    expect((await fixture.put(session, 0, MIB - 1)).json).toEqual({
      ExpirationDateTime: session.expirationDateTime,
      ...form,
    })
  })

  it('answers in every form in turn when they are mixed', async () => {
    await fixture.simulated.set({ uploadAnswerCasing: 'mixed' })
    const forms = new Set<string>()
    for (let from = 0; from < 3000; from += 1000) {
      const { json } = await fixture.put(session, from, from + 999)
      const name = Object.keys(json).find((key) => /ranges/i.test(key)) ?? ''
      forms.add(`${name} ${String(json[name]).replace(/\d+/, '')}`)
    }
    expect(forms).toEqual(new Set(['nextExpectedRanges ', 'NextExpectedRanges ', 'nextExpectedRanges -']))
  })
})

describe('what was uploaded', () => {
  it('is sent along, byte for byte', async () => {
    const fixture = await beginUpload()
    await fixture.upload(await fixture.open({ contentType: 'application/pdf', contentId: 'plan', isInline: true }), MIB)
    await fixture.call('POST', `/me/messages/${fixture.draftId}/send`)
    const response = await fixture.simulated.control('GET', '/mailboxes/max@contoso.com/messages')
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
    const url = `${fixture.simulated.url}/mailboxes/max@contoso.com/messages/${message?.id}/attachments/${attachment?.id}`
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(FILE)).toBe(true)
  })
})
