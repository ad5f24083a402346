import { expect, it } from 'vitest'
import type { DatabaseReached } from '../domain/database-finding.ts'
import { judgeDatabase, judgeMessageStorage, judgeTransactions, judgeVault } from './database-checks.ts'

const READY: DatabaseReached = {
  state: 'reached',
  version: '16.4',
  majorVersion: 16,
  aheadMs: 0,
  missingRights: [],
  tables: 'ours',
  pendingMigrations: [],
  newer: null,
  older: null,
  refusesWrites: null,
  hasTrigrams: true,
  foreignRegistration: null,
  transactions: { old: [], hiddenSessions: 0, role: 'mail' },
}

it.each<[string, Partial<DatabaseReached>]>([
  ['database-ready', {}],
  ['database-ready', { version: '15.0', majorVersion: 15 }],
  ['database-too-old', { version: '14.12', majorVersion: 14 }],
  ['database-without-trigrams', { hasTrigrams: false }],
  ['database-empty', { tables: 'empty', pendingMigrations: ['1'] }],
  ['database-pending', { pendingMigrations: ['1'], hasTrigrams: false }],
  ['database-newer', { newer: 'It takes a newer version.' }],
  ['database-older', { older: 'It takes 1.5 first.', pendingMigrations: ['1'] }],
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

const OPEN = { pid: 4711, user: 'ada', application: 'psql', address: '10.1.2.3', ageSeconds: 25 * 60 }

it('names the sessions whose transaction stays open', () => {
  const old = [
    { ...OPEN, ageSeconds: 26 * 3_600 + 59 },
    { ...OPEN, application: '', address: null },
  ]
  const transactions = { old, hiddenSessions: 2, role: 'mail' }

  expect(judgeTransactions({ ...READY, transactions })).toEqual({
    code: 'transactions-open',
    values: {
      sessions: ['26 h 0 min: ada · psql · 10.1.2.3 · pid 4711', '25 min: ada · local · pid 4711'],
      count: 2,
      hidden: 2,
    },
  })
})

it.each<[string, DatabaseReached['transactions']]>([
  ['transactions-short', { old: [], hiddenSessions: 0, role: 'mail' }],
  ['transactions-hidden', { old: [], hiddenSessions: 1, role: 'mail' }],
  ['transactions-not-shown', null],
])('finds %s in %j', (code, transactions) => {
  expect(judgeTransactions({ ...READY, transactions })).toMatchObject({ code })
})

it('does not look for transactions in a database that does not run', () => {
  expect(judgeTransactions({ state: 'stopped' })).toMatchObject({ code: 'database-not-usable' })
})

it('names the keys that do not open what is stored', () => {
  expect(judgeVault({ state: 'lacks-keys', missing: ['k1'], changed: ['k2'] })).toMatchObject({
    code: 'vault-keys-missing',
    values: { keys: ['k1', 'k2'] },
  })
})

it('warns of a storage for messages that is nearly full, with the services that hold most', () => {
  const storage = { usedBytes: 9 * 1024 ** 3, limitBytes: 10 * 1024 ** 3 }
  const largest = [{ name: 'reports', bytes: 8 * 1024 ** 3 }]

  expect(judgeMessageStorage({ ...storage, largest })).toEqual({
    code: 'message-storage-nearly-full',
    values: { usedMegabytes: 9_216, limitMegabytes: 10_240, services: ['reports · 8192 MB'] },
  })
  expect(judgeMessageStorage({ ...storage, largest: null })).toMatchObject({ code: 'message-storage-ready' })
  expect(judgeMessageStorage(null)).toMatchObject({ code: 'database-not-usable' })
})
