import { Client, type Context, HTTPMessageHandler, type Middleware } from '@microsoft/microsoft-graph-client'
import type { Message } from '@microsoft/microsoft-graph-types'
import { beforeEach, describe, expect, it } from 'vitest'
import { mail, PEOPLE, type Simulated, simulate } from '../test-support/simulated.ts'

/** The library's own handler attaches a token to https only; this one to whatever it is given. */
function graphClient(baseUrl: string, accessToken: string): Client {
  const http = new HTTPMessageHandler()
  const authentication: Middleware = {
    execute(context: Context) {
      const headers = new Headers(context.options?.headers)
      headers.set('authorization', `Bearer ${accessToken}`)
      context.options = { ...context.options, headers }
      return http.execute(context)
    },
  }
  return Client.initWithMiddleware({ middleware: authentication, baseUrl: `${baseUrl}/` })
}

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it('the Graph client reads the signed-in person with $select', async () => {
  const { access_token: accessToken } = await simulated.signIn('ada')
  const me = await graphClient(simulated.graphBaseUrl, accessToken)
    .api('/me')
    .select(['id', 'displayName', 'mail'])
    .get()
  expect(me).toMatchObject({ id: PEOPLE.ada, displayName: 'Ada Admin', mail: 'ada@contoso.com' })
})

it('the Graph client sends mail, which arrives in the recipient’s inbox', async () => {
  const { access_token: accessToken } = await simulated.signIn('ada')
  await graphClient(simulated.graphBaseUrl, accessToken)
    .api('/me/sendMail')
    .post(mail({ subject: 'Q3' }))
  const inbox = await simulated.control('GET', '/mailboxes/max@contoso.com/messages')
  expect(await inbox.json()).toMatchObject({ items: [{ folder: 'inbox', subject: 'Q3' }] })
})

describe('the Graph client on a draft', () => {
  const property = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name MessageId'
  const immutable = { prefer: 'IdType="ImmutableId"' }

  it('creates, attaches, sends, and reads the sent copy by its immutable id', async () => {
    const { access_token: accessToken } = await simulated.signIn('ada')
    const client = graphClient(simulated.graphBaseUrl, accessToken)
    const draft = (await client
      .api('/me/messages')
      .headers(immutable)
      .post(mail({ subject: 'Q3' }).message)) as Message
    const path = `/me/messages/${draft.id}`
    await client
      .api(`${path}/attachments`)
      .headers(immutable)
      .post({ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'YWJj' })
    await client.api(`${path}/send`).headers(immutable).post(undefined)
    const sent = (await client
      .api(path)
      .headers(immutable)
      .select(['isDraft', 'subject', 'hasAttachments'])
      .get()) as Message
    expect(sent).toMatchObject({ id: draft.id, isDraft: false, subject: 'Q3', hasAttachments: true })
  })

  it('finds it by extended property', async () => {
    const { access_token: accessToken } = await simulated.signIn('ada')
    const client = graphClient(simulated.graphBaseUrl, accessToken)
    const singleValueExtendedProperties = [{ id: property, value: 'msg_1' }]
    await client.api('/me/messages').post(mail({ singleValueExtendedProperties }).message)
    const found = (await client
      .api('/me/mailFolders/drafts/messages')
      .filter(`singleValueExtendedProperties/Any(ep: ep/id eq '${property}' and ep/value eq 'msg_1')`)
      .select(['id', 'isDraft'])
      .top(1)
      .get()) as { value: Message[] }
    expect(found.value).toMatchObject([{ isDraft: true }])
  })

  it('deletes it', async () => {
    const { access_token: accessToken } = await simulated.signIn('ada')
    const client = graphClient(simulated.graphBaseUrl, accessToken)
    const draft = (await client.api('/me/messages').post(mail().message)) as Message
    await client.api(`/me/messages/${draft.id}`).delete()
    await expect(client.api(`/me/messages/${draft.id}`).get()).rejects.toMatchObject({
      statusCode: 404,
      code: 'ErrorItemNotFound',
    })
  })
})

it('the Graph client reports a refusal with its status, code and request id', async () => {
  const { access_token: accessToken } = await simulated.signIn('max')
  const from = { emailAddress: { address: 'reports@contoso.com' } }
  const refused = graphClient(simulated.graphBaseUrl, accessToken).api('/me/sendMail').post(mail({ from }))
  await expect(refused).rejects.toMatchObject({
    statusCode: 403,
    code: 'ErrorSendAsDenied',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})
