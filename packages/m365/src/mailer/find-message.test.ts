import { describe, expect, it } from 'vitest'
import { message, useMicrosoft } from '../test-support/mail.ts'
import { answering, token } from '../test-support/mailer.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

const ANOTHER_ID = 'msg_00000000000000000000000000000002'

const microsoft = useMicrosoft()
const byId = { messageId: message.id, internetMessageId: null }

describe('findMessage', () => {
  it('finds a message sent in one request', async () => {
    const ada = await microsoft.asAda()
    await microsoft.mailer.send(message, ada)
    expect(await microsoft.mailer.findMessage(byId, 'sentitems', ada)).toEqual({
      outcome: 'found',
      id: expect.any(String),
      from: 'ada@contoso.com',
      subject: message.subject,
      to: ['max@contoso.com'],
      recognisedBy: 'own-id',
    })
  })

  it('finds a sent draft under the id that the draft had', async () => {
    const ada = await microsoft.asAda()
    const { draftId } = await microsoft.draftOf(ada)
    await microsoft.mailer.sendDraft(draftId, ada)
    expect(await microsoft.mailer.findMessage(byId, 'sentitems', ada)).toMatchObject({ outcome: 'found', id: draftId })
  })

  it('finds a sent draft by its Message-ID alone', async () => {
    const ada = await microsoft.asAda()
    const { draftId: id, internetMessageId } = await microsoft.draftOf(ada)
    await microsoft.mailer.sendDraft(id, ada)
    expect(await microsoft.mailer.findMessage({ messageId: null, internetMessageId }, 'sentitems', ada)).toMatchObject({
      outcome: 'found',
      id,
    })
  })

  it('finds a draft in Drafts and not in Sent Items', async () => {
    const ada = await microsoft.asAda()
    const { draftId } = await microsoft.draftOf(ada)
    const folders = ['drafts', 'sentitems'] as const
    const found = await Promise.all(folders.map((where) => microsoft.mailer.findMessage(byId, where, ada)))
    expect(found).toMatchObject([{ outcome: 'found', id: draftId }, { outcome: 'not-found' }])
  })

  it('does not find another message', async () => {
    const ada = await microsoft.asAda()
    await microsoft.mailer.send({ ...message, id: ANOTHER_ID }, ada)
    expect(await microsoft.mailer.findMessage(byId, 'sentitems', ada)).toEqual({ outcome: 'not-found' })
  })

  it.each(['kept', 'lost'])(
    'finds a message that went as MIME, with its headers %s, and none of another id that shares its Message-ID',
    async (mimeHeaders) => {
      await microsoft.control('PATCH', '/settings', { mimeHeaders })
      const ada = await microsoft.asAda()
      const source = Buffer.from('Message-ID: <q3+1=a&b@contoso.com>\r\n\r\n')
      const mime = { source, fromName: null, date: new Date(0) }
      const sought = { internetMessageId: '<q3+1=a&b@contoso.com>', asMime: true }
      const looksLike = async (id: string) =>
        (await microsoft.mailer.findMessage({ ...sought, messageId: id }, 'sentitems', ada)).outcome
      await microsoft.mailer.send({ ...message, mime }, ada)

      expect(await looksLike(message.id)).toBe('found')
      expect(await looksLike(ANOTHER_ID)).toBe(mimeHeaders === 'kept' ? 'not-found' : 'found')
      await microsoft.mailer.send({ ...message, id: ANOTHER_ID, mime }, ada)
      expect(await looksLike(ANOTHER_ID)).toBe('found')
      const own = await microsoft.mailer.findOwnIds(sought.internetMessageId, ada)
      const ids = 'ids' in own ? own.ids.toSorted() : null
      expect(ids).toEqual(mimeHeaders === 'kept' ? [message.id, ANOTHER_ID] : [])
    },
  )

  it('says of a copy without our id whether it went to others, and prefers one that did not', async () => {
    await microsoft.control('PATCH', '/settings', { mimeHeaders: 'lost' })
    const ada = await microsoft.asAda()
    const mime = { source: Buffer.from('Message-ID: <divided@contoso.com>\r\n\r\n'), fromName: null, date: new Date(0) }
    const sought = { messageId: ANOTHER_ID, internetMessageId: '<divided@contoso.com>', asMime: true }
    const toGrace = { ...sought, recipients: ['Grace@contoso.com'] }
    await microsoft.mailer.send({ ...message, mime }, ada)
    expect(await microsoft.mailer.findMessage(toGrace, 'sentitems', ada)).toMatchObject({ recognisedBy: 'message-id' })

    await microsoft.mailer.send({ ...message, id: ANOTHER_ID, mime, to: [{ address: 'grace@contoso.com' }] }, ada)
    const found = await microsoft.mailer.findMessage(toGrace, 'sentitems', ada)
    expect(found).toMatchObject({ to: ['grace@contoso.com'], recognisedBy: 'message-id-and-recipient' })
  })

  it('does not take a refused search for a missing message', async () => {
    const ada = await microsoft.asAda()
    await microsoft.control('PATCH', '/settings', { extendedPropertySearch: 'error' })
    await microsoft.mailer.send(message, ada)
    expect(await microsoft.mailer.findMessage(byId, 'sentitems', ada)).toMatchObject({ outcome: 'refused' })
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
