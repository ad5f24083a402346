import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { systemClock } from '../runtime/clock.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { DAYS, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const { fixture, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, mailbox: {} })

/** Submits a message, and returns its copy in the mailbox that sent it. */
async function sendAndFind(subject: string, changes: object = {}) {
  const { id } = await service.submit({ subject, ...changes })
  expect(await service.untilEnded(id)).toMatchObject({ status: 'sent', problem: null })
  const found = await mailsIn(fixture.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'sentItems' })
  expect(found).toHaveLength(1)
  return found[0]
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

it('delivers every part of a message as submitted', async () => {
  const content = Buffer.from('%PDF-1.7 quarterly figures')
  const sent = await sendAndFind('Everything', {
    to: [{ address: 'max@contoso.com', name: 'Max' }, 'grace@contoso.com'],
    cc: ['bob@contoso.com'],
    bcc: [{ address: 'auditor@audit.example', name: 'Auditor' }],
    replyTo: [{ address: 'desk@inforiver.example', name: 'Report desk' }, 'other@inforiver.example'],
    sendAt: new Date(systemClock().getTime() - 1 * MINUTES).toISOString(), // over by now, so that it leaves at once
    text: undefined,
    html: '<p>Q3 is <b>good</b>.</p>',
    headers: { 'x-report-id': '42', 'X-Run': 'a: b; c' },
    importance: 'high',
    requestReadReceipt: true,
    requestDeliveryReceipt: true,
    attachments: [{ filename: 'q3.pdf', contentType: 'application/pdf', content: content.toString('base64') }],
  })

  expect(sent).toMatchObject({
    from: { address: 'ada@contoso.com' },
    to: [
      { address: 'max@contoso.com', name: 'Max' },
      { address: 'grace@contoso.com', name: expect.any(String) },
    ],
    cc: [{ address: 'bob@contoso.com' }],
    bcc: [{ address: 'auditor@audit.example', name: 'Auditor' }],
    replyTo: [{ address: 'desk@inforiver.example', name: 'Report desk' }, { address: 'other@inforiver.example' }],
    body: { contentType: 'html', content: '<p>Q3 is <b>good</b>.</p>' },
    importance: 'high',
    readReceipt: true,
    deliveryReceipt: true,
    attachments: [
      { name: 'q3.pdf', contentType: 'application/pdf', isInline: false, contentId: null, sha256: sha256(content) },
    ],
  })
  expect(sent.headers).toEqual(
    expect.arrayContaining([
      { name: 'x-report-id', value: '42' },
      { name: 'X-Run', value: 'a: b; c' },
    ]),
  )
})

it('delivers names and addresses in any language', async () => {
  const subject = 'Résultats 第三四半期 – ümläut 📈'
  const to = [
    { address: 'jürgen@müller.example', name: 'Jürgen „Jogi“ Müller' },
    { address: '用户@例子.example', name: '山田 太郎' },
    { address: "o'brien+reports@mail.example", name: 'Ó Briain, Seán' },
  ]
  const sent = await sendAndFind(subject, { to, text: 'Größe: ∑ 🎉' })

  expect(sent).toMatchObject({ subject, to, body: { contentType: 'text', content: 'Größe: ∑ 🎉' } })
})

it('answers a submit with the message as a read returns it', async () => {
  const inDays = (days: number) => new Date(systemClock().getTime() + days * DAYS)
  const elsewhere = (at: Date) => new Date(at.getTime() + 1 * HOURS).toISOString().replace('Z', '+01:00')
  const [sendAt, expiresAt] = [inDays(30), inDays(31)]
  const submitted = await service.submit({
    to: [{ address: 'max@contoso.com', name: 'Max' }, 'grace@contoso.com'],
    cc: ['bob@contoso.com'],
    bcc: ['auditor@audit.example'],
    subject: 'Shape',
    reference: 'schedule 17 – ∆',
    sendAt: elsewhere(sendAt),
    priority: 'high',
    expiresAt: elsewhere(expiresAt),
    requestReadReceipt: true,
    requestDeliveryReceipt: true,
    html: '<img src="cid:logo">',
    attachments: [
      { filename: 'q3.pdf', contentType: 'application/pdf', content: 'YWJj' },
      { filename: 'logo.png', contentType: 'image/png', content: '', contentId: 'logo' },
    ],
  })

  expect(submitted).toEqual({
    id: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
    status: 'scheduled',
    service: 'reports',
    from: 'ada@contoso.com',
    to: [{ address: 'max@contoso.com', name: 'Max' }, { address: 'grace@contoso.com' }],
    cc: [{ address: 'bob@contoso.com' }],
    bcc: [{ address: 'auditor@audit.example' }],
    subject: 'Shape',
    reference: 'schedule 17 – ∆',
    createdAt: expect.any(String),
    sendAt: sendAt.toISOString(),
    priority: 'high',
    expiresAt: expiresAt.toISOString(),
    requestReadReceipt: true,
    requestDeliveryReceipt: true,
    attachments: [
      { filename: 'q3.pdf', contentType: 'application/pdf', sizeBytes: 3, inline: false },
      { filename: 'logo.png', contentType: 'image/png', sizeBytes: 0, inline: true },
    ],
    nextAttemptAt: sendAt.toISOString(),
    waitingBecause: null,
    sentAt: null,
    attempts: [],
    heldBecause: null,
    possibleDuplicate: false,
    progress: null,
    problem: null,
    recipients: [
      ['max@contoso.com', 'to'],
      ['grace@contoso.com', 'to'],
      ['bob@contoso.com', 'cc'],
      ['auditor@audit.example', 'bcc'],
    ].map(([address, kind]) => ({
      address,
      kind,
      delivery: 'unknown',
      code: null,
      explanation: null,
      detail: null,
      at: null,
      source: null,
      certain: true,
      note: null,
    })),
  })
  expect(await service.read(submitted.id)).toEqual(submitted)
})
