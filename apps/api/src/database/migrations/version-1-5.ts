import { VERSION } from '../../runtime/version.ts'

/** The first migration. It makes the schema of version 1.5, and is taken as applied where that version has made it. */
export const BASELINE = '20261201000000_baseline'

/** Version 1.5 has applied all of its migrations where it noted as many, and the last one is among them. */
export const COUNT_OF_1_5 = 55
export const LAST_OF_1_5 = '20261201220000_gateway_answers'

/** Whether these migrations, and none of ours, have made a database or what is in a backup. */
export function isBefore2(applied: Iterable<string>): boolean {
  const names = new Set(applied)
  return names.size > 0 && !names.has(BASELINE)
}

/**
 * Explains why data that these migrations have made are too old to be used; null when they are not.
 *
 * @param what the database, or the path of a backup
 */
export function olderFault(what: string, applied: Iterable<string>): string | null {
  const names = new Set(applied)
  const isFinished = names.size === COUNT_OF_1_5 && names.has(LAST_OF_1_5)
  return !isBefore2(names) || isFinished ? null : tooOld(what)
}

export function tooOld(what: string): string {
  return `${what} holds data from before version 1.5.0, or of a 1.5 that has not finished its migrations. Inforiver Mail ${VERSION} takes data of 1.5 alone: bring them to 1.5 first, by starting that version on them.`
}
