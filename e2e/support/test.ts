import { type BrowserContext, expect, type Page, test as base } from '@playwright/test'
import { createTestBrowser, type TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { dismissNotices } from './alerts.ts'
import { createMicrosoft, giveConsent, type Account, type Microsoft } from './microsoft.ts'
import type { PageFaults } from './page-faults.ts'
import { startProduct, type Product } from './product.ts'
import { createSharedContext, type SharedContext } from './shared-context.ts'
import { cancelWaiting, createKey, createService, revokeKeys, type Service } from './service.ts'
import { openSettings, type Sender, type SettingsPage } from './settings-page.ts'

export { expect } from '@playwright/test'

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

export interface WorkerOptions {
  /** The product's port; null for any free one. */
  readonly port: number | null
}

interface WorkerFixtures extends WorkerOptions {
  readonly product: Product
  readonly microsoft: Microsoft
  /** An account's session, which all tests of a worker share. A test that ends a session signs in by itself. */
  readonly sessionOf: (account: Account) => Promise<Session>
  /** Calls the API with Ada's session. */
  readonly admin: TestBrowser
  /** Connects a sender with Ada's access, without the page. */
  readonly connect: (sender: Sender) => Promise<void>
  readonly sharedContext: SharedContext
}

interface Session {
  /** Talks to the product with that session, as a browser without a window. */
  readonly client: TestBrowser
  readonly cookies: Parameters<BrowserContext['addCookies']>[0]
}

interface TestFixtures {
  readonly faults: PageFaults
  /** Resets the product and the simulator: nothing is configured, no message waits, and no notice is shown. */
  readonly freshState: void
  /** The settings page, opened by Ada, a workspace admin. */
  readonly settings: SettingsPage
  /** The account signed in in the test's browser; null for none. */
  readonly account: Account | null
  /** A service with a key of its own. */
  readonly service: Service
  /** Opens another browser, signed in with the account, if any. Its language is the tests' where none is given. */
  readonly otherBrowser: (account?: Account | null, locale?: string) => Promise<Page>
  /** The sender connected when the settings page opens; null for none. */
  readonly connectedSender: Sender | null
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  port: [null, { option: true, scope: 'worker' }],
  product: [
    async ({ port }, use) => {
      const product = await startProduct(port)
      await use(product)
      await product.dispose()
    },
    { scope: 'worker', timeout: 400_000 },
  ],
  microsoft: [async ({ product }, use) => use(createMicrosoft(product.microsoftUrl)), { scope: 'worker' }],
  sessionOf: [
    async ({ product }, use) => {
      const sessions = new Map<Account, Promise<Session>>()
      await use((account) => {
        const session = sessions.get(account) ?? createSession(product, account)
        sessions.set(account, session)
        return session
      })
    },
    { scope: 'worker' },
  ],
  admin: [async ({ sessionOf }, use) => use((await sessionOf('Ada Admin')).client), { scope: 'worker' }],
  connect: [
    async ({ admin }, use) => {
      await use(async (sender) => {
        const { status, json } = await admin.call('POST', `${SETTINGS}/configure`, sender)
        expect(status).toBe(201)
        const { text } = await admin.consent(json.consentUrl, 'Ada Admin')
        expect(text).toContain('The mailbox is connected')
      })
    },
    { scope: 'worker' },
  ],

  sharedContext: [async ({ browser }, use) => use(createSharedContext(browser)), { scope: 'worker' }],
  baseURL: async ({ product }, use) => use(product.url),
  account: ['Ada Admin', { option: true }],
  context: async ({ sharedContext, viewport, sessionOf, account }, use) => {
    const context = await sharedContext.open(viewport)
    if (account) await context.addCookies((await sessionOf(account)).cookies)
    await use(context)
  },
  page: async ({ context }, use) => {
    const page = context.pages()[0] ?? (await context.newPage())
    await use(page)
    await page.unrouteAll({ behavior: 'ignoreErrors' }) // a page that polls may have a request under way
  },
  faults: [
    async ({ context: _context, sharedContext }, use) => {
      const { faults } = sharedContext
      faults.take() // what the page before reported when it was left
      await use(faults)
      expect(faults.list, 'what the browser reported').toEqual([])
    },
    { auto: true },
  ],
  freshState: [
    async ({ microsoft, admin }, use) => {
      const { status, json } = await admin.call('POST', `${SETTINGS}/reset`, {})
      expect(status).toBe(200)
      if (json.waitingMessages > 0) await cancelWaiting(admin)
      await dismissNotices(admin)
      await microsoft.reset()
      await use()
    },
    { auto: true },
  ],
  connectedSender: [null, { option: true }],
  settings: async ({ page, connect, connectedSender }, use) => {
    if (connectedSender) await connect(connectedSender)
    await use(await openSettings(page))
  },
  service: async ({ admin, playwright, product }, use) => {
    await use(createService(playwright, product.url, await createKey(admin, 'report-scheduler')))
    await revokeKeys(admin)
  },
  otherBrowser: async ({ browser, sessionOf, faults }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (account, locale) => {
      const context = await browser.newContext(locale === undefined ? {} : { locale })
      contexts.push(context)
      if (account) await context.addCookies((await sessionOf(account)).cookies)
      await faults.watch(context)
      return context.newPage()
    })
    await Promise.all(contexts.map((context) => context.close()))
  },
})

/** Signs in through Microsoft's pages, from any page of the product. */
export async function signIn(page: Page, account: Account): Promise<void> {
  await page.getByRole('link', { name: 'Sign in with Microsoft' }).click()
  await giveConsent(page, account)
}

async function createSession({ url }: Product, account: Account): Promise<Session> {
  const client = createTestBrowser(url)
  await client.signIn(account)
  const cookies = [...client.cookies].map(
    ([name, value]) => ({ name, value, url, httpOnly: true, sameSite: 'Lax' }) as const,
  )
  expect(cookies).not.toEqual([])
  return { client, cookies }
}
