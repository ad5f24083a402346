import type { Page } from '@playwright/test'
import type { Account, Microsoft } from './microsoft.ts'
import { createSettingsPage, type Sender } from './settings-page.ts'
import { expect } from './test.ts'

/** A state in which an admin may see the page. */
export interface PageState {
  readonly name: string
  /** The signed-in account; null for none. */
  readonly account: Account | null
  readonly sender: Sender | null
  /** Whether the page may be in the state before this one, with the same account and sender, when it is reached. */
  readonly follows?: true
  /** Whether axe looks at it on the way of another test, which comes by. */
  readonly isOnTheWay?: true
  /** Leads the opened page to the state. */
  reach(page: Page, microsoft: Microsoft): Promise<void>
}

const OWN_MAILBOX: Sender = { fromEmail: 'ada@contoso.com' }

export const PAGE_STATES: readonly PageState[] = [
  {
    name: 'signed-out',
    account: null,
    sender: null,
    reach: (page) => expect(page.getByRole('link', { name: 'Sign in with Microsoft' })).toBeVisible(),
  },
  {
    name: 'not-an-admin',
    account: 'Max Member',
    sender: null,
    reach: (page) =>
      expect(page.getByRole('heading', { name: 'Only workspace admins can open Tenant Settings' })).toBeVisible(),
  },
  {
    name: 'not-configured',
    account: 'Ada Admin',
    sender: null,
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso.com')
      await settings.largeAttachments.check()
      await expect(settings.enable).toBeEnabled()
    },
  },
  {
    name: 'invalid-address',
    account: 'Ada Admin',
    sender: null,
    follows: true,
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso')
      await expect(settings.enable).toBeDisabled()
    },
  },
  {
    name: 'session-ended',
    account: 'Ada Admin',
    sender: null,
    follows: true,
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso.com')
      await page.context().clearCookies({ domain: 'localhost' })
      await settings.enable.dispatchEvent('click') // if a poll notices first, the dialog covers the button
      await expect(page.getByRole('dialog', { name: 'Your session has ended' })).toBeVisible()
    },
  },
  {
    name: 'pending',
    account: 'Ada Admin',
    sender: null,
    isOnTheWay: true, // consent-popup.spec.ts
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso.com')
      await settings.openMicrosoft(settings.enable)
      await expect(settings.pending).toBeVisible()
    },
  },
  {
    name: 'send-as-missing',
    account: 'Ada Admin',
    sender: null,
    isOnTheWay: true, // delegated-mailbox.spec.ts
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('finance@contoso.com')
      await settings.consentEndsIn(settings.enable, 'Sending as this address is not allowed')
    },
  },
  {
    name: 'connected',
    account: 'Ada Admin',
    sender: null,
    isOnTheWay: true, // configure.spec.ts
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso.com')
      await settings.consent(settings.enable)
      await expect(settings.notice('Connected')).toBeVisible()
      await settings.sendTestMail.click()
      await expect(settings.notice('Test mail sent')).toBeVisible()
    },
  },
  {
    name: 'large-attachments-locked',
    account: 'Ada Admin',
    sender: { ...OWN_MAILBOX, largeAttachments: true },
    reach: (page) => expect(createSettingsPage(page).largeAttachments).toBeChecked(),
  },
  {
    name: 'changed',
    account: 'Ada Admin',
    sender: OWN_MAILBOX,
    async reach(page) {
      const settings = createSettingsPage(page)
      await settings.address.fill('reports@contoso.com')
      await expect(settings.save).toBeEnabled()
    },
  },
  {
    name: 'reset',
    account: 'Ada Admin',
    sender: OWN_MAILBOX,
    follows: true,
    async reach(page) {
      await createSettingsPage(page).reset.click()
      await expect(page.getByRole('dialog', { name: 'Reset Office 365 SMTP?' })).toBeVisible()
    },
  },
  {
    name: 'reconnect-required',
    account: 'Ada Admin',
    sender: OWN_MAILBOX,
    follows: true,
    async reach(page, microsoft) {
      const settings = createSettingsPage(page)
      await microsoft.revokeTokens('ada@contoso.com')
      await settings.sendTestMail.click()
      await expect(settings.notice('The connection was revoked')).toBeVisible()
      await expect(settings.notice('The test mail is held')).toBeVisible()
    },
  },
]
