import { describe, expect, it } from 'vitest'
import { message, useMicrosoft } from '../test-support/mail.ts'
import { answering, mailerAt, token } from '../test-support/mailer.ts'
import { serve } from '../test-support/servers.ts'
import type { CallOptions } from './graph-mailer.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

const microsoft = useMicrosoft()
let ada: CallOptions

describe('createDraft', () => {
  it('puts the message with its id as an extended property into Drafts, and sends nothing', async () => {
    ada = await microsoft.asAda()
    const attachments = [{ filename: 'q3.txt', contentType: 'text/plain', content: Buffer.from('Q3'), contentId: null }]
    await microsoft.mailer.createDraft({ ...message, headers: { 'x-report-id': '42' }, attachments }, ada)
    expect(await microsoft.messagesIn('ada@contoso.com', 'drafts')).toMatchObject([
      {
        subject: message.subject,
        to: [{ address: 'max@contoso.com' }],
        headers: [{ name: 'x-report-id', value: '42' }],
        attachments: [{ name: 'q3.txt', sizeBytes: 2 }],
        extendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
      },
    ])
    expect(await microsoft.messagesIn('max@contoso.com', 'inbox')).toEqual([])
  })

  it.each([
    [201, '<html>'],
    [201, '{}'],
    [201, '{"id":""}'],
    [202, '{"id":"a"}'],
  ])('is unknown when HTTP %i with %j names no draft', async (status, body) => {
    const { mailer } = await answering(status, body)
    expect(await mailer.createDraft(message, token)).toMatchObject({ outcome: 'unknown' })
  })
})

describe('attachFile', () => {
  it('adds files to a draft, including an empty one and an inline image', async () => {
    const pdf = { filename: 'Übersicht "Q3".pdf', contentType: 'application/pdf', contentId: null }
    const logo = { filename: 'logo.png', contentType: 'image/png', contentId: 'logo' }
    const draftId = await draftOfAda()
    const content = Buffer.from('The content of Q3').subarray(4)
    expect(await microsoft.mailer.attachFile(draftId, { ...pdf, content }, ada)).toEqual({
      outcome: 'attached',
      isConfirmed: true,
    })
    await microsoft.mailer.attachFile(draftId, { ...pdf, content: Buffer.alloc(0) }, ada)
    await microsoft.mailer.attachFile(draftId, { ...logo, content: Buffer.from('png') }, ada)
    const attachments = [
      { name: pdf.filename, contentType: pdf.contentType, sizeBytes: content.length, isInline: false },
      { name: pdf.filename, sizeBytes: 0 },
      { name: 'logo.png', sizeBytes: 3, isInline: true, contentId: 'logo' },
    ]
    expect(await microsoft.messagesIn('ada@contoso.com', 'drafts')).toMatchObject([{ attachments }])
  })
})

describe('sendDraft', () => {
  it('sends the draft unchanged', async () => {
    await microsoft.mailer.sendDraft(await draftOfAda(), ada)
    expect(await microsoft.messagesIn('max@contoso.com', 'inbox')).toMatchObject([
      {
        subject: message.subject,
        from: { address: 'ada@contoso.com' },
        body: { contentType: 'html', content: message.html },
        extendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
      },
    ])
  })

  it('is gone once the draft was deleted for good', async () => {
    const draftId = await draftOfAda()
    await microsoft.mailer.deleteForGood(draftId, ada)
    expect(await microsoft.mailer.sendDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('is unknown when the draft was sent before', async () => {
    const draftId = await draftOfAda()
    await microsoft.mailer.sendDraft(draftId, ada)
    expect(await microsoft.mailer.sendDraft(draftId, ada)).toMatchObject({
      outcome: 'unknown',
      microsoftCode: 'ErrorInvalidOperation',
    })
  })
})

describe('readDraft', () => {
  it('finds the sent message by the id of the draft', async () => {
    const draftId = await draftOfAda()
    await microsoft.mailer.sendDraft(draftId, ada)
    expect(await microsoft.mailer.readDraft(draftId, ada)).toEqual({ outcome: 'sent' })
  })

  it('is refused for an id that is not immutable', async () => {
    await draftOfAda()
    const regularId = await regularIdOfDraft()
    expect(await microsoft.mailer.readDraft(regularId, ada)).toMatchObject({
      outcome: 'refused',
      microsoftCode: 'ErrorInvalidIdMalformed',
    })
  })
})

describe('deleteDraft', () => {
  it('deletes a draft for good', async () => {
    const draftId = await draftOfAda()
    expect(await microsoft.mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await microsoft.mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('deletes for good a draft that a person moved to Deleted Items', async () => {
    const draftId = await draftOfAda()
    await throwAway(draftId)
    expect(await microsoft.mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await microsoft.mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('leaves a sent copy alone', async () => {
    const draftId = await draftOfAda()
    await microsoft.mailer.sendDraft(draftId, ada)
    expect(await microsoft.mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'sent' })
    expect(await microsoft.messagesIn('ada@contoso.com', 'sentItems')).toHaveLength(1)
  })

  it('deletes nothing unless it knows that it is a draft', async () => {
    const { mailer, requests } = await answering(503)
    expect(await mailer.deleteDraft('a', token)).toMatchObject({ outcome: 'unavailable' })
    expect(requests).toMatchObject([{ method: 'GET' }])
  })
})

describe('deleteForGood', () => {
  it('deletes a sent copy for good', async () => {
    const draftId = await draftOfAda()
    await microsoft.mailer.sendDraft(draftId, ada)
    expect(await microsoft.mailer.deleteForGood(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await microsoft.mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('is unavailable while the message may still be in Deleted Items', async () => {
    const answers = [204, 503]
    const origin = await serve((_request, response) => response.writeHead(answers.shift() ?? 500).end())
    expect(await mailerAt(origin).deleteForGood('a', token)).toMatchObject({ outcome: 'unavailable' })
  })
})

async function draftOfAda(): Promise<string> {
  ada = await microsoft.asAda()
  return (await microsoft.draftOf(ada)).draftId
}

/** Deletes a message as a person does, which moves it to Deleted Items. */
async function throwAway(draftId: string): Promise<void> {
  const headers = { authorization: `Bearer ${ada.accessToken}`, prefer: 'IdType="ImmutableId"' }
  const url = `${microsoft.url}/v1.0/me/messages/${encodeURIComponent(draftId)}`
  const { status } = await fetch(url, { method: 'DELETE', headers })
  if (status !== 204) throw new Error(`It was HTTP ${status}.`)
}

/** The id that Graph returns unless immutable ids are asked for. */
async function regularIdOfDraft(): Promise<string> {
  const headers = { authorization: `Bearer ${ada.accessToken}` }
  const response = await fetch(`${microsoft.url}/v1.0/me/mailFolders/drafts/messages`, { headers })
  const { value } = JSON.parse(await response.text()) as { value: { id: string }[] }
  return value[0]?.id ?? ''
}
