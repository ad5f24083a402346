import { createDraftCalls, type DraftCalls } from './draft-calls.ts'
import {
  findMessage,
  findOwnIds,
  type FindMessageOutcome,
  type SearchedFolder,
  type SoughtMessage,
} from './find-message.ts'
import {
  acceptance,
  createExchange,
  failureOf,
  type CallOptions,
  type GraphMailerOptions,
  type SendOutcome,
} from './graph-exchange.ts'
import { createInboxCalls, type InboxCalls, probeInbox, type InboxProbe } from './inbox-calls.ts'
import { mailboxPath } from './graph-call.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { readDelegate, type DelegateOutcome } from './read-delegate.ts'
import { sendMailBody } from './send-mail-request.ts'
import {
  createUploadCalls,
  type UploadCalls,
  createUploadSessionCalls,
  type UploadSessionCalls,
} from './upload-calls.ts'

export type { CallOptions, SendOutcome } from './graph-exchange.ts'

/** No call repeats a request, and none throws unless its signal was aborted before a request was sent. */
export interface GraphMailer extends DraftCalls, UploadCalls, UploadSessionCalls, InboxCalls {
  /** Never `unknown`. */
  readDelegate(accessToken: string, signal?: AbortSignal): Promise<DelegateOutcome>
  /** Sends in one request, which Graph limits to 4 MB: about 3 MB of content in base64. */
  send(message: OutgoingMessage, options: CallOptions): Promise<SendOutcome>
  /**
   * Looks for a message by our id or its Message-ID. Never `unknown`. Needs `Mail.ReadWrite`. `not-found` means little
   * right after sending, since the copy appears late.
   */
  findMessage(sought: SoughtMessage, where: SearchedFolder, options: CallOptions): Promise<FindMessageOutcome>
  /** Reads our ids of the messages in Sent Items that have a Message-ID. Needs `Mail.ReadWrite`. */
  findOwnIds(internetMessageId: string, options: CallOptions): ReturnType<typeof findOwnIds>
  /** Reads the id of one message in the inbox, to learn whether it can be read. */
  probeInbox(options: CallOptions): Promise<InboxProbe>
}

/** Sends mail by Microsoft Graph v1.0, with a person's (delegated) token or with the app's own. */
export function createGraphMailer(options: GraphMailerOptions): GraphMailer {
  const exchange = createExchange(options)
  return {
    ...createDraftCalls(exchange),
    ...createUploadCalls(exchange),
    ...createUploadSessionCalls(options),
    ...createInboxCalls(exchange),
    readDelegate: (accessToken, signal) => readDelegate(exchange, accessToken, signal),
    findMessage: (sought, where, callOptions) => findMessage(exchange, sought, where, callOptions),
    findOwnIds: (internetMessageId, callOptions) => findOwnIds(exchange, internetMessageId, callOptions),
    probeInbox: (callOptions) => probeInbox(exchange, callOptions),

    async send(message, callOptions) {
      const { accessToken, signal, mailbox } = callOptions
      const path = `${mailboxPath(mailbox)}/sendMail`
      const reply = await exchange({ ...sendMailBody(message), method: 'POST', path, accessToken, signal })
      return acceptance(reply) ?? failureOf(reply, callOptions)
    },
  }
}
