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
