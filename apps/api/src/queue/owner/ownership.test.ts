import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { createJudging, JUDGING_WAITS } from '../doubt/abandoned.ts'
import { claimCleanups } from '../drafts/cleanups.ts'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { setMailbox } from '../../test-support/mailbox-state.ts'
import { ADA, QUEUED, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { HOURS } from '../../test-support/test-clock.ts'
import { createTestPool } from '../../test-support/test-database.ts'
import { createClaiming } from './claim.ts'
import { createMailboxReader } from './mailbox-state.ts'
import { mark } from './mark.ts'
import { createOwnership, type Owned, type Ownership } from './ownership.ts'
import { createOwnerStore } from './ownership.sql.ts'
import { createSenders } from './senders.ts'

let seconds = 0
const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.query('DELETE FROM owners; DELETE FROM mailboxes; DELETE FROM mailbox_cleanups')
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

/** Has every mark fail, or take nothing. Returns what has them do so, or no longer. */
async function spoilMarks(how: string): Promise<(isSpoilt: boolean) => Promise<unknown>> {
  await fixture.database.query(
    `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${how}; END $$;
     CREATE TRIGGER spoil BEFORE UPDATE OF mark_id ON message_queue FOR EACH ROW EXECUTE FUNCTION spoil()`,
  )
  onTestFinished(async () => {
    await fixture.database.query('DROP FUNCTION spoil CASCADE')
    await fixture.database.empty('messages', 'mailbox_usage', 'counters')
  })
  return (isSpoilt) =>
    fixture.database.query(`ALTER TABLE message_queue ${isSpoilt ? 'ENABLE' : 'DISABLE'} TRIGGER spoil`)
}

/** What sends for a process, one message at a time. */
function createSending(process: Process, limits: Partial<MailboxLimits> = {}) {
  const { pool } = fixture.opened
  const all = { concurrency: 1, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0, ...limits }
  const elapsedMs = () => process.seconds * 1_000
  const claiming = createClaiming(pool, createMailboxReader(pool, all), all, process, elapsedMs)
  const claimOne = () => claiming.claim(`mark ${++seconds}`, 1)
  return {
    claimOne,
    /** Lets seconds pass in which it looks every second for what may leave. */
    look: async (count: number, ...others: readonly Process[]) => {
      for (let second = 0; second < count; second++) {
        if (second % 5 === 0) await claimOne().catch(() => {}) // each that fails costs a connection
        await pass(1, process, ...others)
      }
    },
  }
}

const GIVEN_UP = 'nothing could be sent for a minute'

it.each([
  ['marks fail', `RAISE EXCEPTION 'no plan'`],
  ['marks take nothing', 'RETURN NULL'],
])('is left to another process by one whose %s for a minute, and kept where there is none', async (_, how) => {
  const [first, second] = [start('first'), start('second')]
  await fixture.submit()
  const spoil = await spoilMarks(how)
  await pass(1, first)
  const { look, claimOne } = createSending(first)
  await look(59)
  expect(first.lines).not.toContain(GIVEN_UP)
  await look(3)
  expect(first.lines).toContain(GIVEN_UP)
  expect(first.isOwner()).toBe(true)

  await look(50, second)
  await spoil(false)
  for (const message of await claimOne()) expect(await fixture.settle(message, QUEUED)).toBe(true)
  await spoil(true)
  await look(50, second)
  expect(first.isOwner()).toBe(true)
  await look(12, second)
  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
  await spoil(false)
  expect(await createSending(second).claimOne()).toHaveLength(1)
  await second.handOver()
  await pass(10, first)
  expect(first.isOwner()).toBe(false)
})

it('is left by one whose mark had no answer for a minute, which undoes that mark although another process owns the mailbox', async () => {
  const { pool } = fixture.opened
  const [first, second] = [start('first'), start('second')]
  const id = await fixture.submit()
  await pass(1, first)
  const { promise: answer, reject: fail } = Promise.withResolvers<never>()
  const marking = first.use(
    async (mine) => {
      await mark(pool, mine, 'unanswered', [{ id, tenantId: ADA }])
      return answer
    },
    { isStuck: () => true },
  )
  await pass(62, first, second)
  expect([first.isOwner(), second.isOwner()]).toEqual([false, true])
  fail(new Error('no answer'))
  await expect(marking).rejects.toThrow('no answer')

  const judge = async (process: Process, ...underWay: readonly string[]) => {
    const judging = createJudging(
      pool,
      process,
      JUDGING_WAITS,
      () => false,
      () => process.seconds * 1_000,
    )
    return (await judging.judgeAbandoned(() => underWay)).moved
  }
  expect(await judge(second)).toBe(false)
  expect(await judge(first, 'unanswered')).toBe(false)
  expect(await judge(first)).toBe(true)
  expect(await fixture.read(id)).toMatchObject({ status: 'queued', attempts: [], possibleDuplicate: false })
})

const inAnHour = () => new Date(fixture.clock.now().getTime() + 1 * HOURS)

it.each<[string, (first: Process) => Promise<unknown>, Partial<MailboxLimits>?]>([
  ['nothing is due', () => fixture.database.query('UPDATE message_queue SET due_at = $1', [inAnHour()])],
  ['Microsoft asked for a pause', () => setMailbox(fixture.database, { paused_until: inAnHour() })],
  ['there is no token', () => setMailbox(fixture.database, { no_access_until: inAnHour() })],
  ['all requests at once are used', (first) => fixture.submit().then(createSending(first).claimOne)],
  ['the minute is used up', use, { messagesPerMinute: 1 }],
  ['the day is used up', use, { recipientsPerDay: 3 }],
])('stays with an owner that begins nothing since %s', async (_, happens, limits) => {
  const first = start('first')
  await fixture.submit()
  await pass(1, first)
  await happens(first)
  await spoilMarks('RETURN NULL')
  await createSending(first, limits).look(62)

  expect(first.lines).not.toContain(GIVEN_UP)
})

function use(): Promise<unknown> {
  return fixture.database.query(
    'INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients) VALUES ($1, mail_now(), 1, 3)',
    [ADA],
  )
}

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
