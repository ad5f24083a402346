import type { MessageSummary, Recipient } from '@inforiver-mail/contract/message'
import { CSV_FORMAT, csvCell } from '../http/stream-export.ts'
import { stringify } from 'csv-stringify/sync'

const HEADINGS = [
  'id',
  'status',
  'service',
  'reference',
  'submitted',
  'sent',
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'problem',
  'microsoftCode',
  'possibleDuplicate',
  'delivered',
  'bounced',
]

/**
 * Writes messages as comma-separated values (RFC 4180), page by page. The byte order mark tells spreadsheets that the file
 * is UTF-8. Recipients that a message of an older version has not kept are left empty.
 */
export async function* writeMessagesCsv(pages: AsyncIterable<readonly MessageSummary[]>): AsyncGenerator<string> {
  yield stringify([HEADINGS], { ...CSV_FORMAT, bom: true })
  for await (const page of pages) yield stringify(page.map(toRecord), CSV_FORMAT)
}

function toRecord(message: MessageSummary): string[] {
  const { problem, delivery } = message
  return [
    message.id,
    message.status,
    message.service,
    message.reference ?? '',
    message.createdAt,
    message.sentAt ?? '',
    message.from ?? '',
    addresses(message.to),
    addresses(message.cc),
    addresses(message.bcc),
    message.subject,
    problem?.code ?? '',
    problem?.microsoftCode ?? '',
    String(message.possibleDuplicate),
    String((delivery.delivered ?? 0) + (delivery.spam ?? 0)),
    String(delivery.failed ?? 0),
  ].map(csvCell)
}

function addresses(recipients: readonly Recipient[] | null): string {
  return (recipients ?? []).map(({ address }) => address).join('; ')
}
