import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../domain/outage.ts'
import { useTestDatabase, useLink, useDatabaseAt } from '../test-support/test-database.ts'
import { isUnavailable } from './is-unavailable.ts'
import { inTransaction } from './transaction.ts'

const test = useTestDatabase()
const link = useLink(() => test)
const database = useDatabaseAt(() => link.url)

beforeAll(async () => {
  // A sequence is not rolled back, so it counts the tries.
  await test.query('CREATE SEQUENCE tries')
  await test.query('CREATE TABLE conflicts (code text, tries int)')
  await test.query('GRANT ALL ON SEQUENCE tries TO PUBLIC; GRANT ALL ON conflicts TO PUBLIC')
  await test.query(`
    CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE wanted conflicts;
    BEGIN
      SELECT * INTO wanted FROM conflicts;
      IF nextval('tries') <= wanted.tries THEN RAISE EXCEPTION 'a conflict' USING ERRCODE = wanted.code; END IF;
      RETURN NEW;
    END $$`)
  await test.query('CREATE TRIGGER conflict BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION conflict()')
})
beforeEach(() => test.query('DELETE FROM tenants'))

/** Makes the next changes fail with a conflict. */
async function conflictsAhead(code: string, tries: number) {
  await test.query(`SELECT setval('tries', 1, false)`)
  await test.query('DELETE FROM conflicts')
  await test.query('INSERT INTO conflicts VALUES ($1, $2)', [code, tries])
}

const stored = () => test.query('SELECT id FROM tenants')
const INSERT = `INSERT INTO tenants (id, created_at) VALUES ('ten_1', now())`

const CHANGES: [string, () => Promise<unknown>][] = [
  ['a transaction', () => inTransaction(database.pool, (client) => client.query(INSERT))],
  [
    'a transaction of Prisma',
    () => database.prisma.$transaction((tx) => tx.tenant.create({ data: { id: 'ten_1', createdAt: new Date() } })),
  ],
  [
    'SQL in a transaction of Prisma',
    () =>
      database.prisma.$transaction((tx) => tx.$queryRaw`INSERT INTO tenants (id, created_at) VALUES ('ten_1', now())`),
  ],
  ['a statement', () => database.pool.query(INSERT)],
  ['a statement of Prisma', () => database.prisma.tenant.create({ data: { id: 'ten_1', createdAt: new Date() } })],
]

describe.each(CHANGES)('%s', (_name, change) => {
  it.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
  ])('is retried after %s', async (_what, code) => {
    await conflictsAhead(code, 2)
    await change()

    expect(await stored()).toEqual([{ id: 'ten_1' }])
  })

  it('gives up after a few conflicts, with an error that means unavailable', async () => {
    await conflictsAhead('40P01', 100)
    const error: unknown = await change().catch((thrown: unknown) => thrown)

    expect(isUnavailable(error)).toBe(true)
    expect(await test.query('SELECT last_value::int FROM tries')).toEqual([{ last_value: 4 }])
    expect(await stored()).toEqual([])
  })
})

describe.each(CHANGES.slice(0, 3))('%s', (_name, change) => {
  beforeEach(() => conflictsAhead('40P01', 0))

  it('reports an unknown outcome when the answer to its commit is lost', async () => {
    link.loseAnswerTo('COMMIT')
    const error: unknown = await change().catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(OutcomeUnknownError)
    expect(isUnavailable(error)).toBe(true)
    expect(await stored()).toEqual([{ id: 'ten_1' }])
  })

  it('reports a failure when the connection breaks before its commit', async () => {
    link.loseAnswerTo('INSERT')
    const error: unknown = await change().catch((thrown: unknown) => thrown)

    expect(error).not.toBeInstanceOf(OutcomeUnknownError)
    expect(isUnavailable(error)).toBe(true)
    expect(await stored()).toEqual([])
  })

  it('reports a failure when PostgreSQL refuses the commit', async () => {
    await test.query(`
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON tenants DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION conflict()`)
    await conflictsAhead('53100', 2)
    await test.query(`SELECT nextval('tries')`)
    await test.query(`UPDATE conflicts SET tries = 2`)
    await test.query('ALTER TABLE tenants DISABLE TRIGGER conflict')
    const error: unknown = await change().catch((thrown: unknown) => thrown)
    await test.query('ALTER TABLE tenants ENABLE TRIGGER conflict')
    await test.query('DROP TRIGGER late ON tenants')

    expect(error).not.toBeInstanceOf(OutcomeUnknownError)
    expect(isUnavailable(error)).toBe(true)
    expect(await stored()).toEqual([])
  })
})
