import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { createPlaces, type Places } from '../memory/shares.ts'
import { inPieces } from './pieces.ts'
import { takePlace } from './take-place.ts'

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
