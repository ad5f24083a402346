import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accessTokenOf, message } from '../test-support/mail.ts'
import { answering, mailerAt, messagesIn, token } from '../test-support/mailer.ts'
import { serve } from '../test-support/servers.ts'
import { ADA, control, registration } from '../test-support/sign-in.ts'
import type { CallOptions, GraphMailer } from './graph-mailer.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

let simulator: Simulator
let mailer: GraphMailer
let ada: CallOptions

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, registration })
  mailer = mailerAt(simulator.graphBaseUrl)
})
afterAll(() => simulator.close())
afterEach(() => control(simulator.url, 'POST', '/reset'))

describe('createDraft', () => {
  it('puts the message with its id as an extended property into Drafts, and sends nothing', async () => {
    await asAda()
    const attachments = [{ filename: 'q3.txt', contentType: 'text/plain', content: Buffer.from('Q3'), contentId: null }]
    await mailer.createDraft({ ...message, headers: { 'x-report-id': '42' }, attachments }, ada)
    expect(await messagesIn(simulator.url, 'ada@contoso.com', 'drafts')).toMatchObject([
      {
        subject: message.subject,
        to: [{ address: 'max@contoso.com' }],
        headers: [{ name: 'x-report-id', value: '42' }],
        attachments: [{ name: 'q3.txt', sizeBytes: 2 }],
        extendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
      },
    ])
    expect(await messagesIn(simulator.url, 'max@contoso.com', 'inbox')).toEqual([])
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

describe('sendDraft', () => {
  it('sends the draft unchanged', async () => {
    await mailer.sendDraft(await draftOfAda(), ada)
    expect(await messagesIn(simulator.url, 'max@contoso.com', 'inbox')).toMatchObject([
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
    await mailer.deleteForGood(draftId, ada)
    expect(await mailer.sendDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('is unknown when the draft was sent before', async () => {
    const draftId = await draftOfAda()
    await mailer.sendDraft(draftId, ada)
    expect(await mailer.sendDraft(draftId, ada)).toMatchObject({
      outcome: 'unknown',
      microsoftCode: 'ErrorInvalidOperation',
    })
  })
})

describe('readDraft', () => {
  it('finds the sent message by the id of the draft', async () => {
    const draftId = await draftOfAda()
    await mailer.sendDraft(draftId, ada)
    expect(await mailer.readDraft(draftId, ada)).toEqual({ outcome: 'sent' })
  })

  it('is refused for an id that is not immutable', async () => {
    await draftOfAda()
    const regularId = await regularIdOfDraft()
    expect(await mailer.readDraft(regularId, ada)).toMatchObject({
      outcome: 'refused',
      microsoftCode: 'ErrorInvalidIdMalformed',
    })
  })
})

describe('deleteDraft', () => {
  it('deletes a draft for good', async () => {
    const draftId = await draftOfAda()
    expect(await mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('deletes for good a draft that a person moved to Deleted Items', async () => {
    const draftId = await draftOfAda()
    await throwAway(draftId)
    expect(await mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('leaves a sent copy alone', async () => {
    const draftId = await draftOfAda()
    await mailer.sendDraft(draftId, ada)
    expect(await mailer.deleteDraft(draftId, ada)).toEqual({ outcome: 'sent' })
    expect(await messagesIn(simulator.url, 'ada@contoso.com', 'sentItems')).toHaveLength(1)
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
    await mailer.sendDraft(draftId, ada)
    expect(await mailer.deleteForGood(draftId, ada)).toEqual({ outcome: 'deleted' })
    expect(await mailer.readDraft(draftId, ada)).toEqual({ outcome: 'gone' })
  })

  it('is unavailable while the message may still be in Deleted Items', async () => {
    const answers = [204, 503]
    const origin = await serve((_request, response) => response.writeHead(answers.shift() ?? 500).end())
    expect(await mailerAt(origin).deleteForGood('a', token)).toMatchObject({ outcome: 'unavailable' })
  })
})

function tokenOf(scopes: readonly string[]): Promise<string> {
  return accessTokenOf(simulator.authorityHost, ADA, scopes)
}

async function asAda(): Promise<void> {
  ada = { accessToken: await tokenOf(['Mail.Send', 'Mail.ReadWrite']) }
}

async function draftOfAda(): Promise<string> {
  await asAda()
  const created = await mailer.createDraft(message, ada)
  if (created.outcome !== 'created') throw new Error(`It was ${created.outcome}.`)
  return created.draftId
}

/** Deletes a message as a person does, which moves it to Deleted Items. */
async function throwAway(draftId: string): Promise<void> {
  const headers = { authorization: `Bearer ${ada.accessToken}`, prefer: 'IdType="ImmutableId"' }
  const url = `${simulator.graphBaseUrl}/v1.0/me/messages/${encodeURIComponent(draftId)}`
  const { status } = await fetch(url, { method: 'DELETE', headers })
  if (status !== 204) throw new Error(`It was HTTP ${status}.`)
}

/** The id that Graph returns unless immutable ids are asked for. */
async function regularIdOfDraft(): Promise<string> {
  const headers = { authorization: `Bearer ${ada.accessToken}` }
  const response = await fetch(`${simulator.graphBaseUrl}/v1.0/me/mailFolders/drafts/messages`, { headers })
  const { value } = JSON.parse(await response.text()) as { value: { id: string }[] }
  return value[0]?.id ?? ''
}
