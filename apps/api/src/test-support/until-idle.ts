import { expect } from 'vitest'
import type { useDeliveryFixture } from './use-fixture.ts'

/** Waits until no process has anything to do before more time passes. */
export async function untilIdle(fixture: ReturnType<typeof useDeliveryFixture>): Promise<void> {
  const busy = () =>
    fixture.database.query(
      `SELECT q.message_id FROM message_queue q LEFT JOIN mailboxes b ON b.tenant_id = q.tenant_id
        WHERE q.mark_id IS NOT NULL
           OR q.state = 'queued' AND q.due_at <= $1 AND coalesce(greatest(b.paused_until, b.no_access_until) <= $1, true)`,
      [fixture.clock.now()],
    )
  await expect.poll(busy, { interval: 50 }).toEqual([])
}
