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
 * Streams an export, which holds a place until it is read or its client has gone away.
 *
 * @param begin returns its text, of which each part is made once the one before has been sent
 * @throws {ProblemError} `rate-limited` where there is no place, without a call of `begin`
 */
export async function streamExport(
  places: Places,
  request: FastifyRequest,
  begin: () => Promise<AsyncIterable<string>>,
): Promise<Readable> {
  const giveBack = takePlace(places, request, 'no-place-to-export')
  try {
    const stream = Readable.from(inPieces(await begin()), { highWaterMark: 1 })
    return stream.once('close', () => giveBack())
  } catch (error) {
    giveBack()
    throw error
  }
}
