import { beforeEach, expect, it } from 'vitest'
import { createKnownTenants, MAX_KNOWN, type KnownTenant, type KnownTenants } from './known-tenants.ts'

const NOON = '2026-11-27 12:00:00+00'
const ONE = '2026-11-27 13:00:00+00'

let elapsed: number
let known: KnownTenants

beforeEach(() => {
  elapsed = 0
  known = createKnownTenants(() => elapsed)
})

const of = (tenantId: string, dueFrom = NOON): KnownTenant => ({ tenantId, dueFrom })
const numbered = (count: number) =>
  Array.from({ length: count }, (_, number) => of(`ten_${String(number).padStart(5, '0')}`))
const next = (count = MAX_KNOWN, except: readonly string[] = []) =>
  known.next(count, new Set(except)).map(({ tenantId }) => tenantId)

function list(found: readonly KnownTenant[] = [], { tookMs = 0, othersDueFrom = ONE } = {}): void {
  const listing = known.beginListing()
  elapsed += tookMs
  listing.end({ found, othersDueFrom })
}

/** Notifications arrive, and the tenants were listed after the first of them could. */
function listen(found: readonly KnownTenant[] = []): void {
  known.listen(true)
  list(found)
  known.endClaim(true)
}

// When to list

it('lists before every claim while no notifications arrive', () => {
  list()
  expect(known.isOutdated()).toBe(true)
  known.listen(true)
  expect(known.isOutdated()).toBe(true)
  list()
  expect(known.isOutdated()).toBe(false)
  known.listen(false)
  list()
  expect(known.isOutdated()).toBe(true)
})

it('lists every second while nothing is found, else every five seconds', () => {
  listen()
  elapsed += 4_999
  expect(known.isOutdated()).toBe(false)
  elapsed += 1
  expect(known.isOutdated()).toBe(true)
  list()
  known.endClaim(false)
  elapsed += 899
  expect(known.isOutdated()).toBe(false)
  elapsed += 1
  expect(known.isOutdated()).toBe(true)
})

it('lists after a notification that names no tenant, also one that came while it listed', () => {
  listen()
  known.expect(['ten_1'])
  expect(known.isOutdated()).toBe(false)
  known.expect(null)
  expect(known.isOutdated()).toBe(true)
  const listing = known.beginListing()
  known.expect(null)
  listing.end({ found: [], othersDueFrom: ONE })
  expect(known.isOutdated()).toBe(true)
})

it('lists for a twentieth of the time, but every ten seconds at least', () => {
  known.listen(true)
  list([], { tookMs: 100 })
  known.expect(null)
  elapsed += 1_999
  expect(known.isOutdated()).toBe(false)
  elapsed += 1
  expect(known.isOutdated()).toBe(true)
  for (let nth = 0; nth < 2; nth++) list([], { tookMs: 60_000 })
  elapsed += 9_999
  expect(known.isOutdated()).toBe(false)
  elapsed += 1
  expect(known.isOutdated()).toBe(true)
})

it('takes a listing during which the process stood still for no slow one', () => {
  known.listen(true)
  list([], { tookMs: 5 })
  list([], { tookMs: 60_000 })
  known.expect(null)
  elapsed += 100
  expect(known.isOutdated()).toBe(true)
})

it('lists again when a listing failed', () => {
  known.listen(true)
  known.beginListing()
  expect(known.isOutdated()).toBe(true)
})

// Turns

it('gives each tenant its turn, and the next to those that had to wait', () => {
  listen([of('a'), of('b'), of('c')])
  known.pass(['a', 'b'])
  expect(next()).toEqual(['c', 'a', 'b'])
  list([of('a'), of('b'), of('c'), of('d')])
  expect(next()).toEqual(['c', 'a', 'b', 'd'])
  expect(next(2, ['c'])).toEqual(['a', 'b'])
})

it('goes through more tenants than it remembers in the order of their ids', () => {
  listen(numbered(MAX_KNOWN))
  expect(known.isUsedUp()).toBe(false)
  known.pass(next(10))
  known.expect(['ten_new'])
  expect(next()).not.toContain('ten_new')
  known.pass(next())
  expect(known.isUsedUp()).toBe(true)
  expect(known.isOutdated()).toBe(true)
  expect(known.beginListing().after).toBe(numbered(MAX_KNOWN).at(-1)?.tenantId)
  list([of('ten_last')])
  expect(known.isUsedUp()).toBe(false)
  known.pass(next())
  expect(next()).toEqual(['ten_last'])
})

it('lists rather than remember more tenants than it may', () => {
  listen(numbered(MAX_KNOWN - 1))
  known.expect(['ten_a'])
  expect(known.isOutdated()).toBe(false)
  known.expect(['ten_b'])
  expect(known.isOutdated()).toBe(true)
  expect(next()).toHaveLength(MAX_KNOWN)
})

// Where to look

it('looks at a tenant that a notification named from where the last listing left all others', () => {
  listen([of('a')])
  known.expect(['a', 'b'])
  expect(known.next(10, new Set())).toEqual([of('a', NOON), of('b', ONE)])
})

it('looks from where the last look or listing left a tenant', () => {
  listen([of('a'), of('b')])
  known.note([{ ...of('a', ONE), isQueued: true }], elapsed)
  expect(known.next(10, new Set())).toEqual([of('a', ONE), of('b', NOON)])
  list([of('a', NOON)])
  expect(known.next(10, new Set())).toEqual([of('a', NOON), of('b', ONE)])
})

// How long a tenant is remembered

it('keeps a tenant for two seconds after the last sign of something queued', () => {
  listen([of('a'), of('b'), of('c')])
  const nothing = (tenantId: string) => known.note([{ ...of(tenantId), isQueued: false }], elapsed)
  elapsed += 1_000
  known.note([{ ...of('b'), isQueued: true }], elapsed)
  known.expect(['c'])
  elapsed += 1_000
  for (const each of ['a', 'b', 'c']) nothing(each)
  expect(next()).toEqual(['b', 'c'])
  elapsed += 1_000
  list([of('d')])
  expect(next()).toEqual(['d'])
})

it('keeps a tenant of which a look knows nothing that began before the notification', () => {
  listen([of('a')])
  elapsed += 60_000
  const askedAt = elapsed
  elapsed += 1
  known.expect(['a'])
  known.note([{ ...of('a'), isQueued: false }], askedAt)
  expect(next()).toEqual(['a'])
})
