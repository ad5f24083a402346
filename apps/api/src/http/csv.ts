/** RFC 4180. */
export const CSV_FORMAT = { record_delimiter: 'windows', quote_record_delimiter: true } as const

/** What a spreadsheet may skip before a formula, or take for the quotes of a cell: blanks, and characters without width. */
const SKIPPED = String.raw`[\s\p{Cc}\p{Cf}"\uFF02]*`
/** Also in the widths that East Asian spreadsheets take for the same. */
const SIGN = String.raw`[=+\-@\uFE62\uFE63\uFE66\uFE6B\uFF0B\uFF0D\uFF1D\uFF20]`
/**
 * The beginning of a formula, or of what may become one, in a cell, and where a spreadsheet separates cells by semicolons,
 * as in most of Europe, or by tabs.
 */
const FORMULA = new RegExp(String.raw`^(?=[\t\r]|${SKIPPED}${SIGN})|(?<=[;\t\r\n])(?=${SKIPPED}${SIGN})`, 'gu')

/** Disarms by an apostrophe what a spreadsheet would take for a formula: strangers choose texts of a cell. */
export function csvCell(text: string): string {
  return text.replace(FORMULA, "'")
}
