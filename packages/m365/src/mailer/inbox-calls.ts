import { z } from 'zod'
import { optionalText } from '../json.ts'
import type { Failure } from './classify-failure.ts'
import { messageIdsIn, REPORT_BYTES } from './delivery-report.ts'
import {
  Addressed,
  asRepeatable,
  failureOf,
  inMailbox,
  readReply,
  repeatableOrGone,
  type Answered,
  type CallOptions,
  type Exchange,
  type Gone,
  type Reply,
} from './graph-exchange.ts'
import { pathOfLink, messagePath } from './graph-call.ts'

/** How many mails Graph lists in one answer. */
const PAGE_SIZE = 100
/** MS-OXCMAIL: class, original Message-ID, In-Reply-To and References. */
const CLASS_PROPERTY = 'String 0x001A'
const ORIGINAL_PROPERTIES = ['String 0x1046', 'String 0x1042', 'String 0x1039']
const MAX_LINK_CHARACTERS = 8_000
/** RFC 5322, section 2.2; the page of a proxy does not. */
const BEGINS_WITH_HEADER = /^[\x21-\x39\x3b-\x7e]+[ \t]*:/

const Properties = z.array(z.object({ id: z.string(), value: optionalText })).catch([])

const Arrived = z.object({
  id: z.string().min(1).max(1_000),
  sender: Addressed.nullable().catch(null),
  singleValueExtendedProperties: Properties,
})

const ArrivedPage = z.object({
  // A mail that was deleted meanwhile is listed with nothing but its id.
  value: z.array(Arrived.nullable().catch(null)),
  '@odata.nextLink': optionalText,
  '@odata.deltaLink': optionalText,
})

const Report = z.object({
  id: z.string(),
  from: Addressed.nullable().catch(null),
  sender: Addressed.nullable().catch(null),
  receivedDateTime: z.iso.datetime({ offset: true }).nullable().catch(null),
  toRecipients: z.array(Addressed).catch([]),
  singleValueExtendedProperties: Properties,
})

/** A mail in the inbox. What Graph does not return is null. */
export interface ArrivedMail {
  /** Immutable. */
  readonly id: string
  readonly sender: string | null
  /** Such as `IPM.Note` and `REPORT.IPM.Note.NDR`. */
  readonly messageClass: string | null
}

type ListArrivedOutcome =
  | {
      readonly outcome: 'listed'
      readonly mails: readonly ArrivedMail[]
      /** Where to go on: at once where `more`, else for what arrives from now on. */
      readonly link: string
      readonly more: boolean
    }
  /** Graph does not know the link any more: begin anew. */
  | { readonly outcome: 'link-expired' }
  | Failure

export interface ReportFacts {
  readonly outcome: 'read'
  readonly messageClass: string | null
  readonly from: string | null
  readonly sender: string | null
  readonly receivedAt: Date | null
  /** Exchange lists those here for whom the delivery failed. */
  readonly to: readonly string[]
  /** Message-IDs of the mail that it is about, as far as Exchange keeps them. */
  readonly originals: readonly string[]
}

/** What is asked of an inbox. None of it ends as `unknown`, and none changes anything. Needs `Mail.ReadWrite`. */
export function createInboxCalls(exchange: Exchange) {
  const inPages = { method: 'GET', immutableIds: true, pageSize: PAGE_SIZE } as const

  return {
    /**
     * Lists what has arrived, a page at a time: nothing but id, sender and class.
     *
     * @param from the link of the last page, or since when, to begin
     */
    async listArrived(
      from: { readonly link: string } | { readonly since: Date },
      options: CallOptions,
    ): Promise<ListArrivedOutcome> {
      if ('link' in from) {
        const { accessToken, signal } = options
        const page = await exchange({ ...inPages, path: from.link, accessToken, signal })
        // Graph documents 410; a link that it cannot read at all is refused with 400.
        const isExpired = isRefusedByGraph(page) && (page.status === 410 || page.status === 400)
        return isExpired ? { outcome: 'link-expired' } : toPage(page)
      }
      const begin = (expanded: boolean) =>
        inMailbox(exchange, options, { ...inPages, path: firstPage(from.since, expanded) })
      const first = await begin(true)
      // Extended properties are reported not to work with delta: then the class is read of each likely report.
      const isRefused = isRefusedByGraph(first) && first.status === 400
      return toPage(isRefused ? await begin(false) : first)
    },

    async readReport(id: string, options: CallOptions): Promise<ReportFacts | Gone | Failure> {
      const query = `$select=from,sender,receivedDateTime,toRecipients&${expand([CLASS_PROPERTY, ...ORIGINAL_PROPERTIES])}`
      const path = `${messagePath(id)}?${query}`
      const reply = await inMailbox(exchange, options, { method: 'GET', path, immutableIds: true })
      const read = readReply(reply, Report)
      return read ? toFacts(read) : repeatableOrGone(reply)
    },

    /** Reads the beginning of a report's MIME: `REPORT_BYTES` at most. */
    async readReportSource(
      id: string,
      options: CallOptions,
    ): Promise<{ readonly outcome: 'read'; readonly source: string } | Gone | Failure> {
      const path = `${messagePath(id)}/$value`
      const request = { immutableIds: true, maxAnswerBytes: REPORT_BYTES, cutsAnswer: true } as const
      const reply = await inMailbox(exchange, options, { method: 'GET', path, ...request })
      const isMime = reply.answered && reply.status === 200 && BEGINS_WITH_HEADER.test(reply.text)
      return isMime ? { outcome: 'read', source: reply.text } : repeatableOrGone(reply)
    },

    /** Reads the id of one message in the inbox, to learn whether it can be read. */
    async probeInbox(options: CallOptions): Promise<InboxProbe> {
      const path = '/mailFolders/inbox/messages?$select=id&$top=1'
      const reply = await inMailbox(exchange, options, { method: 'GET', path })
      if (readReply(reply, Messages)) return { outcome: 'read' }
      const failure = asRepeatable(failureOf(reply))
      if (!reply.answered || failure.outcome === 'intercepted') return { outcome: 'unavailable', failure }
      if (reply.status === 401 || reply.status === 403) return { outcome: 'denied', failure }
      return { outcome: reply.status === 404 ? 'missing' : 'unavailable', failure }
    },
  }
}

function firstPage(since: Date, expanded: boolean): string {
  const query = [
    '$select=id,sender,receivedDateTime',
    'changeType=created',
    `$filter=${encodeURIComponent(`receivedDateTime ge ${since.toISOString().slice(0, 19)}Z`)}`,
    ...(expanded ? [expand([CLASS_PROPERTY])] : []),
  ]
  return `/mailFolders/inbox/messages/delta?${query.join('&')}`
}

function expand(properties: readonly string[]): string {
  const filter = properties.map((id) => `id eq '${id}'`).join(' or ')
  return `$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=${filter})`)}`
}

function isRefusedByGraph(reply: Reply): reply is Answered {
  return reply.answered && reply.answer.gateway === null
}

function toPage(reply: Reply): ListArrivedOutcome {
  const page = readReply(reply, ArrivedPage)
  const next = page && pathOf(page['@odata.nextLink'])
  const link = next ?? (page && pathOf(page['@odata.deltaLink']))
  if (!page || link === null) return asRepeatable(failureOf(reply))
  const mails = page.value.flatMap((mail) => (mail === null ? [] : [toArrived(mail)]))
  return { outcome: 'listed', mails, link, more: next !== null }
}

function pathOf(link: string | null): string | null {
  if (link === null || link.length > MAX_LINK_CHARACTERS) return null
  return pathOfLink(link)
}

function toArrived({ id, sender, singleValueExtendedProperties }: z.infer<typeof Arrived>): ArrivedMail {
  return {
    id,
    sender: sender?.emailAddress.address ?? null,
    messageClass: valueOf(singleValueExtendedProperties, CLASS_PROPERTY),
  }
}

function toFacts(read: z.infer<typeof Report>): ReportFacts {
  const { from, sender, receivedDateTime, toRecipients, singleValueExtendedProperties: properties } = read
  return {
    outcome: 'read',
    messageClass: valueOf(properties, CLASS_PROPERTY),
    from: from?.emailAddress.address ?? null,
    sender: sender?.emailAddress.address ?? null,
    receivedAt: receivedDateTime === null ? null : new Date(receivedDateTime),
    to: toRecipients.flatMap(({ emailAddress }) => emailAddress.address ?? []),
    originals: ORIGINAL_PROPERTIES.flatMap((id) => messageIdsIn(valueOf(properties, id) ?? '')),
  }
}

/** Graph may write the tag in another case, and without its leading zero: `String 0x1a`. */
function valueOf(properties: z.infer<typeof Properties>, id: string): string | null {
  return properties.find((property) => tagOf(property.id) === tagOf(id))?.value ?? null
}

function tagOf(id: string): string {
  return id.toLowerCase().replace(/ 0x0*/, ' ')
}

/**
 * - `denied`: the token or the person may not read it
 * - `missing`: there is no such inbox
 * - `unavailable`: nobody knows, because Microsoft did not say
 */
export type InboxProbe =
  | { readonly outcome: 'read' }
  | { readonly outcome: 'denied' | 'missing' | 'unavailable'; readonly failure: Failure }

const Messages = z.object({ value: z.array(z.unknown()) })
