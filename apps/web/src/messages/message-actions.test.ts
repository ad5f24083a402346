import type { MessageFilter } from '@inforiver-mail/contract/message-list'
import { expect, it } from 'vitest'
import { actionFor } from './message-actions.tsx'

it.each([
  [{ status: 'failed' }, 'retry'],
  [{ problem: 'gave-up' }, 'retry'],
  [{ problem: 'ErrorServerBusy', failedFrom: '2026-11-24T00:00:00Z' }, 'retry'],
  [{ status: 'held' }, 'cancel'],
  [{ status: 'queued' }, 'cancel'],
  [{ status: 'sent' }, null],
  [{ problem: '5.1.10' }, null],
  [{ status: 'failed', problem: '4.4.7' }, null],
  [{ delivery: 'failed' }, null],
  [{}, null],
] as const satisfies readonly [MessageFilter, string | null][])('offers for all that %j finds: %s', (filter, name) => {
  expect(actionFor(filter)).toBe(name)
})
