import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../logger.ts'
import { useAdminGround } from '../test-support/admin-ground.ts'
import { createAccessModules, type AccessModules } from '../test-support/access-modules.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { connectTenant } from '../test-support/second-tenant.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createKeepAlive } from './keep-alive.ts'

const DAY = 24 * HOURS

const clock = createTestClock()
const { ground, product, ada, readSettings, scenario } = useAdminGround({ clock })
let modules: AccessModules
let keepAlive: () => Promise<void>

beforeAll(async () => {
  modules = await createAccessModules({ ground, config: product.config, clock: clock.now })
  const run = createKeepAlive({ ...modules, logger: createLogger('silent') })
  keepAlive = () => run(clock.now(), new AbortController().signal)
})
afterAll(() => modules.close())

beforeEach(async () => {
  await ground.microsoft.control('DELETE', '/scenarios')
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await ground.microsoft.control('DELETE', '/counters')
})

async function refreshes(): Promise<number> {
  return (await ground.microsoft.control('GET', '/counters')).endpoints.token?.requests ?? 0
}

async function settings() {
  await ada.signIn('Ada Admin') // the session has ended by then
  return readSettings()
}

it('refreshes a connection that no mail has used for a day, once', async () => {
  await keepAlive()
  expect(await refreshes()).toBe(0)

  await clock.advance(1.2 * DAY)
  await keepAlive()
  await keepAlive()

  expect(await refreshes()).toBe(1)
})

it('keeps a connection alive for a year without mail', async () => {
  for (let day = 0; day < 365; day += 30) {
    await clock.advance(30 * DAY)
    await keepAlive()
  }

  expect(await refreshes()).toBe(13)
  expect(await settings()).toMatchObject({ status: 'connected', problem: null })
})

it('leaves a grant alone that was refreshed within the last hours', async () => {
  await clock.advance(19 * HOURS)
  await keepAlive()

  expect(await refreshes()).toBe(0)
})

it('notices a connection that has ended before anybody wants to send', async () => {
  await ground.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', {})
  await clock.advance(2 * DAY)
  await keepAlive()

  expect(await settings()).toMatchObject({ status: 'reconnect-required' })
})

it('refreshes two connections that fell idle together at different times', async () => {
  const tenants = ['ten_1', 'ten_2']
  for (const tenantId of tenants) await connectTenant(ground, tenantId, 'ada@contoso.com')
  await ground.database.query(
    `UPDATE tenant_settings SET access_token_obtained_at = $1, access_token_expires_at = $1::timestamptz + interval '1 hour'`,
    [clock.now()],
  )
  const refreshedAt = new Map<string, number>()
  for (let minute = 0; minute <= 30 * 60; minute += 10) {
    await keepAlive()
    const rows = await ground.database.query<{ tenant_id: string }>(
      'SELECT tenant_id FROM tenant_settings WHERE tenant_id = ANY($1) AND grant_version > 1',
      [tenants],
    )
    for (const { tenant_id: tenantId } of rows) if (!refreshedAt.has(tenantId)) refreshedAt.set(tenantId, minute)
    await clock.advance(10 * MINUTES)
  }

  const [one = 0, other = 0] = refreshedAt.values()
  expect(Math.abs(one - other)).toBeGreaterThanOrEqual(60)
  for (const minute of [one, other]) {
    expect(minute).toBeGreaterThanOrEqual(20 * 60)
    expect(minute).toBeLessThanOrEqual(28 * 60 + 10)
  }
})

it('keeps the connection while Entra is unavailable, and tries again', async () => {
  await scenario('token-503', 'always')
  await clock.advance(2 * DAY)
  await keepAlive()
  await ground.microsoft.control('DELETE', '/scenarios')
  expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  await ground.microsoft.control('DELETE', '/counters')

  await clock.advance(MINUTES)
  await keepAlive()

  expect(await refreshes()).toBe(1)
})
