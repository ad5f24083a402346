import type { Locator, Page } from '@playwright/test'
import type { TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { createWebhook, removeWebhooks, untilTried } from '../support/alerts.ts'
import { expectAccessibleOnPhone } from '../support/axe.ts'
import { holdRequests } from '../support/held-requests.ts'
import type { Microsoft } from '../support/microsoft.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/alerts'
const RECEIVER = 'https://hooks.contoso.com/inforiver-mail'
const FAILED = /^(A message|\d+ messages) failed/ // failures within a minute share one notice

test.beforeEach(({ admin }) => removeWebhooks(admin))

async function openAlerts(page: Page): Promise<void> {
  await page.goto(PATH)
  await expect(page.getByRole('heading', { name: 'Alerts', level: 1 })).toBeVisible()
}

function addDialog(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Add a webhook' })
}

function secretDialog(page: Page): Locator {
  return page.getByRole('dialog', { name: 'The secret for hooks.contoso.com' })
}

test('a webhook is added by the keyboard alone, and its secret is shown and copied once', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(SETTINGS_PATH)
  await page.getByRole('link', { name: 'Alerts' }).click()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
  await page.getByRole('button', { name: 'Add webhook' }).press('Enter')
  await expect(addDialog(page).getByRole('textbox', { name: 'Address of the receiver' })).toBeFocused()
  await page.keyboard.type(RECEIVER)
  await page.keyboard.press('Enter')
  const dialog = secretDialog(page)
  await expect(dialog).toContainText('This secret is shown only now')
  const secret = await dialog.getByRole('textbox', { name: 'Signing secret' }).inputValue()
  expect(secret).toMatch(/^whsec_.{44}$/)

  await dialog.getByRole('button', { name: 'Copy secret' }).click()
  await expect(dialog.getByText('Copied.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  await dialog.getByRole('button', { name: 'Done' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Add webhook' })).toBeFocused()

  await test.step('the secret is not to be found in the page afterwards', async () => {
    await expect(page.getByRole('row').filter({ hasText: RECEIVER })).toContainText('None yet')
    expect(await page.content()).not.toContain(secret)
    await page.reload()
    await expect(page.getByRole('row').filter({ hasText: RECEIVER })).toBeVisible()
    expect(await page.content()).not.toContain(secret)
  })
})

test('an address that is changed while its webhook is added adds no second one', async ({ page, admin }) => {
  await openAlerts(page)
  await page.getByRole('button', { name: 'Add webhook' }).click()
  const address = addDialog(page).getByRole('textbox', { name: 'Address of the receiver' })
  await address.fill(RECEIVER)
  const held = await holdRequests(page, '**/api/v1/webhooks', 'POST')
  await address.press('Enter')
  await expect.poll(() => held.count()).toBe(1)
  await address.fill(`${RECEIVER}/2`)
  await address.press('Enter')
  await expect(addDialog(page).getByRole('button', { name: 'Add webhook' })).toBeDisabled()
  held.release()
  await expect(secretDialog(page)).toContainText('This secret is shown only now')
  expect(held.count()).toBe(1)
  expect((await admin.call('GET', '/api/v1/webhooks')).json.items).toMatchObject([{ url: RECEIVER }])
  await secretDialog(page).getByRole('button', { name: 'Done' }).click()
})

test('a webhook is told of the events that it was added for, and of earlier ones again', async ({ page, admin }) => {
  await openAlerts(page)
  await page.getByRole('button', { name: 'Add webhook' }).click()
  const dialog = addDialog(page)
  await dialog.getByRole('textbox', { name: 'Address of the receiver' }).fill('https://no-such-host.invalid/')
  const alerts = dialog.getByRole('group', { name: 'Alerts' })
  for (const alert of await alerts.getByRole('checkbox').all()) await alert.uncheck()
  await dialog.getByRole('button', { name: 'Add webhook' }).click()
  await expect(dialog.getByText('At least one type is needed.')).toBeVisible()
  await dialog.getByRole('checkbox', { name: 'Message failed' }).check()
  await dialog.getByRole('textbox', { name: 'Services' }).fill('reports, forms')
  await expectAccessibleOnPhone(page)
  await dialog.getByRole('button', { name: 'Add webhook' }).click()
  await page.getByRole('button', { name: 'Done' }).click()
  const row = page.getByRole('row').filter({ hasText: 'no-such-host' })
  await expect(row).toContainText('Message failed (only of reports and forms)')

  await row.getByRole('button', { name: /^Replay/ }).click()
  const replay = page.getByRole('dialog', { name: 'Send events to no-such-host.invalid again' })
  await replay.getByLabel('Since').fill('2026-01-01T00:00')
  await replay.getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByRole('group', { name: '0 events are sent to no-such-host.invalid again' })).toBeVisible()
  expect((await admin.call('GET', '/api/v1/audit-events?action=webhook-replayed')).json.items).toMatchObject([
    { details: { host: 'no-such-host.invalid', count: 0 } },
  ])
})

test('a test says why it did not arrive and the list keeps that, until the webhook is removed after a question', async ({
  page,
  admin,
}) => {
  await createWebhook(admin, 'https://no-such-host.invalid/')
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

  const remove = page.getByRole('button', { name: 'Remove the webhook to no-such-host.invalid' })
  await remove.click()
  const dialog = page.getByRole('dialog', { name: 'Remove the webhook to no-such-host.invalid?' })
  await expect(dialog).toContainText('Nothing more is sent to https://no-such-host.invalid/.')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(remove).toBeFocused()
  await remove.click()
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('group', { name: 'The webhook to no-such-host.invalid is removed' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible()
})

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a failed message is shown on every page, accessibly and on a phone, until an admin dismisses it', async ({
    page,
    settings,
    microsoft,
    admin,
  }) => {
    await failTestMail(settings.sendTestMail, microsoft, admin)
    await page.goto(PATH)
    const notice = page.getByRole('group', { name: FAILED })
    await expect(notice).toBeVisible()
    await expectAccessibleOnPhone(page)

    await expect(notice).toContainText('Invalid recipient')
    await test.step('more than two are unfolded by keyboard', async () => {
      await page.route('**/api/v1/notices', async (route) => {
        const answer = await route.fetch()
        const {
          items: [one],
        } = (await answer.json()) as { items: readonly object[] }
        const copies = ['1', '2', '3', '4'].map((digit) => Object.assign({}, one, { id: `alt_${digit.repeat(32)}` }))
        await route.fulfill({ response: answer, json: { items: copies } })
      })
      await page.reload()
      await expect(notice).toHaveCount(2)
      await page.getByRole('button', { name: '2 more' }).press('Enter')
      await expect(notice).toHaveCount(4)
      await expect(page.getByRole('button', { name: 'Show fewer' })).toBeFocused()
      await page.unroute('**/api/v1/notices')
      await page.reload()
      await expect(notice).toHaveCount(1)
    })
    await notice.getByRole('link', { name: 'Show failed messages' }).click()
    await expect(page.getByRole('combobox', { name: 'Status' })).toHaveValue('failed')
    await expect(notice).toBeVisible()
    await notice.getByRole('button', { name: 'Dismiss' }).press('Enter')
    await expect(notice).toBeHidden()
    await expect(page.locator('#content')).toBeFocused()
    await openAlerts(page)
    await expect(notice).toBeHidden()
  })

  test('every page says that the mailbox has to be reconnected, and a webhook is notified without anybody looking', async ({
    page,
    admin,
    settings,
    microsoft,
  }) => {
    await createWebhook(admin, 'https://no-such-host.invalid/')
    await microsoft.revokeTokens('ada@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.status('Reconnect required')).toBeVisible()
    await untilTried(admin)
    await page.getByRole('link', { name: 'Alerts' }).click()
    const notice = page.getByRole('group', { name: 'Mail from ada@contoso.com waits: reconnect the mailbox' })
    const row = page.getByRole('row').filter({ hasText: 'no-such-host.invalid' })
    await expect(row).toContainText('Reconnect required')
    await expect(row).toContainText('Not sent: the name is not known')
    await expect(row).toContainText('1 request is yet to be delivered')

    await notice.getByRole('link', { name: 'Reconnect' }).click()
    await expect(settings.notice('The connection was revoked')).toBeVisible()
    await expect(notice).toBeHidden() // the settings page says it once
  })
})

test('the page and its dialogs are accessible and fit a phone', async ({ page, admin }) => {
  await openAlerts(page)
  await expectAccessibleOnPhone(page)
  await createWebhook(admin, `https://no-such-host.invalid/${'x'.repeat(200)}`)
  await page.reload()
  await page.getByRole('button', { name: /^Test the webhook/ }).click()
  await expect(page.getByRole('group', { name: /^The test did not arrive/ })).toBeVisible()
  await expectAccessibleOnPhone(page)
  await page.getByRole('button', { name: /^Remove the webhook/ }).click()
  await expectAccessibleOnPhone(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Add webhook' }).click()
  await addDialog(page).getByRole('textbox', { name: 'Address of the receiver' }).fill(RECEIVER)
  await addDialog(page).getByRole('button', { name: 'Add webhook' }).click()
  await expect(secretDialog(page)).toBeVisible()
  await expectAccessibleOnPhone(page)
})

/** Makes Microsoft refuse the test mail permanently. */
async function failTestMail(sendTestMail: Locator, microsoft: Microsoft, admin: TestBrowser): Promise<void> {
  const body = { error: { code: 'ErrorInvalidRecipients', message: 'The recipient is not valid.' } }
  await microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'any-send', do: { action: 'answer', status: 400, body } },
  })
  await sendTestMail.click()
  await expect.poll(async () => (await admin.call('GET', '/api/v1/notices')).text).toContain('messages.failed')
}
