import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { openSettings, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.describe('somebody who is not signed in', () => {
  test.use({ account: null })

  test('signs in with Microsoft and comes to the page they wanted', async ({ page }) => {
    await page.goto(`${SETTINGS_PATH}?from=mail`)
    await signIn(page, 'Ada Admin')

    await expect(page.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()
    await expect(page).toHaveURL(/\/settings\/office365-smtp\?from=mail$/)
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' })).toBeVisible()
  })

  test('reads a page that says so when they are no workspace admin, and gets nothing from the API', async ({
    page,
    product,
  }) => {
    await page.goto(SETTINGS_PATH)
    await signIn(page, 'Max Member')

    await expect(page.getByRole('heading', { name: 'Only workspace admins can open Tenant Settings' })).toBeVisible()
    await expect(page.getByText('Max Member (max@contoso.com), who is not a workspace admin.')).toBeVisible()
    await expect(page.getByRole('textbox')).toHaveCount(0)
    for (const answer of [
      await page.request.get('/api/v1/tenant-settings/office365-smtp'),
      await page.request.post('/api/v1/tenant-settings/office365-smtp/configure', {
        data: { fromEmail: 'max@contoso.com' },
        headers: { origin: product.url },
      }),
    ]) {
      expect(answer.status()).toBe(403)
      expect(await answer.json()).toMatchObject({ code: 'not-workspace-admin' })
    }
  })

  test('goes on with another account when theirs is no workspace admin', async ({ page }) => {
    await page.goto(SETTINGS_PATH)
    await signIn(page, 'Max Member')
    await page.getByRole('link', { name: 'Use another account' }).click()
    await giveConsent(page, 'Ada Admin')

    await expect(page.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()
  })

  test('reads why a guest cannot sign in', async ({ page }) => {
    await page.goto(SETTINGS_PATH)
    await signIn(page, 'Gil Guest')

    await expect(page.getByRole('heading', { name: 'This account cannot be used' })).toBeVisible()
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await giveConsent(page, 'Ada Admin')
    await expect(page.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()
  })

  test('reads that they left Microsoft without signing in, and can sign in again', async ({ page }) => {
    await page.goto(SETTINGS_PATH)
    await page.getByRole('link', { name: 'Sign in with Microsoft' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()

    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await giveConsent(page, 'Ada Admin')
    await expect(page).toHaveURL(/\/settings\/office365-smtp$/)
  })

  test('is signed out in every tab after signing out in one', async ({ page, context }) => {
    await page.goto(SETTINGS_PATH)
    await page.clock.install()
    await signIn(page, 'Ada Admin')
    await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
    const other = await context.newPage()
    await openSettings(other)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await expect(other.getByRole('link', { name: 'Sign in with Microsoft' })).toBeVisible()

    await page.clock.fastForward('00:30')
    await expect(page.getByRole('dialog', { name: 'Your session has ended' })).toBeVisible()
  })
})

test('a session that ends while the page is open leads back to it, with the address that was entered', async ({
  page,
  settings,
  context,
}) => {
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()
  await context.clearCookies({ domain: 'localhost' })
  await settings.enable.click()

  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await expect(dialog).toContainText('What you entered is kept.')
  await expect(page.getByText('Not signed in')).toHaveCount(0) // no message bar behind the dialog repeats it
  await dialog.getByRole('button', { name: 'Sign in again' }).click()
  await giveConsent(page, 'Ada Admin')

  await expect(page).toHaveURL(/\/settings\/office365-smtp$/)
  await expect(settings.address).toHaveValue('reports@contoso.com')
  await expect(settings.largeAttachments).toBeChecked()
  await expect(settings.status('Not configured')).toBeVisible()
  await expect(settings.pending).toBeHidden()
})

test('what was entered before the session ended is not shown to another admin', async ({ page, settings, context }) => {
  await settings.address.fill('reports@contoso.com')
  await context.clearCookies({ domain: 'localhost' })
  await settings.enable.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in again' }).click()
  await giveConsent(page, 'Bob Behalf')

  await expect(page.getByRole('banner')).toContainText('Bob Behalf')
  await expect(settings.address).toHaveValue('')
})

test('a page opened under another name says which name to use', async ({ page, product }) => {
  await page.goto(product.url.replace('localhost', '127.0.0.1'))

  await expect(page.getByRole('heading', { name: 'Open this page under its own name' })).toBeVisible()
  await page.getByRole('link', { name: product.url }).click()
  await expect(page.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()
})

test('an account of another organisation gets no further than Microsoft', async ({ otherBrowser }) => {
  const page = await otherBrowser()
  await page.goto('/auth/sign-in')
  await chooseAccount(page, 'Eve Elsewhere')

  await expect(page.getByText('AADSTS50020')).toBeVisible()
})
