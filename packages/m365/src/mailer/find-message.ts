import { classifyConnectionFailure, classifyFailure, type Failure } from './classify-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { withoutDoubt, type CallOptions, type Exchange } from './graph-exchange.ts'
import { mailboxPath } from './mailbox-path.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

export type SearchedFolder = 'sentitems' | 'drafts'

export type FindMessageOutcome =
  | { readonly outcome: 'found'; readonly id: string }
  | { readonly outcome: 'not-found' }
  | Failure

/** Looks for the message with our id, by the extended property that it was sent with. */
export async function findByMessageId(
  exchange: Exchange,
  messageId: string,
  where: SearchedFolder,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<FindMessageOutcome> {
  const path = `${mailboxPath(mailbox)}/mailFolders/${where}/messages?$filter=${filterFor(messageId)}&$select=id&$top=1`
  const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
  if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
  const found = reply.status === 200 ? member(parseJson(reply.text), 'value') : null
  if (Array.isArray(found) && found.length === 0) return { outcome: 'not-found' }
  const id = Array.isArray(found) ? member(found[0], 'id') : null
  return typeof id === 'string' ? { outcome: 'found', id } : withoutDoubt(classifyFailure(reply.answer))
}

function filterFor(messageId: string): string {
  const name = quote(MESSAGE_ID_PROPERTY)
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq ${name} and ep/value eq ${quote(messageId)})`
  return encodeURIComponent(filter) // the client passes a query on as it is
}

/** A literal of OData 4.01 (URL conventions, section 5.1.1.14.1): a quote inside is doubled. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
