import type pg from 'pg'

// Whether anybody sends, for those who read: each process judges by its own monotonic clock whether the others renew.

/** Longer than a stopped process goes unnoticed, and than an outage that nobody notices. */
const LIVES_FOR_MS = 30_000

/** The process that sends for a mailbox. */
export interface SendingProcess {
  readonly name: string
  readonly since: Date
}

export interface Senders {
  /** Whether any process may send: the owner of the mailbox, or one that stands by. */
  isAnybodyThere(): Promise<boolean>
  /** Null where none does. */
  readOwner(tenantId: string): Promise<SendingProcess | null>
}

const LIST = `SELECT id, renewals FROM owners ORDER BY id LIMIT 1000`

/** $1 tenant */
const READ_OWNER = `
SELECT o.id, o.renewals, o.name, m.owned_since AS since FROM mailboxes m JOIN owners o ON o.id = m.owner WHERE m.tenant_id = $1`

interface Renewed {
  readonly id: string
  readonly renewals: string
}

export function createSenders(pool: pg.Pool, elapsedMs: () => number): Senders {
  /** When each was first seen with so many renewals. */
  const seen = new Map<string, { readonly renewals: string; readonly since: number }>()

  function lives({ id, renewals }: Renewed): boolean {
    const now = elapsedMs()
    const before = seen.get(id)
    if (before?.renewals === renewals) return now - before.since < LIVES_FOR_MS
    seen.set(id, { renewals, since: now })
    return true
  }

  return {
    async isAnybodyThere() {
      const { rows } = await pool.query<Renewed>({ name: 'list-senders', text: LIST })
      for (const id of seen.keys()) if (!rows.some((row) => row.id === id)) seen.delete(id)
      return rows.filter(lives).length > 0
    },
    async readOwner(tenantId) {
      const { rows } = await pool.query<Renewed & SendingProcess>({
        name: 'read-owner',
        text: READ_OWNER,
        values: [tenantId],
      })
      const owner = rows.find(lives)
      return owner ? { name: owner.name, since: owner.since } : null
    },
  }
}
