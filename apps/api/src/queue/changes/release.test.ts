import { beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture, HELD } from '../../test-support/queue-fixture.ts'
import { regroupHeld, WAITS_FOR_CONNECTION } from './release.ts'

const fixture = useQueueFixture()
beforeEach(() => fixture.database.empty('messages', 'mailboxes'))

const REASONS = [...WAITS_FOR_CONNECTION, 'large-attachments-disabled', 'reason-of-a-newer-version']

/** Holds a message for each reason, and returns what reads why each is held: null for one that is not. */
async function holdOneForEach() {
  const ids: string[] = []
  for (const reason of REASONS) {
    const id = await fixture.submit()
    await fixture.settle(await fixture.claimOne(), HELD)
    await fixture.database.query('UPDATE message_queue SET held_because = $2 WHERE message_id = $1', [id, reason])
    ids.push(id)
  }
  return async () => {
    const rows = await fixture.database.query<{ id: string; held_because: string | null }>(
      'SELECT message_id AS id, held_because FROM message_queue',
    )
    return ids.map((id) => rows.find((row) => row.id === id)?.held_because)
  }
}

const regroup = (because: 'reconnect-required' | null) =>
  fixture.opened.prisma.$transaction((transaction) => regroupHeld(transaction, ADA, WAITS_FOR_CONNECTION, because))

it('releases what waited for a connection, and nothing that is held for another reason', async () => {
  const reasons = await holdOneForEach()
  await regroup(null)
  expect(await reasons()).toEqual([null, null, null, ...REASONS.slice(3)])
})

it('renames what waited for a connection, and nothing that is held for another reason', async () => {
  const reasons = await holdOneForEach()
  await regroup('reconnect-required')
  expect(await reasons()).toEqual([...Array<string>(3).fill('reconnect-required'), ...REASONS.slice(3)])
})

it('releases by itself only what a working mailbox does not keep', async () => {
  const reasons = await holdOneForEach()
  await fixture.database.query('UPDATE tenant_settings SET large_attachments = false')
  await fixture.queue.deliveries.release()
  expect(await reasons()).toEqual([null, null, null, ...REASONS.slice(3)])

  await fixture.database.query('UPDATE tenant_settings SET large_attachments = true')
  await fixture.queue.deliveries.release()
  expect(await reasons()).toEqual([null, null, null, null, 'reason-of-a-newer-version'])
})
