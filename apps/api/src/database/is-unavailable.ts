import type { Outage } from '../domain/outage.ts'

/** PostgreSQL rolled one of two conflicting transactions back: deadlock, serialization failure, and Prisma's code for both. */
const CONFLICTS = ['40P01', '40001', 'P2034'] as const

/** A conflict with others that spans several statements, so that PostgreSQL does not see it. It is answered like its own. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly code = '40001' satisfies (typeof CONFLICTS)[number]
}

/** The connection broke, possibly after a statement was sent. */
const CONNECTION_LOST = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENOTCONN',
  // PostgreSQL: shut down by an administrator, crashed; connection exceptions.
  '57P01',
  '57P02',
  '08000',
  '08003',
  '08006',
  // PgBouncer lost the server, or has none. See `isOfProgram`.
  '08P01',
  // Prisma: timed out, connection closed.
  'P1008',
  'P1017',
] as const
const CONNECTION_LOST_TEXT = /connection terminated|query read timeout/i

/** The database cannot be reached at this moment. */
const AWAY = [
  ...CONNECTION_LOST,
  'ECONNREFUSED',
  'ENOTFOUND',
  // PostgreSQL: still starting; no connection; too many connections.
  '57P03',
  '08001',
  '53300',
  // Prisma: cannot reach, timed out, too many connections.
  'P1001',
  'P1002',
  'P2037',
] as const
const AWAY_TEXT =
  /connection (terminated|timeout)|timeout exceeded when trying to connect|query read timeout|Client has encountered a connection error/i

/** The password or the account is refused, or a right is missing. */
const REFUSED = ['28P01', '28000', '42501', 'P1000', 'P1010'] as const

/** Somebody else's lock lasts. The limit of a lock is far below that of a statement (database.ts). */
const LOCKED = '55P03'

const UNAVAILABLE = new Set<string>([
  ...CONFLICTS,
  ...AWAY,
  ...REFUSED,
  LOCKED,
  // Out of disk or memory, read-only as a standby is, a statement or a transaction that took too long.
  '53100',
  '53200',
  '25006',
  '57014',
  '25P03',
  // Prisma: no connection free, no transaction started in time.
  'P2024',
  'P2028',
])
const MAX_CAUSES = 6

/** Whether an error, or one of its causes, means that the database cannot be reached or used right now. */
export function isUnavailable(error: unknown): boolean {
  return isAway(error) || faultsIn(error).some(({ codes }) => codes.some((code) => UNAVAILABLE.has(code)))
}

/** Whether the database cannot be reached or the connection broke, which may pass without anybody acting. */
export function isAway(error: unknown): boolean {
  return (
    hasCode(error, AWAY) ||
    faultsIn(error).some(
      // A failed connect has other codes too, such as ENOENT for the missing file of a Unix socket.
      ({ syscall, message }) => syscall === 'connect' || AWAY_TEXT.test(message),
    )
  )
}

/** Whether a lock could not be had in time, which does not mean that the database is unavailable. */
export function isLocked(error: unknown): boolean {
  return hasCode(error, [LOCKED])
}

/** Names an outage of the database; null when the error is none. */
export function outageOf(error: unknown): Outage | null {
  if (!isUnavailable(error)) return null
  if (hasCode(error, ['53100'])) return 'database-full'
  if (hasCode(error, ['25006'])) return 'database-read-only'
  if (hasCode(error, REFUSED)) return 'database-refuses'
  return 'database-away'
}

/** Whether PostgreSQL rolled the transaction back in favour of another one, so that it can be retried. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, CONFLICTS)
}

/** Whether a statement may have been sent, and its answer was lost. Nothing is sent where there is no connection yet. */
export function answerWasLost(error: unknown): boolean {
  return faultsIn(error).some(
    ({ codes, syscall, message }) =>
      syscall !== 'connect' &&
      (codes.some((code) => CONNECTION_LOST.some((lost) => lost === code)) || CONNECTION_LOST_TEXT.test(message)),
  )
}

/** Makes a write that may be left out: a database that takes no writes can still be read. */
export async function tryToWrite(write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const outage = outageOf(error)
    if (outage === null || outage === 'database-away') throw error
  }
}

function hasCode(error: unknown, wanted: readonly string[]): boolean {
  return faultsIn(error).some(({ codes }) => codes.some((code) => wanted.includes(code)))
}

/** Lists an error and its causes, including those that Prisma's adapter wraps. */
function faultsIn(error: unknown): { codes: string[]; syscall: unknown; message: string }[] {
  const faults = []
  let current = error
  for (let depth = 0; depth < MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const { code, originalCode, syscall, message, cause, meta } = current as Fault
    faults.push({
      codes: isOfProgram(current) ? [] : [code, originalCode].filter((candidate) => typeof candidate === 'string'),
      syscall,
      message: typeof message === 'string' ? message : '',
    })
    current = meta?.driverAdapterError ?? cause
  }
  return faults
}

/**
 * PostgreSQL has 08P01 for a statement with too few values, as an error in one of its routines. PgBouncer names no routine,
 * and ends the connection. Prisma's adapter keeps no routine, only the message, which is in the language of the server: in any
 * other than English the error counts as an outage.
 */
function isOfProgram(fault: Fault): boolean {
  const { code, originalCode, routine, message } = fault
  if (![code, originalCode].includes('08P01')) return false
  if ('routine' in fault) return routine !== undefined
  return typeof message === 'string' && message.startsWith('bind message ')
}

interface Fault {
  readonly code?: unknown
  /** PostgreSQL's SQLSTATE, when Prisma's adapter replaced the code. */
  readonly originalCode?: unknown
  readonly syscall?: unknown
  readonly routine?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly meta?: { readonly driverAdapterError?: unknown }
}
