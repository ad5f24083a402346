import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { createPlaces, type Places } from '../memory/shares.ts'
import { takePlace } from './take-place.ts'
import { inPieces } from './unread-responses.ts'

/** Each holds some megabytes of rows and text, and often a connection to the database. */
const EXPORTS_AT_ONCE = 8

/** Creates the places that all exports of a process share. */
export function createExportPlaces(): Places {
  return createPlaces(EXPORTS_AT_ONCE)
}

/**
 * Streams an export, which holds a place until it is read or its client has gone away. Its first rows are read before: a
 * failure can no longer be told once the headers of the response are sent.
 *
 * @param begin returns its text: the headings, then rows, of which each part is made once the one before has been sent
 * @throws {ProblemError} `rate-limited` where there is no place, without a call of `begin`
 * @throws what reading the first rows throws
 */
export async function streamExport(
  places: Places,
  request: FastifyRequest,
  begin: () => Promise<AsyncGenerator<string>>,
): Promise<Readable> {
  const giveBack = takePlace(places, request, 'no-place-to-export')
  try {
    const parts = await begin()
    const beginning = [await parts.next(), await parts.next()].map(({ value }) => value ?? '')
    const stream = Readable.from(inPieces(continued(beginning, parts)), { highWaterMark: 1 })
    return stream.once('close', () => {
      giveBack()
      // A stream that is closed before anybody has read from it ends nothing by itself. Nobody is left to tell a failure.
      parts.return(undefined).catch(() => {})
    })
  } catch (error) {
    giveBack()
    throw error
  }
}

async function* continued(beginning: readonly string[], rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield* beginning
  yield* rest
}

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
