import type { MessageSummary, Recipient } from '@inforiver-mail/contract/message'
import { CSV_FORMAT, csvCell } from '../http/stream-export.ts'
import { stringify } from 'csv-stringify/sync'

const COLUMNS: Readonly<Record<string, (message: MessageSummary) => string>> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  service: ({ service }) => service,
  reference: ({ reference }) => reference ?? '',
  submitted: ({ createdAt }) => createdAt,
  sent: ({ sentAt }) => sentAt ?? '',
  from: ({ from }) => from ?? '',
  to: ({ to }) => addresses(to),
  cc: ({ cc }) => addresses(cc),
  bcc: ({ bcc }) => addresses(bcc),
  subject: ({ subject }) => subject,
  problem: ({ problem }) => problem?.code ?? '',
  microsoftCode: ({ problem }) => problem?.microsoftCode ?? '',
  possibleDuplicate: ({ possibleDuplicate }) => String(possibleDuplicate),
  delivered: ({ delivery: { delivered = 0, spam = 0 } }) => String(delivered + spam),
  bounced: ({ delivery: { failed = 0 } }) => String(failed),
}

/**
 * Writes messages as comma-separated values (RFC 4180), page by page. The byte order mark tells spreadsheets that the file
 * is UTF-8. Recipients that a message of an older version has not kept are left empty.
 */
export async function* writeMessagesCsv(pages: AsyncIterable<readonly MessageSummary[]>): AsyncGenerator<string> {
  yield stringify([Object.keys(COLUMNS)], { ...CSV_FORMAT, bom: true })
  for await (const page of pages) yield stringify(page.map(toRecord), CSV_FORMAT)
}

function toRecord(message: MessageSummary): string[] {
  return Object.values(COLUMNS).map((valueOf) => csvCell(valueOf(message)))
}

function addresses(recipients: readonly Recipient[] | null): string {
  return (recipients ?? []).map(({ address }) => address).join('; ')
}
