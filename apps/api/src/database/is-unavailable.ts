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
  // Prisma: cannot reach, timed out, connection closed, no connection free, no transaction started in time.
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
])
const MAX_CAUSES = 5

/** Whether an error says that the database cannot be reached right now, wherever in its causes that stands. */
export function isUnavailable(error: unknown): boolean {
  let current: unknown = error
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    const { code, message, cause, meta } = current as Error & {
      code?: unknown
      meta?: { driverAdapterError?: unknown }
    }
    if (typeof code === 'string' && UNAVAILABLE.has(code)) return true
    if (
      /connection (terminated|timeout)|timeout exceeded when trying to connect|Client has encountered a connection error/i.test(
        message,
      )
    )
      return true
    current = meta?.driverAdapterError ?? cause
  }
  return false
}
