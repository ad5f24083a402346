import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { expectAccessibleOnPhone } from '../support/axe.ts'
import { createKey, revokeKeys } from '../support/service.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/audit-log'
const KEY_NAME = `audited-service-${'k'.repeat(80)}`

async function openAuditLog(page: Page, search = ''): Promise<void> {
  await page.goto(PATH + search)
  await expect(page.getByRole('heading', { name: 'Audit log', level: 1 })).toBeVisible()
}

function row(page: Page, text: string | RegExp): Locator {
  return page.getByRole('table', { name: 'Audit log' }).getByRole('row').filter({ hasText: text })
}

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('what an admin did is listed newest first, accessibly and on a phone, and exported for a spreadsheet', async ({
    page,
    admin,
    settings,
  }) => {
    await createKey(admin, '=HYPERLINK("http://contoso.com")')
    await createKey(admin, KEY_NAME)
    await settings.page.getByRole('link', { name: 'Audit log' }).click()

    const key = row(page, KEY_NAME).first()
    await expect(key).toContainText('Ada Admin')
    await expect(key).toContainText('ada@contoso.com')
    await expect(key).toContainText('Service key created')
    await expect(key).toContainText('Scopes: messages:send messages:read')
    const consent = row(page, 'Consent ended: connect a mailbox').first()
    await expect(consent).toContainText('Completed')
    await expect(consent).toContainText('Sender: ada@contoso.com')
    await expect(page.getByRole('row').nth(1)).toContainText(KEY_NAME)

    await expectAccessibleOnPhone(page)

    await page.getByRole('combobox', { name: 'Event' }).selectOption('Service key created')
    await expect(page).toHaveURL(/action=service-key-created/)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export as CSV' }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(/^inforiver-mail-audit-\d{4}-\d\d-\d\d\.csv$/)
    const lines = (await readFile(await file.path(), 'utf8')).split('\r\n')
    expect(lines[0]).toBe('\uFEFFtime,person,address,action,outcome,details')
    expect(lines[1]).toContain(',Ada Admin,ada@contoso.com,service-key-created,done,"{')
    expect(lines.slice(1, -1).filter((line) => !line.includes('service-key-created'))).toEqual([])
    await revokeKeys(admin)
  })
})

test('where the log cannot be read, Retry reads it; the filter is used by keyboard, stays in the address, and explains what it leaves empty', async ({
  page,
  sessionOf,
}) => {
  await sessionOf('Bob Behalf') // his sign-in is an event
  await page.route('**/api/v1/audit-events?**', (route) => route.abort())
  await openAuditLog(page)
  await test.step('a log that cannot be read says so', async () => {
    const failure = page.getByRole('group', { name: 'The server cannot be reached' })
    await expect(failure).toBeVisible()
    await page.unroute('**/api/v1/audit-events?**')
    await failure.getByRole('button', { name: 'Retry' }).click()
    await expect(row(page, 'Ada Admin').first()).toBeVisible()
    await expect(failure).toBeHidden()
  })
  const person = page.getByRole('searchbox', { name: 'Person' })
  const event = page.getByRole('combobox', { name: 'Event' })

  await test.step('a name counts while the field keeps the focus', async () => {
    await person.focus()
    await page.keyboard.type('nobody of this name')
    await expect(page.getByRole('heading', { name: 'No event matches' })).toBeVisible()
    await expect(person).toBeFocused()
    await page.keyboard.press('Tab')
    await expect(event).toBeFocused()
    await page.keyboard.press('Tab')
    await expect(page.getByRole('link', { name: 'Export as CSV' })).toBeFocused()
  })
  await test.step('a name counts as soon as the field is left', async () => {
    await person.fill('bob')
    await person.blur()
    expect(await page.evaluate(() => location.search)).toBe('?person=bob')
  })
  await event.selectOption('Sign-in')
  await expect(page).toHaveURL(/person=bob&action=sign-in/)
  await expect(row(page, 'Bob Behalf').first()).toContainText('As workspace admin')
  await expect(row(page, 'Ada Admin')).toHaveCount(0)

  await page.reload()
  await expect(page).toHaveURL(/person=bob&action=sign-in/)
  await expect(person).toHaveValue('bob')
  await expect(event).toHaveValue('sign-in')
  await expect(row(page, 'Bob Behalf').first()).toBeVisible()
  await page.getByRole('link', { name: 'Audit log' }).click()
  await expect(person).toHaveValue('')
  await expect(row(page, 'Ada Admin').first()).toBeVisible()

  await test.step('a period that ends before it begins is refused', async () => {
    await page.getByLabel('From').fill('2099-01-02')
    await expect(page.getByRole('heading', { name: 'No event matches' })).toBeVisible()
    await page.getByLabel('To', { exact: true }).fill('2099-01-01')
    await expect(page.getByText('This is before From.')).toBeVisible()
    await page.getByLabel('From').fill('2020-01-01')
    await expect(page.getByText('This is before From.')).toBeHidden()
    await expect(row(page, 'Ada Admin').first()).toBeVisible()
  })
})
