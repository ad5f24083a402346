import type { Page } from '@playwright/test'
import { createTestBrowser, type TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { chooseAccount } from '../support/microsoft.ts'
import type { SettingsPage } from '../support/settings-page.ts'
import { CANCELLED } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const CALLBACK = '/auth/microsoft/callback'
const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

/** Checks that nothing is connected, and that the page does not say so. */
async function expectNothingConnected(settings: SettingsPage, admin: TestBrowser): Promise<void> {
  await expect(settings.notice('Connected')).toBeHidden()
  await expect(settings.status('Not configured')).toBeVisible()
  await expect(settings.connection).toBeHidden()
  expect((await admin.call('GET', SETTINGS)).json).toMatchObject({ status: 'not-configured', fromEmail: null })
}

/** Resolves to the URL to which Microsoft redirects the popup. */
function callbackOf(popup: Page): Promise<string> {
  return popup.waitForRequest((request) => request.url().includes(CALLBACK)).then((request) => request.url())
}

test('what Microsoft, or the person there, does not grant is explained, and nothing is connected', async ({
  settings,
  microsoft,
  admin,
}) => {
  await test.step('Cancel on the consent page leads to an administrator', async () => {
    await settings.address.fill('ada@contoso.com')
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Ada Admin')
    await popup.getByRole('button', { name: 'Cancel' }).click()
    const notice = settings.notice(CANCELLED)
    await expect(notice).toContainText('an Entra administrator has to open')
    await expect(notice).toContainText(/Correlation id: [0-9a-f-]{36}/)
    await expectNothingConnected(settings, admin)
  })
  await test.step('an account of another organisation gets no further than Microsoft, and the consent stays pending', async () => {
    await settings.address.fill('ada@contoso.com')
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Eve Elsewhere')
    await expect(popup.getByText('AADSTS50020')).toBeVisible()
    await expect(settings.pending.getByRole('button')).toHaveText(["Open Microsoft's page again", 'Cancel'])
    await settings.pending.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice('Cancelled')).toBeVisible()
    await expectNothingConnected(settings, admin)
  })
  await test.step('a wrong client secret leads to whoever operates the product', async () => {
    await microsoft.control('POST', '/scenarios', { name: 'secret-wrong' })
    await settings.address.fill('ada@contoso.com')
    await settings.consentEndsIn(settings.enable, 'The client secret is wrong')
    const notice = settings.notice('The client secret is wrong')
    await expect(notice).toContainText('AZURE_CLIENT_SECRET')
    await expect(notice.getByRole('link')).toHaveAttribute('href', 'https://entra.microsoft.com')
    await expectNothingConnected(settings, admin)
  })
})

test('a needed admin approval is explained, and the link lets an Entra administrator approve for everybody', async ({
  settings,
  microsoft,
  otherBrowser,
}) => {
  await settings.address.fill('ada@contoso.com')
  await microsoft.control('PATCH', '/settings', { userConsent: 'disabled' })
  const popup = await settings.openMicrosoft(settings.enable)
  await chooseAccount(popup, 'Ada Admin')
  await expect(popup.getByRole('heading', { name: 'Need admin approval' })).toBeVisible()
  await popup.getByRole('link', { name: 'Return to the application without granting consent' }).click()

  const notice = settings.notice(CANCELLED)
  await expect(notice).toContainText('an Entra administrator has to open')
  const address = await notice.getByRole('link').getAttribute('href')
  const administrator = await otherBrowser()
  await administrator.goto(address ?? '')
  await chooseAccount(administrator, 'Grace Global')
  await expect(administrator.getByText('Review for your organization')).toBeVisible()
  await administrator.getByRole('button', { name: 'Accept' }).click()
  await expect(administrator.getByRole('heading', { name: 'Back from Microsoft' })).toBeVisible()
  await expect(administrator.getByText('If you did not, nothing has changed.')).toBeVisible()

  const again = await settings.openMicrosoft(notice.getByRole('button', { name: 'Try again' }))
  await chooseAccount(again, 'Ada Admin')
  await expect(settings.notice('Connected')).toBeVisible()
})

test('an answer that does not count says so and changes nothing', async ({
  settings,
  context,
  product,
  admin,
  sessionOf,
}) => {
  await settings.address.fill('ada@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()

  await test.step('a forged one, which shows nothing of itself', async () => {
    const forged = await context.newPage()
    const query = new URLSearchParams({ code: 'forged', state: 'forged', error_description: 'Call 555-0100' })
    const answer = await forged.goto(`${CALLBACK}?${query}`)
    expect(answer?.status()).toBe(400)
    await expect(forged.getByRole('heading', { name: 'This answer was not expected here' })).toBeVisible()
    await expect(forged.getByText('555-0100')).toHaveCount(0)
    await expect(settings.pending).toBeVisible()
    await expect(forged.getByRole('link', { name: 'Back to the settings' })).toBeVisible()
    await forged.close()
  })
  for (const [whose, elsewhere] of [
    ['nobody is signed in', createTestBrowser(product.url)],
    ['another admin is signed in', (await sessionOf('Bob Behalf')).client],
  ] as const) {
    await test.step(`one that is given in another browser, where ${whose}`, async () => {
      const { text } = await elsewhere.consent(popup.url(), 'Ada Admin')
      expect(text).toContain('This consent was started elsewhere')
      await expect(settings.pending).toBeVisible()
    })
  }
  await test.step('the same one a second time', async () => {
    const callback = callbackOf(popup)
    await chooseAccount(popup, 'Ada Admin')
    await expect(settings.notice('Connected')).toBeVisible()
    await settings.resetAll()
    const replayed = await context.newPage()
    const answer = await replayed.goto(await callback)
    expect(answer?.status()).toBe(409)
    await expect(replayed.getByText('It was completed before.')).toBeVisible()
    await expectNothingConnected(settings, admin)
  })
})

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('the consent of another admin that completes first supersedes one that is pending', async ({
    settings,
    sessionOf,
  }) => {
    await settings.address.fill('reports@contoso.com')
    const popup = await settings.openMicrosoft(settings.save)
    await chooseAccount(popup, 'Ada Admin')

    const { client: bob } = await sessionOf('Bob Behalf')
    const { json } = await bob.call('POST', `${SETTINGS}/update-sender`, { fromEmail: 'bob@contoso.com' })
    expect((await bob.consent(json.consentUrl, 'Bob Behalf')).status).toBe(200)
    await popup.getByRole('button', { name: 'Accept' }).click()

    await expect(popup.getByRole('heading', { name: 'The settings were changed meanwhile' })).toBeVisible()
    await expect(settings.notice('Overtaken by another change')).toBeVisible()
    await expect(settings.connection).toContainText("Sends as bob@contoso.com, Bob Behalf's own mailbox.")
    await expect(settings.connection).toContainText('Bob Behalf (bob@contoso.com)')
    await expect(settings.notice('Sender changed')).toBeHidden()
  })
})
