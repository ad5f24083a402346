/**
 * SQL that locks the mailbox of a tenant until the transaction ends, or returns false if another process holds it. It is
 * an advisory lock, because others have to write what they learn about the mailbox meanwhile.
 *
 * @param tenant SQL for the tenant's id
 */
export function lockMailbox(tenant: string): string {
  return `pg_try_advisory_xact_lock(hashtextextended('mailbox of ' || ${tenant}, 0))`
}

/** Claims share this lock. Taking it exclusively waits for the claims that are being committed. */
export const CLAIMS_LOCK = 719_283_005

export const LOCK_AS_CLAIM = `SELECT pg_advisory_xact_lock_shared(${CLAIMS_LOCK})`

/** A statement that runs after this one sees everything that earlier claims leased. */
export const AWAIT_CLAIMS = `SELECT pg_advisory_xact_lock(${CLAIMS_LOCK})`
