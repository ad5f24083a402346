import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { SIGNED_BODY, submitAsMime } from '../test-support/mime.ts'
import { answer, consent, draftsIn, http, lookUntil, requestsTo } from '../test-support/scenario.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// What Graph's JSON cannot carry goes as MIME. The tests of one grant follow those of the other.

const fixture = useDeliveryFixture()

const SENT_ONCE = { status: 'sent', possibleDuplicate: false }
const READINGS = [
  { mimeMessageId: 'kept', mimeHeaders: 'kept' },
  { mimeMessageId: 'kept', mimeHeaders: 'lost' },
  { mimeMessageId: 'rewritten', mimeHeaders: 'kept' },
]

const set = (settings: object) => fixture.microsoft.control('PATCH', '/settings', settings)

beforeEach(async () => {
  await fixture.calm()
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
    const id = await submitAsMime(fixture, 'Signed', { bcc, header })

    expect(await fixture.service.until(id, SENT_ONCE)).toMatchObject({
      attachments: [{ filename: 'smime.p7s', inline: false }],
      bcc,
      subject: 'Signed',
    })
    const [mail] = await mailsIn(fixture.microsoft, 'Signed')
    expect(mail).toMatchObject({
      from: { address: 'ada@contoso.com' },
      to: [{ address: 'max@contoso.com' }],
      bcc: [],
      internetMessageId: '<1@example.com>',
      mime: { kind: 'S/MIME' },
    })
    expect(await mailsIn(fixture.microsoft, 'Signed', { mailbox: 'grace@contoso.com' })).toHaveLength(1)
    const source = await (
      await fetch(`${fixture.microsoft.url}/mailboxes/max@contoso.com/messages/${mail.id}/source`)
    ).text()
    expect(source.endsWith(`\r\n\r\n${SIGNED_BODY}`)).toBe(true)
    expect(source).toContain('From: "scanner@floor 2" <ada@contoso.com>\r\n')
  })

  it('is looked for by its own ids once the mailbox may be read, whatever Exchange keeps of them', async () => {
    await set({ mimeMessageId: 'kept', mimeHeaders: 'lost' })
    const header = ['Message-ID: <divided@example.com>']
    await fixture.service.until(await submitAsMime(fixture, 'Divided', { header }), SENT_ONCE)
    await fixture.switchOn('send-504')
    const unsent = await submitAsMime(fixture, 'Divided', { header, to: [{ address: 'grace@contoso.com' }] })
    await fixture.service.until(unsent, { attempts: [{ outcome: 'unknown' }] })
    await fixture.switchOn('send-504')
    const repeated = await submitAsMime(fixture, 'Divided', { header })
    await fixture.service.until(repeated, { attempts: [{ outcome: 'unknown' }] })
    const ids: string[] = []
    for (const [index, reading] of READINGS.entries()) {
      await set(reading)
      await fixture.switchOn('send-accepted-but-504')
      const id = await submitAsMime(fixture, `Looked for ${index}`)
      await fixture.service.until(id, { attempts: [{ outcome: 'unknown' }] })
      ids.push(id)
    }
    await consent(fixture.product, 'large-attachments', { enabled: true })

    for (const [index, id] of ids.entries()) {
      await lookUntil(fixture, id, SENT_ONCE)
      expect(await fixture.arrived(`Looked for ${index}`)).toBe(1)
    }
    // The copy of the mail to Max tells nothing about the one to Grace.
    await lookUntil(fixture, unsent, { status: 'sent', possibleDuplicate: true })
    expect(await mailsIn(fixture.microsoft, 'Divided', { mailbox: 'grace@contoso.com' })).toHaveLength(1)
    // Nor does it about another mail to Max.
    await lookUntil(fixture, repeated, { status: 'sent', possibleDuplicate: true })
    expect(await fixture.arrived('Divided')).toBe(2)
  })
})

describe('with Mail.ReadWrite', () => {
  beforeAll(async () => {
    await consent(fixture.product, 'update-sender', { fromEmail: 'ada@contoso.com', largeAttachments: true })
  })

  it('continues with a draft whose answer was lost, and never with that of another message of the same Message-ID', async () => {
    const header = ['Message-ID: <same@example.com>']
    await fixture.switchOn(http('draft-create', answer(504, 'UnknownError', { when: 'after' })), 2)
    const before = await requestsTo(fixture, 'draft-create')
    const ids = [
      await submitAsMime(fixture, 'One of two', { header }),
      await submitAsMime(fixture, 'Two of two', { header }),
    ]
    await fixture.calm()

    for (const id of ids) expect(await fixture.service.read(id)).toMatchObject(SENT_ONCE)
    expect((await requestsTo(fixture, 'draft-create')) - before).toBe(2)
    for (const subject of ['One of two', 'Two of two']) expect(await fixture.arrived(subject)).toBe(1)
  })

  it('is sent although another message of the same Message-ID was sent before, and Exchange kept none of our headers', async () => {
    await set({ mimeHeaders: 'lost' })
    const header = ['Message-ID: <again@example.com>']
    await fixture.service.until(await submitAsMime(fixture, 'Before', { header }), SENT_ONCE)
    await fixture.switchOn(http('draft-create', answer(503, 'ErrorServerBusy')))
    const id = await submitAsMime(fixture, 'Afterwards', { header })
    await fixture.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    await fixture.calm()

    expect(await fixture.service.read(id)).toMatchObject(SENT_ONCE)
    expect(await fixture.arrived('Afterwards')).toBe(1)
  })

  it('is refused, and not sent from the account, where Exchange ignores From', async () => {
    await consent(fixture.product, 'update-sender', { fromEmail: 'reports@contoso.com', largeAttachments: true })
    await set({ mimeFrom: 'ignored' })
    const id = await submitAsMime(fixture, 'From the account')
    expect(await fixture.service.until(id, { status: 'failed' })).toMatchObject({ problem: { code: 'send-as-denied' } })
    expect(await fixture.arrived('From the account')).toBe(0)
    await expect.poll(() => draftsIn(fixture, 'From the account')).toEqual([])

    await set({ mimeFrom: 'enforced' })
    const next = await submitAsMime(fixture, 'From the sender')
    await fixture.service.until(next, SENT_ONCE)
    expect(await mailsIn(fixture.microsoft, 'From the sender')).toMatchObject([
      { from: { address: 'reports@contoso.com' } },
    ])
  })
})
