import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { expect, it } from 'vitest'
import { EXPORT_LIMITS, exportAuditLog } from './audit-export.ts'
import type { AuditStore } from './audit-store.ts'

/** Has events 1 to `count`, the newest first, and records the limit of each query. */
function createStore(count: number): AuditStore & { readonly limits: readonly number[] } {
  const limits: number[] = []
  const events = Array.from({ length: count }, (_, index): AuditEvent => {
    const at = new Date(Date.UTC(2026, 10, 24) - index * 1_000).toISOString()
    return { id: `aud_${count - index}`, at, actor: null, action: 'sign-out', outcome: String(index + 1), details: {} }
  })
  return {
    limits,
    async list(_tenantId, _filter, { after, limit }) {
      limits.push(limit)
      const from = after ? events.findIndex(({ id, at }) => id === after.id && at === after.at.toISOString()) + 1 : 0
      return events.slice(from, from + limit)
    },
  }
}

async function outcomes(store: AuditStore, limits?: { maxEvents: number; perQuery: number }): Promise<string[]> {
  let text = ''
  for await (const part of exportAuditLog(store, 'ten_1', {}, limits)) text += part
  const lines = text.trim().split('\r\n').slice(1)
  return lines.map((line) => line.split(',')[4] ?? '')
}

it('exports at most 100,000 events, 1,000 for each query', async () => {
  const store = createStore(1)
  await outcomes(store)

  expect(EXPORT_LIMITS).toEqual({ maxEvents: 100_000, perQuery: 1_000 })
  expect(store.limits).toEqual([1_000])
})

it.each([
  [6, 2, ['1', '2', '3', '4', '5', '6', 'cut']],
  [5, 2, ['1', '2', '3', '4', '5', 'cut']],
  [7, 2, ['1', '2', '3', '4', '5', '6', '7']],
  [8, 7, ['1', '2', '3', '4', '5', '6', '7']],
])(
  'exports of 7 events at most %i, %i for each query, and says when there are more',
  async (maxEvents, perQuery, found) => {
    expect(await outcomes(createStore(7), { maxEvents, perQuery })).toEqual(found)
  },
)
