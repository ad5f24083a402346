import { beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture, SENT } from '../../test-support/queue-fixture.ts'
import { HOURS, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.empty('messages', 'mailboxes', 'report_inboxes', 'seen_reports')
  await fixture.database.query(
    `UPDATE tenant_settings SET mailbox = 'own', from_email = 'ada@contoso.com', delegate_object_id = 'oid-of-ada', bounces_enabled = tenant_id = $1, bounces_since = mail_now()`,
    [ADA],
  )
})

async function claimOne(queue = fixture.queue, owner = 'one') {
  const [inbox] = await queue.inboxes.claim(owner)
  if (!inbox) throw new Error('No inbox was due.')
  return inbox
}

it('gives a due inbox to one process, which goes on where the last one was', async () => {
  const other = fixture.newProcess()
  const inbox = await claimOne()
  expect(await other.inboxes.claim('two')).toEqual([])
  expect(inbox).toMatchObject({ tenantId: ADA, inbox: 'sender', link: null })
  expect(fixture.clock.now().getTime() - inbox.since.getTime()).toBe(24 * HOURS)

  expect(await fixture.queue.inboxes.advance(inbox, '/me/next', true)).toBe(true)
  await fixture.queue.inboxes.release(inbox, 5 * SECONDS)
  expect(await other.inboxes.claim('two')).toEqual([])
  await fixture.clock.advance(5 * SECONDS)
  expect(await claimOne(other, 'two')).toMatchObject({ link: '/me/next', leaseOwner: 'two' })
})

it('takes an inbox over from a process that stands still, which changes nothing any more', async () => {
  const { inboxes } = fixture.queue
  const slow = await claimOne()
  await fixture.clock.advance(61 * SECONDS)
  expect(await inboxes.renew(slow)).toBe(false)
  const next = await claimOne(fixture.newProcess(), 'two')
  expect(await inboxes.advance(slow, '/me/old', true)).toBe(false)
  await inboxes.release(slow, 0)
  expect(await inboxes.renew(next)).toBe(true)
})

it('begins anew for another sender, and where bounces were off in between', async () => {
  const { inboxes } = fixture.queue
  const again = async (change: string) => {
    const inbox = await claimOne()
    await inboxes.advance(inbox, '/me/next', true)
    await inboxes.release(inbox, 0)
    await fixture.clock.advance(1 * SECONDS)
    await fixture.database.query(`UPDATE tenant_settings SET ${change} WHERE tenant_id = $1`, [ADA])
    const next = await claimOne()
    await inboxes.release(next, 0)
    return next.link
  }
  expect(await again('version = version + 1')).toBe('/me/next')
  expect(await again(`from_email = 'reports@contoso.com'`)).toBeNull()
  expect(await again('bounces_since = mail_now()')).toBeNull()
})

it('goes on with a first reading that takes several rounds, and begins it anew where bounces were off for long', async () => {
  const { inboxes } = fixture.queue
  const round = async (link: string) => {
    const inbox = await claimOne()
    await inboxes.advance(inbox, link, false)
    await inboxes.release(inbox, 60 * SECONDS)
    await fixture.clock.advance(60 * SECONDS)
    return inbox
  }
  expect(await round('/me/page/21')).toMatchObject({ link: null })
  const second = await round('/me/page/41')
  expect(second).toMatchObject({ link: '/me/page/21' })
  // What has arrived in the 24 hours before is still asked for, should the link expire.
  expect(fixture.clock.now().getTime() - second.since.getTime()).toBeGreaterThan(24 * HOURS)
  await fixture.clock.advance(2 * HOURS)
  await fixture.database.query('UPDATE tenant_settings SET bounces_since = mail_now()')
  expect(await round('/me/page/1')).toMatchObject({ link: null })
})

it('reads the delegate’s inbox as well where another mailbox sends, and none while bounces are off', async () => {
  await fixture.database.query(`UPDATE tenant_settings SET mailbox = 'delegated', from_email = 'reports@contoso.com'`)
  const claimed = [await claimOne(), await claimOne()]
  expect(claimed.map(({ inbox }) => inbox).toSorted()).toEqual(['delegate', 'sender'])
  await fixture.database.query('UPDATE tenant_settings SET bounces_enabled = false')
  await fixture.clock.advance(2 * HOURS)
  expect(await fixture.queue.inboxes.claim('one')).toEqual([])
})

it.each(['bounces_enabled = false', `from_email = 'reports@contoso.com'`])(
  'reads on no further once %s',
  async (change) => {
    const inbox = await claimOne()
    expect(await fixture.queue.inboxes.renew(inbox)).toBe(true)
    await fixture.database.query(`UPDATE tenant_settings SET ${change} WHERE tenant_id = $1`, [ADA])
    expect(await fixture.queue.inboxes.renew(inbox)).toBe(false)
  },
)

it('counts as a request to the mailbox, and gets its turn in a busy one', async () => {
  const limited = createTestQueue(fixture.opened.pool, { limits: { concurrency: 2 } })
  for (const _ of [1, 2, 3]) await fixture.submit()
  const [first, second] = await limited.deliveries.claim('worker', 10)
  expect(second).toBeDefined()
  expect(await limited.inboxes.claim('one')).toEqual([])
  if (!first) return
  await fixture.settle(first, SENT)
  expect(await limited.deliveries.claim('worker', 10)).toEqual([])
  const inbox = await claimOne(limited)
  expect(await limited.deliveries.claim('worker', 10)).toEqual([])
  await limited.inboxes.release(inbox, 60 * SECONDS)
  expect(await limited.deliveries.claim('worker', 10)).toHaveLength(1)
})

it('is read while a limit is used up, and not while Microsoft asked for a pause', async () => {
  await fixture.queue.mailboxes.pauseForQuota({ tenantId: ADA, code: '5.7.233', sentAt: null })
  await fixture.queue.inboxes.release(await claimOne(), 0)
  await fixture.database.query(`UPDATE mailboxes SET paused_until = mail_now() + interval '1 day'`)
  expect(await fixture.queue.inboxes.claim('one')).toEqual([])
})

it('remembers which reports were read, for three days', async () => {
  const { inboxes } = fixture.queue
  await inboxes.markSeen(ADA, 'a')
  await inboxes.markSeen(ADA, 'a')
  expect([...(await inboxes.unseen(ADA, ['a', 'b']))]).toEqual(['b'])
  await fixture.clock.advance(73 * HOURS)
  await inboxes.markSeen(ADA, 'c')
  expect([...(await inboxes.unseen(ADA, ['a', 'b', 'c']))]).toEqual(['a', 'b'])
})
