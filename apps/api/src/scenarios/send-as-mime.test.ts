import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { SIGNED_BODY, submitAsMime } from '../test-support/mime.ts'
import { answer, consent, copiesIn, draftsIn, http, lookUntil, requestsTo } from '../test-support/scenario.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// What Graph's JSON cannot carry goes as MIME. The tests of one grant follow those of the other.

const ground = useDeliveryGround()

const SENT_ONCE = { status: 'sent', possibleDuplicate: false }
const READINGS = [
  { mimeMessageId: 'kept', mimeHeaders: 'kept' },
  { mimeMessageId: 'kept', mimeHeaders: 'lost' },
  { mimeMessageId: 'rewritten', mimeHeaders: 'kept' },
]

const set = (settings: object) => ground.microsoft.control('PATCH', '/settings', settings)

beforeEach(async () => {
  await ground.calm()
  await set({ mimeMessageId: 'kept', mimeHeaders: 'kept', mimeFrom: 'enforced' })
})

describe('with Mail.Send alone', () => {
  it('arrives in one request, from the sender and to the envelope, with every byte that is signed', async () => {
    const bcc = [{ address: 'grace@contoso.com' }]
    const header = [
      'From: scanner@floor 2 <scanner@example.com>',
      'To: everybody@contoso.com',
      'Message-ID: <1@example.com>',
    ]
    const id = await submitAsMime(ground, 'Signed', { bcc, header })

    expect(await ground.service.until(id, SENT_ONCE)).toMatchObject({
      attachments: [{ filename: 'smime.p7s', inline: false }],
      bcc,
      subject: 'Signed',
    })
    const [mail] = await mailsIn(ground.microsoft, 'Signed')
    expect(mail).toMatchObject({
      from: { address: 'ada@contoso.com' },
      to: [{ address: 'max@contoso.com' }],
      bcc: [],
      internetMessageId: '<1@example.com>',
      mime: { kind: 'S/MIME' },
    })
    expect(await mailsIn(ground.microsoft, 'Signed', { mailbox: 'grace@contoso.com' })).toHaveLength(1)
    const source = await (
      await fetch(`${ground.microsoft.url}/mailboxes/max@contoso.com/messages/${mail.id}/source`)
    ).text()
    expect(source.endsWith(`\r\n\r\n${SIGNED_BODY}`)).toBe(true)
    expect(source).toContain('From: "scanner@floor 2" <ada@contoso.com>\r\n')
  })

  it('is looked for by its own ids once the mailbox may be read, whatever Exchange keeps of them', async () => {
    await set({ mimeMessageId: 'kept', mimeHeaders: 'lost' })
    const header = ['Message-ID: <divided@example.com>']
    await ground.service.until(await submitAsMime(ground, 'Divided', { header }), SENT_ONCE)
    await ground.switchOn('send-504')
    const unsent = await submitAsMime(ground, 'Divided', { header, to: [{ address: 'grace@contoso.com' }] })
    await ground.service.until(unsent, { attempts: [{ outcome: 'unknown' }] })
    await ground.switchOn('send-504')
    const repeated = await submitAsMime(ground, 'Divided', { header })
    await ground.service.until(repeated, { attempts: [{ outcome: 'unknown' }] })
    const ids: string[] = []
    for (const [index, reading] of READINGS.entries()) {
      await set(reading)
      await ground.switchOn('send-accepted-but-504')
      const id = await submitAsMime(ground, `Looked for ${index}`)
      await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
      ids.push(id)
    }
    await consent(ground.product, 'large-attachments', { enabled: true })

    for (const [index, id] of ids.entries()) {
      await lookUntil(ground, id, SENT_ONCE)
      expect(await ground.arrived(`Looked for ${index}`)).toBe(1)
    }
    // The copy of the mail to Max tells nothing about the one to Grace.
    await lookUntil(ground, unsent, { status: 'sent', possibleDuplicate: true })
    expect(await mailsIn(ground.microsoft, 'Divided', { mailbox: 'grace@contoso.com' })).toHaveLength(1)
    // Nor does it about another mail to Max.
    await lookUntil(ground, repeated, { status: 'sent', possibleDuplicate: true })
    expect(await ground.arrived('Divided')).toBe(2)
  })
})

describe('with Mail.ReadWrite', () => {
  beforeAll(async () => {
    await consent(ground.product, 'update-sender', { fromEmail: 'ada@contoso.com', largeAttachments: true })
  })

  it.each(READINGS)('is sent by draft, and found by its id when the answer is lost: %o', async (reading) => {
    await set(reading)
    const subject = `By draft ${Object.values(reading).join(' ')}`
    await ground.switchOn(http('draft-send', answer(504, 'UnknownError', { when: 'after' })))
    const id = await submitAsMime(ground, subject)

    await lookUntil(ground, id, SENT_ONCE)
    expect(await ground.arrived(subject)).toBe(1)
    expect(await copiesIn(ground, subject)).toMatchObject([{ mime: { kind: 'S/MIME' } }])
  })

  it('continues with a draft whose answer was lost, and never with that of another message of the same Message-ID', async () => {
    const header = ['Message-ID: <same@example.com>']
    await ground.switchOn(http('draft-create', answer(504, 'UnknownError', { when: 'after' })), 2)
    const before = await requestsTo(ground, 'draft-create')
    const ids = [
      await submitAsMime(ground, 'One of two', { header }),
      await submitAsMime(ground, 'Two of two', { header }),
    ]
    await ground.calm()

    for (const id of ids) expect(await ground.service.read(id)).toMatchObject(SENT_ONCE)
    expect((await requestsTo(ground, 'draft-create')) - before).toBe(2)
    for (const subject of ['One of two', 'Two of two']) expect(await ground.arrived(subject)).toBe(1)
  })

  it('is sent although another message of the same Message-ID was sent before, and Exchange kept none of our headers', async () => {
    await set({ mimeHeaders: 'lost' })
    const header = ['Message-ID: <again@example.com>']
    await ground.service.until(await submitAsMime(ground, 'Before', { header }), SENT_ONCE)
    await ground.switchOn(http('draft-create', answer(503, 'ErrorServerBusy')))
    const id = await submitAsMime(ground, 'Afterwards', { header })
    await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    await ground.calm()

    expect(await ground.service.read(id)).toMatchObject(SENT_ONCE)
    expect(await ground.arrived('Afterwards')).toBe(1)
  })

  it('is refused, and not sent from the account, where Exchange ignores From', async () => {
    await consent(ground.product, 'update-sender', { fromEmail: 'reports@contoso.com', largeAttachments: true })
    await set({ mimeFrom: 'ignored' })
    const id = await submitAsMime(ground, 'From the account')
    expect(await ground.service.until(id, { status: 'failed' })).toMatchObject({ problem: { code: 'send-as-denied' } })
    expect(await ground.arrived('From the account')).toBe(0)
    await expect.poll(() => draftsIn(ground, 'From the account')).toEqual([])

    await set({ mimeFrom: 'enforced' })
    const next = await submitAsMime(ground, 'From the sender')
    await ground.service.until(next, SENT_ONCE)
    expect(await mailsIn(ground.microsoft, 'From the sender')).toMatchObject([
      { from: { address: 'reports@contoso.com' } },
    ])
  })
})
