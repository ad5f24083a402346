import type { TestDatabase } from './test-database.ts'

/** Columns of `mailboxes`. */
type Known = Partial<{
  paused_until: Date | null
  no_access_until: Date | null
  troubled_since: Date | null
  message_size_limit: number | null
  message_size_limit_at: Date | null
  request_size_limit: number | null
  request_size_limit_at: Date | null
  session_size_minimum: number | null
  session_size_minimum_at: Date | null
}>

/** Sets what the queue knows of all mailboxes, or of that of one tenant. */
export async function setMailbox(database: TestDatabase, known: Known, tenant?: string): Promise<void> {
  const columns = Object.keys(known)
  const values = columns.map((_, index) => `$${index + 2}`)
  await database.query(
    `INSERT INTO mailboxes (tenant_id, ${columns.join(', ')})
     SELECT id, ${values.join(', ')} FROM tenants WHERE $1::text IS NULL OR id = $1
     ON CONFLICT (tenant_id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    [tenant ?? null, ...Object.values(known)],
  )
}
