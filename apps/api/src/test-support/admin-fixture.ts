import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { WaitForGrant } from '../settings/consent-page.ts'
import { SETTINGS } from './office365-smtp.ts'
import type { Answer, TestBrowser } from './test-browser.ts'
import type { TestClock } from './test-clock.ts'
import { createTestFixture, type TestFixture, type TestProduct } from './test-product.ts'

/** The rows that a sign-in leaves, and which of their columns have its time. */
const SIGN_IN = {
  users: ['first_sign_in_at', 'last_sign_in_at'],
  sessions: ['created_at', 'last_seen_at'],
  audit_events: ['at'],
}
const KEEP_SIGN_IN = `CREATE SCHEMA signed_in; ${Object.keys(SIGN_IN)
  .map((table) => `CREATE TABLE signed_in.${table} AS TABLE ${table}`)
  .join('; ')}`

/** Returns the statement that restores what was kept, as if it had happened at this time. */
function restoreSignIn(at: Date): string {
  const inserts = Object.entries(SIGN_IN).map(([table, columns]) => {
    const times = JSON.stringify(Object.fromEntries(columns.map((column) => [column, at])))
    return `INSERT INTO ${table} SELECT (jsonb_populate_record(kept, '${times}')).* FROM signed_in.${table} AS kept`
  })
  return inserts.join('; ')
}

/**
 * Starts a product for the tests of a file, and empties it and signs Ada Admin in before each of them; Microsoft has no
 * session of hers. Messages wait: no worker runs. Call it once, at the top of the file; `fixture`, `product` and `ada` can
 * be used from the hooks on.
 */
export function useAdminFixture({
  clock,
  environment,
  waitForGrant,
}: { clock?: TestClock; environment?: Record<string, string>; waitForGrant?: WaitForGrant } = {}) {
  let fixture: TestFixture
  let product: TestProduct
  let ada: TestBrowser
  let cookies: ReadonlyMap<string, string>

  beforeAll(async () => {
    fixture = await createTestFixture(clock && { clock })
    product = await fixture.startProduct({
      environment: { ROLE: 'api', ...environment },
      ...(waitForGrant && { waitForGrant }),
    })
    const browser = product.newBrowser()
    await browser.signIn('Ada Admin')
    ;({ cookies } = browser)
    await fixture.database.query(KEEP_SIGN_IN)
  })
  afterAll(() => fixture.close())
  beforeEach(async () => {
    await fixture.clear()
    // To sign in takes longer.
    await fixture.database.query(restoreSignIn(clock?.now() ?? new Date()))
    ada = product.newBrowser()
    for (const [name, value] of cookies) ada.cookies.set(name, value)
  })

  return {
    fixture: late(() => fixture),
    product: late(() => product),
    /** The browser of a workspace admin who owns ada@contoso.com and has Send As on reports@contoso.com. */
    ada: late(() => ada),
    /** Changes the settings: `configure`, `reset` and so on. */
    post: (action: string, body: unknown = {}, admin: TestBrowser = ada): Promise<Answer> =>
      admin.call('POST', `${SETTINGS}/${action}`, body),
    readSettings: async (): Promise<Answer['json']> => (await ada.call('GET', SETTINGS)).json,
    readConsent: async ({ json }: Answer, admin: TestBrowser = ada): Promise<Answer['json']> =>
      (await admin.call('GET', `/api/v1/consents/${json.id}`)).json,
    /** Lets Microsoft answer by a scenario of the simulator. */
    scenario: async (name: string, times: number | 'always' = 1): Promise<void> => {
      await fixture.microsoft.control('POST', '/scenarios', { name, times })
    },
  }
}

/** Stands for a value that is assigned later. */
function late<Value extends object>(current: () => Value): Value {
  return new Proxy({} as Value, { get: (_target, key) => Reflect.get(current(), key) })
}
