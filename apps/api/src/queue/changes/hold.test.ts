import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ADA, createQueueGround, HELD, type QueueGround } from '../../test-support/queue-ground.ts'
import { regroupHeld, WAITS_FOR_CONNECTION } from './hold.ts'

let ground: QueueGround

beforeAll(async () => {
  ground = await createQueueGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.database.empty('messages', 'mailboxes'))

const REASONS = [...WAITS_FOR_CONNECTION, 'large-attachments-disabled', 'reason-of-a-newer-version']

/** Holds a message for each reason, and returns what reads why each is held: null for one that is not. */
async function holdOneForEach() {
  const ids: string[] = []
  for (const reason of REASONS) {
    const id = await ground.submit()
    await ground.settle(await ground.claimOne(), HELD)
    await ground.database.query('UPDATE message_queue SET held_because = $2 WHERE message_id = $1', [id, reason])
    ids.push(id)
  }
  return async () => {
    const rows = await ground.database.query<{ id: string; held_because: string | null }>(
      'SELECT message_id AS id, held_because FROM message_queue',
    )
    return ids.map((id) => rows.find((row) => row.id === id)?.held_because)
  }
}

const regroup = (because: 'reconnect-required' | null) =>
  ground.opened.prisma.$transaction((transaction) => regroupHeld(transaction, ADA, WAITS_FOR_CONNECTION, because))

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
  await ground.database.query('UPDATE tenant_settings SET large_attachments = false')
  await ground.queue.deliveries.release()
  expect(await reasons()).toEqual([null, null, null, ...REASONS.slice(3)])

  await ground.database.query('UPDATE tenant_settings SET large_attachments = true')
  await ground.queue.deliveries.release()
  expect(await reasons()).toEqual([null, null, null, null, 'reason-of-a-newer-version'])
})
