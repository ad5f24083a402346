import { expect, it } from 'vitest'
import type { DatabaseReached } from '../database-finding.ts'
import { judgeDatabase, judgeVault } from './database-checks.ts'

const READY: DatabaseReached = {
  state: 'reached',
  version: '16.4',
  majorVersion: 16,
  aheadMs: 0,
  missingRights: [],
  tables: 'ours',
  pendingMigrations: [],
  newer: null,
  refusesWrites: null,
  foreignRegistration: null,
}

it.each<[string, Partial<DatabaseReached>]>([
  ['database-ready', {}],
  ['database-ready', { version: '15.0', majorVersion: 15 }],
  ['database-too-old', { version: '14.12', majorVersion: 14 }],
  ['database-empty', { tables: 'empty', pendingMigrations: ['1'] }],
  ['database-pending', { pendingMigrations: ['1'] }],
  ['database-newer', { newer: 'It takes a newer version.' }],
  ['database-foreign', { tables: 'foreign' }],
  ['database-rights-missing', { missingRights: ['CREATE on the database'] }],
  ['database-rights-missing', { missingRights: ['CREATE on the schema public'], tables: 'empty' }],
  ['database-of-another-registration', { foreignRegistration: 'It belongs to another one.' }],
  ['database-refuses-writes', { refusesWrites: 'The disk of the database is full.' }],
])('finds %s in %j', (code, finding) => {
  expect(judgeDatabase({ ...READY, ...finding })).toMatchObject({ code })
})

it('tells that a database is out of reach, with the reason', () => {
  const values = { sentence: 'The database refuses the password', reason: '28P01' }

  expect(judgeDatabase({ state: 'unreachable', ...values })).toEqual({ code: 'database-unreachable', values })
})

it('names the keys that do not open what is stored', () => {
  expect(judgeVault({ state: 'lacks-keys', missing: ['k1'], changed: ['k2'] })).toMatchObject({
    code: 'vault-keys-missing',
    values: { keys: ['k1', 'k2'] },
  })
})
