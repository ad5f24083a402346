// What a process remembers of who has something queued, so that a claim need not find out anew. While a transaction holds
// an old snapshot, whoever finds out walks over all that has left since. It decides only where a claim looks: each row is
// checked there.

/** The most tenants that are remembered; where more have something due, those next in turn are. */
export const MAX_KNOWN = 1_000
/** A message that was committed late, or put back with an old due time by another process, is found after this. */
const LIST_EVERY_MS = 5_000
/** The same if the last claim found nothing due: a little less than the time from poll to poll. */
const LIST_EVERY_WHEN_QUIET_MS = 900
/**
 * Listing may take this share of the time, unless that delays it beyond LIST_WITHIN_MS. The shorter one of the last two
 * listings counts: a process that stood still during one has measured that, and has more to look for than before.
 */
const PART_OF_TIME = 1 / 20
const LIST_WITHIN_MS = 10_000
/**
 * A submit sends no notification while something is due. That may have left before the submit commits, so a tenant is
 * remembered this long.
 */
const STAYS_MS = 2_000

/** A time as PostgreSQL wrote it. It is only handed back, so that nobody needs to read and write it with each claim. */
export type DatabaseTime = string

export const BEFORE_ALL: DatabaseTime = '1970-01-01 00:00:00+00'

/** A tenant that may have something queued. */
export interface KnownTenant {
  readonly tenantId: string
  /** Nothing of it that is queued was due before. */
  readonly dueFrom: DatabaseTime
}

/**
 * All tenants that have something queued. Where those are more than `MAX_KNOWN`, only those that have something due soon, at
 * most `MAX_KNOWN` in the order of their ids, from one on.
 */
export interface Listing {
  readonly found: readonly KnownTenant[]
  /** Nothing of the others that is queued was due before. */
  readonly othersDueFrom: DatabaseTime
}

/** What was seen of a tenant. */
export interface SeenTenant extends KnownTenant {
  /** Whether anything is queued of it, leased and later messages included. */
  readonly isQueued: boolean
}

export interface KnownTenants {
  /** Says whether notifications arrive. While they do not, nothing that is remembered is trusted. */
  listen(isListening: boolean): void
  /** Something may be due of these tenants; null: of any, whatever its due time. */
  expect(tenantIds: readonly string[] | null): void
  /** Whether to list the tenants before the next claim. */
  isOutdated(): boolean
  /** Whether all tenants of the last listing had their turn and there are more. */
  isUsedUp(): boolean
  /** `after`: the id of the tenant to begin after. */
  beginListing(): { readonly after: string; end(listing: Listing): void }
  /** The tenants whose turn it is, at most `count`. */
  next(count: number, except: ReadonlySet<string>): KnownTenant[]
  /** `askedAt`: in elapsed ms, before the database was asked. */
  note(seen: readonly SeenTenant[], askedAt: number): void
  /** Ends the turn of tenants, in their order. */
  pass(tenantIds: readonly string[]): void
  /** `hasFound`: whether the claim leased anything. */
  endClaim(hasFound: boolean): void
}

export function createKnownTenants(elapsedMs: () => number): KnownTenants {
  /** Tenants in the order of their turns. `signAt`: when something was last known to be queued, or to come. */
  const known = new Map<string, { dueFrom: DatabaseTime; signAt: number }>()
  let isListening = false
  let isQuiet = true
  let isPart = false
  let lastPassed = ''
  let othersDueFrom = BEFORE_ALL
  /** How many listings were asked for, and how many of those requests the latest listing began after. */
  let listingRequests = 1
  let requestsServed = 0
  let listedAt = 0
  let lastTookMs = Number.POSITIVE_INFINITY
  let tookMs = 0

  return {
    listen(listening) {
      isListening = listening
      listingRequests++
    },
    expect(tenantIds) {
      if (tenantIds === null) listingRequests++
      if (isPart) return // they have their turn when the listing comes to them
      for (const id of tenantIds ?? []) {
        const before = known.get(id)
        if (before) before.signAt = elapsedMs()
        else if (known.size < MAX_KNOWN) known.set(id, { dueFrom: othersDueFrom, signAt: elapsedMs() })
        else listingRequests++
      }
    },
    isOutdated() {
      if (!isListening || requestsServed === 0 || isUsedUp()) return true
      const since = elapsedMs() - listedAt
      if (since < Math.min(tookMs / PART_OF_TIME, LIST_WITHIN_MS)) return false
      return listingRequests > requestsServed || since >= (isQuiet ? LIST_EVERY_WHEN_QUIET_MS : LIST_EVERY_MS)
    },
    isUsedUp,
    beginListing() {
      const begunAt = elapsedMs()
      const requestsBefore = listingRequests
      return {
        after: lastPassed,
        end(listing) {
          requestsServed = requestsBefore
          listedAt = elapsedMs()
          tookMs = Math.min(lastTookMs, listedAt - begunAt)
          lastTookMs = listedAt - begunAt
          take(listing, begunAt)
        },
      }
    },
    next(count, except) {
      const turns: KnownTenant[] = []
      for (const [tenantId, { dueFrom }] of known) {
        if (turns.length === count) break
        if (!except.has(tenantId)) turns.push({ tenantId, dueFrom })
      }
      return turns
    },
    note,
    pass(tenantIds) {
      for (const id of tenantIds) {
        const passed = known.get(id)
        known.delete(id)
        if (passed && !isPart) known.set(id, passed)
      }
      lastPassed = tenantIds.at(-1) ?? lastPassed
    },
    endClaim(hasFound) {
      isQuiet = !hasFound
    },
  }

  function isUsedUp(): boolean {
    return isPart && known.size === 0
  }

  function take(listing: Listing, askedAt: number): void {
    isPart = listing.found.length >= MAX_KNOWN
    othersDueFrom = listing.othersDueFrom
    if (isPart) known.clear()
    const found = new Set(listing.found.map(({ tenantId }) => tenantId))
    const others = [...known.keys()].filter((id) => !found.has(id))
    note(
      others.map((tenantId) => ({ tenantId, dueFrom: othersDueFrom, isQueued: false })),
      askedAt,
    )
    for (const { tenantId, dueFrom } of listing.found) {
      const before = known.get(tenantId)
      if (before) Object.assign(before, { dueFrom, signAt: Math.max(before.signAt, askedAt) })
      else known.set(tenantId, { dueFrom, signAt: askedAt })
    }
  }

  function note(seen: readonly SeenTenant[], askedAt: number): void {
    for (const { tenantId, dueFrom, isQueued } of seen) {
      const tenant = known.get(tenantId)
      if (!tenant) continue
      tenant.dueFrom = dueFrom
      if (isQueued) tenant.signAt = Math.max(tenant.signAt, askedAt)
      else if (askedAt - tenant.signAt >= STAYS_MS) known.delete(tenantId)
    }
  }
}
