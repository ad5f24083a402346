import { Client, HTTPMessageHandler, type Middleware } from '@microsoft/microsoft-graph-client'
import { createGraphMailer } from '../../packages/m365/src/mailer/graph-mailer.ts'
import type { OutgoingMessage } from '../../packages/m365/src/mailer/outgoing-message.ts'
import { toSendMailRequest } from '../../packages/m365/src/mailer/send-mail-request.ts'
import { createMicrosoftFetch } from '../../packages/m365/src/microsoft-fetch.ts'
import { messageBody } from '../testbed/submit.ts'
import type { Tenant, Testbed } from '../testbed/testbed.ts'

// What the product is compared with: the same message, posted for one mailbox after the other, with nothing stored.

const PERMISSIONS = ['Mail.Send', 'User.Read']

/** A mailbox and an access token for it. */
export interface Account {
  readonly address: string
  readonly accessToken: string
}

/** Sends one message from one of the accounts; the number only tells them apart. */
export type Send = (message: OutgoingMessage, index: number) => Promise<void>

export function accountsOf(testbed: Testbed, tenants: readonly Tenant[]): Promise<Account[]> {
  return Promise.all(
    tenants.map(async ({ address }) => {
      const { accessToken } = await testbed.control('POST', `/people/${address}/tokens`, { scopes: PERMISSIONS })
      return { address, accessToken: accessToken as string }
    }),
  )
}

/** The Graph client with its default middleware, except authentication: that sends no token over plain http. */
export function graphClientSender(graphBaseUrl: string, accounts: readonly Account[]): Send {
  const clients = accounts.map(({ accessToken }) => {
    const transport = new HTTPMessageHandler()
    const authentication: Middleware = {
      async execute(context) {
        const headers = {
          ...(context.options?.headers as Record<string, string>),
          authorization: `Bearer ${accessToken}`,
        }
        context.options = { ...context.options, headers }
        await transport.execute(context)
      },
    }
    return Client.initWithMiddleware({ baseUrl: `${graphBaseUrl}/`, middleware: authentication })
  })
  return async (message, index) => {
    await clients[index % clients.length]?.api('/me/sendMail').post(toSendMailRequest(message))
  }
}

export function ownMailerSender(graphBaseUrl: string, accounts: readonly Account[]): Send {
  const mailer = createGraphMailer({ graphBaseUrl, fetch: createMicrosoftFetch({}), clock: () => new Date() })
  return async (message, index) => {
    const accessToken = accounts[index % accounts.length]?.accessToken ?? ''
    const sent = await mailer.send(message, { accessToken })
    if (sent.outcome !== 'sent') throw new Error(`The bare loop got ${sent.outcome}.`)
  }
}

const CONTENT = JSON.parse(messageBody('Bare')) as Pick<OutgoingMessage, 'to' | 'subject' | 'html'>

/** The message that `createSubmitter` submits, as the product hands it to Microsoft. */
export function bareMessage(index: number, accounts: readonly Account[]): OutgoingMessage {
  return {
    ...CONTENT,
    id: `msg_${index.toString(16).padStart(32, '0')}`,
    from: { address: accounts[index % accounts.length]?.address ?? '' },
    cc: [],
    bcc: [],
    replyTo: [],
    text: null,
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}
