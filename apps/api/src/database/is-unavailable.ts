const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  // PostgreSQL: shut down by an administrator, crashed, or still starting; connection exceptions; too many connections.
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08006',
  '53300',
  // Out of disk or memory, read-only as a standby is, a statement or a transaction that took too long.
  '53100',
  '53200',
  '25006',
  '57014',
  '25P03',
  // Prisma: cannot reach, timed out, connection closed, no connection free, no transaction started in time, too many connections.
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
])
const UNAVAILABLE_WORDS =
  /connection (terminated|timeout)|timeout exceeded when trying to connect|query read timeout|Client has encountered a connection error/i
const MAX_CAUSES = 5

/** Whether an error says that the database cannot be reached right now, wherever in its causes that stands. */
export function isUnavailable(error: unknown): boolean {
  let current = error
  for (let depth = 0; depth < MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const { code, syscall, message, cause, meta } = current as Fault
    if (typeof code === 'string' && UNAVAILABLE.has(code)) return true
    if (syscall === 'connect') return true // a socket's file is gone while its server is
    if (typeof message === 'string' && UNAVAILABLE_WORDS.test(message)) return true
    current = meta?.driverAdapterError ?? cause
  }
  return false
}

/** An error, or what Prisma's adapter made of one of PostgreSQL. */
interface Fault {
  readonly code?: unknown
  readonly syscall?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly meta?: { readonly driverAdapterError?: unknown }
}
