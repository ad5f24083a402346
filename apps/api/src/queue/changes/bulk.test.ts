import type pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { ADA, BEN, useQueueFixture, FAILED, HELD, QUEUED } from '../../test-support/queue-fixture.ts'
import { HOURS } from '../../test-support/test-clock.ts'
import { beginBulkChange, type BulkAction } from './bulk.ts'
import type { StoredFilter } from '../records/find-source.ts'
import { countUnsent, failUnsent } from './not-resent.ts'

const PERSON = { tenantId: ADA, service: null, userId: null }

const fixture = useQueueFixture()
beforeEach(() => fixture.database.empty('messages', 'bulk_changes'))

const begin = (action: BulkAction, filter: StoredFilter, tenantId = ADA, allowedDomains: readonly string[] = []) =>
  fixture.queue.messages.changeAll({ ...PERSON, tenantId }, action, filter, {
    now: fixture.clock.now(),
    allowedDomains,
  })
const listed = (count: number) => ({ count, expired: 0, withoutContent: 0, notAllowed: 0 })

async function finish(): Promise<void> {
  while (await fixture.queue.upkeep.continueBulk());
}

async function failed(problem: object = {}): Promise<string> {
  await fixture.submit()
  const message = await fixture.claimOne()
  const settlement = { ...FAILED, problem: FAILED.problem && { ...FAILED.problem, ...problem } }
  await fixture.settle(message, settlement)
  return message.id
}

const statusOf = async (id: string) => (await fixture.read(id)).status

it('retries all that has failed, in batches, but not what has expired or lost its content', async () => {
  const retried: string[] = []
  for (let n = 0; n < 3; n++) retried.push(await failed())
  const notResent = await failed({ code: 'not-resent' })
  const expired = await failed()
  await fixture.database.query('UPDATE messages SET expires_at = mail_now() WHERE id = $1', [expired])
  const [emptied, expiredAndEmptied] = [await failed(), await failed()]
  const both = [emptied, expiredAndEmptied]
  await fixture.database.query('UPDATE messages SET content_kept = false WHERE id = ANY ($1)', [both])
  await fixture.database.query('UPDATE messages SET expires_at = mail_now() WHERE id = $1', [expiredAndEmptied])

  expect(await begin('retry', { status: 'failed' })).toEqual({ ...listed(4), expired: 2, withoutContent: 1 })
  await finish()

  for (const id of [...retried, notResent]) expect(await statusOf(id)).toBe('queued')
  for (const id of [expired, ...both]) expect(await statusOf(id)).toBe('failed')
  expect(await fixture.database.query('SELECT FROM bulk_changes')).toEqual([])
})

it('retries nothing with a recipient that is not allowed any more, in whatever field', async () => {
  const [allowed, refused, expired] = [await failed(), await failed(), await failed()]
  for (const id of [refused, expired])
    await fixture.database.query(`UPDATE messages SET bcc = '[{"address":"\\"a@b\\"@Other.example"}]' WHERE id = $1`, [
      id,
    ])
  await fixture.database.query('UPDATE messages SET expires_at = mail_now() WHERE id = $1', [expired])

  const counts = await begin('retry', { status: 'failed' }, ADA, ['contoso.com'])
  await finish()

  expect(counts).toEqual({ ...listed(1), expired: 1, notAllowed: 1 })
  expect(await Promise.all([allowed, refused].map(statusOf))).toEqual(['queued', 'failed'])
})

it('leaves alone what failed after the request, and what can no longer be changed', async () => {
  const [before, retriedMeanwhile] = [await failed(), await failed()]
  expect(await begin('retry', { problem: 'recipient-refused' })).toEqual(listed(2))
  const after = await failed()
  await fixture.queue.messages.retry(PERSON, retriedMeanwhile, fixture.clock.now())
  const [again] = await fixture.claim(1)
  if (again) await fixture.settle(again, QUEUED)
  await finish()

  expect(await statusOf(before)).toBe('queued')
  expect(await statusOf(after)).toBe('failed')
  expect((await fixture.read(retriedMeanwhile)).attempts).toHaveLength(2)
})

it('cancels what is scheduled, held and queued, but not what may have been sent', async () => {
  const sendAt = new Date(fixture.clock.now().getTime() + 1 * HOURS)
  const held = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), HELD)
  const sending = await fixture.submit()
  await fixture.claimOne()
  const [scheduled, queued, others] = [
    await fixture.submit({ sendAt }),
    await fixture.submit(),
    await fixture.submit({ tenantId: BEN }),
  ]

  expect(await begin('cancel', { subject: 'Q3' })).toEqual(listed(3))
  await finish()

  for (const id of [held, scheduled, queued]) expect(await statusOf(id)).toBe('cancelled')
  expect(await statusOf(sending)).toBe('sending')
  expect((await fixture.read(others, BEN)).status).toBe('queued')
})

it('leaves alone what is submitted while the list is made', async () => {
  const scheduled = await fixture.submit({ sendAt: new Date(fixture.clock.now().getTime() + 1 * HOURS) })
  const { pool, prisma } = fixture.opened
  let after: string | undefined
  const submitting = Object.create(pool) as pg.Pool
  submitting.query = (async (statement: string, values?: unknown[]) => {
    const begun = await pool.query(statement, values)
    if (after === undefined) {
      await fixture.clock.advance(1)
      after = await fixture.submit()
    }
    return begun
  }) as pg.Pool['query']
  const options = { now: fixture.clock.now(), allowedDomains: [] }

  expect(await beginBulkChange({ pool: submitting, prisma }, PERSON, 'cancel', { subject: 'Q3' }, options)).toEqual(
    listed(1),
  )
  await finish()
  expect(await statusOf(scheduled)).toBe('cancelled')
  expect(await statusOf(after ?? '')).toBe('queued')
})

it('goes on after a process was killed, in whichever process', async () => {
  const submitted: string[] = []
  for (let n = 0; n < 450; n++) submitted.push(await fixture.submit())
  expect(await begin('cancel', { status: 'queued' })).toEqual(listed(450))
  expect(await begin('cancel', { status: 'queued' })).toEqual(listed(450))
  const [one, other] = [fixture.newProcess(), fixture.newProcess()]
  expect(await one.upkeep.continueBulk()).toBe(true)
  await Promise.all(
    [one, other].map(async ({ upkeep }) => {
      while (await upkeep.continueBulk());
    }),
  )
  await finish()

  const rows = await fixture.database.query<{ outcome: string; count: number }>(
    'SELECT outcome, count(*)::int AS count FROM messages GROUP BY outcome',
  )
  expect(rows).toEqual([{ outcome: 'cancelled', count: 450 }])
})

/** Begins to cancel what is queued of both, ADA's first, which takes three batches. Returns the id of BEN's only message. */
async function cancelOfBoth(): Promise<string> {
  for (let n = 0; n < 450; n++) await fixture.submit()
  const id = await fixture.submit({ tenantId: BEN })
  await begin('cancel', { status: 'queued' })
  await begin('cancel', { status: 'queued' }, BEN)
  return id
}

it('goes on with the others while a change fails, and with it once it works', async () => {
  const id = await cancelOfBoth()
  const { upkeep } = fixture.newProcess()
  await fixture.database.query(
    `ALTER TABLE messages ADD CONSTRAINT none_of_ada CHECK (tenant_id <> '${ADA}' OR outcome IS NULL) NOT VALID`,
  )
  const repair = () => fixture.database.query('ALTER TABLE messages DROP CONSTRAINT IF EXISTS none_of_ada')
  onTestFinished(async () => void (await repair()))
  for (let batch = 0; batch < 3; batch++) await expect(upkeep.continueBulk()).rejects.toThrow('none_of_ada')
  expect(await upkeep.continueBulk()).toBe(true)
  expect((await fixture.read(id, BEN)).status).toBe('cancelled')

  await repair()
  while (await upkeep.continueBulk());
  expect(await fixture.database.query('SELECT FROM message_queue')).toEqual([])
})

const CANCELLED = `SELECT count(*)::int AS count FROM messages WHERE outcome = 'cancelled'`

it.each([
  ['in chunks', true],
  ['in one piece', false],
])('deletes the large contents of a few messages at once only, %s', async (_, chunked) => {
  for (let n = 0; n < 20; n++) await fixture.submit({ storedBytes: 4_500_000 })
  await fixture.database.query('UPDATE message_contents SET chunked = $1', [chunked])
  expect(await begin('cancel', { status: 'queued' })).toEqual(listed(20))

  await fixture.queue.upkeep.continueBulk()
  expect(await fixture.database.query(CANCELLED)).toEqual([{ count: 14 }])
  await finish()
  expect(await fixture.database.query(CANCELLED)).toEqual([{ count: 20 }])
})

it('deletes a content that is larger than several may be together', async () => {
  for (let n = 0; n < 2; n++) await fixture.submit()
  await fixture.database.query('UPDATE message_contents SET stored_bytes = 80000000')
  await begin('cancel', { status: 'queued' })

  await fixture.queue.upkeep.continueBulk()
  expect(await fixture.database.query(CANCELLED)).toEqual([{ count: 1 }])
  await finish()
  expect(await fixture.database.query(CANCELLED)).toEqual([{ count: 2 }])
})

it('retries nothing after a restore that is to send nothing again', async () => {
  const id = await failed()
  await begin('retry', { status: 'failed' })
  const client = await fixture.opened.pool.connect()
  expect(await countUnsent(client)).toMatchObject({ queued: 1 })
  await failUnsent(client)
  client.release()
  await finish()

  expect(await statusOf(id)).toBe('failed')
})
