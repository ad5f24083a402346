import { request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { VisibleMessage } from '../mail/visible-message.ts'
import { ALL_SCOPES, mail, PEOPLE, type PersonName, type Simulated, simulate } from '../test-support/simulated.ts'

const MB = 1024 * 1024
const recipient = (address: string) => ({ emailAddress: { address } })
const from = (address: string) => mail({ from: recipient(address) })

async function messagesOf(simulated: Simulated, address: string, folder?: string): Promise<VisibleMessage[]> {
  const query = folder === undefined ? '' : `?folder=${folder}`
  const response = await simulated.control('GET', `/mailboxes/${address}/messages${query}`)
  return ((await response.json()) as { items: VisibleMessage[] }).items
}

async function send(
  simulated: Simulated,
  person: PersonName,
  body: unknown,
  path = '/me/sendMail',
  scope = ALL_SCOPES,
) {
  const { access_token: token } = await simulated.signIn(person, scope)
  const response = await simulated.sendMail(token, body, path)
  const text = await response.text()
  const code = text === '' ? null : (JSON.parse(text) as { error: { code: string } }).error.code
  return { status: response.status, code, text, headers: response.headers }
}

describe('a message that is accepted', () => {
  it('is answered 202 with an empty body and ids', async () => {
    const simulated = await simulate()
    const answer = await send(simulated, 'ada', mail())
    expect(answer).toMatchObject({ status: 202, text: '' })
    expect(answer.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers.get('content-length')).toBe('0')
  })

  it('arrives whole', async () => {
    const simulated = await simulate()
    await send(
      simulated,
      'ada',
      mail({
        ccRecipients: [recipient('grace@contoso.com')],
        replyTo: [recipient('desk@contoso.com')],
        importance: 'High',
        internetMessageHeaders: [{ name: 'x-report-id', value: '42' }],
        singleValueExtendedProperties: [
          { id: 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name MessageId', value: 'msg_1' },
        ],
        attachments: [
          {
            '@odata.type': '#microsoft.graph.fileAttachment',
            name: 'a.txt',
            contentType: 'text/plain',
            contentBytes: Buffer.from('abc').toString('base64'),
          },
        ],
      }),
    )
    expect(await messagesOf(simulated, 'max@contoso.com')).toMatchObject([
      {
        folder: 'inbox',
        subject: 'Hello',
        body: { contentType: 'html', content: '<p>Hello</p>' },
        from: { address: 'ada@contoso.com', name: 'Ada Admin' },
        cc: [{ address: 'grace@contoso.com' }],
        replyTo: [{ address: 'desk@contoso.com' }],
        importance: 'high',
        headers: [{ name: 'x-report-id', value: '42' }],
        extendedProperties: [{ value: 'msg_1' }],
        attachments: [
          { name: 'a.txt', sizeBytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
        ],
      },
    ])
  })

  it('lies in the sender’s Sent Items, unless that was declined', async () => {
    const simulated = await simulate()
    await send(simulated, 'ada', mail({ subject: 'kept' }))
    await send(simulated, 'ada', { ...mail({ subject: 'not kept' }), saveToSentItems: false })
    await send(simulated, 'ada', { ...mail({ subject: 'not kept either' }), saveToSentItems: 'false' })
    expect(await messagesOf(simulated, 'ada@contoso.com', 'sentItems')).toMatchObject([{ subject: 'kept' }])
  })

  it('hides blind copies from everybody but the sender and the one who got it', async () => {
    const simulated = await simulate()
    await send(simulated, 'ada', mail({ bccRecipients: [recipient('grace@contoso.com')] }))
    expect(await messagesOf(simulated, 'max@contoso.com')).toMatchObject([{ bcc: [] }])
    expect(await messagesOf(simulated, 'grace@contoso.com')).toMatchObject([
      { bcc: [{ address: 'grace@contoso.com' }] },
    ])
    expect(await messagesOf(simulated, 'ada@contoso.com')).toMatchObject([{ bcc: [{ address: 'grace@contoso.com' }] }])
  })

  it('reaches an alias in its owner’s mailbox, once', async () => {
    const simulated = await simulate()
    const toRecipients = [recipient('Ada.Admin@contoso.com'), recipient('ada@contoso.com')]
    await send(simulated, 'max', mail({ toRecipients }))
    expect(await messagesOf(simulated, 'ada@contoso.com')).toHaveLength(1)
  })

  it('can be read at an outside address too', async () => {
    const simulated = await simulate()
    await send(simulated, 'ada', mail({ toRecipients: [recipient('CFO@customer.example')] }))
    expect(await messagesOf(simulated, 'cfo@customer.example')).toHaveLength(1)
  })

  it.each(['nobody@contoso.com', 'nora@contoso.com'])(
    'bounces into the sender’s inbox when %s has no mailbox',
    async (address) => {
      const simulated = await simulate()
      await send(simulated, 'ada', mail({ toRecipients: [recipient(address), recipient('max@contoso.com')] }))
      const bounces = await messagesOf(simulated, 'ada@contoso.com', 'inbox')
      expect(bounces).toMatchObject([
        { subject: 'Undeliverable: Hello', body: { content: expect.stringContaining(address) } },
      ])
      expect(await messagesOf(simulated, 'max@contoso.com')).toHaveLength(1)
    },
  )

  it('may name the action’s parameters in any case', async () => {
    const simulated = await simulate()
    const { message } = mail()
    expect((await send(simulated, 'ada', { Message: message, SaveToSentItems: true })).status).toBe(202)
  })

  it('may be from an alias of one’s own without Mail.Send.Shared, and leaves from the primary address', async () => {
    const simulated = await simulate()
    const answer = await send(simulated, 'ada', from('ada.admin@contoso.com'), '/me/sendMail', 'Mail.Send')
    expect(answer.status).toBe(202)
    expect(await messagesOf(simulated, 'max@contoso.com')).toMatchObject([{ from: { address: 'ada@contoso.com' } }])
  })
})

describe('rights', () => {
  it('Send As: sender and from are the shared mailbox, and the copy lies with the person', async () => {
    const simulated = await simulate()
    expect((await send(simulated, 'ada', from('reports@contoso.com'))).status).toBe(202)
    const address = 'reports@contoso.com'
    expect(await messagesOf(simulated, 'ada@contoso.com')).toMatchObject([
      { folder: 'sentItems', from: { address }, sender: { address } },
    ])
    expect(await messagesOf(simulated, 'reports@contoso.com')).toEqual([])
  })

  it('Send on Behalf: the sender is the person', async () => {
    const simulated = await simulate()
    expect((await send(simulated, 'bob', from('reports@contoso.com'))).status).toBe(202)
    expect(await messagesOf(simulated, 'max@contoso.com')).toMatchObject([
      { from: { address: 'reports@contoso.com' }, sender: { address: 'bob@contoso.com' } },
    ])
  })

  it('Send As a group', async () => {
    const simulated = await simulate()
    expect((await send(simulated, 'ada', from('board@contoso.com'))).status).toBe(202)
  })

  it.each([
    ['a shared mailbox without a right', 'max', 'reports@contoso.com', 403, 'ErrorSendAsDenied'],
    ['a shared mailbox nobody may use', 'ada', 'finance@contoso.com', 403, 'ErrorSendAsDenied'],
    ['another person', 'ada', 'max@contoso.com', 403, 'ErrorSendAsDenied'],
    ['a group without a right', 'bob', 'board@contoso.com', 403, 'ErrorSendAsDenied'],
    ['an address outside', 'ada', 'ceo@customer.example', 403, 'ErrorSendAsDenied'],
    ['an address nobody has', 'ada', 'nobody@contoso.com', 404, 'ErrorNonExistentMailbox'],
  ] as const)('%s is refused', async (_what, person, address, status, code) => {
    const simulated = await simulate()
    expect(await send(simulated, person, from(address))).toMatchObject({ status, code })
    expect(await messagesOf(simulated, 'max@contoso.com')).toEqual([])
  })

  it('can be given and taken at run time', async () => {
    const simulated = await simulate()
    const change = { address: 'finance@contoso.com', person: 'ada@contoso.com' }
    await simulated.control('PUT', '/rights', { ...change, sendAs: true })
    expect((await send(simulated, 'ada', from('finance@contoso.com'))).status).toBe(202)
    await simulated.control('PUT', '/rights', { ...change, sendAs: false })
    expect((await send(simulated, 'ada', from('finance@contoso.com'))).code).toBe('ErrorSendAsDenied')
  })

  it('another sender than from and oneself is refused', async () => {
    const simulated = await simulate()
    const body = mail({ from: recipient('reports@contoso.com'), sender: recipient('max@contoso.com') })
    expect(await send(simulated, 'ada', body)).toMatchObject({ status: 403, code: 'ErrorSendAsDenied' })
  })

  it.each(['nora', 'gil'] as const)('%s, without a mailbox, gets MailboxNotEnabledForRESTAPI', async (person) => {
    const simulated = await simulate()
    expect(await send(simulated, person, mail())).toMatchObject({ status: 404, code: 'MailboxNotEnabledForRESTAPI' })
  })
})

describe('permissions', () => {
  it('without Mail.Send are ErrorAccessDenied', async () => {
    const simulated = await simulate()
    const answer = await send(simulated, 'ada', mail(), '/me/sendMail', 'User.Read Mail.ReadWrite')
    expect(answer).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
  })

  it('without Mail.Send.Shared do not cover another from, right or not', async () => {
    const simulated = await simulate()
    const answer = await send(simulated, 'ada', from('reports@contoso.com'), '/me/sendMail', 'User.Read Mail.Send')
    expect(answer).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
  })
})

describe('another mailbox in the path', () => {
  it('needs Full Access', async () => {
    const simulated = await simulate()
    const answer = await send(simulated, 'ada', mail(), '/users/reports@contoso.com/sendMail')
    expect(answer).toMatchObject({ status: 403, code: 'ErrorAccessDenied' })
  })

  it('needs a sending right besides', async () => {
    const simulated = await simulate()
    await simulated.control('PUT', '/rights', {
      address: 'finance@contoso.com',
      person: 'ada@contoso.com',
      fullAccess: true,
    })
    const answer = await send(simulated, 'ada', mail(), '/users/finance@contoso.com/sendMail')
    expect(answer).toMatchObject({ status: 403, code: 'ErrorSendAsDenied' })
  })

  it('with both, keeps the copy', async () => {
    const simulated = await simulate()
    await simulated.control('PUT', '/rights', {
      address: 'reports@contoso.com',
      person: 'ada@contoso.com',
      fullAccess: true,
    })
    expect((await send(simulated, 'ada', mail(), '/users/reports@contoso.com/sendMail')).status).toBe(202)
    expect(await messagesOf(simulated, 'reports@contoso.com')).toMatchObject([
      { folder: 'sentItems', from: { address: 'reports@contoso.com' } },
    ])
  })

  it('may be one’s own, by id or address', async () => {
    const simulated = await simulate()
    expect((await send(simulated, 'ada', mail(), `/users/${PEOPLE.ada}/sendMail`)).status).toBe(202)
    expect((await send(simulated, 'ada', mail(), '/users/ada@contoso.com/sendMail')).status).toBe(202)
  })

  it.each([
    ['nobody@contoso.com', 404, 'ErrorNonExistentMailbox'],
    ['board@contoso.com', 404, 'ErrorNonExistentMailbox'],
    ['nora@contoso.com', 404, 'MailboxNotEnabledForRESTAPI'],
  ])('%s is refused', async (address, status, code) => {
    const simulated = await simulate()
    expect(await send(simulated, 'ada', mail(), `/users/${address}/sendMail`)).toMatchObject({ status, code })
  })
})

describe('a message that is refused', () => {
  it.each([
    ['an unknown property', mail({ subjekt: 'x' }), 'RequestBodyRead'],
    ['saveToSentItems inside the message', mail({ saveToSentItems: true }), 'RequestBodyRead'],
    ['an unknown parameter', { ...mail(), saveToSent: true }, 'RequestBodyRead'],
    ['a parameter given twice', { ...mail(), Message: {} }, 'RequestBodyRead'],
    ['saveToSentItems that is neither true nor false', { ...mail(), saveToSentItems: 'maybe' }, 'RequestBodyRead'],
    ['no message', {}, 'ErrorInvalidParameter'],
    ['a JSON array', [], 'BadRequest'],
    ['no recipients', mail({ toRecipients: [] }), 'ErrorInvalidRecipients'],
    [
      'a recipient without an address',
      mail({ toRecipients: [{ emailAddress: { name: 'x' } }] }),
      'ErrorInvalidRecipients',
    ],
    ['a recipient that is no address', mail({ toRecipients: [recipient('max')] }), 'ErrorInvalidRecipients'],
    [
      '501 recipients',
      mail({ toRecipients: Array.from({ length: 501 }, (_, n) => recipient(`p${n}@customer.example`)) }),
      'ErrorExceededMaxRecipientLimit',
    ],
    ['an empty list of headers', mail({ internetMessageHeaders: [] }), 'InvalidInternetMessageHeaderCollection'],
    [
      'six headers',
      mail({ internetMessageHeaders: Array.from({ length: 6 }, (_, n) => ({ name: `x-${n}`, value: 'x' })) }),
      'InvalidInternetMessageHeaderCollection',
    ],
    [
      'a header without x-',
      mail({ internetMessageHeaders: [{ name: 'List-Unsubscribe', value: 'x' }] }),
      'InvalidInternetMessageHeader',
    ],
    [
      'a header with a line break',
      mail({ internetMessageHeaders: [{ name: 'x-a', value: 'a\r\nBcc: b' }] }),
      'InvalidInternetMessageHeader',
    ],
    [
      'an extended property without type',
      mail({ singleValueExtendedProperties: [{ id: 'x', value: 'x' }] }),
      'ErrorInvalidExtendedProperty',
    ],
  ])('with %s is 400', async (_what, body, code) => {
    const simulated = await simulate()
    expect(await send(simulated, 'ada', body)).toMatchObject({ status: 400, code })
  })

  it('as malformed JSON is 400 BadRequest', async () => {
    const simulated = await simulate()
    const { access_token: token } = await simulated.signIn('ada')
    const response = await fetch(`${simulated.url}/v1.0/me/sendMail`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"message":',
    })
    expect(response.status).toBe(400)
  })

  it.each([
    ['bad-request', 400, 'BadRequest'],
    ['payload-too-large', 413, 'RequestEntityTooLarge'],
  ])('over 4 MB is answered as set (%s)', async (requestTooLarge, status, code) => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { requestTooLarge })
    const body = mail({ body: { contentType: 'text', content: 'x'.repeat(4 * MB) } })
    expect(await send(simulated, 'ada', body)).toMatchObject({ status, code })
  })

  it('below 4 MB is not too large', async () => {
    const simulated = await simulate()
    const body = mail({ body: { contentType: 'text', content: 'x'.repeat(4 * MB - 500) } })
    expect((await send(simulated, 'ada', body)).status).toBe(202)
  })

  it('over 4,000,000 bytes is too large where 4 MB are set to mean that', async () => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { maxRequestBytes: 4_000_000 })
    const body = (sizeBytes: number) => mail({ body: { contentType: 'text', content: 'x'.repeat(sizeBytes) } })
    const around = JSON.stringify(body(0)).length
    expect(await send(simulated, 'ada', body(4_000_001 - around))).toMatchObject({ status: 400, code: 'BadRequest' })
    expect((await send(simulated, 'ada', body(4_000_000 - around))).status).toBe(202)
  })

  it('over 4 MB is answered with a page where a gateway is set to answer', async () => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { requestTooLarge: 'payload-too-large-html' })
    const { access_token: token } = await simulated.signIn('ada')
    const response = await fetch(`${simulated.url}/v1.0/me/sendMail`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: 'x'.repeat(4 * MB + 1),
    })
    expect({ status: response.status, type: response.headers.get('content-type') }).toMatchObject({
      status: 413,
      type: expect.stringContaining('text/html'),
    })
  })

  it('without Content-Length is 411', async () => {
    const simulated = await simulate()
    const { access_token: token } = await simulated.signIn('ada')
    const status = await new Promise((resolve, reject) => {
      const chunked = httpRequest(
        `${simulated.url}/v1.0/me/sendMail`,
        { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
        (response) => resolve(response.resume().statusCode),
      )
      chunked.on('error', reject)
      chunked.write(JSON.stringify(mail()))
      chunked.end()
    })
    expect(status).toBe(411)
  })

  it.each([
    ['invalid base64', 'not base64!', 'ErrorMimeContentInvalidBase64String'],
    [
      'MIME, which the simulator does not read',
      Buffer.from('Subject: x\r\n\r\nx').toString('base64'),
      'SimulatorNotSupported',
    ],
  ])('as text/plain with %s is 400', async (_what, body, code) => {
    const simulated = await simulate()
    const { access_token: token } = await simulated.signIn('ada')
    const response = await fetch(`${simulated.url}/v1.0/me/sendMail`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body,
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code } })
  })
})

describe('at most four requests at once', () => {
  it('reach a mailbox: a fifth is 429 with Retry-After, and counted', async () => {
    const simulated = await simulate()
    const { access_token: token } = await simulated.signIn('ada')
    const effect = { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 600_000 } }
    await simulated.control('POST', '/scenarios', { effect, times: 'always' })
    const sending = Promise.all(Array.from({ length: 5 }, () => simulated.sendMail(token, mail())))
    const came = async (): Promise<unknown> => (await simulated.control('GET', '/counters')).json()
    await expect.poll(came).toMatchObject({ mailboxes: { 'ada@contoso.com': { requests: 5 } } })
    await simulated.control('DELETE', '/scenarios')
    const answers = await sending
    const throttled = answers.filter(({ status }) => status === 429)
    expect(throttled).toHaveLength(1)
    expect(throttled[0]?.headers.get('retry-after')).toBe('1')
    expect(await throttled[0]?.json()).toMatchObject({ error: { code: 'ApplicationThrottled' } })
    const counters = await (await simulated.control('GET', '/counters')).json()
    expect(counters).toMatchObject({
      mailboxes: {
        'ada@contoso.com': { requests: 5, maxConcurrent: 5, accepted: 4, refusedForConcurrency: 1, inFlight: 0 },
      },
    })
  })

  it('one after the other never count as two', async () => {
    const simulated = await simulate()
    const { access_token: token } = await simulated.signIn('ada')
    for (let sent = 0; sent < 20; sent += 1) await simulated.sendMail(token, mail())
    const counters = await (await simulated.control('GET', '/counters')).json()
    expect(counters).toMatchObject({ mailboxes: { 'ada@contoso.com': { requests: 20, maxConcurrent: 1 } } })
  })
})
