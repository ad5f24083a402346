import { afterEach, beforeEach, expect, it } from 'vitest'
import { setMailbox } from '../../test-support/mailbox-state.ts'
import { ADA, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { MINUTES } from '../../test-support/test-clock.ts'
import { mark } from './mark.ts'

const fixture = useQueueFixture()
beforeEach(async () => {
  await setMailbox(fixture.database, { paused_until: null, no_access_until: null })
  await fixture.database.query(`UPDATE mailboxes SET owner = 'me', epoch = 1`)
})
afterEach(() => fixture.database.empty('messages'))

const update = (changes: string) => () => fixture.database.query(changes)
const pause = (column: string) => () =>
  setMailbox(fixture.database, { [column]: new Date(fixture.clock.now().getTime() + 1 * MINUTES) })

/** Marks a message that was read as due, after something happened. Returns how many were marked. */
async function markAfter(happens: () => Promise<unknown>): Promise<number> {
  const id = await fixture.submit()
  await happens()
  const mine = { owner: 'me', tenants: [ADA], epochs: ['1'] }
  const chosen = { id, tenantId: ADA }
  return (await mark(fixture.opened.pool, mine, 'attempt', [chosen, chosen])).length
}

it('marks what was read, once', async () => {
  expect(await markAfter(async () => {})).toBe(1)
})

it.each([
  ['its mailbox was paused', pause('paused_until')],
  ['its mailbox lost its access for a while', pause('no_access_until')],
  ['another process took its mailbox', update(`UPDATE mailboxes SET owner = 'other', epoch = 2`)],
  ['its process took its mailbox anew', update('UPDATE mailboxes SET epoch = 2')],
  ['it was postponed', update(`UPDATE message_queue SET due_at = mail_now() + interval '1 minute'`)],
  ['it was held', update(`UPDATE message_queue SET state = 'held'`)],
  ['it was cancelled', update('DELETE FROM message_queue')],
  ['it was marked before', update(`UPDATE message_queue SET mark_id = 'before'`)],
  ['its time was over', update(`UPDATE message_queue SET expires_at = mail_now()`)],
])('marks nothing where, since it was read, %s', async (_, happens) => {
  expect(await markAfter(happens)).toBe(0)
})
