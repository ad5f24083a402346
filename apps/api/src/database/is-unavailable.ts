/** Two transactions in each other's way, of which PostgreSQL ended one: deadlock, serialization failure, and Prisma's name for both. */
const CONFLICTS = ['40P01', '40001', 'P2034'] as const

/** The connection broke, after a statement may have been sent by it. */
const CONNECTION_LOST = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  // PostgreSQL: shut down by an administrator, crashed; connection exceptions.
  '57P01',
  '57P02',
  '08000',
  '08003',
  '08006',
  // Prisma: timed out, connection closed.
  'P1008',
  'P1017',
] as const
const CONNECTION_LOST_WORDS = /connection terminated|query read timeout/i

/** There is no connection to it, for now. */
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
const AWAY_WORDS =
  /connection (terminated|timeout)|timeout exceeded when trying to connect|query read timeout|Client has encountered a connection error/i

const UNAVAILABLE = new Set<string>([
  ...CONFLICTS,
  ...AWAY,
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

/** Whether an error says that the database cannot be reached or used right now, wherever in its causes that stands. */
export function isUnavailable(error: unknown): boolean {
  return isAway(error) || faultsIn(error).some(({ codes }) => codes.some((code) => UNAVAILABLE.has(code)))
}

/** Whether nobody answers there, or the connection broke: it may be back in a moment, without anybody doing anything. */
export function isAway(error: unknown): boolean {
  return (
    hasCode(error, AWAY) ||
    faultsIn(error).some(
      // A socket's file is gone while its server is.
      ({ syscall, message }) => syscall === 'connect' || AWAY_WORDS.test(message),
    )
  )
}

/** What is the matter with the database, in a sentence; null when that is not what the error says. */
export function outageOf(error: unknown): string | null {
  if (!isUnavailable(error)) return null
  if (hasCode(error, ['53100'])) return 'The disk of the database is full.'
  if (hasCode(error, ['25006'])) return 'The database is read-only.'
  return 'The database does not answer right now.'
}

/** Whether the transaction was ended for another one: nothing of it is left, and it may be tried again. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, CONFLICTS)
}

/** Whether a statement was sent, and nothing says what became of it. */
export function answerWasLost(error: unknown): boolean {
  return hasCode(error, CONNECTION_LOST) || faultsIn(error).some(({ message }) => CONNECTION_LOST_WORDS.test(message))
}

function hasCode(error: unknown, wanted: readonly string[]): boolean {
  return faultsIn(error).some(({ codes }) => codes.some((code) => wanted.includes(code)))
}

/** An error and its causes; for those of PostgreSQL also what Prisma's adapter made of them. */
function faultsIn(error: unknown): { codes: string[]; syscall: unknown; message: string }[] {
  const faults = []
  let current = error
  for (let depth = 0; depth < MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const { code, originalCode, syscall, message, cause, meta } = current as Fault
    faults.push({
      codes: [code, originalCode].filter((candidate) => typeof candidate === 'string'),
      syscall,
      message: typeof message === 'string' ? message : '',
    })
    current = meta?.driverAdapterError ?? cause
  }
  return faults
}

interface Fault {
  readonly code?: unknown
  /** PostgreSQL's, where Prisma's adapter has a name of its own for it. */
  readonly originalCode?: unknown
  readonly syscall?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly meta?: { readonly driverAdapterError?: unknown }
}
