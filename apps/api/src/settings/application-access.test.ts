import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../runtime/logger.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { createAccessModules, type AccessModules } from '../test-support/access-modules.ts'
import { createTestClock, HOURS, SECONDS } from '../test-support/test-clock.ts'
import type { Access } from '../domain/mailbox-access.ts'
import { keepGrantsAlive, recheckAccess } from './refresh-grants.ts'

/** The part of a worker that keeps the token. */
interface Process {
  access(): Promise<Access>
  recheck(): Promise<void>
  keepAlive(): Promise<void>
}

const clock = createTestClock()
const { fixture, product, ada, post, readSettings, scenario } = useAdminFixture({
  clock,
  environment: { GRAPH_AUTH: 'application' },
})
const opened: AccessModules[] = []
let one: Process
let other: Process

beforeAll(async () => {
  one = await startProcess()
  other = await startProcess()
})
afterAll(async () => {
  for (const modules of opened) await modules.close()
})

beforeEach(async () => {
  await fixture.microsoft.control('PATCH', '/settings', { accessTokenSeconds: 60 * 60 })
  const { json } = await post('configure', { fromEmail: 'reports@contoso.com' })
  await ada.consent(json.consentUrl, 'Grace Global')
  await fixture.microsoft.control('DELETE', '/counters')
})

async function startProcess(): Promise<Process> {
  const modules = await createAccessModules({ fixture, config: product.config, clock: clock.now })
  opened.push(modules)
  const { tenantId, accessSource } = modules
  const logger = createLogger('silent')
  const { signal } = new AbortController()
  return {
    access: () => accessSource.access(tenantId, { signal }),
    recheck: () => recheckAccess({ ...modules, logger }, signal),
    keepAlive: () => keepGrantsAlive({ ...modules, logger }, clock.now(), signal),
  }
}

async function tokenRequests(): Promise<unknown> {
  return (await fixture.microsoft.control('GET', '/counters')).endpoints.token
}

it('gets one new token for all processes when it has expired', async () => {
  await clock.advance(2 * HOURS)

  const accesses = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : other).access()))

  expect(await tokenRequests()).toEqual({ requests: 1, byStatus: { '200': 1 } })
  const tokens = accesses.map((access) => (access.outcome === 'granted' ? access.accessToken : access.outcome))
  expect(new Set(tokens).size).toBe(1)
  const [row] = await fixture.database.query('SELECT refresh_token_sealed, refresh_lease_owner FROM tenant_settings')
  expect(row).toEqual({ refresh_token_sealed: null, refresh_lease_owner: null })
})

it('waits while Entra is unavailable, and stays connected', async () => {
  await clock.advance(2 * HOURS)
  await scenario('token-503')

  expect(await one.access()).toMatchObject({ outcome: 'unavailable' })
  await clock.advance(5 * SECONDS)

  expect(await other.access()).toMatchObject({ outcome: 'granted' })
  await ada.signIn('Ada Admin')
  expect(await readSettings()).toMatchObject({ status: 'connected', problem: null })
})

it('notices a refused secret before anybody sends, and then leaves it to the recheck, which ends the problem', async () => {
  await scenario('secret-expired', 'always')
  await clock.advance(30 * HOURS)

  await one.keepAlive()
  await one.keepAlive()

  expect(await tokenRequests()).toEqual({ requests: 1, byStatus: { '401': 1 } })
  await fixture.microsoft.control('DELETE', '/scenarios')
  await ada.signIn('Ada Admin')
  expect(await readSettings()).toMatchObject({
    status: 'connected',
    problem: { code: 'app-misconfigured', detail: expect.stringContaining('AADSTS7000222') },
  })
  expect(await other.access()).toEqual({ outcome: 'held', because: 'app-misconfigured' })

  await other.recheck()
  expect(await readSettings()).toMatchObject({ status: 'connected', problem: null })
})

it('ends the connection when Entra withdraws the application’s access, and says who reconnects', async () => {
  await clock.advance(2 * HOURS)
  await fixture.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'entra-error', at: 'client', code: 53003, error: 'access_denied', status: 400 },
  })

  expect(await one.access()).toEqual({ outcome: 'held', because: 'reconnect-required' })
  await ada.signIn('Ada Admin')
  expect(await readSettings()).toMatchObject({
    status: 'reconnect-required',
    problem: { action: expect.stringContaining('chooses Reconnect, and an Entra administrator accepts') },
  })
})

it('checks the permissions of a token that it fetches then', async () => {
  const permissions = async () => {
    const { checks } = (await post('check')).json
    return checks.find(({ id }: { id: string }) => id === 'permissions')
  }
  await fixture.microsoft.control('DELETE', '/tenant-consents')
  expect(await permissions()).toMatchObject({ code: 'permissions-not-in-token', values: { missing: ['Mail.Send'] } })

  await fixture.microsoft.control('POST', '/application/tokens', { permissions: ['Mail.Send'] })
  expect(await permissions()).toMatchObject({ code: 'permissions-granted' })

  await fixture.microsoft.control('PATCH', '/settings', { accessTokens: 'opaque' })
  expect(await permissions()).toMatchObject({ status: 'skipped', code: 'permissions-unreadable' })
})
