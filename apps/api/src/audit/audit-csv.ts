import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { stringify } from 'csv-stringify/sync'
import { CSV_FORMAT, csvCell } from '../http/stream-export.ts'

const HEADINGS = ['time', 'person', 'address', 'action', 'outcome', 'details']

/**
 * Writes up to `maxEvents` audit events as comma-separated values, page by page; the last line says whether there are
 * more. The byte order mark tells spreadsheets that the file is UTF-8.
 */
export async function* writeAuditCsv(
  pages: AsyncIterable<readonly AuditEvent[]>,
  maxEvents: number,
): AsyncGenerator<string> {
  yield stringify([HEADINGS], { ...CSV_FORMAT, bom: true })
  let left = maxEvents
  for await (const page of pages) {
    yield stringify(page.slice(0, left).map(toRecord), CSV_FORMAT)
    if (page.length > left) {
      const remark = `Only the newest ${maxEvents} events are in this file. Ask for an earlier period to have the others.`
      yield stringify([['', '', '', '', 'cut', remark]], CSV_FORMAT)
      return
    }
    left -= page.length
  }
}

function toRecord({ at, actor, action, outcome, details }: AuditEvent): string[] {
  const cells = [at, actor?.name ?? '', actor?.email ?? '', action, outcome, JSON.stringify(details)]
  return cells.map(csvCell)
}
