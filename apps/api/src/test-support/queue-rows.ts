import type { HeldBecause } from '@inforiver-mail/contract/message'
import type { TestDatabase } from './test-database.ts'

/** Makes one message held, or all that have not ended. */
export async function holdMessages(
  database: TestDatabase,
  because: HeldBecause,
  id: string | null = null,
): Promise<void> {
  await database.query(
    `UPDATE message_queue SET state = 'held', held_because = $1, due_at = NULL WHERE $2::text IS NULL OR message_id = $2`,
    [because, id],
  )
}

/** Returns the tenant of the installation. */
export async function tenantOf(database: TestDatabase): Promise<string> {
  const [row] = await database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  if (!row) throw new Error('No process has started on this database.')
  return row.tenant_id
}
