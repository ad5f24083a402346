import { beforeAll, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createOutboxStore } from './outbox-store.ts'
import { createStorageWatch } from './watches.ts'

const TENANT = 'ten_a'
const SERVICES = [{ name: 'reports', bytes: 700 }]
const clock = createTestClock()

const { test, database } = useOpenDatabase()
let store: AlertStore

beforeAll(async () => {
  store = createAlertStore(database.prisma, newId)
  await test.query(`INSERT INTO tenants (id, created_at) VALUES ($1, now())`, [TENANT])
})

it('says once that the storage is nearly full, whether dismissed or not, and once that there is room again', async () => {
  let usedBytes = 0
  const watch = createStorageWatch({
    queue: {
      readStorage: async () => ({ usedBytes, limitBytes: 1_000 }),
      findLargestServices: async () => SERVICES,
    },
    store,
    tenantId: TENANT,
    databaseNow: async () => clock.now(),
  })
  async function look(bytes: number): Promise<unknown[]> {
    usedBytes = bytes
    await clock.advance(1 * MINUTES)
    await watch()
    return (await createOutboxStore(database.pool).listNotices(TENANT)).map(({ alert: { type } }) => type)
  }

  expect([await look(799), await look(800), await look(900)]).toEqual([
    [],
    ['storage.nearly-full'],
    ['storage.nearly-full'],
  ])
  const [notice] = await createOutboxStore(database.pool).listNotices(TENANT)
  expect(notice?.alert.facts).toEqual({ usedBytes: 800, limitBytes: 1_000, services: SERVICES })
  await store.dismiss(TENANT, notice?.id ?? '', 'usr_a', clock.now())
  expect([await look(950), await look(750)]).toEqual([[], []])
  expect([await look(749), await look(700), await look(850)]).toEqual([
    ['storage.recovered'],
    ['storage.recovered'],
    ['storage.nearly-full'],
  ])
})
