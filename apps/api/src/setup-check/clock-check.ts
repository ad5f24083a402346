import type { Reach } from '@inforiver-mail/m365/reach'
import type { DatabaseFinding } from '../domain/database-finding.ts'
import { found, type Outcome } from './run-checks.ts'
import type { NotAsked } from './reach-checks.ts'

const WARN_OVER_MS = 60_000
/** A clock that is further off has Entra refuse our assertions, and us its id_tokens. */
const FAIL_OVER_MS = 300_000

/** Compares the clock of this machine with those of Microsoft and the database, and reports the larger difference. */
export async function checkClock(
  reaches: readonly Promise<Reach | NotAsked>[],
  database: Promise<DatabaseFinding>,
): Promise<Outcome> {
  const [stored, ...answers] = await Promise.all([database, ...reaches])
  const ofMicrosoft = answers.map(aheadOfMicrosoft).find((ms) => ms !== null) ?? null
  return judgeClock({ ofMicrosoft, ofDatabase: stored.state === 'reached' ? stored.aheadMs : null })
}

/** Each is how far the clock of this machine is ahead, in milliseconds; null when it could not be compared. */
export function judgeClock(ahead: {
  readonly ofMicrosoft: number | null
  readonly ofDatabase: number | null
}): Outcome {
  const compared = [
    { clock: 'Microsoft', aheadMs: ahead.ofMicrosoft },
    { clock: 'PostgreSQL', aheadMs: ahead.ofDatabase },
  ].flatMap(({ clock, aheadMs }) => (aheadMs === null ? [] : [{ clock, aheadMs }]))
  const [worst] = compared.toSorted((one, other) => Math.abs(other.aheadMs) - Math.abs(one.aheadMs))
  if (!worst) return found('clock-not-compared')
  const offMs = Math.abs(worst.aheadMs)
  const values = {
    seconds: Math.round(offMs / 1_000),
    direction: worst.aheadMs > 0 ? 'ahead of' : 'behind',
    clock: worst.clock,
  }
  if (offMs > FAIL_OVER_MS) return found('clock-wrong', values)
  if (offMs > WARN_OVER_MS) return found('clock-off', values)
  return found('clock-right', { clocks: compared.map(({ clock }) => clock) })
}

function aheadOfMicrosoft(reach: Reach | NotAsked): number | null {
  return typeof reach !== 'string' && 'aheadMs' in reach ? reach.aheadMs : null
}
