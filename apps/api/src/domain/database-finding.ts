// What `database/` finds out about a database, as `setup-check/` is handed it.

export type DatabaseFinding =
  | DatabaseReached
  /** The embedded one does not run, or was never made. */
  | { readonly state: 'stopped' | 'not-made' }
  | { readonly state: 'unreachable'; readonly sentence: string; readonly reason: string }

export interface DatabaseReached {
  readonly state: 'reached'
  readonly version: string
  /** Such as 15. */
  readonly majorVersion: number
  /** How far the clock of this machine is ahead of the database's. */
  readonly aheadMs: number
  /** The rights that the product's role lacks, in PostgreSQL's words. */
  readonly missingRights: readonly string[]
  readonly tables: 'ours' | 'empty' | 'foreign'
  readonly pendingMigrations: readonly string[]
  /** Why this version cannot use a database that a newer one has changed; null when it can. */
  readonly newer: string | null
  /** Why this version cannot use a database that is too old for it; null when it can. */
  readonly older: string | null
  /** Why nothing can be stored now; null when it can. */
  readonly refusesWrites: string | null
  /** Whether the extension that indexes texts may be used, or made where it is not there. */
  readonly hasTrigrams: boolean
  /** Why the database may not be used with this app registration; null when it may. */
  readonly foreignRegistration: string | null
  /** Null where the account may not ask for the sessions of the database at all. */
  readonly transactions: OpenTransactions | null
}

export interface OpenTransactions {
  /** Those that have been open for long, the oldest first. */
  readonly old: readonly {
    readonly pid: number
    readonly user: string
    /** What the program calls itself; empty where it does not. */
    readonly application: string
    /** Null for a connection by a socket of the machine. */
    readonly address: string | null
    readonly ageSeconds: number
  }[]
  /** How many sessions are of accounts whose transactions PostgreSQL does not show to this one. */
  readonly hiddenSessions: number
  /** The account that asked, as it is written in a statement. */
  readonly role: string
}

/** Whether the tables are those of this version, and may be read. */
export function isUsable(finding: DatabaseFinding): boolean {
  return (
    finding.state === 'reached' &&
    finding.tables === 'ours' &&
    finding.foreignRegistration === null &&
    finding.missingRights.length === 0 &&
    finding.pendingMigrations.length === 0 &&
    finding.newer === null &&
    finding.older === null
  )
}

/** Whether nothing was ever stored: the first start makes the database, or the tables in it. */
export function isUntouched(finding: DatabaseFinding): boolean {
  if (finding.state !== 'reached') return finding.state === 'not-made'
  return finding.tables === 'empty' && finding.missingRights.length === 0
}
