import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { useQueueFixture, FAILED, UNCONNECTED } from '../../test-support/queue-fixture.ts'
import { DAYS, HOURS, MINUTES } from '../../test-support/test-clock.ts'

const fixture = useQueueFixture()
beforeEach(() => fixture.addDataKey('dky_1'))
afterEach(() => fixture.database.empty('messages', 'idempotency_records', 'data_keys'))

/** Refuses to delete from a table while the condition holds of `gone`, the rows of one statement. */
async function refuseToDelete(table: string, condition: string): Promise<() => Promise<unknown>> {
  await fixture.database.query(`
    CREATE OR REPLACE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF (SELECT ${condition} FROM gone) THEN RAISE EXCEPTION 'too much of ${table}'; END IF; RETURN NULL; END $$;
    CREATE TRIGGER refuse AFTER DELETE ON ${table} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_${table}()`)
  const allow = () => fixture.database.query(`DROP TRIGGER IF EXISTS refuse ON ${table}`)
  onTestFinished(async () => void (await allow()))
  return allow
}

async function failOne(): Promise<void> {
  await fixture.submit({ storedBytes: 4_500_000 })
  await fixture.settle(await fixture.claimOne(), FAILED)
}

it.each([
  ['in chunks', true],
  ['in one piece', false],
])('deletes the large contents of a few messages at once only, %s', async (_, chunked) => {
  for (let n = 0; n < 20; n++) await failOne()
  await fixture.database.query('UPDATE message_contents SET chunked = $1', [chunked])
  await fixture.clock.advance(8 * DAYS)
  await refuseToDelete('message_contents', 'sum(stored_bytes) > 67108864')

  await fixture.queue.upkeep.deleteOld(fixture.clock.now())

  expect(await fixture.database.query('SELECT FROM message_contents')).toEqual([])
})

it('deletes the others where one kind cannot be deleted', async () => {
  const key = `INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, created_at) VALUES ('ten_ada', 'reports', 'k', '', 'm', mail_now())`
  await fixture.database.query(key)
  await failOne()
  await fixture.clock.advance(31 * DAYS)
  const allow = await refuseToDelete('message_contents', 'count(*) > 0')

  await expect(fixture.queue.upkeep.deleteOld(fixture.clock.now())).rejects.toThrow('too much of message_contents')
  expect(await fixture.database.query('SELECT FROM idempotency_records')).toEqual([])
  expect(await fixture.database.query('SELECT FROM message_events')).toEqual([])

  await allow()
  await fixture.queue.upkeep.deleteOld(new Date(fixture.clock.now().getTime() + 1 * HOURS))
  expect(await fixture.database.query('SELECT FROM messages')).toEqual([])
})

it('deletes a message that ended long after its submission within an hour, once it was kept long enough', async () => {
  const at = (ms: number) => new Date(start + ms)
  const start = fixture.clock.now().getTime()
  const id = await fixture.submit({ tenantId: UNCONNECTED })
  await fixture.clock.advance(60 * DAYS)
  await fixture.queue.messages.cancel({ tenantId: UNCONNECTED, service: null, userId: null }, id, fixture.clock.now())
  const left = () => fixture.database.query('SELECT id FROM messages')

  await fixture.queue.upkeep.deleteOld(at(90 * DAYS - 1 * MINUTES))
  expect(await left()).toEqual([{ id }])
  await fixture.queue.upkeep.deleteOld(at(90 * DAYS - 1 * MINUTES + 1 * HOURS))
  expect(await left()).toEqual([])
})
