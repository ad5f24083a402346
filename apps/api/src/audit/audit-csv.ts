import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { stringify } from 'csv-stringify/sync'

const HEADINGS = ['time', 'person', 'address', 'action', 'outcome', 'details']

/** RFC 4180. An apostrophe disarms a cell that a spreadsheet would take for a formula: people choose their own names. */
const FORMAT = { record_delimiter: 'windows', quote_record_delimiter: true, escape_formulas: true } as const

/** Matches what begins a formula where a spreadsheet separates cells by semicolons, as in most of Europe, or by tabs. */
const FORMULA_WITHIN = /([;\t\r\n])(?=["\s]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g

/**
 * Writes up to `maxEvents` audit events as comma-separated values, page by page; the last line says if there are more.
 * The byte order mark tells spreadsheets that the file is UTF-8.
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
