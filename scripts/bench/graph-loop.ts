import { Client, HTTPMessageHandler, type Middleware } from '@microsoft/microsoft-graph-client'
import type { OutgoingMessage } from '../../packages/m365/src/mailer/outgoing-message.ts'
import { toSendMailRequest } from '../../packages/m365/src/mailer/send-mail-request.ts'
import { messageBody } from '../testbed/submit.ts'

// What the product is compared with: the same message, posted with nothing stored.

/** A mailbox and an access token for it. */
export interface Account {
  readonly address: string
  readonly accessToken: string
}

/** The Graph client with its default middleware, except authentication: that sends no token over plain http. */
export function graphClientSender(
  graphBaseUrl: string,
  { accessToken }: Account,
): (message: OutgoingMessage) => Promise<void> {
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
  const client = Client.initWithMiddleware({ baseUrl: `${graphBaseUrl}/`, middleware: authentication })
  return async (message) => {
    await client.api('/me/sendMail').post(toSendMailRequest(message))
  }
}

const CONTENT = JSON.parse(messageBody('Bare')) as Pick<OutgoingMessage, 'to' | 'subject' | 'html'>

/** The message that is submitted to the product, as the product hands it to Microsoft. */
export function bareMessage(index: number, { address }: Account): OutgoingMessage {
  return {
    ...CONTENT,
    id: `msg_${index.toString(16).padStart(32, '0')}`,
    from: { address },
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
