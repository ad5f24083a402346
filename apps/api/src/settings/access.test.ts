import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createLogger } from '../logger.ts'
import { createAccessParts, type AccessParts } from '../test-support/access-parts.ts'
import { connectMailbox, SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createAccessRecheck } from './access-recheck.ts'
import type { Access } from '../mailbox-access.ts'
import type { SettingsStore } from './settings-store.ts'

/** The part of a process that keeps the tokens, as the worker has it. */
interface Process {
  readonly store: SettingsStore
  access(options?: { refused?: number }): Promise<Access>
  recheck(): Promise<void>
}

const clock = createTestClock()
const opened: AccessParts[] = []
let ground: TestGround
let product: TestProduct
let ada: TestBrowser
let tenantId: string
let one: Process
let other: Process

beforeAll(async () => {
  ground = await createTestGround({ clock })
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  const [installation] = await ground.database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  tenantId = installation?.tenant_id ?? ''
  one = await startProcess()
  other = await startProcess()
})
afterAll(async () => {
  for (const parts of opened) await parts.close()
  await ground.close()
})

beforeEach(async () => {
  await ground.clear()
  await ground.microsoft.control('PATCH', '/settings', { accessTokenSeconds: 60 * 60 })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await ground.microsoft.control('DELETE', '/counters')
})

async function startProcess(overrides: Partial<Parameters<typeof createAccessParts>[0]> = {}): Promise<Process> {
  const parts = await createAccessParts({ ground, config: product.config, clock: clock.now, ...overrides })
  opened.push(parts)
  const { tenantId, store, accessSource } = parts
  const recheck = createAccessRecheck({ ...parts, logger: createLogger('silent') })
  const { signal } = new AbortController()
  return {
    store,
    access: ({ refused } = {}) => accessSource.access(tenantId, { ...(refused !== undefined && { refused }), signal }),
    recheck: () => recheck(signal),
  }
}

async function granted(process: Process, options?: { refused?: number }) {
  const access = await process.access(options)
  if (access.outcome !== 'granted') throw new Error(`There is no access: ${JSON.stringify(access)}`)
  return access
}

async function tokenRequests(): Promise<number> {
  return (await ground.microsoft.control('GET', '/counters')).endpoints.token?.requests ?? 0
}

async function scenario(name: string, times: number | 'always' = 1): Promise<void> {
  await ground.microsoft.control('POST', '/scenarios', { name, times })
}

async function worksAtGraph(accessToken: string): Promise<boolean> {
  const response = await fetch(`${product.config.graphBaseUrl}/v1.0/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return response.ok
}

async function settings() {
  return (await ada.call('GET', SETTINGS)).json
}

it('uses the stored token while it is fresh, without asking Microsoft', async () => {
  await clock.advance(54 * MINUTES)

  expect(await worksAtGraph((await granted(one)).accessToken)).toBe(true)
  expect(await tokenRequests()).toBe(0)
})

it('refreshes five minutes before the token expires', async () => {
  const before = await granted(one)
  await clock.advance(56 * MINUTES)

  const after = await granted(one)

  expect(after.accessToken).not.toBe(before.accessToken)
  expect(await tokenRequests()).toBe(1)
})

it('refreshes an expired token before it is used', async () => {
  await clock.advance(3 * HOURS)

  expect(await worksAtGraph((await granted(one)).accessToken)).toBe(true)
})

it('asks a refresh only for what was granted', async () => {
  await clock.advance(3 * HOURS)
  await granted(one)

  const { items } = await ground.microsoft.control('GET', '/log')
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
    wrapStore: (store) => ({ ...store, saveRefreshed: () => Promise.reject(new Error('The disk is full.')) }),
  })
  await clock.advance(3 * HOURS)

  await expect(process.access()).rejects.toThrow('The disk is full.')
})

it('goes on with the rotated refresh token', async () => {
  await clock.advance(80 * 24 * HOURS)
  await granted(one)
  await clock.advance(80 * 24 * HOURS) // the first refresh token would have run out by now

  expect(await worksAtGraph((await granted(other)).accessToken)).toBe(true)
})

it('keeps the refresh token when the answer brings none', async () => {
  await clock.advance(3 * HOURS)
  await scenario('no-refresh-token')
  await granted(one)
  await clock.advance(3 * HOURS)

  expect(await worksAtGraph((await granted(one)).accessToken)).toBe(true)
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

it('does not loop on tokens that live for a second', async () => {
  await clock.advance(3 * HOURS)
  await ground.microsoft.control('PATCH', '/settings', { accessTokenSeconds: 2 })

  await granted(one)

  expect(await tokenRequests()).toBe(1)
})

it('takes over the refresh of a process that died in the middle of it', async () => {
  await clock.advance(3 * HOURS)
  const { grant } = await one.store.readGrant(tenantId)
  await one.store.takeRefreshLease({
    tenantId,
    grantVersion: grant?.grantVersion ?? 0,
    owner: 'dead',
    leaseMs: 90 * SECONDS,
  })
  await clock.advance(90 * SECONDS)

  expect(await worksAtGraph((await granted(other)).accessToken)).toBe(true)
})

it('stores nothing of a refresh that a reset overtook', async () => {
  await clock.advance(3 * HOURS)
  const process = await startProcess({
    wrapIdentity: (identity) => ({
      ...identity,
      async refresh(request) {
        const refresh = await identity.refresh(request)
        await ada.signIn('Ada Admin') // the session has ended meanwhile
        await ada.call('POST', `${SETTINGS}/reset`, {})
        return refresh
      },
    }),
  })

  expect(await process.access()).toEqual({ outcome: 'held', because: 'not-configured' })
  expect(await one.store.readGrant(tenantId)).toMatchObject({ grant: null })
})

it('stores what was refreshed while it was found out whether the mailbox can be searched', async () => {
  await clock.advance(3 * HOURS)
  const process = await startProcess({
    wrapIdentity: (identity) => ({
      ...identity,
      async refresh(request) {
        const refresh = await identity.refresh(request)
        await saveSearch()
        return refresh
      },
    }),
  })

  await granted(process)

  expect(await tokenRequests()).toBe(1)
})

it('does not take a refused token for a new one once it is known whether the mailbox can be searched', async () => {
  const before = await granted(one)
  await saveSearch()

  const after = await granted(one, { refused: before.grantVersion })

  expect(after).toMatchObject({ accessToken: expect.not.stringMatching(before.accessToken) })
  expect(after.connection.searchWorks).toBe(true)
})

async function saveSearch(): Promise<void> {
  const [row] = await ground.database.query<{ verification_id: string }>('SELECT verification_id FROM tenant_settings')
  await one.store.saveSentItemsSearch(tenantId, row?.verification_id ?? '', 'works')
}

it.each(['refresh-inactive', 'refresh-revoked', 'refresh-revoked-without-suberror', 'refresh-sign-in-frequency'])(
  'asks for a new connection after %s',
  async (name) => {
    const process = one
    await scenario(name)
    await clock.advance(30 * MINUTES)

    const { grantVersion } = await granted(process)
    expect(await process.access({ refused: grantVersion })).toEqual({ outcome: 'held', because: 'reconnect-required' })
    expect(await settings()).toMatchObject({
      status: 'reconnect-required',
      fromEmail: 'ada@contoso.com',
      problem: {
        code: 'reconnect-required',
        since: clock.now().toISOString(),
        action: expect.stringContaining('Reconnect'),
      },
    })
  },
)

it('works again after a reconnect, with the same sender', async () => {
  await scenario('refresh-revoked')
  await one.access({ refused: (await granted(one)).grantVersion })
  const { consentUrl } = (await ada.call('POST', `${SETTINGS}/reconnect`, {})).json

  await ada.consent(consentUrl, 'Ada Admin')

  expect(await settings()).toMatchObject({ status: 'connected', fromEmail: 'ada@contoso.com', problem: null })
  expect(await worksAtGraph((await granted(one)).accessToken)).toBe(true)
})

it.each(['secret-wrong', 'secret-expired'])('stays connected and says app-misconfigured after %s', async (name) => {
  await scenario(name)

  const { grantVersion } = await granted(one)
  expect(await one.access({ refused: grantVersion })).toEqual({ outcome: 'held', because: 'app-misconfigured' })
  expect(await settings()).toMatchObject({
    status: 'connected',
    problem: { code: 'app-misconfigured', correlationId: expect.any(String), since: clock.now().toISOString() },
  })
})

it.each(['token-500-empty-object', 'token-502-html', 'token-503', 'token-429', 'token-hang'])(
  'changes nothing after %s, and has no token for now',
  async (name) => {
    const { grantVersion } = await granted(one)
    const before = await settings()
    await scenario(name)

    expect(await one.access({ refused: grantVersion })).toMatchObject({ outcome: 'unavailable' })
    expect(await settings()).toEqual(before)
    expect((await granted(one)).grantVersion).toBe(grantVersion)
  },
)

// What waited for a mended app registration leaves by itself.

async function breakSecret(times: number | 'always'): Promise<void> {
  await scenario('secret-wrong', times)
  await one.access({ refused: (await granted(one)).grantVersion })
  await ground.database.query(
    `WITH held AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at) VALUES ('msg_1', $1, 'test', '[]', 'Held', $2)
       RETURNING *)
     INSERT INTO message_queue (message_id, tenant_id, state, held_because, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'held', 'app-misconfigured', created_at, recipients, 'small', 0, on_unknown_outcome, save_to_sent_items FROM held`,
    [tenantId, clock.now()],
  )
}

async function heldMessage() {
  const [row] = await ground.database.query('SELECT status, held_because FROM message_states')
  return row
}

it('notices without a restart that Microsoft accepts the secret again, and releases what waited', async () => {
  await breakSecret(1)

  await other.recheck()

  expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  expect(await heldMessage()).toEqual({ status: 'queued', held_because: null })
})

it('notices a mended secret after a restart', async () => {
  const { tenantId: entraTenantId, clientId } = product.config.registration
  const wrong = { tenantId: entraTenantId, clientId, clientSecret: 'not-the-secret' }
  const before = await startProcess({ config: { ...product.config, registration: wrong } })
  expect(await before.access({ refused: (await granted(before)).grantVersion })).toMatchObject({
    because: 'app-misconfigured',
  })
  await before.recheck()
  expect(await settings()).toMatchObject({ problem: { code: 'app-misconfigured' } })

  await (await startProcess()).recheck()

  expect(await settings()).toMatchObject({ status: 'connected', problem: null })
})

it('keeps the problem, since when it was first seen, while Microsoft refuses', async () => {
  await breakSecret('always')
  const { since } = (await settings()).problem
  await clock.advance(10 * MINUTES)

  await one.recheck()

  expect((await settings()).problem).toMatchObject({ code: 'app-misconfigured', since })
  expect(await heldMessage()).toEqual({ status: 'held', held_because: 'app-misconfigured' })
})

it('asks Microsoft nothing on behalf of a connection that works', async () => {
  await one.recheck()

  expect(await tokenRequests()).toBe(0)
})
