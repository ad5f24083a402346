/**
 * Whether the mailbox of a tenant is locked by now, until the transaction ends; false where another process looks at it.
 * No row is locked: others write what they learn of the mailbox meanwhile.
 *
 * @param tenant SQL
 */
export function lockMailbox(tenant: string): string {
  return `pg_try_advisory_xact_lock(hashtextextended('mailbox of ' || ${tenant}, 0))`
}

/** Every claim holds it with the others; whoever waits for claims that are being committed holds it alone. */
export const CLAIMS_LOCK = 719_283_005

export const LOCK_AS_CLAIM = `SELECT pg_advisory_xact_lock_shared(${CLAIMS_LOCK})`

/** Of what claims change that are being committed, a statement sees nothing before. */
export const AWAIT_CLAIMS = `SELECT pg_advisory_xact_lock(${CLAIMS_LOCK})`
