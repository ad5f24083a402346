import { beforeEach, describe, expect, it } from 'vitest'
import { answerOf } from '../test-support/simulated.ts'
import { beginUpload, FILE, MIB, type Session, type UploadFixture } from '../test-support/upload-fixture.ts'

const LAST = FILE.length - 1

let fixture: UploadFixture
let session: Session
beforeEach(async () => {
  fixture = await beginUpload()
  session = await fixture.open()
})

describe('a range', () => {
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
})

describe('the URL of a session', () => {
  it('refuses an access token for Graph, which has another audience', async () => {
    const answer = await fixture.put(session, 0, LAST, { authorization: `Bearer ${fixture.token}` })
    expect(answer.status).toBe(401)
    expect(answer.text).toContain('The audience claim value is invalid for current resource')
    expect(await fixture.attachments()).toEqual([])
  })
})

describe('a session', () => {
  const gone = { status: 404, code: 'uploadSessionNotFound' }

  it('is over when it is finished', async () => {
    expect((await fixture.put(session, 0, LAST)).status).toBe(201)
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
})

it('refuses the range beyond the limit on bytes in any 5 minutes, and says when it will be accepted', async () => {
  let now = new Date('2026-11-24T10:00:00Z')
  const limited = await beginUpload({ clock: () => now })
  await limited.simulated.set({ uploadBytesPer5Minutes: 2 * MIB })
  const ranges = await limited.open()
  await limited.put(ranges, 0, MIB - 1)
  now = new Date('2026-11-24T10:01:00Z')
  await limited.put(ranges, MIB, 2 * MIB - 1)
  now = new Date('2026-11-24T10:02:00Z')
  const refused = await limited.put(ranges, 2 * MIB, LAST)
  expect(refused).toMatchObject({ status: 429, code: 'ApplicationThrottled' })
  expect(refused.text).toContain('IncomingBytes')
  expect(refused.headers.get('retry-after')).toBe('180')
  now = new Date('2026-11-24T10:05:00Z')
  expect((await limited.put(ranges, 2 * MIB, LAST)).status).toBe(201)
})
