import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../runtime/logger.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { createAccessModules, type AccessModules } from '../test-support/access-modules.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { requestsTo, untilMet } from '../test-support/scenario.ts'
import { createTimeLimit } from '../../../../packages/m365/src/test-support/time-limit.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { recheckAccess } from './refresh-grants.ts'
import type { Access } from '../domain/mailbox-access.ts'
import type { GrantStore } from './grant-store.ts'

/** The part of a worker that keeps the tokens. */
interface Process {
  readonly grantStore: GrantStore
  access(options?: { refused?: number; claims?: string }): Promise<Access>
  recheck(): Promise<void>
}

const clock = createTestClock()
const { fixture, product, ada, post, readSettings, scenario } = useAdminFixture({ clock })
const timeLimit = createTimeLimit()
const opened: AccessModules[] = []
let tenantId: string
let one: Process
let other: Process

beforeAll(async () => {
  one = await startProcess({ wrapFetch: timeLimit.wrapFetch })
  other = await startProcess()
})
afterAll(async () => {
  for (const modules of opened) await modules.close()
})

beforeEach(async () => {
  await fixture.microsoft.control('PATCH', '/settings', { accessTokenSeconds: 60 * 60 })
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await fixture.microsoft.control('DELETE', '/counters')
})

type Overrides = Partial<Parameters<typeof createAccessModules>[0]>

async function startProcess(overrides: Overrides = {}): Promise<Process> {
  const modules = await createAccessModules({ fixture, config: product.config, clock: clock.now, ...overrides })
  opened.push(modules)
  const { grantStore, accessSource } = modules
  tenantId = modules.tenantId
  const { signal } = new AbortController()
  return {
    grantStore,
    access: (options = {}) => accessSource.access(tenantId, { ...options, signal }),
    recheck: () => recheckAccess({ ...modules, logger: createLogger('silent') }, signal),
  }
}

/** Starts a process in which this happens between Microsoft's answer to a refresh and its storage. */
async function startInterruptedProcess(act: () => Promise<unknown>): Promise<Process> {
  return startProcess({
    wrapIdentity: (identity) => ({
      ...identity,
      async refresh(request) {
        const refresh = await identity.refresh(request)
        await act()
        return refresh
      },
    }),
  })
}

async function granted(process: Process, options?: { refused?: number }) {
  const access = await process.access(options)
  if (access.outcome !== 'granted') throw new Error(`There is no access: ${JSON.stringify(access)}`)
  return access
}

const tokenRequests = () => requestsTo(fixture, 'token')

async function worksAtGraph(accessToken: string): Promise<boolean> {
  const response = await fetch(`${product.config.graphBaseUrl}/v1.0/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return response.ok
}

it('refreshes five minutes before the token expires', async () => {
  const before = await granted(one)
  await clock.advance(56 * MINUTES)

  const after = await granted(one)

  expect(after.accessToken).not.toBe(before.accessToken)
  expect(await tokenRequests()).toBe(1)
})

it('refreshes an expired token before it is used, and asks only for what was granted', async () => {
  await clock.advance(3 * HOURS)

  expect(await worksAtGraph((await granted(one)).accessToken)).toBe(true)
  const { items } = await fixture.microsoft.control('GET', '/log')
  const refresh = items.find((item: any) => item.details.grant_type === 'refresh_token') // oxlint-disable-line typescript/no-explicit-any -- JSON
  expect(refresh.details.scope.split(' ').sort()).toEqual([
    'Mail.Send',
    'User.Read',
    'offline_access',
    'openid',
    'profile',
  ])
})

it('hands out no token whose refresh token could not be stored first', async () => {
  const process = await startProcess({
    wrapGrants: (store) => ({ ...store, saveRefreshed: () => Promise.reject(new Error('The disk is full.')) }),
  })
  await clock.advance(3 * HOURS)

  await expect(process.access()).rejects.toThrow('The disk is full.')
})

describe('when Microsoft withdraws what only bounces need', () => {
  /** Withdraws all consents but these: Entra then refuses whoever asks for more. */
  async function leaveOnly(...scopes: string[]): Promise<void> {
    await fixture.microsoft.control('POST', '/people/ada@contoso.com/remove-consents')
    if (scopes.length === 0) return
    const whole = [...scopes, 'User.Read', 'openid', 'profile']
    await fixture.microsoft.control('POST', '/people/ada@contoso.com/tokens', { scopes: whole })
  }

  async function connectWithBounces(fromEmail: string): Promise<void> {
    await post('reset')
    // Shorter than the admin's session.
    await fixture.microsoft.control('PATCH', '/settings', { accessTokenSeconds: 10 * 60 })
    await connectMailbox(ada, { fromEmail })
    const { json } = await post('delivery-reports', { bounces: true })
    await ada.consent(json.consentUrl, 'Ada Admin')
    expect((await readSettings()).deliveryReports.bounces).toMatchObject({ enabled: true, available: true })
    await clock.advance(10 * MINUTES)
  }

  it('goes on sending, and tells it of bounces alone', async () => {
    await connectWithBounces('reports@contoso.com')
    await leaveOnly('Mail.Send', 'Mail.Send.Shared')

    const access = await granted(one)

    expect(await worksAtGraph(access.accessToken)).toBe(true)
    expect(access.connection.permissions).not.toContain('Mail.ReadWrite.Shared')
    expect(await readSettings()).toMatchObject({
      status: 'connected',
      problem: null,
      deliveryReports: {
        bounces: {
          enabled: true,
          available: false,
          problem: { code: 'permission-missing', detail: expect.stringContaining('Mail.ReadWrite.Shared') },
        },
      },
    })

    // From now on it is not asked for.
    await fixture.microsoft.control('DELETE', '/counters')
    await clock.advance(10 * MINUTES)
    await granted(other)
    expect(await tokenRequests()).toBe(1)
  })

  it('understands an answer with fewer permissions in the same way, and asks for them once bounces are switched on again', async () => {
    await connectWithBounces('ada@contoso.com')
    await fixture.microsoft.control('POST', '/scenarios', {
      effect: { kind: 'fewer-scopes', without: ['Mail.ReadWrite'] },
    })

    await granted(one)

    const { status, deliveryReports } = await readSettings()
    expect(status).toBe('connected')
    expect(deliveryReports.bounces).toMatchObject({ available: false, problem: { code: 'permission-missing' } })
    await post('delivery-reports', { bounces: false })
    const { json } = await post('delivery-reports', { bounces: true })
    await ada.consent(json.consentUrl, 'Ada Admin')
    expect((await readSettings()).deliveryReports.bounces).toMatchObject({ available: true, problem: null })
  })

  it('lets nothing end while Entra cannot answer the second question', async () => {
    await connectWithBounces('ada@contoso.com')
    await scenario('refresh-consent-removed')
    await scenario('token-503')

    expect(await one.access()).toMatchObject({ outcome: 'unavailable' })
    expect((await readSettings()).status).toBe('connected')
  })
})

it('refreshes with the refresh token that the refresh before has brought', async () => {
  const [used, brought]: [string[], (string | null)[]] = [[], []]
  const process = await startProcess({
    wrapIdentity: (identity) => ({
      ...identity,
      async refresh(request) {
        used.push(request.refreshToken)
        const refresh = await identity.refresh(request)
        if (refresh.outcome === 'granted') brought.push(refresh.tokens.refreshToken)
        return refresh
      },
    }),
  })
  for (let time = 1; time <= 2; time++) {
    await clock.advance(3 * HOURS)
    await granted(process)
  }

  expect(used[1]).toBe(brought[0])
  expect(used[1]).not.toBe(used[0])
})

it('makes one refresh for many callers in two processes', async () => {
  await clock.advance(3 * HOURS)

  const callers = Array.from({ length: 12 }, (_, index) => granted(index % 2 === 0 ? one : other))

  expect(new Set((await Promise.all(callers)).map(({ accessToken }) => accessToken)).size).toBe(1)
  expect(await tokenRequests()).toBe(1)
})

it('makes one refresh when several callers were refused the same token', async () => {
  const { grantVersion } = await granted(one)

  const [first, second] = await Promise.all([
    granted(one, { refused: grantVersion }),
    granted(other, { refused: grantVersion }),
  ])
  const late = await granted(one, { refused: grantVersion })

  expect(new Set([first, second, late].map(({ accessToken }) => accessToken)).size).toBe(1)
  expect(await tokenRequests()).toBe(1)
})

it('takes over the refresh of a process that died in the middle of it', async () => {
  await clock.advance(3 * HOURS)
  const { grant } = await one.grantStore.read(tenantId)
  await one.grantStore.takeRefreshLease({
    tenantId,
    grantVersion: grant?.grantVersion ?? 0,
    owner: 'dead',
    leaseMs: 90 * SECONDS,
  })
  await clock.advance(90 * SECONDS)

  expect(await worksAtGraph((await granted(other)).accessToken)).toBe(true)
})

it.each(['a lease', 'a pause'])(
  'refreshes at once where %s of before lies days ahead after the clock was set back',
  async (what) => {
    await clock.advance(3 * HOURS)
    const { grant } = await one.grantStore.read(tenantId)
    const lease = { tenantId, grantVersion: grant?.grantVersion ?? 0, owner: 'dead' }
    await clock.advance(48 * HOURS)
    await one.grantStore.takeRefreshLease({ ...lease, leaseMs: 30 * SECONDS })
    if (what === 'a pause') {
      await one.grantStore.postponeRefresh(lease, 1 * HOURS)
      await one.grantStore.releaseRefreshLease(lease)
    }
    await clock.advance(-48 * HOURS)

    expect(await worksAtGraph((await granted(other)).accessToken)).toBe(true)
  },
)

it.each([
  ['the connection has to be made again', `status = 'reconnect-required'`],
  ['Entra has refused the app registration', `problem = '{ "code": "app-misconfigured" }'`],
  ['there are newer tokens', 'grant_version = grant_version + 1'],
])('lets nobody refresh tokens where meanwhile %s', async (_, change) => {
  const { grant } = await one.grantStore.read(tenantId)
  await fixture.database.query(`UPDATE tenant_settings SET ${change}`)
  const lease = { tenantId, grantVersion: grant?.grantVersion ?? 0, owner: 'late', leaseMs: 30 * SECONDS }

  expect(await one.grantStore.takeRefreshLease(lease)).toBe(false)
})

it('stores nothing of a refresh that a reset overtook', async () => {
  await clock.advance(3 * HOURS)
  const process = await startInterruptedProcess(async () => {
    await ada.signIn('Ada Admin') // the session has ended by then
    await post('reset')
  })

  expect(await process.access()).toEqual({ outcome: 'held', because: 'not-configured' })
  expect(await one.grantStore.read(tenantId)).toMatchObject({ grant: null })
})

it('asks Entra at most once a minute because Graph refuses a token, in any process, but for a claims challenge at once', async () => {
  const refuse = async (process: Process, claims?: string) =>
    process.access({ refused: (await granted(process)).grantVersion, ...(claims !== undefined && { claims }) })
  expect(await refuse(one)).toMatchObject({ outcome: 'granted' })
  await clock.advance(59 * SECONDS)
  for (const process of [one, other])
    expect(await refuse(process)).toMatchObject({ outcome: 'unavailable', askedLately: true, waitMs: 1_000 })
  expect(await tokenRequests()).toBe(1)

  expect(await refuse(other, '{"access_token":{"nbf":{"essential":true,"value":"1"}}}')).toMatchObject({
    outcome: 'granted',
  })
  await clock.advance(59 * SECONDS)
  expect(await refuse(one)).toMatchObject({ outcome: 'unavailable', askedLately: true })
  await clock.advance(1 * SECONDS)
  expect(await refuse(one)).toMatchObject({ outcome: 'granted' })
  expect(await tokenRequests()).toBe(3)
})

// Which answers of Entra are of which kind is in packages/m365.
it('asks for a new connection where Entra ends the one there was', async () => {
  const process = one
  await scenario('refresh-revoked')
  await clock.advance(30 * MINUTES)

  const { grantVersion } = await granted(process)
  expect(await process.access({ refused: grantVersion })).toEqual({ outcome: 'held', because: 'reconnect-required' })
  expect(await readSettings()).toMatchObject({
    status: 'reconnect-required',
    fromEmail: 'ada@contoso.com',
    problem: {
      code: 'reconnect-required',
      since: clock.now().toISOString(),
      action: expect.stringContaining('Reconnect'),
    },
  })
})

it('stays connected and says app-misconfigured where Entra refuses the secret', async () => {
  await scenario('secret-wrong')

  const { grantVersion } = await granted(one)
  expect(await one.access({ refused: grantVersion })).toEqual({ outcome: 'held', because: 'app-misconfigured' })
  expect(await readSettings()).toMatchObject({
    status: 'connected',
    problem: { code: 'app-misconfigured', correlationId: expect.any(String), since: clock.now().toISOString() },
  })
})

it.each(['token-503', 'token-hang'])('changes nothing after %s, and has no token for now', async (name) => {
  const { grantVersion } = await granted(one)
  const before = await readSettings()
  await scenario(name)

  const access = one.access({ refused: grantVersion })
  if (name === 'token-hang') {
    await untilMet(fixture)
    timeLimit.end()
  }

  expect(await access).toMatchObject({ outcome: 'unavailable' })
  expect(await readSettings()).toEqual(before)
  expect((await granted(one)).grantVersion).toBe(grantVersion)
})

// Held messages are released once the app registration is fixed.

async function breakSecret(times: number | 'always'): Promise<void> {
  await scenario('secret-wrong', times)
  await one.access({ refused: (await granted(one)).grantVersion })
  await fixture.database.query(
    `WITH held AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at) VALUES ('msg_1', $1, 'test', '[]', 'Held', $2)
       RETURNING *)
     INSERT INTO message_queue (message_id, tenant_id, state, held_because, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'held', 'app-misconfigured', created_at, recipients, 'small', 0, on_unknown_outcome, save_to_sent_items FROM held`,
    [tenantId, clock.now()],
  )
}

async function heldMessage() {
  const [row] = await fixture.database.query('SELECT status, held_because FROM message_states')
  return row
}

it('notices without a restart that Microsoft accepts the secret again, and releases held messages', async () => {
  await breakSecret(1)

  await other.recheck()

  expect(await readSettings()).toMatchObject({ status: 'connected', problem: null })
  expect(await heldMessage()).toEqual({ status: 'queued', held_because: null })
})

it('keeps the problem and its first date while Microsoft refuses', async () => {
  await breakSecret('always')
  const { since } = (await readSettings()).problem
  await clock.advance(10 * MINUTES)

  await one.recheck()

  expect((await readSettings()).problem).toMatchObject({ code: 'app-misconfigured', since })
  expect(await heldMessage()).toEqual({ status: 'held', held_because: 'app-misconfigured' })
})
