import { describe, expect, it } from 'vitest'
import { answering, token } from '../test-support/mailer.ts'
import { describeContent, mimeContent, readContent, toOutgoing, writeContent } from './message-content.ts'
import { mimeMessageId, ownMessageId, toMimeMessage, type MimeMessage } from './mime-message.ts'

const ID = `msg_${'1'.repeat(32)}`
const SIGNED_PART =
  'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nZahlen f\xfcr Q3 \r\n.\r\n\r\n'
const SIGNED_BODY = `--b\r\n${SIGNED_PART}\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB\r\n--b--\r\n`
const SIGNED =
  'Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg=sha-256; boundary=b\r\n'

describe('toMimeMessage', () => {
  it('makes the envelope of its header, whatever recipients the source names', () => {
    const written = write(
      'To: everybody@contoso.com\r\nCc: x@contoso.com\r\nBcc: y@contoso.com\r\nResent-To: z@contoso.com\r\n',
      {
        to: [
          { address: 'cfo@contoso.com', name: 'Curt "C" Fisher' },
          { address: 'jürgen@müller.example', name: 'Jürgen' },
        ],
        bcc: [{ address: 'audit@contoso.com' }],
      },
    )
    expect(written.header).toContain(
      'To: "Curt \\"C\\" Fisher" <cfo@contoso.com>,\r\n =?utf-8?B?SsO8cmdlbg==?= <jürgen@xn--mller-kva.example>\r\n',
    )
    expect(written.header).toContain('Bcc: audit@contoso.com\r\n')
    expect(written.header).not.toMatch(/Cc: x|everybody|resent/i)
    expect(written.header.match(/^bcc:/gim)).toHaveLength(1)
  })

  it.each([
    ['a name with an @', 'scanner@floor 2', '"scanner@floor 2" <reports@contoso.com>'],
    ['no name', null, 'reports@contoso.com'],
    ['line breaks in the name', 'a\r\nBcc: thief@example.com', '"a Bcc: thief@example.com" <reports@contoso.com>'],
  ])('is from the sender alone: %s', (_what, fromName, expected) => {
    const { header } = write('From: other@example.com\r\nSender: third@example.com\r\n', { fromName })
    expect(header).toContain(`From: ${expected}\r\n`)
    expect(header).not.toMatch(/other@|third@|^bcc/im)
  })

  it('leaves out how the source travelled, its signature by domain, and our own headers', () => {
    const dropped = [
      'Received: a\r\n\tb',
      'Return-Path: <a@b.example>',
      'DKIM-Signature: v=1',
      'ARC-Seal: i=1',
      'Delivered-To: c',
      'X-Inforiver-Priority: high',
      'X-MS-Exchange-Organization-SCL: -1',
      'x-inforivermail-message-id: msg_forged',
      'no field at all',
    ]
    const { header } = write(`${dropped.join('\r\n')}\r\nX-Report: 42\r\nReferences: <1@b.example>\r\n`)
    expect(header).not.toMatch(/received|return-path|dkim|arc-|delivered|x-inforiver-|x-ms|forged|no field/i)
    expect(header).toContain('X-Report: 42\r\nReferences: <1@b.example>\r\n')
    expect(header).toContain(`x-inforivermail-message-id: ${ID}\r\n`)
  })

  it('adds date, Message-ID and MIME version to a source that has none', () => {
    const { header } = write('')
    expect(header).toContain('Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n')
    expect(header).toContain(`Message-ID: <${ID}@contoso.com>\r\n`)
    expect(header).toContain('MIME-Version: 1.0\r\n')
  })

  it('keeps the first date and a well-formed Message-ID, and replaces any other', () => {
    const { header } = write(
      'Date: Mon, 1 Jan 2024 00:00:00 +0100\r\nDate: never\r\nMessage-Id:\r\n <q3@example.com>\r\n',
    )
    expect(header).toContain('Message-ID: <q3@example.com>\r\n')
    expect(header.match(/^date: .*/gim)).toEqual(['Date: Mon, 1 Jan 2024 00:00:00 +0100'])
    for (const malformed of ['q3@example.com', '<q3 x@example.com>', '<q3>', `<${'q'.repeat(600)}@example.com>`])
      expect(mimeMessageId(Buffer.from(`Message-ID: ${malformed}\r\n\r\n`), about)).toBe(`<${ID}@contoso.com>`)
  })

  it.each(['Q3', '[for a@b.example +2] Q3'])('writes the plain subject %s as it is', (subject) => {
    const { header } = write('Subject: as it was\r\nSubject: twice\r\n', { subject })
    expect(header.match(/^subject: .*/gim)).toEqual([`Subject: ${subject}`])
  })

  it.each([
    'Zahlen für Q3 📈, und zwar alle, die wir bis gestern Abend bekommen haben',
    '=?utf-8?B?Zm9yZ2Vk?=',
    'Q'.repeat(998),
  ])('writes the subject %s in encoded words of at most 75 characters', (subject) => {
    const value = /^Subject: (.*(?:\r\n .*)*)/m.exec(write('', { subject }).header)?.[1] ?? ''
    expect(decodeWords(value)).toBe(subject)
    expect(Math.max(...value.split('\r\n ').map(({ length }) => length))).toBeLessThanOrEqual(75)
  })

  it('keeps Reply-To unless the message has one', () => {
    expect(write('Reply-To: a@b.example\r\n').header).toContain('Reply-To: a@b.example\r\n')
    const { header } = write('Reply-To: a@b.example\r\n', { replyTo: [{ address: 'c@d.example' }] })
    expect(header.match(/^reply-to: .*/gim)).toEqual(['Reply-To: c@d.example'])
  })

  it('keeps every byte that a signature covers, and the type that says so', () => {
    const written = write(SIGNED, {}, SIGNED_BODY)
    expect(written.header).toContain(SIGNED)
    expect(written.body).toBe(SIGNED_BODY)
  })

  it('makes every line end CRLF, so that a part signed with other line ends verifies', () => {
    const written = write(SIGNED.replaceAll('\r\n', '\n'), {}, SIGNED_BODY.replaceAll('\r\n', '\n'), '\n')
    expect(written).toMatchObject({ body: SIGNED_BODY, header: expect.stringContaining(SIGNED) })
    expect(write('', {}, 'a\rb').body).toBe('a\r\nb')
  })

  it('takes a source without a header, or without a body', () => {
    expect(toText(toMimeMessage(outgoing(Buffer.from('\r\nbody'), {}))).endsWith('\r\n\r\nbody')).toBe(true)
    expect(toText(toMimeMessage(outgoing(Buffer.from('X-A: 1'), {}))).endsWith('X-A: 1\r\n\r\n')).toBe(true)
  })
})

describe('the Message-ID made of our id', () => {
  it.each([
    ['ada@contoso.com', 'contoso.com'],
    ['ada@Contoso.com', 'contoso.com'],
    ['ada@müller.example', 'xn--mller-kva.example'],
    ['"a@b"@mail.2contoso.com', 'mail.2contoso.com'],
    ['ada@1.2', '1.0.0.2'],
    ['ada@not a domain', 'not a domain'],
  ])('has the domain of %s in ASCII: %s', (address, domain) => {
    expect(ownMessageId(ID, address)).toBe(`<${ID}@${domain}>`)
  })
})

describe('the content of a MIME message', () => {
  const source = Buffer.from(`${SIGNED}\r\n${SIGNED_BODY}`, 'latin1')
  const content = contentOf(source, {})

  it('is read as it was written', () => {
    expect(readContent(writeContent(content))).toEqual(content)
  })

  it('is another one when a byte of it differs', () => {
    const changed = contentOf(Buffer.concat([source, Buffer.from(' ')]), {})
    expect(describeContent(changed)).not.toBe(describeContent(content))
    expect(describeContent(content)).toBe(describeContent(contentOf(Buffer.from(source), {})))
  })
})

describe('a MIME message on its way', () => {
  const message = outgoing(Buffer.from(`${SIGNED}\r\n${SIGNED_BODY}`, 'latin1'), {})

  it.each([
    ['send', '/v1.0/me/sendMail', 202],
    ['createDraft', '/v1.0/me/messages', 201],
  ] as const)('is handed over by %s as base64 and nothing else', async (call, path, status) => {
    const { mailer, requests } = await answering(status, { id: 'draft' })
    await mailer[call](message, token)
    expect(requests).toMatchObject([{ url: path, headers: { 'content-type': 'text/plain' } }])
    expect(Buffer.from(requests[0]?.body.toString() ?? '', 'base64')).toEqual(toMimeMessage(message))
  })

  it.each([
    ['send', 200, 'unknown'],
    ['send', 413, 'refused'],
    ['createDraft', 200, 'unknown'],
  ] as const)('is not taken for sent when %s is answered with %i', async (call, status, outcome) => {
    const { mailer } = await answering(status)
    expect(await mailer[call](message, token)).toMatchObject({ outcome })
  })
})

type Changes = Partial<Pick<MimeMessage, 'to' | 'cc' | 'bcc' | 'replyTo' | 'subject'>> & { fromName?: string | null }

const about = { id: ID, from: { address: 'reports@contoso.com' } }

function contentOf(source: Buffer, { fromName = null, ...envelope }: Changes) {
  const nobody = { to: [], cc: [], bcc: [], replyTo: [], subject: 'Q3', importance: 'normal' } as const
  return mimeContent({ ...nobody, ...envelope }, { source, fromName, attachments: [] })
}

function outgoing(source: Buffer, changes: Changes): MimeMessage {
  const createdAt = new Date('2026-11-24T10:00:00Z')
  return toOutgoing(contentOf(source, changes), { ...about, attachments: [], createdAt }) as MimeMessage
}

function write(header: string, changes: Changes = {}, body = '', lineEnd = '\r\n') {
  const written = toText(toMimeMessage(outgoing(Buffer.from(`${header}${lineEnd}${body}`, 'latin1'), changes)))
  const end = written.indexOf('\r\n\r\n') + 2
  return { header: Buffer.from(written.slice(0, end), 'latin1').toString(), body: written.slice(end + 2) }
}

function toText(bytes: Buffer): string {
  return bytes.toString('latin1')
}

function decodeWords(value: string): string {
  const words = value.split('\r\n ').map((word) => /^=\?utf-8\?B\?(.*)\?=$/.exec(word)?.[1] ?? '')
  return words.map((word) => Buffer.from(word, 'base64').toString()).join('')
}
