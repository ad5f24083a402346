import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConfigurationError } from '../../configuration/config.ts'
import { makeRelease } from '../../test-support/migrations.ts'
import { createTestDatabase, type TestDatabase } from '../../test-support/test-database.ts'
import { migrate } from './migrate.ts'
import { previousRelease } from './release-order.ts'

const EXPANDING = '20990101000000_note'
const ADD_COLUMN = 'ALTER TABLE messages ADD COLUMN note TEXT'

let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

/** Starts a release of that version, whose migrations are ours and more. */
async function startRelease(
  version: string,
  migrations: Readonly<Record<string, string>> = {},
  url = database.url,
): Promise<void> {
  await migrate(url, { release: await makeRelease(version, migrations) })
}

it('starts on a database that the next release has expanded', async () => {
  await startRelease('1.2.0', {
    [EXPANDING]: ADD_COLUMN,
    '20990102000000_pets': 'CREATE TABLE pets (id TEXT PRIMARY KEY)',
  })

  await expect(startRelease('1.1.0')).resolves.toBeUndefined()
  await expect(startRelease('1.1.4')).resolves.toBeUndefined()
})

it('starts on a database from which the next release has removed what nothing uses', async () => {
  await startRelease('1.2.0', { '20990101000000_drop_it_contract': 'ALTER TABLE sessions DROP COLUMN role' })

  await expect(startRelease('1.1.0')).resolves.toBeUndefined()
})

it('refuses a database that is ahead by two releases, and says which version starts', async () => {
  await startRelease('1.2.0', { [EXPANDING]: ADD_COLUMN })
  await startRelease('1.3.0', {
    [EXPANDING]: ADD_COLUMN,
    '20990102000000_pets': 'CREATE TABLE pets (id TEXT PRIMARY KEY)',
  })

  await expect(startRelease('1.2.1', { [EXPANDING]: ADD_COLUMN })).resolves.toBeUndefined()
  await expect(startRelease('1.1.0')).rejects.toThrow(
    new ConfigurationError(
      'The database was used by a newer Inforiver Mail: it has the migration 20990102000000_pets, which takes version 1.2.0 or newer, and this is 1.1.0. Start 1.2.0 or the newer version, or restore the backup made before the update.',
    ),
  )
})

it.each([
  ['1.2.3', '1.1.0'],
  ['1.10.0', '1.9.0'],
  ['2.0.1', '2.0.0'],
])('the release before %s is %s', (version, previous) => {
  expect(previousRelease(version)).toBe(previous)
})
