import { beforeEach, describe, expect, it } from 'vitest'
import { type Answer, answerOf, type Simulated, simulate } from '../test-support/simulated.ts'

const CALENDAR = ['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'END:VCALENDAR', ''].join('\r\n')
const HEADER = {
  From: '"Ada" <ada@contoso.com>',
  To: 'max@contoso.com',
  Bcc: 'grace@contoso.com',
  Subject: '=?utf-8?B?RsO8ciBRMw==?=',
  'Message-ID': '<q3+1=a@contoso.com>',
  'Auto-Submitted': 'auto-generated',
  'X-Report': '42',
  'Content-Type': 'text/calendar; method=REQUEST; charset=utf-8',
}

let simulated: Simulated
let token: string
beforeEach(async () => {
  simulated = await simulate()
  token = (await simulated.signIn('ada')).access_token
})

describe('sendMail with MIME', () => {
  it('takes the envelope from the header, and shows recipients no Bcc', async () => {
    expect(await post('/me/sendMail', mime())).toMatchObject({ status: 202, text: '' })
    expect(await simulated.messages('max@contoso.com')).toMatchObject([
      {
        subject: 'Für Q3',
        internetMessageId: HEADER['Message-ID'],
        bcc: [],
        headers: [{ name: 'X-Report', value: '42' }],
        mime: { kind: 'Calendar REQUEST' },
      },
    ])
    expect(await sourceOf('max@contoso.com', 'inbox')).toBe(mime({ Bcc: null }))
    expect(await simulated.messages('grace@contoso.com')).toHaveLength(1)
    expect(await sourceOf('ada@contoso.com', 'sentItems')).toBe(mime())
  })

  it.each([
    ['nothing', ''],
    ['no base64', 'From: ada@contoso.com'],
    ['base64 as a JSON string', JSON.stringify(Buffer.from('x').toString('base64'))],
  ])('refuses %s', async (_what, body) => {
    expect(await postRaw('/me/sendMail', body)).toMatchObject({
      status: 400,
      code: 'ErrorMimeContentInvalidBase64String',
    })
  })

  it.each<[string, Parameters<typeof mime>[0], number, string]>([
    ['no recipients', { To: null, Bcc: null }, 400, 'ErrorInvalidRecipients'],
    ['no From', { From: null }, 403, 'ErrorSendAsDenied'],
    ['an unquoted @ in the name', { From: 'scanner@floor <ada@contoso.com>' }, 403, 'ErrorSendAsDenied'],
    ['two From', { From: 'ada@contoso.com\r\nFrom: max@contoso.com' }, 403, 'ErrorSendAsDenied'],
    ['a From that Ada may not send as', { From: 'max@contoso.com' }, 403, 'ErrorSendAsDenied'],
    ['bare line feeds', { 'X-A': 'a\n b' }, 400, 'ErrorMimeContentInvalid'],
  ])('refuses %s', async (_what, changes, status, code) => {
    expect(await post('/me/sendMail', mime(changes))).toMatchObject({ status, code })
  })
})

function mime(changes: Record<string, string | null> = {}, body = CALENDAR): string {
  const fields = Object.entries({ ...HEADER, ...changes }).filter(([, value]) => value !== null)
  return `${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}

function post(path: string, text: string, headers: Record<string, string> = {}): Promise<Answer> {
  return postRaw(path, encode(text), headers)
}

async function postRaw(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { authorization: `Bearer ${token}`, 'content-type': 'text/plain', ...headers }
  return answerOf(await fetch(`${simulated.url}/v1.0${path}`, { method: 'POST', headers: all, body }))
}

async function sourceOf(address: string, folder: 'inbox' | 'sentItems'): Promise<string> {
  const [message] = await simulated.messages(address, folder)
  return (await fetch(`${simulated.url}/mailboxes/${address}/messages/${message?.id}/source`)).text()
}
