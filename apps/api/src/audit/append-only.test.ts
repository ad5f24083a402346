import { beforeAll, expect, it } from 'vitest'
import { useTestDatabase } from '../test-support/test-database.ts'

const database = useTestDatabase()

beforeAll(async () => {
  await database.query(
    `INSERT INTO audit_events (tenant_id, at, actor, action, outcome, details)
     VALUES ('ten_1', now(), 'usr_1', 'sign-in', 'member', '{}')`,
  )
})

it.each([
  ['UPDATE', "UPDATE audit_events SET actor = 'usr_2'"],
  ['DELETE', 'DELETE FROM audit_events'],
  ['TRUNCATE', 'TRUNCATE audit_events'],
])('refuses %s of recorded events', async (operation, statement) => {
  await expect(database.query(statement)).rejects.toThrow(`audit_events is append-only: ${operation} is refused`)

  expect(await database.query('SELECT actor, outcome FROM audit_events')).toEqual([
    { actor: 'usr_1', outcome: 'member' },
  ])
})

it('refuses to overwrite an event by inserting one of its number', async () => {
  const replace = `INSERT INTO audit_events (id, tenant_id, at, action, outcome, details)
    SELECT id, 'ten_2', at, action, outcome, details FROM audit_events
    ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id`

  await expect(database.query(replace)).rejects.toThrow('audit_events is append-only: UPDATE is refused')
})
