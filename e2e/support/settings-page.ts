import { expect, type Locator, type Page } from '@playwright/test'
import { giveConsent, type Account } from './microsoft.ts'

export const SETTINGS_PATH = '/settings/office365-smtp'

/** The title of the notice after somebody cancelled on Microsoft's page. */
export const CANCELLED = 'You cancelled at Microsoft. Nothing was changed.'

export interface Sender {
  readonly fromEmail: string
  readonly largeAttachments?: boolean
}

/** Tenant Settings > Office 365 SMTP, by the names that an admin sees. */
export interface SettingsPage {
  readonly page: Page
  readonly address: Locator
  readonly singleSender: Locator
  readonly largeAttachments: Locator
  readonly enable: Locator
  readonly save: Locator
  readonly reset: Locator
  /** The permissions that Microsoft will be asked for. */
  readonly permissionsAsked: Locator
  readonly connection: Locator
  readonly sendTestMail: Locator
  readonly pending: Locator
  /** The message bar with that title, such as a consent's outcome or a problem. */
  notice(title: string): Locator
  /** The text of the mailbox's status. */
  status(text: 'Not configured' | 'Connected' | 'Reconnect required' | 'Not sending'): Locator
  /** Presses Reset and confirms. */
  resetAll(): Promise<void>
  /** Presses the button and returns Microsoft's page in the popup. */
  openMicrosoft(button: Locator): Promise<Page>
  /** Presses the button and gives consent in the popup, which closes itself. */
  consent(button: Locator, account?: Account): Promise<void>
  /** The same for a consent that fails, explained under that title. */
  consentEndsIn(button: Locator, title: string, account?: Account): Promise<void>
}

export function createSettingsPage(page: Page): SettingsPage {
  const main = page.getByRole('main')
  return {
    page,
    address: page.getByRole('textbox', { name: 'From Email Address' }),
    singleSender: page.getByRole('switch', { name: 'Enable Single Sender Identity' }),
    largeAttachments: page.getByRole('switch', { name: 'Enable large file attachments' }),
    enable: main.getByRole('button', { name: 'Enable', exact: true }),
    save: main.getByRole('button', { name: 'Save', exact: true }),
    reset: main.getByRole('button', { name: 'Reset', exact: true }),
    permissionsAsked: page.getByRole('region', { name: 'Sender' }).getByRole('list').filter({ hasText: 'User.Read' }),
    connection: page.getByRole('region', { name: 'Connection' }),
    sendTestMail: page.getByRole('button', { name: 'Send test mail' }),
    pending: page.getByRole('region', { name: /^Waiting for consent at Microsoft/ }),
    status: (text) => main.getByText(text, { exact: true }).first(),
    notice: (title) => page.getByRole('group', { name: title }),
    async resetAll() {
      await this.reset.click()
      await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()
      await expect(this.address).toBeFocused()
    },
    async openMicrosoft(button) {
      const popup = page.waitForEvent('popup')
      await button.click()
      return popup
    },
    async consent(button, account = 'Ada Admin') {
      const popup = await this.openMicrosoft(button)
      const closed = popup.waitForEvent('close')
      await giveConsent(popup, account)
      await closed
    },
    async consentEndsIn(button, title, account) {
      await this.consent(button, account)
      await expect(this.notice(title)).toBeVisible()
    },
  }
}

export async function openSettings(page: Page): Promise<SettingsPage> {
  await page.goto(SETTINGS_PATH)
  await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
  return createSettingsPage(page)
}
