import { z } from 'zod'
import { optionalText, readJson } from '../json.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { asRepeatable, type CallOptions, type Exchange } from './graph-exchange.ts'
import { mailboxPath } from './mailbox-path.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

export type SearchedFolder = 'sentitems' | 'drafts'

export type FindMessageOutcome =
  /** `from`: the address that it is from; null where Graph does not return it. */
  | { readonly outcome: 'found'; readonly id: string; readonly from: string | null }
  | { readonly outcome: 'not-found' }
  | Failure

/** What identifies a message. Null where it cannot be found by that. */
export interface SoughtMessage {
  /** Our id, which it carries in an extended property. */
  readonly messageId: string | null
  /** Its Message-ID (RFC 5322), with the angle brackets. */
  readonly internetMessageId: string | null
}

const FoundMessages = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      from: z
        .object({ emailAddress: z.object({ address: optionalText }) })
        .nullable()
        .catch(null),
    }),
  ),
})

/** Looks for a message by our id first, then by its Message-ID. */
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
  const query = `$filter=${encodeURIComponent(filter)}&$select=id,from&$top=1` // the client does not encode queries
  const path = `${mailboxPath(mailbox)}/mailFolders/${where}/messages?${query}`
  const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
  if (!reply.answered) return asRepeatable(classifyConnectionFailure(reply.error))
  const found = reply.status === 200 ? readJson(reply.text, FoundMessages) : null
  if (!found) return asRepeatable(classifyFailure(reply.answer))
  const [message] = found.value
  if (!message) return { outcome: 'not-found' }
  return { outcome: 'found', id: message.id, from: message.from?.emailAddress.address ?? null }
}

function propertyFilter(messageId: string): string {
  const name = quote(MESSAGE_ID_PROPERTY)
  return `singleValueExtendedProperties/Any(ep: ep/id eq ${name} and ep/value eq ${quote(messageId)})`
}

/** A string literal of OData 4.01 (URL conventions, section 5.1.1.14.1), where quotes are doubled. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
