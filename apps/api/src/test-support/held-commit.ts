import { expect } from 'vitest'
import { createTestPool, type TestDatabase } from './test-database.ts'

const LOCK = 4711

export interface HeldCommits {
  /** Waits until a transaction hangs in its commit. */
  untilHeld(): Promise<void>
  /** Lets it commit, and all later ones. */
  release(): Promise<void>
}

/** Makes transactions that change the queue hang in their COMMIT, as if the answer were lost. */
export async function holdCommits(
  database: TestDatabase,
  on: 'INSERT' | 'UPDATE OR DELETE' = 'UPDATE OR DELETE',
): Promise<HeldCommits> {
  const pool = createTestPool(database.url, 1)
  const client = await pool.connect()
  await client.query('SELECT pg_advisory_lock($1)', [LOCK])
  await client.query(`
    CREATE OR REPLACE FUNCTION test_hold_commit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(${LOCK}); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER test_hold_commit AFTER ${on} ON message_queue
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_hold_commit()`)
  const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = ${LOCK}`
  return {
    async untilHeld() {
      await expect.poll(() => database.query(waiting), { interval: 10 }).not.toEqual([])
    },
    async release() {
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK])
      await expect.poll(() => database.query(waiting), { interval: 10 }).toEqual([])
      await client.query('DROP TRIGGER test_hold_commit ON message_queue')
      client.release()
      await pool.end()
    },
  }
}
