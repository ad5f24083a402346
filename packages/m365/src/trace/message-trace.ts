import { z } from 'zod'
import { jsonObject, optionalText, readJson } from '../json.ts'
import { firstSentence } from '../plain-text.ts'
import { classifyFailure, type Failure } from '../mailer/classify-failure.ts'
import { classifyConnectionFailure } from '../mailer/connection-failure.ts'
import { asRepeatable, createExchange, quote, unusable, type GraphMailerOptions } from '../mailer/graph-exchange.ts'
import { pathOfLink } from '../mailer/graph-call.ts'

// Exchange's message trace by Microsoft Graph. The service ignores conditions that it does not know, and answers more
// than it was asked for: whoever uses a row checks it again.

const TRACES = '/admin/exchange/tracing/messageTraces'
/** The most that the service gives at once. */
const MAX_TRACE_ROWS = 5_000
/** Fits MAX_TRACE_ROWS rows with long subjects. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Pause after a 429 without Retry-After. */
const UNASKED_PAUSE_MS = 60_000
const MAX_QUOTE_CHARACTERS = 200

/** One message and one of its recipients. */
export interface TraceRow {
  /** The id of the message, which its recipients share. */
  readonly id: string
  /** The Message-ID with its angle brackets. */
  readonly messageId: string | null
  readonly senderAddress: string
  readonly recipientAddress: string
  /** When Exchange received the message. */
  readonly receivedAt: Date
  readonly subject: string
  /** As the service spells it; the list is open. */
  readonly status: string
}

/** An event on the way of a message to a recipient. They are in no order. */
export interface TraceDetail {
  readonly at: Date | null
  readonly event: string
  readonly description: string
  /** XML. */
  readonly data: string
}

/**
 * Why the service gave no answer to use.
 *
 * - `not-provisioned`: the service principal of Microsoft's application is missing in the tenant
 * - `denied`: 401 or 403 otherwise: the token, the permission or a role is missing
 * - `throttled`: the organisation has asked too often, by whatever application
 * - `invalid`: the question was wrong, or the link to a page does not count any more
 * - `unavailable`: no answer, that of a proxy, a 5xx, or a cloud that has no trace
 */
export type TraceRefusal =
  | { readonly outcome: 'not-provisioned' | 'denied' | 'unavailable'; readonly failure: Failure }
  | {
      readonly outcome: 'invalid'
      readonly failure: Failure
      /** The period ended later than it was for the service. A period that is asked for again ends earlier. */
      readonly endsLate?: true
    }
  | { readonly outcome: 'throttled'; readonly failure: Failure; readonly retryAfter: Date }

export type TracePage =
  | {
      readonly outcome: 'page'
      readonly rows: readonly TraceRow[]
      /** Leads to the next page, in whatever form; null when there is none. */
      readonly next: string | null
    }
  | TraceRefusal

export type TraceDetails = { readonly outcome: 'details'; readonly details: readonly TraceDetail[] } | TraceRefusal

export interface TraceOptions {
  readonly accessToken: string
  readonly signal?: AbortSignal | undefined
}

/** No call repeats a request. */
export type MessageTrace = ReturnType<typeof createMessageTrace>

const text = z.string().catch('')
const time = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .nullable()
  .catch(null)

const Row = z
  .object({
    id: z.string().min(1),
    messageId: optionalText,
    senderAddress: text,
    recipientAddress: z.string().min(1),
    receivedDateTime: z.iso.datetime({ offset: true }).transform((value) => new Date(value)),
    subject: text,
    status: text,
  })
  .transform(({ receivedDateTime: receivedAt, ...row }): TraceRow => ({ ...row, receivedAt }))
const Rows = z.object({
  value: z.array(Row.nullable().catch(null)).max(MAX_TRACE_ROWS),
  '@odata.nextLink': optionalText,
})
const Detail = z
  .object({ dateTime: time, event: text, description: text, data: text })
  .transform(({ dateTime: at, ...detail }): TraceDetail => ({ ...detail, at }))
const Details = z.object({ value: z.array(Detail).max(1_000) })

export function createMessageTrace(options: GraphMailerOptions) {
  const { clock } = options
  const exchange = createExchange(options)
  /** How far the clock here is ahead of the service’s, once the service refused a period that ended later than now. */
  let aheadMs: number | null = null

  async function get(
    path: string,
    { accessToken, signal }: TraceOptions,
    until: Date | null = null,
  ): Promise<string | TraceRefusal> {
    const reply = await exchange({ method: 'GET', path, accessToken, signal, maxAnswerBytes: MAX_ANSWER_BYTES })
    if (!reply.answered) return unavailable(classifyConnectionFailure(reply.error))
    const { status, code, message, requestId, retryAfter, gateway } = reply.answer
    const isOfTrace = gateway === null || (status === 200 && readJson(reply.text, jsonObject) !== null)
    if (!isOfTrace) return unavailable(classifyFailure(reply.answer))
    const hostMs = Date.parse(reply.headers.get('date') ?? '')
    const endsLate = status === 400 && until !== null && hostMs < until.getTime()
    if (endsLate || (status === 200 && aheadMs !== null && !Number.isNaN(hostMs))) aheadMs = clock().getTime() - hostMs
    if (status === 200) return reply.text
    if (status === 401 || status === 403)
      return {
        outcome: /service principal/i.test(message ?? '') ? 'not-provisioned' : 'denied',
        failure: { ...unusable(denied(message)), microsoftCode: code, requestId },
      }
    const failure = asRepeatable(classifyFailure(reply.answer))
    if (status === 429)
      return {
        outcome: 'throttled',
        failure,
        retryAfter: retryAfter ?? new Date(clock().getTime() + UNASKED_PAUSE_MS),
      }
    if (status !== 400) return unavailable(failure)
    return { outcome: 'invalid', failure, ...(endsLate && { endsLate }) }
  }

  /** Microsoft documents that a period must not end in the future. */
  function notInFuture(time: Date): Date {
    if (aheadMs === null) return time
    // The header has whole seconds.
    return new Date(Math.min(time.getTime(), clock().getTime() - aheadMs - 1_000))
  }

  async function page(path: string, call: TraceOptions, until?: Date): Promise<TracePage> {
    const answer = await get(path, call, until)
    if (typeof answer !== 'string') return answer
    const read = readJson(answer, Rows)
    if (read === null) return unavailable(unusable(UNREADABLE))
    return { outcome: 'page', rows: read.value.filter((row) => row !== null), next: read['@odata.nextLink'] }
  }

  return {
    /** Asks for rows by the time of receipt, newest first. At most 10 days; not older than 90 days. `top`: 1 to 5,000. */
    async list(
      {
        from,
        to,
        sender = null,
        messageId = null,
        top = MAX_TRACE_ROWS,
      }: {
        readonly from: Date
        readonly to: Date
        readonly sender?: string | null
        /** Instead of a sender: the rows of one message. */
        readonly messageId?: string | null
        readonly top?: number
      },
      call: TraceOptions,
    ): Promise<TracePage> {
      const until = notInFuture(to)
      const filter = [
        `receivedDateTime ge ${(from < until ? from : until).toISOString()}`,
        `receivedDateTime le ${until.toISOString()}`,
        ...(messageId === null ? [] : [`messageId eq ${quote(messageId)}`]),
        ...(sender === null || messageId !== null ? [] : [`senderAddress eq ${quote(sender)}`]),
      ].join(' and ')
      return page(`${TRACES}?$top=${top}&$filter=${encodeURIComponent(filter)}`, call, until)
    },

    async listNext(next: string, call: TraceOptions): Promise<TracePage> {
      const path = pathOfLink(next)
      if (!path?.startsWith(`${TRACES}?`)) return { outcome: 'invalid', failure: unusable(FOREIGN_LINK) }
      return page(path, call)
    },

    async details(
      { id, recipientAddress }: { readonly id: string; readonly recipientAddress: string },
      call: TraceOptions,
    ): Promise<TraceDetails> {
      const address = encodeURIComponent(quote(recipientAddress))
      const path = `${TRACES}/${encodeURIComponent(id)}/getDetailsByRecipient(recipientAddress=${address})`
      const answer = await get(path, call)
      if (typeof answer !== 'string') return answer
      const read = readJson(answer, Details)
      if (read === null) return unavailable(unusable(UNREADABLE))
      return { outcome: 'details', details: read.value }
    },
  }
}

const UNREADABLE = 'Microsoft’s message trace gave an answer that is not as documented.'
const FOREIGN_LINK = 'The link to the next page of the message trace leads elsewhere.'

/** Whoever's access sends the mail, it is the application that asks for traces. */
function denied(message: string | null): string {
  const said = firstSentence(message ?? '', MAX_QUOTE_CHARACTERS)
  return `Exchange does not let the application read message traces${said === '' ? '.' : `: ${said}`}`
}

function unavailable(failure: Failure): TraceRefusal {
  return { outcome: 'unavailable', failure: asRepeatable(failure) }
}

/** The reason in the details of a failed delivery: the number alone, and Microsoft's text. */
export function reasonOf(details: readonly TraceDetail[]): {
  readonly code: string | null
  readonly text: string | null
  readonly at: Date | null
} {
  const failures = details.filter(({ event }) => /^fail/i.test(event))
  for (const { description, data, at } of failures) {
    // The innermost answer is the last one.
    const led = [...`${unescapeXml(data)} ${description}`.matchAll(/LED=([^};]*)/g)].at(-1)?.[1] ?? description
    const code = CODE.exec(led)?.[1] ?? CODE.exec(description)?.[1] ?? null
    if (code !== null) return { code, text: led.trim(), at }
  }
  const [first] = failures
  return { code: null, text: first?.description || null, at: first?.at ?? null }
}

const CODE = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(xml: string): string {
  return xml.replace(/&(amp|lt|gt|quot|apos);/g, (_entity, name: string) => ENTITIES[name] ?? '')
}
