import { createHmac } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  InforiverMail,
  InforiverMailError,
  verifyWebhook,
  type BatchMessage,
  type InforiverMailOptions,
} from './index.ts'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

const seen: { method: string; url: string; key: string | undefined; body: string }[] = []
afterEach(() => void seen.splice(0))

/** A server that answers each request in turn, the last answer from then on. */
async function serve(...answers: Answer[]): Promise<InforiverMail> {
  return new InforiverMail(await serverOf(...answers))
}

async function serverOf(...answers: Answer[]): Promise<InforiverMailOptions> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1')
      const key = request.headers['idempotency-key'] as string | undefined
      seen.push({ method: request.method ?? '', url: request.url ?? '', key, body })
      answers[Math.min(seen.length, answers.length) - 1]?.(request, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { baseUrl: `http://127.0.0.1:${port}/mail`, serviceKey: 'imk_key' }
}

const json =
  (status: number, value: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(JSON.stringify(value))
const breakOff: Answer = (request) => request.socket.destroy()
const problem = (status: number, code: string, more: object = {}) =>
  json(status, { code, detail: `It is ${code}.`, requestId: 'req_1', ...more }, { 'retry-after': '0' })
const MAIL = { to: ['a@b.example'], subject: 'Q3', text: 'Numbers.' }
const STORED = { id: 'msg_1', status: 'queued' }

function useFakeTime(): void {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
}

/** A connection that is told to wait once, in a time that the test moves. */
function toldToWait(
  retryAfter: string,
  next: unknown,
  { times = 1, ...more }: { times?: number; date?: string } = {},
): { mail: InforiverMail; calls: string[] } {
  useFakeTime()
  const calls: string[] = []
  const fetch = async (input: string | URL | Request) => {
    calls.push(String(input instanceof Request ? input.url : input))
    if (calls.length > times) return Response.json(next)
    return Response.json(
      { code: 'unavailable', detail: 'Away.' },
      { status: 503, headers: { 'retry-after': retryAfter, ...more } },
    )
  }
  return { mail: new InforiverMail({ baseUrl: 'https://mail.contoso.com', serviceKey: 'imk_key', fetch }), calls }
}

async function failureOf(promise: Promise<unknown>): Promise<InforiverMailError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(InforiverMailError)
  return error as InforiverMailError
}

describe('send', () => {
  it('repeats under one idempotency key what was lost, limited or unavailable', async () => {
    const mail = await serve(breakOff, problem(429, 'rate-limited'), problem(503, 'unavailable'), json(202, STORED))

    expect(await mail.send(MAIL)).toEqual(STORED)

    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(4).fill('POST /mail/api/v1/messages'))
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1)
    expect(seen[0]?.key).toMatch(/^[\x21-\x7e]{1,255}$/)
  })

  it('has a new key for each call, unless it is given one', async () => {
    const mail = await serve(json(202, STORED))

    await mail.send(MAIL)
    await mail.send(MAIL)
    await mail.send(MAIL, { idempotencyKey: 'mine' })

    expect(new Set(seen.map(({ key }) => key)).size).toBe(3)
    expect(seen[2]?.key).toBe('mine')
  })

  it('rejects at once with code, status, faults and request id where repeating cannot help', async () => {
    const errors = [{ path: 'to[0]', message: 'Not allowed.' }]
    const mail = await serve(problem(422, 'recipient-not-allowed', { errors }))

    const { code, status, requestId, errors: listed, message } = await failureOf(mail.send(MAIL))

    expect({ code, status, requestId, listed, message }).toEqual({
      code: 'recipient-not-allowed',
      status: 422,
      requestId: 'req_1',
      listed: errors,
      message: 'It is recipient-not-allowed.',
    })
    expect(seen).toHaveLength(1)
  })

  it('repeats four times unless told otherwise, and reports the last failure', async () => {
    const mail = await serve(problem(503, 'unavailable'))

    expect(await failureOf(mail.send(MAIL))).toMatchObject({ code: 'unavailable', status: 503 })
    expect(seen).toHaveLength(5)
  })

  it('reports network where no answer comes at all', async () => {
    const mail = new InforiverMail({ baseUrl: 'http://127.0.0.1:1', serviceKey: 'imk_key', retries: 0 })

    expect(await failureOf(mail.send(MAIL))).toMatchObject({ code: 'network', status: null })
  })

  it('does not repeat a stream that it has begun to read, and says so by its failure', async () => {
    const mail = await serve(problem(503, 'unavailable'), json(202, STORED))
    const attachments = [{ filename: 'a.txt', content: Readable.from([Buffer.from('once')]) }]

    expect(await failureOf(mail.send({ ...MAIL, attachments }))).toMatchObject({ code: 'unavailable', status: 503 })
    expect(seen).toHaveLength(1)
  })

  it('writes files that are in memory into the JSON, and others as parts', async () => {
    const mail = await serve(json(202, STORED))
    await mail.send({ ...MAIL, attachments: [{ filename: 'ü.txt', content: 'Zahlen', contentId: 'n' }] })
    const progress: unknown[] = []
    const attachments = [
      { filename: 'a.bin', content: new Blob(['blob']) },
      { filename: 'b.bin', content: Readable.from([Buffer.from('str'), Buffer.from('eam')]) },
    ]
    await mail.send({ ...MAIL, attachments }, { onProgress: (each) => progress.push(each) })

    const inline = { filename: 'Ã¼.txt', contentId: 'n', content: Buffer.from('Zahlen').toString('base64') }
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ attachments: [inline] })
    expect(seen[1]?.body).toContain('"attachments":[{"part":0,"filename":"a.bin"},{"part":1,"filename":"b.bin"}]')
    expect(seen[1]?.body).toMatch(/\r\n\r\nblob\r\n--.*\r\n\r\nstream\r\n--[^\r]*--\r\n$/s)
    expect(progress.at(-1)).toEqual({ sentBytes: 10, totalBytes: null })
  })

  it('rejects with the fault of onProgress itself, and repeats nothing', async () => {
    const mail = await serve(json(202, STORED))
    const attachments = [{ filename: 'a.bin', content: new Blob(['blob']) }]
    const fault = new TypeError('No progress bar.')
    const onProgress = () => {
      throw fault
    }

    await expect(mail.send({ ...MAIL, attachments }, { onProgress })).rejects.toBe(fault)
    expect(seen).toEqual([])
  })

  it('names the key of a message whose answers were lost, so that sending it again sends it once', async () => {
    const storedUnder = new Set<string | undefined>()
    const storeAndBreakOff: Answer = (request) => {
      storedUnder.add(request.headers['idempotency-key'] as string)
      request.socket.destroy()
    }
    const mail = await serve(storeAndBreakOff, storeAndBreakOff, (request, response) => {
      storedUnder.add(request.headers['idempotency-key'] as string)
      response.writeHead(202).end(JSON.stringify(STORED))
    })
    const attachments = () => [{ filename: 'a.txt', content: Readable.from([Buffer.from('once')]) }]

    const { code, idempotencyKey } = await failureOf(mail.send({ ...MAIL, attachments: attachments() }))
    const again = { idempotencyKey: idempotencyKey ?? '' }
    const second = await failureOf(mail.send({ ...MAIL, attachments: attachments() }, again))
    await mail.send({ ...MAIL, attachments: attachments() }, { idempotencyKey: second.idempotencyKey ?? '' })

    expect(code).toBe('network')
    expect([...storedUnder]).toEqual([idempotencyKey])
  })

  it.each([
    ['an answer', problem(422, 'invalid-input'), 'invalid-input'],
    ['no answer', breakOff, 'network'],
  ])('names the key of a batch that failed by %s', async (_how, answer, code) => {
    const mail = new InforiverMail({ ...(await serverOf(answer)), retries: 0 })

    const failure = await failureOf(mail.sendBatch([MAIL]))

    expect(failure).toMatchObject({ code, idempotencyKey: seen[0]?.key })
    expect(failure.idempotencyKey).toMatch(/./)
  })

  it('names the keys of messages that one signal aborted, and keeps the name of its reason', async () => {
    const controller = new AbortController()
    const mail = await serve(() => seen.length === 2 && controller.abort())
    const { signal } = controller

    const failures = await Promise.all([failureOf(mail.send(MAIL, { signal })), failureOf(mail.send(MAIL, { signal }))])

    for (const { name, code, cause } of failures)
      expect({ name, code, cause }).toEqual({ name: 'AbortError', code: 'aborted', cause: signal.reason })
    expect(new Set(failures.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set(seen.map(({ key }) => key)))
  })

  it('rejects with the reason itself where nothing is submitted', async () => {
    const signal = AbortSignal.abort('enough')
    const mail = await serve(json(200, STORED))

    await expect(mail.get('msg_1', { signal })).rejects.toBe('enough')
    expect(await failureOf(mail.send(MAIL, { signal }))).toMatchObject({ name: 'AbortError', message: 'enough' })
  })

  it('names the attachment that cannot be read', async () => {
    const mail = await serve(json(202, STORED))

    const { code, errors } = await failureOf(mail.send({ ...MAIL, attachments: [{ path: '/no/such/file' }] }))

    expect({ code, path: errors[0]?.path }).toEqual({ code: 'invalid-input', path: 'attachments[0].path' })
    expect(seen).toEqual([])
  })

  it('names every attachment of a batch that is not in memory, and submits nothing', async () => {
    const mail = await serve(json(202, { items: [] }))
    const files = [
      { path: './q3.pdf' },
      { filename: 'a', content: 'text' },
      { filename: 'b', content: new Blob(['b']) },
    ]
    const messages = [MAIL, { ...MAIL, attachments: files }] as BatchMessage[]

    const { code, errors, message } = await failureOf(mail.sendBatch(messages))

    expect({ code, paths: errors.map(({ path }) => path) }).toEqual({
      code: 'invalid-input',
      paths: ['messages[1].attachments[0]', 'messages[1].attachments[2]'],
    })
    expect(message).toBe(
      'messages[1].attachments[0]: A batch takes text and bytes only: read the file first, or submit this message by send.',
    )
    expect(seen).toEqual([])
  })

  it('takes the fault of a stream that breaks before it is read for that of the attachment', async () => {
    const options = await serverOf(json(202, STORED))
    const content = createReadStream('/no/such/file')
    const broken = new Promise<void>((resolve) => content.once('close', () => resolve()))
    const mail = new InforiverMail({
      ...options,
      fetch: async (input, init) => {
        await broken
        return fetch(input, init)
      },
    })

    const failure = await failureOf(mail.send({ ...MAIL, attachments: [{ filename: 'a.txt', content }] }))

    expect(failure).toMatchObject({ code: 'invalid-input', errors: [{ path: 'attachments[0]' }] })
  })

  it.each([
    ['the message is not submitted', []],
    ['another attachment cannot be read', [{ path: '/no/such/file' }]],
  ])('closes the streams that it has not read where %s', async (_, others) => {
    const mail = new InforiverMail({ baseUrl: 'http://127.0.0.1:1', serviceKey: 'imk_key', retries: 0 })
    const content = Readable.from([Buffer.from('unread')])
    const cancelled = vi.fn<() => void>()
    const web = new ReadableStream<Uint8Array>({ cancel: cancelled }, { highWaterMark: 0 })
    const attachments = [{ filename: 'a.txt', content }, { filename: 'b.txt', content: web }, ...others]

    await failureOf(mail.send({ ...MAIL, attachments }))

    expect(content.destroyed).toBe(true)
    expect(cancelled).toHaveBeenCalledOnce()
  })

  it('closes a stream that stands still until the time of the call is over', async () => {
    const mail = new InforiverMail({ ...(await serverOf(json(202, STORED))), timeoutMs: 100 })
    const cancelled = vi.fn<() => void>()
    const pull = () => new Promise<void>(() => {})
    const content = new ReadableStream<Uint8Array>({ pull, cancel: cancelled }, { highWaterMark: 0 })

    const failure = await failureOf(mail.send({ ...MAIL, attachments: [{ filename: 'a.bin', content }] }))

    expect(failure.code).toBe('network')
    expect(cancelled).toHaveBeenCalledOnce()
  })

  it('fails at once with the answer that asks for a wait of more than five minutes', async () => {
    const asked = [json(503, 'Away.', { 'retry-after': '90000' }), problem(503, 'unavailable'), json(202, STORED)]
    const mail = await serve(...asked)

    expect(await failureOf(mail.send(MAIL))).toMatchObject({ code: 'unexpected-answer', status: 503 })
    expect(seen).toHaveLength(1)
  })

  it.each([
    ['5, 5', {}, 5_000],
    ['5, 90', {}, 90_000],
    ['2.5', {}, 2_500],
    [' 7 ', {}, 7_000],
    ['Tue, 24 Nov 2026 10:00:09 GMT', { date: 'Tue, 24 Nov 2026 10:00:00 GMT' }, 9_000],
    ['Tue, 24 Nov 2026 09:00:00 GMT', { date: 'Tue, 24 Nov 2026 10:00:00 GMT' }, 0],
  ])('waits for a Retry-After of %j with %j as long as it says', async (retryAfter, headers, waitMs) => {
    const { mail, calls } = toldToWait(retryAfter, STORED, headers)
    const sending = mail.send(MAIL)

    await vi.advanceTimersByTimeAsync(Math.max(waitMs - 1, 0))
    expect(calls).toHaveLength(waitMs === 0 ? 2 : 1)
    await vi.advanceTimersByTimeAsync(1)

    expect(await sending).toEqual(STORED)
  })

  it.each(['-5', '2026-11-24', 'soon', ''])('decides itself how long to wait for a Retry-After of %j', async (text) => {
    const { mail, calls } = toldToWait(text, STORED)
    const sending = mail.send(MAIL)

    await vi.advanceTimersByTimeAsync(249)
    expect(calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(251)

    expect(await sending).toEqual(STORED)
  })

  it('repeats nothing when the machine slept until the key was old', async () => {
    const { mail, calls } = toldToWait('10', STORED)
    const sending = failureOf(mail.send(MAIL, { idempotencyKey: 'mine' }))

    await vi.advanceTimersByTimeAsync(9_000)
    vi.setSystemTime(Date.now() + 23 * 60 * 60_000)
    await vi.advanceTimersByTimeAsync(1_000)

    expect(await sending).toMatchObject({ code: 'unavailable', status: 503, idempotencyKey: 'mine' })
    expect(calls).toHaveLength(1)
  })

  it('ends with the reason of the signal, also while it waits to repeat', async () => {
    const controller = new AbortController()
    const mail = await serve((_request, response) => {
      response.writeHead(503, { 'retry-after': '300' }).end('{"code":"unavailable"}')
      setImmediate(() => controller.abort(new Error('enough')))
    })

    await expect(mail.send(MAIL, { signal: controller.signal })).rejects.toThrow('enough')
  })
})

describe('cancel', () => {
  it('takes a refusal for a success where an earlier attempt was carried out unanswered', async () => {
    const cancelled = { id: 'msg_1', status: 'cancelled' }
    const mail = await serve(breakOff, problem(409, 'message-not-cancellable'), json(200, cancelled))

    expect(await mail.cancel('msg_1')).toEqual(cancelled)
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
  })
})

describe('list and events', () => {
  it('follows the cursor to the last page', async () => {
    const page = (ids: string[], nextCursor: string | null) =>
      json(200, { items: ids.map((id) => ({ id })), nextCursor })
    const mail = await serve(page(['1', '2'], 'c 2'), page(['3'], null))

    const ids = []
    for await (const { id } of mail.list({ status: 'failed' })) ids.push(id)

    expect(ids).toEqual(['1', '2', '3'])
    expect(seen[1]?.url).toBe('/mail/api/v1/messages?limit=100&status=failed&cursor=c+2')
  })

  it('continues after an outage where it was, and ends quietly when it is aborted', async () => {
    const page = (ids: string[], next: string) => json(200, { items: ids.map((id) => ({ id })), next })
    const mail = await serve(
      page([], 'now'),
      page(['evt_1'], 'n1'),
      breakOff,
      problem(503, 'unavailable'),
      page(['evt_2'], 'n2'),
    )
    const controller = new AbortController()

    const ids = []
    for await (const { id } of mail.events({ types: ['message.sent'], signal: controller.signal })) {
      ids.push(id)
      if (id === 'evt_2') controller.abort()
    }

    expect(ids).toEqual(['evt_1', 'evt_2'])
    const after = seen.map(({ url }) => new URL(url, 'http://x').searchParams.get('after'))
    expect(after).toEqual([null, 'now', 'n1', 'n1', 'n1'])
  })

  it('asks again for events after five minutes, however long it is told to wait', async () => {
    const { mail, calls } = toldToWait('90000', { items: [{ id: 'evt_1' }], next: 'n1' })
    const events = mail.events({ after: '0' })
    const first = events.next()

    await vi.advanceTimersByTimeAsync(5 * 60_000 - 1)
    expect(calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)

    expect(await first).toEqual({ done: false, value: { id: 'evt_1' } })
  })

  it.each(['0', '0, 0', 'Tue, 24 Nov 2026 09:00:00 GMT'])(
    'are not asked for without a pause after a Retry-After of %j',
    async (text) => {
      const { mail, calls } = toldToWait(text, { items: [{ id: 'evt_1' }], next: 'n1' }, { times: 20 })
      const events = mail.events({ after: '0' })
      const first = events.next()

      await vi.advanceTimersByTimeAsync(60_000)
      expect(calls.length).toBeLessThan(12)
      await vi.advanceTimersByTimeAsync(10 * 60_000)

      expect(await first).toEqual({ done: false, value: { id: 'evt_1' } })
    },
  )
})

describe('waitUntilEnded', () => {
  it('resolves once the message has ended, and rejects with timed-out where it does not', async () => {
    const mail = await serve(json(200, STORED), json(200, { id: 'msg_1', status: 'sent' }), json(200, STORED))

    expect(await mail.waitUntilEnded('msg_1')).toMatchObject({ status: 'sent' })
    expect(await failureOf(mail.waitUntilEnded('msg_1', { timeoutMs: 1 }))).toMatchObject({ code: 'timed-out' })
  })
})

describe('a time limit beyond that of a timer', () => {
  const DAY_MS = 24 * 60 * 60_000
  const LONG_MS = 30 * DAY_MS // a timer takes 24.8 days

  it.each([LONG_MS, Number.POSITIVE_INFINITY])('of a request of %d ms does not end it at once', async (timeoutMs) => {
    useFakeTime()
    const fetch = vi.fn<typeof globalThis.fetch>(async (_input, init) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      init?.signal?.throwIfAborted()
      return Response.json(STORED)
    })
    const mail = new InforiverMail({ baseUrl: 'https://mail.contoso.com', serviceKey: 'imk_key', fetch, timeoutMs })
    const found = mail.get('msg_1')

    await vi.advanceTimersByTimeAsync(1_000)

    expect(await found).toEqual(STORED)
    expect(fetch).toHaveBeenCalledOnce()
  })

  it('of waitUntilEnded is kept', async () => {
    useFakeTime()
    let looks = 0
    const fetch = async (_input: unknown, init?: RequestInit) => {
      looks++
      // From the second look on it is not answered, so that the days pass quickly.
      return looks === 1 ? Response.json(STORED) : untilAborted(init?.signal)
    }
    const options = { baseUrl: 'https://mail.contoso.com', serviceKey: 'imk_key', timeoutMs: LONG_MS }
    const ended = vi.fn<() => void>()
    const failure = failureOf(
      new InforiverMail({ ...options, fetch }).waitUntilEnded('msg_1', { timeoutMs: 2 * LONG_MS }),
    )
    void failure.then(() => ended())

    await vi.advanceTimersByTimeAsync(2 * LONG_MS - 1)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)

    expect(await failure).toMatchObject({ code: 'timed-out' })
  })
})

function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
}

describe('verifyWebhook', () => {
  const secret = `whsec_${Buffer.from('a secret of some length').toString('base64')}`
  const body = '{"type":"message.sent","timestamp":"2026-11-24T10:00:00.000Z","data":{"id":"evt_1"}}'
  const now = new Date('2026-11-24T10:00:00Z')
  const signedAt = (timestamp: number) => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,AAAA v1,${createHmac('sha256', 'a secret of some length').update(`evt_1.${timestamp}.${body}`).digest('base64')}`,
  })
  const headers = signedAt(now.getTime() / 1_000)

  it.each([
    ['an object', headers],
    ['a Headers', new Headers(headers)],
    [
      'names in any case',
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]])),
    ],
  ])('returns the body with headers of %s', (_kind, given) => {
    expect(verifyWebhook({ headers: given, body, secret, now })).toMatchObject({ type: 'message.sent' })
    expect(verifyWebhook({ headers: given, body: Buffer.from(body), secret, now }).data).toEqual({ id: 'evt_1' })
  })

  it.each([
    ['another body', { body: `${body} ` }],
    ['another secret', { secret: 'whsec_AAAA' }],
    ['no secret', { secret: '' }],
    ['a secret that is not set', { secret: undefined as unknown as string }],
    ['no headers', { headers: {} }],
    ['an old signature', { headers: signedAt(now.getTime() / 1_000 - 301) }],
    ['a signature of the future', { headers: signedAt(now.getTime() / 1_000 + 301) }],
    ['a body that is parsed already', { body: JSON.parse(body) as string }],
  ])('refuses %s', (_what, changes) => {
    expect(() => verifyWebhook({ headers, body, secret, now, ...changes })).toThrow(
      expect.objectContaining({ code: 'invalid-signature' }),
    )
  })
})
