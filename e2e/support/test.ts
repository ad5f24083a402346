import { type Browser, type BrowserContext, expect, type Page, test as base } from '@playwright/test'
import { dismissNotices } from './alerts.ts'
import { createMicrosoft, giveConsent, type Account, type Microsoft } from './microsoft.ts'
import { createPageFaults, type PageFaults } from './page-faults.ts'
import { startProduct, type Product } from './product.ts'
import { cancelWaiting } from './service.ts'
import { openSettings, SETTINGS_PATH, type Sender, type SettingsPage } from './settings-page.ts'

export { expect } from '@playwright/test'

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>

const SIGNED_OUT: StorageState = { cookies: [], origins: [] }

export interface WorkerOptions {
  /** The product's port; null for any free one. */
  readonly port: number | null
}

interface WorkerFixtures extends WorkerOptions {
  readonly product: Product
  readonly microsoft: Microsoft
  /** An account's session, which all tests of a worker share. A test that ends a session signs in by itself. */
  readonly sessionOf: (account: Account) => Promise<StorageState>
}

interface TestFixtures {
  readonly faults: PageFaults
  /** Resets the product and the simulator: nothing is configured, no message waits, and no notice is shown. */
  readonly freshState: void
  /** The settings page, opened by Ada, a workspace admin. */
  readonly settings: SettingsPage
  /** The account signed in in the test's browser; null for none. */
  readonly account: Account | null
  /** Opens another browser, signed in with the account, if any. */
  readonly otherBrowser: (account?: Account) => Promise<Page>
  /** The sender connected when the settings page opens; null for none. */
  readonly connectedSender: Sender | null
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  port: [null, { option: true, scope: 'worker' }],
  product: [
    async ({ port }, use) => {
      const product = await startProduct({ port })
      await use(product)
      await product.dispose()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  microsoft: [async ({ product }, use) => use(createMicrosoft(product.microsoftUrl)), { scope: 'worker' }],
  sessionOf: [
    async ({ browser, product }, use) => {
      const sessions = new Map<Account, Promise<StorageState>>()
      await use((account) => {
        const session = sessions.get(account) ?? createSession(browser, product, account)
        sessions.set(account, session)
        return session
      })
    },
    { scope: 'worker' },
  ],

  baseURL: async ({ product }, use) => use(product.url),
  account: ['Ada Admin', { option: true }],
  storageState: async ({ sessionOf, account }, use) => use(account ? await sessionOf(account) : SIGNED_OUT),
  faults: [
    async ({ context }, use) => {
      const faults = createPageFaults()
      await faults.watch(context)
      await use(faults)
      expect(faults.list, 'what the browser reported').toEqual([])
    },
    { auto: true },
  ],
  freshState: [
    async ({ product, microsoft, sessionOf, playwright }, use) => {
      const request = await playwright.request.newContext({
        baseURL: product.url,
        storageState: await sessionOf('Ada Admin'),
        extraHTTPHeaders: { origin: product.url },
      })
      const answer = await request.post('/api/v1/tenant-settings/office365-smtp/reset', { data: {} })
      expect(answer.status()).toBe(200)
      const { waitingMessages } = (await answer.json()) as { waitingMessages: number }
      if (waitingMessages > 0) await cancelWaiting(request, product.url)
      await dismissNotices(request, product.url)
      await request.dispose()
      await microsoft.reset()
      await use()
    },
    { auto: true },
  ],
  connectedSender: [null, { option: true }],
  settings: async ({ page, product, connectedSender }, use) => {
    if (connectedSender) await connect(page, product, connectedSender)
    await use(await openSettings(page))
  },
  otherBrowser: async ({ browser, product, sessionOf, faults }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (account) => {
      const storageState = account ? await sessionOf(account) : SIGNED_OUT
      const context = await browser.newContext({ baseURL: product.url, storageState })
      contexts.push(context)
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

/** Connects a sender through the API and Microsoft's pages, without the settings page. */
export async function connect(page: Page, { url }: Product, sender: Sender): Promise<void> {
  const answer = await page.request.post('/api/v1/tenant-settings/office365-smtp/configure', {
    data: sender,
    headers: { origin: url },
  })
  expect(answer.ok()).toBe(true)
  const { consentUrl } = (await answer.json()) as { consentUrl: string }
  await page.goto(consentUrl)
  await giveConsent(page, 'Ada Admin')
  await expect(page.getByRole('heading', { name: 'The mailbox is connected' })).toBeVisible()
}

async function createSession(browser: Browser, { url }: Product, account: Account): Promise<StorageState> {
  const context = await browser.newContext({ baseURL: url, storageState: SIGNED_OUT })
  const page = await context.newPage()
  await page.goto(SETTINGS_PATH)
  await signIn(page, account)
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  const session = await context.storageState()
  await context.close()
  return session
}
