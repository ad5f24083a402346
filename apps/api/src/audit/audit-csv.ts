import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { stringify } from 'csv-stringify/sync'

const HEADINGS = ['time', 'person', 'address', 'action', 'outcome', 'details']

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe: names are what people chose. */
const FORMAT = { record_delimiter: 'windows', quote_record_delimiter: true, escape_formulas: true } as const

/** What begins a formula where a spreadsheet ends cells otherwise: at a semicolon in most of Europe, or at a tab. */
const FORMULA_WITHIN = /([;\t\r\n])(?=["\s]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g

/**
 * Audit events as comma-separated values, page by page, of at most `maxEvents`; where there are more, the last line
 * says so. The byte order mark in front tells spreadsheets that it is UTF-8.
 */
export async function* writeAuditCsv(
  pages: AsyncIterable<readonly AuditEvent[]>,
  maxEvents: number,
): AsyncGenerator<string> {
  yield stringify([HEADINGS], { ...FORMAT, bom: true })
  let left = maxEvents
  for await (const page of pages) {
    yield stringify(page.slice(0, left).map(toRecord), FORMAT)
    if (page.length > left) {
      const remark = `Only the newest ${maxEvents} events are in this file. Ask for an earlier period to have the others.`
      yield stringify([['', '', '', '', 'cut', remark]], FORMAT)
      return
    }
    left -= page.length
  }
}

function toRecord({ at, actor, action, outcome, details }: AuditEvent): string[] {
  const cells = [at, actor?.name ?? '', actor?.email ?? '', action, outcome, JSON.stringify(details)]
  return cells.map((cell) => cell.replace(FORMULA_WITHIN, "$1'"))
}
