import { beforeEach, expect, it } from 'vitest'
import { claimCleanups } from '../drafts/cleanups.ts'
import { ADA, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { HOURS } from '../../test-support/test-clock.ts'
import { createTestPool } from '../../test-support/test-database.ts'
import { createOwnership, type Owned, type Ownership } from './ownership.ts'
import { createOwnerStore } from './ownership.sql.ts'
import { createSenders } from './senders.ts'

let seconds = 0
const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.query('DELETE FROM owners; DELETE FROM mailboxes')
})

interface Process extends Ownership {
  readonly lines: readonly string[]
  /** How far its own monotonic clock is. */
  seconds: number
}

/** A process as others see it: none of its clocks is theirs. */
function start(name: string, { pool = fixture.opened.pool, isAlone = false } = {}): Process {
  const lines: string[] = []
  const note = (facts: object) => void lines.push((facts as { because: string }).because)
  const process: Process = {
    seconds: 1_000 * ++seconds,
    lines,
    ...createOwnership({
      store: createOwnerStore(pool),
      name,
      isAlone,
      newOwner: () => `${name} ${++seconds}`,
      elapsedMs: () => process.seconds * 1_000,
      logger: { info: note, warn: note, error: note },
    }),
  }
  return process
}

/** Lets seconds pass for these processes, each of which looks every second. */
async function pass(count: number, ...processes: readonly Process[]): Promise<void> {
  for (let second = 0; second < count; second++)
    for (const process of processes) {
      process.seconds++
      await process.tend()
    }
}

async function epoch(): Promise<number> {
  const [row] = await fixture.database.query<{ epoch: number }>(
    'SELECT epoch::int FROM mailboxes WHERE tenant_id = $1',
    [ADA],
  )
  return row?.epoch ?? 0
}

/** What a statement finds to be the process's own, whatever the process believes. */
const owns = async (mine: Owned) => {
  await fixture.database.query(
    `INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at) VALUES ($1, 'item', 'copy', mail_now(), mail_now())
     ON CONFLICT (tenant_id, item_id, mailbox) DO UPDATE SET lease_until = NULL, due_at = mail_now()`,
    [ADA],
  )
  const limits = { concurrency: 4, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }
  return (await claimCleanups(fixture.opened.pool, limits, mine)).length === 1
}

it.each([
  ['and the clocks agree', 0],
  ['although the clock of the database is set back', -1 * HOURS],
])('belongs to the first process, and to another 12 s after that one stood still, %s', async (_, movedMs) => {
  const [first, second] = [start('first'), start('second')]
  await pass(1, first, second)
  expect([await first.use(owns), await second.use(owns)]).toEqual([true, null])
  await pass(30, first, second)
  await fixture.clock.advance(movedMs)
  await pass(11, second)
  expect(second.isOwner()).toBe(false)
  await pass(3, second)

  expect(await second.use(owns)).toBe(true)
  expect(await epoch()).toBe(2)
  expect(new Set(second.lines)).toEqual(new Set(['first has not renewed for 12 s']))
  // Its clock stood still as well, so that it believes to be the owner.
  expect(first.isOwner()).toBe(true)
  expect(await first.use(owns)).toBe(false)
  await pass(30, first, second)
  expect([first.isOwner(), second.isOwner(), await epoch()]).toEqual([false, true, 2])
})

it.each(['UPDATE owners', 'WITH free', 'FROM mailboxes m LEFT JOIN'])(
  'is taken anew by its owner where the answer to %s was lost',
  async (statement) => {
    const link = await fixture.database.link()
    const pool = createTestPool(link.url, 1)
    try {
      const [first, second] = [start('first', { pool }), start('second')]
      await pass(1, first, second)
      if (statement === 'WITH free') await fixture.database.query('UPDATE mailboxes SET epoch = epoch + 1')
      first.seconds += 3
      link.loseAnswerTo(statement)
      await expect(first.tend()).rejects.toThrow(/terminated/)
      expect(first.isOwner()).toBe(false)
      const before = await epoch()
      await pass(1, first, second)

      expect([first.isOwner(), second.isOwner(), await epoch()]).toEqual([true, false, before + 1])
    } finally {
      await pool.end()
      await link.close()
    }
  },
)

it('is not taken from an owner that could not reach the database either', async () => {
  const [first, second] = [start('first'), start('second')]
  await pass(5, first, second)
  for (const each of [first, second]) each.seconds += 60
  await pass(5, second)
  expect(second.isOwner()).toBe(false)
  await pass(1, first, second)

  expect([first.isOwner(), second.isOwner()]).toEqual([true, false])
})

it('is handed over by a process that stops, which is there until its requests have ended', async () => {
  const [first, second] = [start('first'), start('second')]
  await pass(1, first, second)
  await first.handOver()
  expect(await first.use(owns)).toBeNull()
  await pass(1, second, first)

  expect([await second.use(owns), await epoch()]).toEqual([true, 2])
  expect(await fixture.database.query('SELECT name FROM owners ORDER BY 1')).toEqual([
    { name: 'first' },
    { name: 'second' },
  ])
  await first.leave()
  expect(await fixture.database.query('SELECT name FROM owners')).toEqual([{ name: 'second' }])
})

it('is handed over at once by a process that stops while it takes it', async () => {
  const [first, second] = [start('first'), start('second')]
  await pass(1, first, second)
  await fixture.database.query('UPDATE mailboxes SET epoch = epoch + 1')
  const release = await fixture.database.lockAsClaim()
  const taking = pass(1, first)
  await expect.poll(() => fixture.database.query('SELECT FROM pg_locks WHERE NOT granted')).not.toEqual([])
  const handing = first.handOver()
  await release()
  await Promise.all([taking, handing])
  await pass(1, first, second)

  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
})

it('is handed over at once by a process that stops after the answer to a statement was lost', async () => {
  const [first, second] = [start('first'), start('second')]
  await pass(1, first, second)
  await expect(first.use(() => Promise.reject(new Error('The answer was lost.')))).rejects.toThrow(/lost/)
  await first.handOver()
  await pass(1, first, second)

  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
})

it('is taken at once by the only process that can run', async () => {
  await pass(1, start('killed'))
  const next = start('next', { isAlone: true })
  await pass(1, next)
  expect([await next.use(owns), await epoch()]).toEqual([true, 2])
})

it('is left to another process by one that can send nothing for a minute, and kept where there is none', async () => {
  const [first, second] = [start('first'), start('second')]
  await pass(1, first)
  const fail = () => first.use(() => Promise.reject(new Error('no plan')), { sends: true }).catch(() => {})
  const failFor = async (times: number, ...others: readonly Process[]) => {
    for (let tries = 0; tries < times; tries++) {
      await fail()
      await pass(1, first, ...others)
    }
  }
  await failFor(62)
  expect(first.lines).toContain('nothing could be sent for a minute')
  expect(first.isOwner()).toBe(true)

  await failFor(62, second)
  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
  await second.use(owns, { sends: true })
  await pass(100, first, second)
  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
})

it('is told to readers while its owner renews, and nobody is there once none does', async () => {
  let elapsed = 0
  const senders = createSenders(fixture.opened.pool, () => elapsed)
  const first = start('first')
  const read = async () => [(await senders.readOwner(ADA))?.name, await senders.isAnybodyThere()]
  expect(await read()).toEqual([undefined, false])
  await pass(1, first)
  expect(await read()).toEqual(['first', true])
  elapsed = 60_000
  await pass(3, first)
  expect(await read()).toEqual(['first', true])
  elapsed += 30_000
  expect(await read()).toEqual([undefined, false])
})
