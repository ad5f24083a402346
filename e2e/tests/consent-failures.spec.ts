import type { Page } from '@playwright/test'
import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { openSettings, type SettingsPage } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const CALLBACK = '/auth/microsoft/callback'

/** Checks that nothing is connected, and that the page does not say so. */
async function expectNothingConnected(settings: SettingsPage): Promise<void> {
  await expect(settings.notice('Connected')).toBeHidden()
  await settings.page.reload()
  await expect(settings.status('Not configured')).toBeVisible()
  await expect(settings.connection).toBeHidden()
}

/** Resolves to the URL to which Microsoft redirects the popup. */
function callbackOf(popup: Page): Promise<string> {
  return popup.waitForRequest((request) => request.url().includes(CALLBACK)).then((request) => request.url())
}

test.describe('what Microsoft, or the person there, does not grant', () => {
  test.beforeEach(async ({ settings }) => {
    await settings.address.fill('ada@contoso.com')
  })

  test('Cancel on the consent page is explained, with the way for an administrator', async ({ settings }) => {
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Ada Admin')
    await popup.getByRole('button', { name: 'Cancel' }).click()

    const notice = settings.notice('The consent was not completed')
    await expect(notice).toContainText('an Entra administrator has to open')
    await expect(notice).toContainText(/Correlation id: [0-9a-f-]{36}/)
    await expectNothingConnected(settings)
  })

  test('a needed admin approval is explained, with the link for an Entra administrator', async ({
    settings,
    microsoft,
    otherBrowser,
  }) => {
    await microsoft.control('PATCH', '/settings', { userConsent: 'disabled' })
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Ada Admin')
    await expect(popup.getByRole('heading', { name: 'Need admin approval' })).toBeVisible()
    await popup.getByRole('link', { name: 'Return to the application without granting consent' }).click()

    const notice = settings.notice('The consent was not completed')
    await expect(notice).toContainText('an Entra administrator has to open')
    const address = await notice.getByRole('link').getAttribute('href')
    const administrator = await otherBrowser()
    await administrator.goto(address ?? '')
    await giveConsent(administrator, 'Grace Global')
    await expect(administrator.getByRole('heading', { name: 'Back from Microsoft' })).toBeVisible()

    const again = await settings.openMicrosoft(notice.getByRole('button', { name: 'Try again' }))
    await chooseAccount(again, 'Ada Admin')
    await expect(settings.notice('Connected')).toBeVisible()
  })

  test('a wrong client secret is explained to whoever operates the product', async ({ settings, microsoft }) => {
    await microsoft.control('POST', '/scenarios', { name: 'secret-wrong' })
    await settings.consentEndsIn(settings.enable, 'The client secret is wrong')

    const notice = settings.notice('The client secret is wrong')
    await expect(notice).toContainText('AZURE_CLIENT_SECRET')
    await expect(notice.getByRole('link')).toHaveAttribute('href', 'https://entra.microsoft.com')
    await expectNothingConnected(settings)
  })

  test('an account of another organisation gets no further than Microsoft, and the consent stays pending', async ({
    settings,
  }) => {
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Eve Elsewhere')
    await expect(popup.getByText('AADSTS50020')).toBeVisible()

    await expect(settings.pending.getByRole('button')).toHaveText(["Open Microsoft's page again", 'Cancel'])
    await settings.pending.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice('Cancelled')).toBeVisible()
    await expectNothingConnected(settings)
  })
})

test.describe('an answer that does not count', () => {
  test('the same answer a second time says so and changes nothing', async ({ settings, context }) => {
    await settings.address.fill('ada@contoso.com')
    const popup = await settings.openMicrosoft(settings.enable)
    const callback = callbackOf(popup)
    await giveConsent(popup, 'Ada Admin')
    await expect(settings.notice('Connected')).toBeVisible()
    await settings.resetAll()

    const replayed = await context.newPage()
    const answer = await replayed.goto(await callback)
    expect(answer?.status()).toBe(409)
    await expect(replayed.getByText('It was completed before.')).toBeVisible()
    await expectNothingConnected(settings)
  })

  test('a forged answer says so, shows nothing of itself and changes nothing', async ({ settings, context }) => {
    await settings.address.fill('ada@contoso.com')
    await settings.openMicrosoft(settings.enable)
    const forged = await context.newPage()
    const query = new URLSearchParams({ code: 'forged', state: 'forged', error_description: 'Call 555-0100' })
    const answer = await forged.goto(`${CALLBACK}?${query}`)

    expect(answer?.status()).toBe(400)
    await expect(forged.getByRole('heading', { name: 'This answer was not expected here' })).toBeVisible()
    await expect(forged.getByText('555-0100')).toHaveCount(0)
    await expect(settings.pending).toBeVisible()
    await forged.getByRole('link', { name: 'Back to the settings' }).click()
    await expect(forged.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()
  })

  for (const [whose, account] of [
    ['nobody is signed in', undefined],
    ['another admin is signed in', 'Bob Behalf'],
  ] as const) {
    test(`a consent finished in another browser, where ${whose}, says so and changes nothing`, async ({
      settings,
      otherBrowser,
    }) => {
      await settings.address.fill('ada@contoso.com')
      const popup = await settings.openMicrosoft(settings.enable)
      await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
      const elsewhere = await otherBrowser(account)
      await elsewhere.goto(popup.url())
      await giveConsent(elsewhere, 'Ada Admin')

      await expect(elsewhere.getByRole('heading', { name: 'This consent was started elsewhere' })).toBeVisible()
      await expect(settings.pending).toBeVisible()
      await settings.pending.getByRole('button', { name: 'Cancel' }).click()
      await expect(settings.notice('Cancelled')).toBeVisible()
      await expectNothingConnected(settings)
    })
  }
})

test.describe('when the settings change before the consent completes', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a reset voids it, and the popup says so', async ({ settings }) => {
    await settings.address.fill('reports@contoso.com')
    const popup = await settings.openMicrosoft(settings.save)
    await chooseAccount(popup, 'Ada Admin')
    await settings.resetAll()
    await popup.getByRole('button', { name: 'Accept' }).click()

    await expect(popup.getByRole('heading', { name: 'The settings were changed meanwhile' })).toBeVisible()
    await expectNothingConnected(settings)
  })

  test('the consent of another admin that completes first supersedes it', async ({ settings, otherBrowser }) => {
    await settings.address.fill('reports@contoso.com')
    const popup = await settings.openMicrosoft(settings.save)
    await chooseAccount(popup, 'Ada Admin')

    const bob = await openSettings(await otherBrowser('Bob Behalf'))
    await bob.address.fill('bob@contoso.com')
    await bob.consent(bob.save, 'Bob Behalf')
    await expect(bob.connection).toContainText("Sends as bob@contoso.com, Bob Behalf's own mailbox.")
    await popup.getByRole('button', { name: 'Accept' }).click()

    await expect(popup.getByRole('heading', { name: 'The settings were changed meanwhile' })).toBeVisible()
    await expect(settings.notice('Overtaken by another change')).toBeVisible()
    await expect(settings.connection).toContainText('Sends as bob@contoso.com')
    await expect(settings.notice('Sender changed')).toBeHidden()
  })
})

test.describe('where nobody is signed in', () => {
  test.use({ account: null })

  test('a callback without any sign-in or consent is refused', async ({ page }) => {
    const answer = await page.goto(CALLBACK)
    expect(answer?.status()).toBe(400)
    await expect(page.getByText('It was not asked for in this browser')).toBeVisible()
  })
})
