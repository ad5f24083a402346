import type { Locator, Page } from '@playwright/test'
import { expectAccessible, expectAccessibleOnPhone } from '../support/axe.ts'
import { createKey, createService, revokeKeys } from '../support/service.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/service-keys'

test.beforeEach(({ admin }) => revokeKeys(admin))

async function openKeys(page: Page): Promise<void> {
  await page.goto(PATH)
  await expect(page.getByRole('heading', { name: 'Service keys', level: 1 })).toBeVisible()
}

/** Creates a key in the page, and leaves the dialog with the key open. */
async function makeKey(page: Page, name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a service key' })
  await dialog.getByRole('textbox', { name: 'Name of the service' }).fill(name)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  return page.getByRole('dialog', { name: `A key for ${name}` })
}

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a service sends with a key that an admin made and copied in the page, where it is shown once', async ({
    page,
    context,
    settings,
    playwright,
    product,
    microsoft,
  }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await settings.page.getByRole('link', { name: 'Service keys' }).click()
    const dialog = await makeKey(page, 'report-scheduler')
    await expect(dialog).toContainText('This key is shown only now')
    await expect(dialog).toContainText(`curl ${product.url}/api/v1/messages`)
    await test.step('no stray key press closes the only view of the key', async () => {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await expect(dialog.getByRole('textbox', { name: 'Service key' })).toBeVisible()
    })
    await dialog.getByRole('button', { name: 'Copy key' }).click()
    await expect(dialog.getByText('Copied.')).toBeVisible()
    const key = await page.evaluate(() => navigator.clipboard.readText())
    expect(await dialog.getByRole('textbox', { name: 'Service key' }).inputValue()).toBe(key)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await expect(page.getByRole('button', { name: 'Create key' })).toBeFocused()

    await test.step('the key is not to be found in the page afterwards', async () => {
      const row = page.getByRole('row').filter({ hasText: 'report-scheduler' })
      await expect(row).toContainText('Send messages, read messages')
      expect(await page.content()).not.toContain(key)
      await page.reload()
      await expect(row).toContainText('Never')
      expect(await page.content()).not.toContain(key)
    })

    const service = createService(playwright, product.url, key)
    await service.submit({ to: ['ada@contoso.com'], subject: 'Sent with a new key', text: 'It works.' })
    await expect.poll(() => microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Sent with a new key')
  })
})

test('a key is made with an end, domains and addresses, what is missing is said in the dialog, and each fault at its field', async ({
  page,
  admin,
}) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a service key' })
  await test.step('without name or scope none is made', async () => {
    await dialog.getByRole('checkbox', { name: 'Send messages' }).uncheck()
    await dialog.getByRole('checkbox', { name: 'Read messages' }).uncheck()
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await expect(dialog.getByText('A name is needed, such as report-scheduler.')).toBeVisible()
    await expect(dialog.getByText('At least one scope is needed.')).toBeVisible()
    await expect(dialog.getByRole('textbox', { name: 'Name of the service' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await expect(page.getByRole('heading', { name: 'No service keys yet' })).toBeVisible()
    await page.getByRole('button', { name: 'Create key' }).click()
  })
  await dialog.getByRole('textbox', { name: 'Name of the service' }).fill('ledger')
  await test.step('a date without a time is no end, and not taken for none', async () => {
    await dialog.getByLabel('Ends on').focus()
    await page.keyboard.type('01012099')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await expect(dialog.getByText('A whole date and a time are needed, or nothing.')).toBeVisible()
    await expect(dialog.getByLabel('Ends on')).toBeFocused()
    await expectAccessible(page)
    expect((await admin.call('GET', '/api/v1/service-keys')).json.items).toEqual([])
  })
  await dialog.getByLabel('Ends on').fill('2020-01-01T08:00')
  await dialog.getByRole('textbox', { name: 'May write to' }).fill('contoso.com\nmax@contoso.com')
  await dialog.getByRole('textbox', { name: 'May be used from' }).fill('10.0.0.0/8\nlocalhost')
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await expect(dialog.getByText('This is in the past')).toBeVisible()
  await expect(dialog.getByText('max@contoso.com: ')).toBeVisible()
  await expect(dialog.getByText('localhost: ')).toBeVisible()
  await expect(dialog.getByLabel('Ends on')).toBeFocused()
  await expectAccessibleOnPhone(page)

  await dialog.getByLabel('Ends on').fill('2099-01-01T08:00')
  await dialog.getByRole('textbox', { name: 'May write to' }).fill('contoso.com')
  await dialog.getByRole('textbox', { name: 'May be used from' }).fill('10.0.0.0/8')
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await page.getByRole('dialog', { name: 'A key for ledger' }).getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'ledger' })).toContainText('To contoso.com; from 10.0.0.0/8')
  const { items } = (await admin.call('GET', '/api/v1/service-keys')).json
  expect(items).toMatchObject([{ allowedDomains: ['contoso.com'], allowedAddresses: ['10.0.0.0/8'] }])
  expect(items[0].expiresAt).toMatch(/^2098-12-31|^2099-01-01/)
})

test('a key is revoked after a question and stops at once, while the other key of the service keeps working', async ({
  page,
  playwright,
  product,
  admin,
}) => {
  const withOld = createService(playwright, product.url, await createKey(admin, 'alerts'))
  const withNew = createService(playwright, product.url, await createKey(admin, 'alerts'))
  await openKeys(page)
  const revoke = page.getByRole('button', { name: 'Revoke alerts' })
  const dialog = page.getByRole('dialog', { name: 'Revoke the key of alerts?' })
  await revoke.first().click()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(revoke.first()).toBeFocused()
  expect([await withOld.readStatus(), await withNew.readStatus()]).toEqual([200, 200])

  await revoke.first().click()
  await expect(dialog).toContainText('It stops at once')
  await expect(dialog).toContainText('alerts has another key, which keeps working.')
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('group', { name: 'A key of alerts is revoked' })).toBeVisible()
  await expect(revoke).toHaveCount(1)
  expect([await withOld.readStatus(), await withNew.readStatus()]).toEqual([401, 200])
})

test('the page keeps inside its card at every width, and its dialogs are accessible and fit a phone', async ({
  page,
  admin,
}) => {
  await createKey(admin, 'report-scheduler')
  await openKeys(page)
  const rightOf = (locator: Locator) => locator.evaluate((element) => element.getBoundingClientRect().right)
  for (const width of [640, 768, 900, 901, 960, 1024, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    const last = page.getByRole('row').filter({ hasText: 'report-scheduler' }).getByRole('cell').last()
    expect(await rightOf(last), `${width} px`).toBeLessThanOrEqual(
      await rightOf(page.getByRole('region', { name: 'Keys' })),
    )
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} px`).toBe(0)
  }
  await page.setViewportSize({ width: 1024, height: 800 })
  await expect(page.getByRole('row').first()).toHaveText(/Permissions/)
  await expect(page.getByRole('row').nth(1)).toHaveCSS('display', 'table-row')

  const name = 'x'.repeat(100)
  await createKey(admin, name)
  await page.reload()
  await expect(page.getByRole('row').filter({ hasText: name })).toBeVisible()
  await expectAccessibleOnPhone(page)
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  await expectAccessibleOnPhone(page)
  await page.keyboard.press('Escape')
  await expect(await makeKey(page, 'alerts')).toBeVisible()
  await expectAccessibleOnPhone(page)
})
