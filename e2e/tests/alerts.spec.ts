import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { createWebhook, removeWebhooks, untilTried } from '../support/alerts.ts'
import type { Microsoft } from '../support/microsoft.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/alerts'
const RECEIVER = 'https://hooks.contoso.com/inforiver-mail'
const FAILED = /^(A message|\d+ messages) failed$/ // failures within a minute share one notice

test.beforeEach(({ page, product }) => removeWebhooks(page.request, product.url))

async function openAlerts(page: Page): Promise<void> {
  await page.goto(PATH)
  await expect(page.getByRole('heading', { name: 'Alerts', level: 1 })).toBeVisible()
}

function addDialog(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Add a webhook' })
}

/** Adds a webhook in the page, and leaves the dialog with its secret open. */
async function addWebhook(page: Page, url: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add webhook' }).click()
  await addDialog(page).getByRole('textbox', { name: 'Address of the receiver' }).fill(url)
  await addDialog(page).getByRole('button', { name: 'Add webhook' }).click()
  return page.getByRole('dialog', { name: `The secret for ${new URL(url).host}` })
}

test('the secret of a webhook is shown and copied once, and not to be found in the page afterwards', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(SETTINGS_PATH)
  await page.getByRole('link', { name: 'Alerts' }).click()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
  const dialog = await addWebhook(page, RECEIVER)
  await expect(dialog).toContainText('This secret is shown only now')
  const secret = await dialog.getByRole('textbox', { name: 'Signing secret' }).inputValue()
  expect(secret).toMatch(/^whsec_.{44}$/)
  await dialog.getByRole('button', { name: 'Copy secret' }).click()
  await expect(dialog.getByText('Copied.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  await dialog.getByRole('button', { name: 'Done' }).click()

  await expect(page.getByRole('row').filter({ hasText: RECEIVER })).toContainText('None yet')
  expect(await page.content()).not.toContain(secret)
  await page.reload()
  await expect(page.getByRole('row').filter({ hasText: RECEIVER })).toBeVisible()
  expect(await page.content()).not.toContain(secret)
})

test('a webhook is added by the keyboard alone, and no stray key press closes the only view of its secret', async ({
  page,
}) => {
  await openAlerts(page)
  await page.getByRole('button', { name: 'Add webhook' }).press('Enter')
  await expect(addDialog(page).getByRole('textbox')).toBeFocused()
  await page.keyboard.type(RECEIVER)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'The secret for hooks.contoso.com' })
  await expect(dialog).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(dialog.getByRole('textbox', { name: 'Signing secret' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Add webhook' })).toBeFocused()
})

test('an address that cannot be used is not added, and the field says why', async ({ page }) => {
  await openAlerts(page)
  await page.getByRole('button', { name: 'Add webhook' }).click()
  const dialog = addDialog(page)
  const address = dialog.getByRole('textbox', { name: 'Address of the receiver' })
  const add = dialog.getByRole('button', { name: 'Add webhook' })

  await add.click()
  await expect(dialog.getByText('An address that begins with https:// is needed.')).toBeVisible()
  await expect(address).toBeFocused()
  await address.fill('http://hooks.contoso.com')
  await expect(dialog.getByText('An address that begins with https:// is needed.')).toBeVisible()
  await address.fill('https://10.0.0.1/alerts')
  await expect(dialog.getByText('An address that begins with https:// is needed.')).toBeHidden()
  await add.click()
  await expect(dialog.getByText('Private addresses need WEBHOOK_ALLOW_PRIVATE=true')).toBeVisible()
  await expect(address).toBeFocused()
  await expect(address).toHaveAccessibleDescription(/Private addresses need WEBHOOK_ALLOW_PRIVATE=true/)

  await address.fill('https://localhost/alerts')
  await add.click()
  await expect(dialog.getByText('loopback, link-local and metadata addresses are always refused')).toBeVisible()

  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
})

test('a test says why it did not arrive, and the list keeps that', async ({ page, product }) => {
  await createWebhook(page.request, product.url, 'https://no-such-host.invalid/')
  await openAlerts(page)
  await page.getByRole('button', { name: /^Test the webhook/ }).click()

  const outcome = page.getByRole('group', { name: /^The test did not arrive at no-such-host\.invalid/ })
  await expect(outcome).toContainText('the name is not known')
  await expect(outcome).toContainText('Check the address, or DNS on the server')
  await outcome.getByRole('button', { name: 'Dismiss' }).click()
  await expect(outcome).toBeHidden()
  await page.reload()
  await expect(page.getByRole('row').filter({ hasText: 'no-such-host' })).toContainText(
    'Not sent: the name is not known',
  )
})

test('a webhook is removed once that is confirmed, and stays when it is not', async ({ page, product }) => {
  await createWebhook(page.request, product.url, RECEIVER)
  await openAlerts(page)
  const remove = page.getByRole('button', { name: 'Remove the webhook to hooks.contoso.com' })
  await remove.click()
  const dialog = page.getByRole('dialog', { name: 'Remove the webhook to hooks.contoso.com?' })
  await expect(dialog).toContainText(`Nothing more is sent to ${RECEIVER}.`)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(remove).toBeFocused()

  await remove.click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('group', { name: 'The webhook to hooks.contoso.com is removed' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
})

test('the page says when there are as many webhooks as there can be', async ({ page, product }) => {
  for (let index = 0; index < 10; index++) await createWebhook(page.request, product.url, `${RECEIVER}/${index}`)
  await openAlerts(page)

  await expect(page.getByRole('button', { name: 'Add webhook' })).toBeDisabled()
  await expect(page.getByText('There are 10 webhooks, and no more are possible.')).toBeVisible()
})

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a failed message is shown on every page, until an admin dismisses it', async ({
    page,
    settings,
    microsoft,
  }) => {
    await failTestMail(settings.sendTestMail, microsoft)
    await page.goto(PATH)
    const notice = page.getByRole('group', { name: FAILED })
    await expect(notice).toBeVisible()
    await notice.getByRole('link', { name: 'Show failed messages' }).click()
    await expect(page.getByRole('combobox', { name: 'Status' })).toHaveValue('failed')
    await expect(notice).toBeVisible()

    await notice.getByRole('button', { name: 'Dismiss' }).press('Enter')
    await expect(notice).toBeHidden()
    await expect(page.locator('#content')).toBeFocused()
    await page.goto(PATH)
    await expect(page.getByRole('heading', { name: 'Alerts', level: 1 })).toBeVisible()
    await expect(notice).toBeHidden()
  })

  test('every page says that the mailbox has to be reconnected, the settings page only once', async ({
    page,
    settings,
    microsoft,
  }) => {
    await microsoft.revokeTokens('ada@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.status('Reconnect required')).toBeVisible()
    await page.getByRole('link', { name: 'Alerts' }).click()
    const notice = page.getByRole('group', { name: 'Mail from ada@contoso.com waits: reconnect the mailbox' })
    await expect(notice).toContainText('Messages are held until then, and none is lost.')

    await notice.getByRole('link', { name: 'Open Settings' }).click()
    await expect(settings.notice('The connection was revoked')).toBeVisible()
    await expect(notice).toBeHidden()
  })

  test('a webhook is notified without anybody looking, and the page shows the outcome', async ({
    page,
    product,
    settings,
    microsoft,
  }) => {
    await createWebhook(page.request, product.url, 'https://no-such-host.invalid/')
    await microsoft.revokeTokens('ada@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.status('Reconnect required')).toBeVisible()
    await untilTried(page.request)
    await openAlerts(page)

    const row = page.getByRole('row').filter({ hasText: 'no-such-host.invalid' })
    await expect(row).toContainText('Reconnect required')
    await expect(row).toContainText('Not sent: the name is not known')
    await expect(row).toContainText('1 alert is yet to be delivered')
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`notices are accessible and fit a phone, ${colorScheme}`, async ({ page, settings, microsoft }) => {
      await show(page, colorScheme)
      await failTestMail(settings.sendTestMail, microsoft)
      await page.goto('/messages')
      await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
      await expect(page.getByRole('group', { name: FAILED })).toBeVisible()
      await expectAccessible(page)
    })
  }
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page and its dialogs are accessible and fit a phone, ${colorScheme}`, async ({ page, product }) => {
    await show(page, colorScheme)
    await openAlerts(page)
    await expectAccessible(page)
    await createWebhook(page.request, product.url, `https://no-such-host.invalid/${'x'.repeat(200)}`)
    await page.reload()
    await page.getByRole('button', { name: /^Test the webhook/ }).click()
    await expect(page.getByRole('group', { name: /^The test did not arrive/ })).toBeVisible()
    await expectAccessible(page)
    await page.getByRole('button', { name: /^Remove the webhook/ }).click()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    const dialog = await addWebhook(page, RECEIVER)
    await expect(dialog).toBeVisible()
    await expectAccessible(page)
  })
}

/** Makes Microsoft refuse the test mail permanently. */
async function failTestMail(sendTestMail: Locator, microsoft: Microsoft): Promise<void> {
  const body = { error: { code: 'ErrorInvalidRecipients', message: 'The recipient is not valid.' } }
  await microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'any-send', do: { action: 'answer', status: 400, body } },
  })
  await sendTestMail.click()
  const notices = async () => (await sendTestMail.page().request.get('/api/v1/notices')).text()
  await expect.poll(notices).toContain('message.failed')
}

async function show(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 360, height: 800 })
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}
