/** RFC 4180. An apostrophe disarms a cell that a spreadsheet would take for a formula: strangers choose texts of it. */
export const CSV_FORMAT = { record_delimiter: 'windows', quote_record_delimiter: true, escape_formulas: true } as const

/** Matches what begins a formula where a spreadsheet separates cells by semicolons, as in most of Europe, or by tabs. */
const FORMULA_WITHIN = /([;\t\r\n])(?=["\s]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g

/** Disarms what would be the beginning of a cell elsewhere. */
export function csvCell(text: string): string {
  return text.replace(FORMULA_WITHIN, "$1'")
}
