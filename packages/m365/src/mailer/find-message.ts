import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { withoutDoubt, type CallOptions, type Exchange } from './graph-exchange.ts'
import { mailboxPath } from './mailbox-path.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

export type SearchedFolder = 'sentitems' | 'drafts'

export type FindMessageOutcome =
  /** `from`: whom it is from; null where Graph does not tell. */
  | { readonly outcome: 'found'; readonly id: string; readonly from: string | null }
  | { readonly outcome: 'not-found' }
  | Failure

/** What a message is recognised by; null: not by that. */
export interface SoughtMessage {
  /** Our id, in the extended property that it was sent with. */
  readonly messageId: string | null
  /** Its Message-ID, with the angle brackets. */
  readonly internetMessageId: string | null
}

/** Looks for a message by each of what it is recognised by. */
export async function findMessage(
  exchange: Exchange,
  { messageId, internetMessageId }: SoughtMessage,
  where: SearchedFolder,
  options: CallOptions,
): Promise<FindMessageOutcome> {
  const filters = [
    ...(messageId === null ? [] : [propertyFilter(messageId)]),
    ...(internetMessageId === null ? [] : [`internetMessageId eq ${quote(internetMessageId)}`]),
  ]
  for (const filter of filters) {
    const found = await findBy(exchange, filter, where, options)
    if (found.outcome !== 'not-found') return found
  }
  return { outcome: 'not-found' }
}

async function findBy(
  exchange: Exchange,
  filter: string,
  where: SearchedFolder,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<FindMessageOutcome> {
  const query = `$filter=${encodeURIComponent(filter)}&$select=id,from&$top=1` // the client passes a query on as it is
  const path = `${mailboxPath(mailbox)}/mailFolders/${where}/messages?${query}`
  const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
  if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
  const found = reply.status === 200 ? member(parseJson(reply.text), 'value') : null
  if (Array.isArray(found) && found.length === 0) return { outcome: 'not-found' }
  const first: unknown = Array.isArray(found) ? found[0] : null
  const id = member(first, 'id')
  const from = member(member(member(first, 'from'), 'emailAddress'), 'address')
  if (typeof id === 'string') return { outcome: 'found', id, from: typeof from === 'string' ? from : null }
  return withoutDoubt(classifyFailure(reply.answer))
}

function propertyFilter(messageId: string): string {
  const name = quote(MESSAGE_ID_PROPERTY)
  return `singleValueExtendedProperties/Any(ep: ep/id eq ${name} and ep/value eq ${quote(messageId)})`
}

/** A literal of OData 4.01 (URL conventions, section 5.1.1.14.1): a quote inside is doubled. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
