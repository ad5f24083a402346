import pino from 'pino'
import { beforeEach, expect, it } from 'vitest'
import { createAlertStore } from '../alerts/alert-store.ts'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, HOURS } from '../test-support/test-clock.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { createCredentialWatch } from './credential-watch.ts'

const DAYS = 24 * HOURS

const { test, database } = useOpenDatabase()
let clock: ReturnType<typeof createTestClock>
let logLines: string[]

beforeEach(async () => {
  await test.empty('alert_events')
  clock = createTestClock()
  logLines = []
})

/** Creates the watch of a process that has just started. */
function createWatch({
  expiresAt = new Date(clock.now().getTime() + 90 * DAYS),
  kind = 'secret',
}: {
  kind?: 'secret' | 'certificate'
  expiresAt?: Date | null
} = {}) {
  return createCredentialWatch({
    credentialExpiry: () => ({ kind, expiresAt }),
    tenantId: 'ten_1',
    logger: pino({ level: 'info' }, { write: (line) => logLines.push(line) }),
    clock: clock.now,
    onExpiring: (expiry, now) => createAlertStore(database.prisma, newId).raiseSecretExpiring(expiry, now),
  })
}

const logged = () => logLines.map((line) => JSON.parse(line) as { level: number; msg: string; daysLeft: number })
const warnings = () => test.query(`SELECT facts -> 'daysLeft' AS "daysLeft" FROM alert_events ORDER BY at`)

it('warns 60, 30, 7 and 1 day ahead and when it has expired, each once', async () => {
  const watch = createWatch()
  for (let day = 0; day < 100; day += 1) {
    await watch()
    await watch()
    await clock.advance(1 * DAYS)
  }

  expect(await warnings()).toEqual([60, 30, 7, 1, 0].map((daysLeft) => ({ daysLeft })))
})

it('warns once over all processes and restarts', async () => {
  const expiresAt = new Date(clock.now().getTime() + 20 * DAYS)
  await Promise.all([1, 2, 3].map(() => createWatch({ expiresAt })()))
  await createWatch({ expiresAt })()

  expect(await warnings()).toHaveLength(1)
})

it('warns again about another secret', async () => {
  await createWatch({ expiresAt: new Date(clock.now().getTime() + 20 * DAYS) })()
  await createWatch({ expiresAt: new Date(clock.now().getTime() + 25 * DAYS) })()

  expect(await warnings()).toHaveLength(2)
})

it('logs at the start and once a day how long it is valid, and what to do', async () => {
  const watch = createWatch({ expiresAt: new Date(clock.now().getTime() + 7 * DAYS) })
  for (let hour = 0; hour < 48; hour += 1) {
    await watch()
    await clock.advance(1 * HOURS)
  }

  expect(logged().map(({ level, daysLeft }) => [level, daysLeft])).toEqual([
    [40, 7],
    [40, 6],
  ])
  expect(logged()[0]?.msg).toBe(
    'the secret of the app registration expires on 2026-12-01. Make a new client secret in Entra, then set AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES, and restart or reload Inforiver Mail.',
  )
})

it('logs as information while there is time, and as an error once it has expired', async () => {
  await createWatch()()
  await createWatch({ expiresAt: clock.now(), kind: 'certificate' })()

  expect(logged().map(({ level, msg }) => [level, msg])).toEqual([
    [30, 'the secret of the app registration expires on 2027-02-22'],
    [
      50,
      'the certificate of the app registration has expired. Add a new certificate to the app registration in Entra, then put it where AZURE_CLIENT_CERTIFICATE_PATH points, and restart or reload Inforiver Mail.',
    ],
  ])
})
