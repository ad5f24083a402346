import { createDraftCalls } from './draft-calls.ts'
import { createSearchCalls } from './find-message.ts'
import {
  acceptance,
  createExchange,
  failureOf,
  inMailbox,
  type CallOptions,
  type GraphMailerOptions,
  type SendOutcome,
} from './graph-exchange.ts'
import { createInboxCalls } from './inbox-calls.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { readDelegate } from './read-delegate.ts'
import { sendMailBody } from './send-mail-request.ts'
import { createUploadCalls, createUploadSessionCalls } from './upload-calls.ts'

export type { CallOptions, SendOutcome } from './graph-exchange.ts'

/** No call repeats a request, and none throws unless its signal was aborted before a request was sent. */
export type GraphMailer = ReturnType<typeof createGraphMailer>

/** Sends mail by Microsoft Graph v1.0, with a person's (delegated) token or with the app's own. */
export function createGraphMailer(options: GraphMailerOptions) {
  const exchange = createExchange(options)
  return {
    ...createDraftCalls(exchange),
    ...createUploadCalls(exchange),
    ...createUploadSessionCalls(options),
    ...createInboxCalls(exchange),
    ...createSearchCalls(exchange),
    readDelegate: (accessToken: string, signal?: AbortSignal) => readDelegate(exchange, accessToken, signal),

    /** Sends in one request, which Graph limits to 4 MB: about 3 MB of content in base64. */
    async send(message: OutgoingMessage, callOptions: CallOptions): Promise<SendOutcome> {
      const request = { method: 'POST', path: '/sendMail', ...sendMailBody(message) } as const
      const reply = await inMailbox(exchange, callOptions, request)
      return acceptance(reply) ?? failureOf(reply, callOptions)
    },
  }
}
