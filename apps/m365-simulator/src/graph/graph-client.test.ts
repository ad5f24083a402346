import { Client, type Context, HTTPMessageHandler, type Middleware } from '@microsoft/microsoft-graph-client'
import { expect, it } from 'vitest'
import { mail, PEOPLE, simulate } from '../test-support/simulated.ts'

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

it('the Graph client reads the signed-in person with $select', async () => {
  const simulated = await simulate()
  const { access_token: accessToken } = await simulated.signIn('ada')
  const me = await graphClient(simulated.graphBaseUrl, accessToken)
    .api('/me')
    .select(['id', 'displayName', 'mail'])
    .get()
  expect(me).toMatchObject({ id: PEOPLE.ada, displayName: 'Ada Admin', mail: 'ada@contoso.com' })
})

it('the Graph client sends a mail, and it lies in the recipient’s inbox', async () => {
  const simulated = await simulate()
  const { access_token: accessToken } = await simulated.signIn('ada')
  await graphClient(simulated.graphBaseUrl, accessToken)
    .api('/me/sendMail')
    .post(mail({ subject: 'Q3' }))
  const inbox = await simulated.control('GET', '/mailboxes/max@contoso.com/messages')
  expect(await inbox.json()).toMatchObject({ items: [{ folder: 'inbox', subject: 'Q3' }] })
})

it('the Graph client reports a refusal with its status, code and request id', async () => {
  const simulated = await simulate()
  const { access_token: accessToken } = await simulated.signIn('max')
  const from = { emailAddress: { address: 'reports@contoso.com' } }
  const refused = graphClient(simulated.graphBaseUrl, accessToken).api('/me/sendMail').post(mail({ from }))
  await expect(refused).rejects.toMatchObject({
    statusCode: 403,
    code: 'ErrorSendAsDenied',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})
