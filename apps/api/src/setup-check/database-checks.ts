import type { DatabaseFinding } from '../domain/database-finding.ts'
import { found, type Outcome } from './run-checks.ts'

const SUPPORTED_VERSION = 15
const MOST_NAMED = 5

export function judgeDatabase(finding: DatabaseFinding): Outcome {
  switch (finding.state) {
    case 'stopped':
      return found('database-stopped')
    case 'not-made':
      return found('database-not-made')
    case 'unreachable':
      return found('database-unreachable', { sentence: finding.sentence, reason: finding.reason })
    case 'reached': {
      const { version, majorVersion, missingRights, tables, pendingMigrations, newer, older } = finding
      if (majorVersion < SUPPORTED_VERSION) return found('database-too-old', { version, needed: SUPPORTED_VERSION })
      if (tables === 'foreign') return found('database-foreign')
      if (newer !== null) return found('database-newer', { reason: newer })
      if (older !== null) return found('database-older', { reason: older })
      const { foreignRegistration, refusesWrites } = finding
      if (foreignRegistration !== null)
        return found('database-of-another-registration', { reason: foreignRegistration })
      if (missingRights.length > 0)
        return found('database-rights-missing', { missing: missingRights.slice(0, MOST_NAMED) })
      if (refusesWrites !== null) return found('database-refuses-writes', { reason: refusesWrites })
      if (tables === 'empty') return found('database-empty', { version })
      if (pendingMigrations.length > 0) return found('database-pending', { version, count: pendingMigrations.length })
      if (!finding.hasTrigrams) return found('database-without-trigrams', { version })
      return found('database-ready', { version })
    }
  }
}

export function judgeTransactions(finding: DatabaseFinding): Outcome {
  if (finding.state !== 'reached') return found('database-not-usable')
  const { transactions } = finding
  if (transactions === null) return found('transactions-not-shown')
  const { old, hiddenSessions, role } = transactions
  if (old.length > 0)
    return found('transactions-open', {
      sessions: old
        .slice(0, MOST_NAMED)
        .map(({ pid, user, application, address, ageSeconds }) =>
          [`${durationOf(ageSeconds)}: ${user}`, application, address ?? 'local', `pid ${pid}`]
            .filter((part) => part !== '')
            .join(' · '),
        ),
      count: old.length,
      hidden: hiddenSessions,
    })
  if (hiddenSessions > 0) return found('transactions-hidden', { hidden: hiddenSessions, role })
  return found('transactions-short')
}

/** Writes a duration in symbols that need no translation. */
function durationOf(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`
}

export interface MessageStorage {
  readonly usedBytes: number
  readonly limitBytes: number
  /** The services that hold most, where it is nearly full; else null. */
  readonly largest: readonly { readonly name: string; readonly bytes: number }[] | null
}

const BYTES_PER_MB = 1024 * 1024

export function judgeMessageStorage(storage: MessageStorage | null): Outcome {
  if (storage === null) return found('database-not-usable')
  const { usedBytes, limitBytes, largest } = storage
  const room = {
    usedMegabytes: Math.floor(usedBytes / BYTES_PER_MB),
    limitMegabytes: Math.floor(limitBytes / BYTES_PER_MB),
  }
  if (largest === null) return found('message-storage-ready', room)
  const services = largest.map(({ name, bytes }) => `${name} · ${Math.floor(bytes / BYTES_PER_MB)} MB`)
  return found('message-storage-nearly-full', { ...room, services })
}

export type VaultFinding =
  | { readonly state: 'opens'; readonly keys: readonly string[] }
  /** Names keys by id: `missing` are not configured, `changed` have another value than the one that sealed. */
  | { readonly state: 'lacks-keys'; readonly missing: readonly string[]; readonly changed: readonly string[] }
  | { readonly state: 'unusable'; readonly sentence: string }
  /** The first start makes the key. */
  | { readonly state: 'not-made' }
  | { readonly state: 'not-compared' }

export function judgeVault(finding: VaultFinding): Outcome {
  switch (finding.state) {
    case 'opens':
      return found('vault-opens', { keys: [...finding.keys] })
    case 'lacks-keys':
      return found('vault-keys-missing', {
        keys: [...finding.missing, ...finding.changed],
        missing: [...finding.missing],
        changed: [...finding.changed],
      })
    case 'unusable':
      return found('vault-keys-unusable', { sentence: finding.sentence })
    case 'not-made':
      return found('vault-not-made')
    case 'not-compared':
      return found('database-not-usable')
  }
}
