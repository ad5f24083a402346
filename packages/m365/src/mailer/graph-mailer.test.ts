import { describe, expect, it } from 'vitest'
import { createMicrosoftFetch } from '../microsoft-fetch.ts'
import { serve } from '../test-support/servers.ts'
import { message, useMicrosoft } from '../test-support/mail.ts'
import { answering, mailerAt } from '../test-support/mailer.ts'
import { ADA, GIL_THE_GUEST } from '../test-support/sign-in.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

const microsoft = useMicrosoft()

describe('readDelegate', () => {
  it('returns id, name and every address, the primary one first', async () => {
    expect(await readDelegate(ADA)).toEqual({
      outcome: 'found',
      delegate: {
        objectId: ADA,
        name: 'Ada Admin',
        addresses: ['ada@contoso.com', 'ada.admin@contoso.com'],
        guest: false,
      },
    })
  })

  it('recognises a guest, whose sign-in name is no address', async () => {
    expect(await readDelegate(GIL_THE_GUEST)).toMatchObject({
      delegate: { guest: true, addresses: ['gil@fabrikam.com'] },
    })
  })

  it.each([
    [{ mail: null, proxyAddresses: [], userPrincipalName: 'nora@contoso.com' }, ['nora@contoso.com']],
    [{ mail: null, proxyAddresses: null, userPrincipalName: 'nora#EXT#@contoso.com' }, []],
    [
      {
        mail: 'A@contoso.com',
        proxyAddresses: ['smtp:b@contoso.com', 'SIP:a@contoso.com', 'X500:/o=x', 'SMTP:a@contoso.com', 7],
      },
      ['A@contoso.com', 'b@contoso.com'],
    ],
    [{ proxyAddresses: ['smtp:b@contoso.com', 'SMTP:a@contoso.com'] }, ['a@contoso.com', 'b@contoso.com']],
  ])('reads the addresses of %j', async (user, addresses) => {
    const { mailer } = await answering(200, { id: 'oid', ...user })
    expect(await mailer.readDelegate('token')).toMatchObject({ outcome: 'found', delegate: { addresses } })
  })
})

describe('send', () => {
  it('delivers the message, with its id as an extended property', async () => {
    const sent = await microsoft.mailer.send(
      { ...message, headers: { 'x-report-id': '42' }, importance: 'high', replyTo: [{ address: 'reply@contoso.com' }] },
      await microsoft.asAda(),
    )
    expect(sent).toEqual({ outcome: 'sent', retryAfter: null, requestId: expect.any(String) })
    const [arrived] = await microsoft.messagesIn('max@contoso.com', 'inbox')
    expect(arrived).toMatchObject({
      subject: 'Größe 📈',
      from: { address: 'ada@contoso.com' },
      replyTo: [{ address: 'reply@contoso.com' }],
      body: { contentType: 'html', content: '<p>Hello</p>' },
      importance: 'high',
      headers: [{ name: 'x-report-id', value: '42' }],
      extendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
    })
  })

  it('keeps no copy in Sent Items when the message asks for none', async () => {
    await microsoft.mailer.send({ ...message, saveToSentItems: false }, await microsoft.asAda())
    expect(await microsoft.messagesIn('ada@contoso.com', 'sentItems')).toEqual([])
  })

  it.each([
    ['send-429', 'throttled'],
    ['send-503-retry-after', 'unavailable'],
    ['send-reset-before', 'unknown'],
  ])('makes one request, whatever comes of it: %s is %s', async (name, outcome) => {
    const ada = await microsoft.asAda()
    await microsoft.control('POST', '/scenarios', { name, times: 'always' })
    const before = await sendMailCalls()
    expect(await microsoft.mailer.send(message, ada)).toMatchObject({ outcome })
    await expect.poll(async () => (await sendMailCalls()) - before).toBe(1)
  })

  it('reports the pause that a success asks for', async () => {
    await microsoft.control('POST', '/scenarios', { name: 'send-accepted-with-retry-after' })
    expect(await microsoft.mailer.send(message, await microsoft.asAda())).toMatchObject({
      retryAfter: new Date('2026-11-24T10:00:02.000Z'),
    })
  })

  it('accepts a 202 whose body breaks off', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(202, { 'content-length': '100' }).write('half')
      setImmediate(() => response.destroy())
    })
    expect(await mailerAt(origin).send(message, { accessToken: 'token' })).toMatchObject({ outcome: 'sent' })
  })

  it('accepts the status of an answer with an endless body', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(400, { 'request-id': 'request-1' })
      const more = () => void response.write('x'.repeat(65_536), more)
      more()
    })
    expect(await mailerAt(origin, createMicrosoftFetch({})).send(message, { accessToken: 'token' })).toMatchObject({
      outcome: 'refused',
      reason: 'message-refused',
    })
  })
})

async function sendMailCalls(): Promise<number> {
  const { items } = (await microsoft.read('/log')) as { items: { endpoint: string | null }[] }
  return items.filter(({ endpoint }) => endpoint === 'sendMail').length
}

async function readDelegate(oid: string) {
  const { accessToken } = await microsoft.accessOf(oid, ['User.Read'])
  return microsoft.mailer.readDelegate(accessToken)
}
