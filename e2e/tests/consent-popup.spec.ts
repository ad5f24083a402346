import type { Page } from '@playwright/test'
import { expectAccessibleAtBothWidths } from '../support/axe.ts'
import { holdRequests } from '../support/held-requests.ts'
import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { CANCELLED, openSettings } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

/** What a consent says once it is pending, however long the test took to get there. */
const ABOUT_TEN_MINUTES = /The consent expires in about (10|\d) minutes\./

test('a popup is opened again while the consent is pending, and only completes it until it is cancelled', async ({
  page,
  settings,
}) => {
  await settings.address.fill('ada@contoso.com')
  await test.step('a closed popup is no decision', async () => {
    const popup = await settings.openMicrosoft(settings.enable)
    await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
    await popup.close()
    await expect(settings.pending).toContainText(ABOUT_TEN_MINUTES)
    await expectAccessibleAtBothWidths(page)
  })
  await test.step('a second click opens the same page of Microsoft again', async () => {
    const again = settings.pending.getByRole('button', { name: "Open Microsoft's page again" })
    const first = await settings.openMicrosoft(again)
    await expect(first.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
    const second = await settings.openMicrosoft(settings.enable)
    await expect(second.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
    expect(second.url()).toBe(first.url())
    await expect(settings.pending).toHaveCount(1)
    await giveConsent(second, 'Ada Admin')
    await expect(settings.notice('Connected')).toBeVisible()
    await expect(settings.pending).toHaveCount(0)
  })
  await test.step('after Cancel on our page, the popup can no longer complete it', async () => {
    await settings.resetAll()
    await settings.address.fill('reports@contoso.com')
    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Ada Admin')
    await expect(popup.getByRole('button', { name: 'Accept' })).toBeVisible()
    await settings.pending.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice('Cancelled')).toContainText('Nothing was changed.')
    await popup.getByRole('button', { name: 'Accept' }).click()
    await expect(popup.getByRole('heading', { name: 'The consent was cancelled' })).toBeVisible()
    await page.reload()
    await expect(settings.status('Not configured')).toBeVisible()
  })
})

test('a pending consent outlives a reload, and every tab and admin sees it and its outcome', async ({
  page,
  context,
  settings,
  otherBrowser,
}) => {
  await settings.address.fill('ada@contoso.com')
  await settings.largeAttachments.check()
  const unused = await settings.openMicrosoft(settings.enable)
  await expect(settings.pending).toBeVisible()
  await unused.close()

  await test.step('a page that is reloaded goes on waiting, and keeps what was entered', async () => {
    await page.reload()
    await expect(settings.pending.getByRole('button', { name: "Open Microsoft's page again" })).toBeVisible()
    await expect(settings.address).toHaveValue('ada@contoso.com')
    await expect(settings.largeAttachments).toBeChecked()
  })
  await test.step('another admin cannot give it, and may cancel it', async () => {
    const bob = await openSettings(await otherBrowser('Bob Behalf'))
    await expect(bob.pending).toContainText('It was started in another browser or by another admin')
    await expect(bob.pending.getByRole('button')).toHaveText(['Cancel'])
    await bob.pending.getByRole('button', { name: 'Cancel' }).click()
    for (const tab of [bob, settings]) await expect(tab.notice('Cancelled')).toBeVisible()
    await bob.page.close()
  })
  await test.step('only the page that started it tells its admin that they cancelled at Microsoft', async () => {
    const popup = await settings.openMicrosoft(settings.enable)
    const bob = await openSettings(await otherBrowser('Bob Behalf'))
    await expect(bob.pending).toBeVisible()
    await popup.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice(CANCELLED)).toBeVisible()
    await expect(bob.notice('The consent was cancelled at Microsoft. Nothing was changed.')).toBeVisible()
    await bob.page.close()
  })
  await test.step('both tabs show the outcome, once', async () => {
    const popup = await settings.openMicrosoft(settings.enable)
    const second = await openSettings(await context.newPage())
    await expect(second.pending).toBeVisible()
    await giveConsent(popup, 'Ada Admin')
    await expect(second.notice('Connected')).toBeVisible()
    await expect(second.connection).toContainText('Sends as ada@contoso.com')
    await expect(settings.notice('Connected')).toBeVisible()
    await page.reload()
    await expect(settings.status('Connected')).toBeVisible()
    await expect(settings.notice('Connected')).toHaveCount(0)
  })
})

test('a consent that has been answered is being checked, in every tab that could have answered it', async ({
  context,
  settings,
  microsoft,
  otherBrowser,
}) => {
  const send = { kind: 'http', endpoint: 'any-send', do: { action: 'delay', delayMs: 600_000 } }
  await microsoft.control('POST', '/scenarios', { effect: send })
  await settings.address.fill('ada@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  const second = await openSettings(await context.newPage())
  const bob = await openSettings(await otherBrowser('Bob Behalf'))
  await expect(second.pending).toContainText("Give consent in Microsoft's window.")
  const given = giveConsent(popup, 'Ada Admin')

  for (const tab of [settings, second]) {
    await expect(tab.pending).toContainText('Microsoft has answered. The access is being checked.')
    await expect(tab.pending).not.toContainText('another browser')
    await expect(tab.pending).not.toContainText('expire')
    await expect(tab.pending.getByRole('button')).toHaveText(['Cancel'])
  }
  await expect(bob.pending).toContainText('It was started in another browser or by another admin')
  await microsoft.control('DELETE', '/scenarios')
  await given
  for (const tab of [settings, second, bob]) await expect(tab.notice('Connected')).toBeVisible()
  await second.page.close()
  await bob.page.close()
})

test('a consent that is answered while its admin looks at another page is told when they come back', async ({
  page,
  settings,
}) => {
  const menu = page.getByRole('navigation', { name: 'Main' })
  const answerElsewhere = async (answer: (popup: Page) => Promise<void>) => {
    const popup = await settings.openMicrosoft(settings.enable)
    await expect(settings.pending).toBeVisible()
    await menu.getByRole('link', { name: 'Messages' }).click()
    await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
    const closed = popup.waitForEvent('close')
    await answer(popup)
    await closed
    await menu.getByRole('link', { name: 'Settings' }).click()
  }
  await settings.address.fill('ada@contoso.com')
  await settings.largeAttachments.check()
  await test.step('a cancel, with what was entered', async () => {
    await answerElsewhere((popup) => popup.getByRole('button', { name: 'Cancel' }).click())
    await expect(settings.notice(CANCELLED).getByRole('button', { name: 'Try again' })).toBeVisible()
    await expect(settings.address).toHaveValue('ada@contoso.com')
    await expect(settings.largeAttachments).toBeChecked()
  })
  await test.step('the same where they leave before it has been begun', async () => {
    await settings.notice(CANCELLED).getByRole('button', { name: 'Dismiss' }).click()
    await expect(settings.notice(CANCELLED)).toHaveCount(0)
    const held = await holdRequests(page, '**/office365-smtp/configure', 'POST')
    const popup = await settings.openMicrosoft(settings.enable)
    await expect.poll(() => held.count()).toBe(1)
    await menu.getByRole('link', { name: 'Messages' }).click()
    await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
    held.release()
    const closed = popup.waitForEvent('close')
    await popup.getByRole('button', { name: 'Cancel' }).click()
    await closed
    await menu.getByRole('link', { name: 'Settings' }).click()
    await expect(settings.notice(CANCELLED).getByRole('button', { name: 'Try again' })).toBeVisible()
    await expect(settings.address).toHaveValue('ada@contoso.com')
    await page.unroute('**/office365-smtp/configure')
  })
  await test.step('a success, once', async () => {
    await answerElsewhere((popup) => giveConsent(popup, 'Ada Admin'))
    await expect(settings.notice('Connected')).toBeVisible()
    await menu.getByRole('link', { name: 'Messages' }).click()
    await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
    await menu.getByRole('link', { name: 'Settings' }).click()
    await expect(settings.status('Connected')).toBeVisible()
    await expect(settings.notice('Connected')).toHaveCount(0)
  })
})

test('where the browser blocks popups, the page itself goes to Microsoft and comes back with the outcome', async ({
  page,
  settings,
}) => {
  const blockPopups = () => page.evaluate(() => void Object.assign(window, { open: () => null }))
  await blockPopups()
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()
  await settings.enable.click()
  await expect(page.getByRole('heading', { name: 'Pick an account' })).toBeVisible()

  await test.step('going back with the browser leaves the consent pending, to be gone on with', async () => {
    await page.goBack()
    await expect(settings.pending).toBeVisible()
    await blockPopups()
    await settings.pending.getByRole('button', { name: "Open Microsoft's page again" }).click()
  })
  await test.step('a cancel comes back with the reason, and with what was entered', async () => {
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice(CANCELLED)).toBeVisible()
    await expect(settings.address).toHaveValue('reports@contoso.com')
    await expect(settings.largeAttachments).toBeChecked()
  })
  await blockPopups()
  await settings.enable.click()
  await giveConsent(page, 'Ada Admin')
  await expect(page).toHaveURL(/\/settings\/office365-smtp$/)
  await expect(settings.notice('Connected')).toContainText('Mail leaves from reports@contoso.com.')
  expect(page.context().pages()).toHaveLength(1)
})
