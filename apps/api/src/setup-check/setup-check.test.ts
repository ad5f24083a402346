import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Check, CheckId } from '@inforiver-mail/contract/setup-check'
import { holdRequest } from '../test-support/held-request.ts'
import { connectMailbox, SETTINGS } from '../test-support/office365-smtp.ts'
import { createTestBrowser, type Answer, type TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import type { DnsResolver } from './sender-domain-check.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const CHECK = `${SETTINGS}/check`
const OWN = { fromEmail: 'ada@contoso.com' }
const SHARED = { fromEmail: 'reports@contoso.com' }

/** Knows microsoft.com and nothing else. */
const resolver: DnsResolver = {
  resolve4: async () => ['20.236.44.162'],
  resolveCname: () => Promise.reject(Object.assign(new Error('no alias'), { code: 'ENODATA' })),
  resolveTxt: () => Promise.reject(Object.assign(new Error('no text'), { code: 'ENODATA' })),
}

let product: TestProduct
let ada: TestBrowser
let aheadMs = 0

const start = () =>
  fixture.startProduct({
    environment: { ROLE: 'api', WORKSPACE_ADMINS: 'ada@contoso.com' },
    clock: () => new Date(Date.now() + aheadMs),
    resolver,
  })

const fixture = useFixture()
beforeAll(async () => {
  product = await start()
})
beforeEach(async () => {
  await fixture.clear()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})
afterEach(() => void (aheadMs = 0))

const post = (body: object = {}): Promise<Answer> => ada.call('POST', CHECK, body)

async function check(body: object = {}): Promise<Record<CheckId, Check>> {
  const { status, json } = await post(body)
  expect(status).toBe(200)
  return Object.fromEntries(json.checks.map((each: Check) => [each.id, each])) as Record<CheckId, Check>
}

const codesOf = (checks: Record<CheckId, Check>) =>
  Object.fromEntries(Object.values(checks).map(({ id, code }) => [id, code]))

/** Everything that a check must not change. */
const stored = () =>
  fixture.database.query(
    `SELECT to_jsonb(s) - '{access_token_sealed,refresh_token_sealed,access_token_expires_at,access_token_obtained_at,
              grant_version,refresh_lease_owner,refresh_lease_until}'::text[] AS settings,
            (SELECT jsonb_agg(m) FROM mailboxes m) AS mailboxes, (SELECT count(*) FROM audit_events) AS audited,
            (SELECT count(*) FROM alert_events) AS alerts, (SELECT count(*) FROM messages) AS messages
       FROM tenant_settings s`,
  )

async function expectNoChange(act: () => Promise<unknown>): Promise<void> {
  const sentBefore = (await fixture.microsoft.control('GET', '/counters')).endpoints.sendMail
  const before = await stored()
  await act()
  expect(await stored()).toEqual(before)
  expect((await fixture.microsoft.control('GET', '/counters')).endpoints.sendMail).toEqual(sentBefore)
}

describe('a set-up that works', () => {
  it('is found to work, without sending or changing anything', async () => {
    await connectMailbox(ada, OWN)

    await expectNoChange(async () => {
      expect(codesOf(await check())).toEqual({
        configuration: 'configuration-risky', // nobody is warned before the secret of the test expires
        clock: 'clock-right',
        'entra-reachable': 'host-answers',
        'graph-reachable': 'host-answers',
        'upload-host-reachable': 'gateway-configured',
        'app-registration': 'registration-accepted',
        'credential-expiry': 'credential-expiry-unknown',
        permissions: 'permissions-granted',
        mailbox: 'mailbox-answers',
        'sender-domain': 'domain-incomplete',
        database: 'database-ready',
        transactions: 'transactions-hidden', // the test itself is connected as a superuser
        vault: 'vault-opens',
        storage: 'storage-elsewhere',
        'message-storage': 'message-storage-ready',
        'public-url': 'public-url-answers',
      })
    })
  })

  it('leaves out what needs a mailbox while none is connected', async () => {
    expect(codesOf(await check())).toMatchObject({
      permissions: 'not-connected',
      mailbox: 'not-connected',
      'sender-domain': 'not-connected',
      'app-registration': 'registration-accepted',
    })
    expect((await check(SHARED))['sender-domain']).toMatchObject({ code: 'domain-incomplete' })
  })

  it('cannot prove Send As, for the connected sender or for another', async () => {
    await connectMailbox(ada, SHARED)
    expect((await check()).mailbox).toMatchObject({ status: 'skipped', code: 'send-as-unproved' })
    expect((await check(OWN)).mailbox).toMatchObject({ code: 'mailbox-answers', values: { address: OWN.fromEmail } })
    const other = await check({ fromEmail: 'finance@fabrikam.example' })
    expect(other.mailbox).toMatchObject({ status: 'skipped', values: { address: 'finance@fabrikam.example' } })
    expect(other['sender-domain']).toMatchObject({ values: { domain: 'fabrikam.example' } })
  })

  it('has a token renewed that Microsoft refuses', async () => {
    await connectMailbox(ada, OWN)
    await fixture.microsoft.control('POST', '/scenarios', {
      effect: { kind: 'access-token', change: 'revoked', endpoint: 'me' },
    })

    expect((await check()).mailbox).toMatchObject({ code: 'mailbox-answers' })
  })
})

describe('a fault', () => {
  it('of the permissions is told by a token that is fetched now, though the one before still works', async () => {
    await connectMailbox(ada, OWN)
    await fixture.microsoft.control('POST', '/scenarios', { name: 'token-without-mail-send' })

    await expectNoChange(async () => {
      expect((await check()).permissions).toMatchObject({
        code: 'permissions-missing',
        values: { missing: ['Mail.Send'] },
      })
    })
    expect((await check()).permissions).toMatchObject({ code: 'permissions-granted' })
  })
})

describe('one at a time', () => {
  it('refuses a second check by another process too, and allows the next one', async () => {
    const second = await start()
    const elsewhere = createTestBrowser(second.publicUrl)
    await elsewhere.signIn('Ada Admin')
    const held = await holdRequest(fixture.microsoft, 'keys')
    const first = post()
    await held.untilHeld()

    expect(await post()).toMatchObject({ status: 409, json: { code: 'check-running' } })
    expect(await elsewhere.call('POST', CHECK, {})).toMatchObject({ status: 409 })

    await held.release()
    expect(await first).toMatchObject({ status: 200 })
    expect(await elsewhere.call('POST', CHECK, {})).toMatchObject({ status: 200 })
    await second.close()
  })

  it('ends with its client', async () => {
    const held = await holdRequest(fixture.microsoft, 'keys')
    const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const client = new AbortController()
    const gone = fetch(`${product.url}${CHECK}`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', origin: product.publicUrl, cookie },
      signal: client.signal,
    })
    await held.untilHeld()

    client.abort()

    await expect(gone).rejects.toThrow('aborted')
    await expect.poll(async () => (await post()).status).toBe(200)
    await held.release()
  })
})

it('is for workspace admins only, and takes nothing but an address', async () => {
  const max = product.newBrowser()
  await max.signIn('Max Member')

  expect(await max.call('POST', CHECK, {})).toMatchObject({ status: 403 })
  expect(await product.newBrowser().call('POST', CHECK, {})).toMatchObject({ status: 401 })
  expect(await post({ fromEmail: 'nobody' })).toMatchObject({ status: 400, json: { errors: [{ path: 'fromEmail' }] } })
  expect(await post({ sender: 'ada@contoso.com' })).toMatchObject({ status: 400 })
})
