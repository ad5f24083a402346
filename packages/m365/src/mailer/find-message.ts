import { sameAddress } from '@inforiver-mail/contract/email-address'
import { z } from 'zod'
import { optionalText } from '../json.ts'
import type { Failure } from './classify-failure.ts'
import {
  Addressed,
  asRepeatable,
  failureOf,
  inMailbox,
  quote,
  readReply,
  type CallOptions,
  type Exchange,
} from './graph-exchange.ts'
import { MIME_ID_HEADER } from './mime-message.ts'
import { MESSAGE_ID_PROPERTY } from './send-mail-request.ts'

export type SearchedFolder = 'sentitems' | 'drafts'

export type FindMessageOutcome = FoundMessage | { readonly outcome: 'not-found' } | Failure

/** What Graph does not return is null. */
export interface FoundMessage {
  readonly outcome: 'found'
  readonly id: string
  /** The address that it is from. */
  readonly from: string | null
  readonly subject: string | null
  /** The addresses of its To field. */
  readonly to: readonly (string | null)[]
  readonly recognisedBy: Recognition
}

/**
 * By what a message was recognised: an id that no other has, or a Message-ID that MIME brought, which another may have.
 * Then one of the addresses that are sought is among its recipients, or none.
 */
export type Recognition = 'own-id' | 'message-id-and-recipient' | 'message-id'

/** What identifies a message. Null where it cannot be found by that. */
export interface SoughtMessage {
  /** Our id, which it carries in an extended property. */
  readonly messageId: string | null
  /** Its Message-ID (RFC 5322), with the angle brackets. */
  readonly internetMessageId: string | null
  /** It was handed to Graph as MIME: our id is in a header, and its Message-ID is the choice of whoever submitted it. */
  readonly asMime?: boolean
  /** Its recipients: they tell apart copies of MIME of one Message-ID. */
  readonly recipients?: readonly string[]
}

/**
 * Exchange keeps the headers of MIME that begin with `x-` as properties of this set, PS_INTERNET_HEADERS. It is reported
 * to drop a name that the mailbox has not had before, so that the property may be missing.
 */
const MIME_ID_PROPERTY = `String {00020386-0000-0000-C000-000000000046} Name ${MIME_ID_HEADER}`
const EXPAND_MIME_ID = `singleValueExtendedProperties($filter=id eq ${quote(MIME_ID_PROPERTY)})`
const EXPAND_OUR_IDS = `singleValueExtendedProperties($filter=id eq ${quote(MESSAGE_ID_PROPERTY)} or id eq ${quote(MIME_ID_PROPERTY)})`
/** One Message-ID may be in several messages: that of a bulk mail which was submitted in parts, for example. */
const MAX_OF_ONE_MESSAGE_ID = 25

const FoundMessages = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      from: Addressed.nullable().catch(null),
      subject: optionalText,
      toRecipients: z.array(Addressed).catch([]),
      ccRecipients: z.array(Addressed).catch([]),
      bccRecipients: z.array(Addressed).catch([]),
      singleValueExtendedProperties: z.array(z.object({ value: optionalText })).catch([]),
    }),
  ),
})

interface Search {
  readonly filter: string
  /** Where what is found may be another message: one that carries another id does not count. */
  readonly only?: { readonly messageId: string; readonly recipients: readonly string[] }
}

const OwnIds = z.object({
  value: z.array(z.object({ singleValueExtendedProperties: z.array(z.object({ value: optionalText })).catch([]) })),
})

/** Searches a folder of the mailbox. */
export function createSearchCalls(exchange: Exchange) {
  return {
    /**
     * Looks for a message by our id first, then by its Message-ID. Never `unknown`. Needs `Mail.ReadWrite`. `not-found` means
     * little right after sending, since the copy appears late.
     */
    async findMessage(
      { messageId, internetMessageId, asMime = false, recipients = [] }: SoughtMessage,
      where: SearchedFolder,
      options: CallOptions,
    ): Promise<FindMessageOutcome> {
      const byMessageId = internetMessageId !== null && `internetMessageId eq ${quote(internetMessageId)}`
      const searches: Search[] = [
        ...(messageId === null
          ? []
          : [{ filter: propertyFilter(asMime ? MIME_ID_PROPERTY : MESSAGE_ID_PROPERTY, messageId) }]),
        ...(byMessageId
          ? [{ filter: byMessageId, ...(asMime && messageId !== null && { only: { messageId, recipients } }) }]
          : []),
      ]
      for (const search of searches) {
        const found = await findBy(exchange, search, where, options)
        if (found.outcome !== 'not-found') return found
      }
      return { outcome: 'not-found' }
    },

    /**
     * Reads our ids of the messages in Sent Items that have a Message-ID, with its angle brackets: Exchange may have given
     * them another than they were submitted with. Needs `Mail.ReadWrite`.
     */
    async findOwnIds(
      internetMessageId: string,
      options: CallOptions,
    ): Promise<{ readonly outcome: 'found'; readonly ids: readonly string[] } | Failure> {
      const query = [
        `$filter=${encodeURIComponent(`internetMessageId eq ${quote(internetMessageId)}`)}`,
        '$select=id',
        `$expand=${encodeURIComponent(EXPAND_OUR_IDS)}`,
        `$top=${MAX_OF_ONE_MESSAGE_ID}`,
      ].join('&')
      const path = `/mailFolders/sentitems/messages?${query}`
      const reply = await inMailbox(exchange, options, { method: 'GET', path, immutableIds: true })
      const found = readReply(reply, OwnIds)
      if (!found) return asRepeatable(failureOf(reply))
      const ids = found.value.flatMap(({ singleValueExtendedProperties: [ours] }) => ours?.value ?? [])
      return { outcome: 'found', ids: [...new Set(ids)] }
    },
  }
}

async function findBy(
  exchange: Exchange,
  { filter, only }: Search,
  where: SearchedFolder,
  options: CallOptions,
): Promise<FindMessageOutcome> {
  const query = [
    `$filter=${encodeURIComponent(filter)}`, // the client does not encode queries
    ...(only === undefined
      ? ['$select=id,from,subject,toRecipients', '$top=1']
      : [
          '$select=id,from,subject,toRecipients,ccRecipients,bccRecipients',
          `$expand=${encodeURIComponent(EXPAND_MIME_ID)}`,
          `$top=${MAX_OF_ONE_MESSAGE_ID}`,
        ]),
  ].join('&')
  const path = `/mailFolders/${where}/messages?${query}`
  const reply = await inMailbox(exchange, options, { method: 'GET', path, immutableIds: true })
  const found = readReply(reply, FoundMessages)
  if (!found) return asRepeatable(failureOf(reply))
  const ourId = ({ singleValueExtendedProperties: [ours] }: Copy) => ours?.value ?? null
  const isToOurs = (copy: Copy) => only !== undefined && isToAny(copy, only.recipients)
  const copies = found.value.filter((copy) => only === undefined || [null, only.messageId].includes(ourId(copy)))
  const message = copies.find((copy) => ourId(copy) !== null) ?? copies.find(isToOurs) ?? copies[0]
  if (!message) return { outcome: 'not-found' }
  const { id, from, subject, toRecipients } = message
  const to = toRecipients.map(({ emailAddress }) => emailAddress.address)
  const byMessageId = isToOurs(message) ? 'message-id-and-recipient' : 'message-id'
  const recognisedBy = only === undefined || ourId(message) !== null ? 'own-id' : byMessageId
  return { outcome: 'found', id, from: from?.emailAddress.address ?? null, subject, to, recognisedBy }
}

type Copy = z.infer<typeof FoundMessages>['value'][number]

function isToAny({ toRecipients, ccRecipients, bccRecipients }: Copy, sought: readonly string[]): boolean {
  return [...toRecipients, ...ccRecipients, ...bccRecipients].some(({ emailAddress: { address } }) =>
    sought.some((each) => address !== null && sameAddress(each, address)),
  )
}

function propertyFilter(name: string, messageId: string): string {
  return `singleValueExtendedProperties/Any(ep: ep/id eq ${quote(name)} and ep/value eq ${quote(messageId)})`
}
