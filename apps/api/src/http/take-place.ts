import type { FastifyRequest } from 'fastify'
import type { GiveBack } from '../memory/byte-budget.ts'
import type { Places } from '../memory/shares.ts'
import { ProblemError, say } from './problem.ts'

/**
 * Takes a place for a request among those that all callers share, by the share of its service.
 *
 * @param refusal says what the places are for
 * @throws {ProblemError} `rate-limited`
 */
export function takePlace(
  places: Places,
  { holder }: Pick<FastifyRequest, 'holder'>,
  refusal: 'no-place-to-wait' | 'no-place-to-export' | 'no-place-to-search',
): GiveBack {
  const giveBack = places.take(holder)
  if (giveBack !== null) return giveBack
  const facts = { held: places.heldBy(holder), total: places.total }
  throw new ProblemError('rate-limited', say([refusal, 'share-rule'], facts))
}
