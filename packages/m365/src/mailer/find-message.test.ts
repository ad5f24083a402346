import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { accessTokenOf, message } from '../test-support/mail.ts'
import { answering, mailerAt, token } from '../test-support/mailer.ts'
import { ADA, control, registration } from '../test-support/sign-in.ts'
import type { CallOptions, GraphMailer } from './graph-mailer.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

const ANOTHER_ID = 'msg_00000000000000000000000000000002'

let simulator: Simulator
let mailer: GraphMailer

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, registration })
  mailer = mailerAt(simulator.graphBaseUrl)
})
afterAll(() => simulator.close())
afterEach(() => control(simulator.url, 'POST', '/reset'))

const byId = { messageId: message.id, internetMessageId: null }

describe('findMessage', () => {
  it('finds a message sent in one request', async () => {
    const ada = await asAda()
    await mailer.send(message, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toEqual({
      outcome: 'found',
      id: expect.any(String),
      from: 'ada@contoso.com',
      subject: message.subject,
      to: ['max@contoso.com'],
      recognisedBy: 'own-id',
    })
  })

  it('finds a sent draft under the id that the draft had', async () => {
    const ada = await asAda()
    const draftId = await createDraft(ada)
    await mailer.sendDraft(draftId, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toMatchObject({ outcome: 'found', id: draftId })
  })

  it('finds a sent draft by its Message-ID alone', async () => {
    const ada = await asAda()
    const created = await mailer.createDraft(message, ada)
    if (created.outcome !== 'created') throw new Error('The draft was not created.')
    await mailer.sendDraft(created.draftId, ada)
    const { draftId: id, internetMessageId } = created
    expect(await mailer.findMessage({ messageId: null, internetMessageId }, 'sentitems', ada)).toMatchObject({
      outcome: 'found',
      id,
    })
  })

  it('finds a draft in Drafts and not in Sent Items', async () => {
    const ada = await asAda()
    const draftId = await createDraft(ada)
    const folders = ['drafts', 'sentitems'] as const
    const found = await Promise.all(folders.map((where) => mailer.findMessage(byId, where, ada)))
    expect(found).toMatchObject([{ outcome: 'found', id: draftId }, { outcome: 'not-found' }])
  })

  it('does not find another message', async () => {
    const ada = await asAda()
    await mailer.send({ ...message, id: ANOTHER_ID }, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toEqual({ outcome: 'not-found' })
  })

  it.each(['kept', 'lost'])(
    'finds a message that went as MIME, with its headers %s, and none of another id that shares its Message-ID',
    async (mimeHeaders) => {
      await control(simulator.url, 'PATCH', '/settings', { mimeHeaders })
      const ada = await asAda()
      const source = Buffer.from('Message-ID: <q3+1=a&b@contoso.com>\r\n\r\n')
      const mime = { source, fromName: null, date: new Date(0) }
      const sought = { internetMessageId: '<q3+1=a&b@contoso.com>', asMime: true }
      const looksLike = async (id: string) =>
        (await mailer.findMessage({ ...sought, messageId: id }, 'sentitems', ada)).outcome
      await mailer.send({ ...message, mime }, ada)

      expect(await looksLike(message.id)).toBe('found')
      expect(await looksLike(ANOTHER_ID)).toBe(mimeHeaders === 'kept' ? 'not-found' : 'found')
      await mailer.send({ ...message, id: ANOTHER_ID, mime }, ada)
      expect(await looksLike(ANOTHER_ID)).toBe('found')
      const own = await mailer.findOwnIds(sought.internetMessageId, ada)
      const ids = 'ids' in own ? own.ids.toSorted() : null
      expect(ids).toEqual(mimeHeaders === 'kept' ? [message.id, ANOTHER_ID] : [])
    },
  )

  it('says of a copy without our id whether it went to others, and prefers one that did not', async () => {
    await control(simulator.url, 'PATCH', '/settings', { mimeHeaders: 'lost' })
    const ada = await asAda()
    const mime = { source: Buffer.from('Message-ID: <divided@contoso.com>\r\n\r\n'), fromName: null, date: new Date(0) }
    const sought = { messageId: ANOTHER_ID, internetMessageId: '<divided@contoso.com>', asMime: true }
    const toGrace = { ...sought, recipients: ['Grace@contoso.com'] }
    await mailer.send({ ...message, mime }, ada)
    expect(await mailer.findMessage(toGrace, 'sentitems', ada)).toMatchObject({ recognisedBy: 'message-id' })

    await mailer.send({ ...message, id: ANOTHER_ID, mime, to: [{ address: 'grace@contoso.com' }] }, ada)
    const found = await mailer.findMessage(toGrace, 'sentitems', ada)
    expect(found).toMatchObject({ to: ['grace@contoso.com'], recognisedBy: 'message-id-and-recipient' })
  })

  it('does not find a copy that has not appeared yet', async () => {
    const ada = await asAda()
    await control(simulator.url, 'PATCH', '/settings', { sentCopyDelayMs: 60_000 })
    await mailer.send(message, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toEqual({ outcome: 'not-found' })
  })

  it('does not find a message when the search ignores its property', async () => {
    const ada = await asAda()
    await control(simulator.url, 'PATCH', '/settings', { extendedPropertySearch: 'ignored' })
    await mailer.send(message, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toEqual({ outcome: 'not-found' })
  })

  it('does not take a refused search for a missing message', async () => {
    const ada = await asAda()
    await control(simulator.url, 'PATCH', '/settings', { extendedPropertySearch: 'error' })
    await mailer.send(message, ada)
    expect(await mailer.findMessage(byId, 'sentitems', ada)).toMatchObject({ outcome: 'refused' })
  })

  it('requests one message, by a filter in which quotes are doubled', async () => {
    const { mailer, requests } = await answering(200, { value: [] })
    await mailer.findMessage({ messageId: "it's 50% & #1 + more", internetMessageId: null }, 'drafts', token)
    const { pathname, searchParams } = new URL(requests[0]?.url ?? '', 'http://graph')
    const filter = `singleValueExtendedProperties/Any(ep: ep/id eq '${MESSAGE_ID_PROPERTY}' and ep/value eq 'it''s 50% & #1 + more')`
    expect(pathname).toBe('/v1.0/me/mailFolders/drafts/messages')
    expect(Object.fromEntries(searchParams)).toEqual({
      $filter: filter,
      $select: 'id,from,subject,toRecipients',
      $top: '1',
    })
  })

  it.each(['{}', '{"value":[{}]}'])('may be repeated after an answer without a list of messages: %j', async (body) => {
    const { mailer } = await answering(200, body)
    expect(await mailer.findMessage(byId, 'sentitems', token)).toMatchObject({ outcome: 'unavailable' })
  })
})

function tokenOf(scopes: readonly string[]): Promise<string> {
  return accessTokenOf(simulator.authorityHost, ADA, scopes)
}

async function asAda(): Promise<CallOptions> {
  return { accessToken: await tokenOf(['Mail.Send', 'Mail.ReadWrite']) }
}

async function createDraft(options: CallOptions): Promise<string> {
  const created = await mailer.createDraft(message, options)
  if (created.outcome !== 'created') throw new Error(`It was ${created.outcome}.`)
  return created.draftId
}
