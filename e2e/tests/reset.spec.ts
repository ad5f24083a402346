import { holdRequests } from '../support/held-requests.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

test('Reset asks first, says what it does and what it leaves at Microsoft, and then removes the mailbox', async ({
  page,
  settings,
}) => {
  const dialog = page.getByRole('dialog', { name: 'Reset Office 365 SMTP?' })
  await test.step('nothing is reset by Cancel or Escape', async () => {
    await settings.reset.click()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await expect(dialog).toBeHidden()
    await settings.reset.click()
    await expect(dialog).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await page.reload()
    await expect(settings.status('Connected')).toBeVisible()
    await expect(settings.address).toHaveValue('ada@contoso.com')
  })
  await settings.reset.click()
  await expect(dialog).toContainText('No messages wait.')
  await expect(dialog).toContainText('Pending consent requests are cancelled.')
  await expect(dialog).toContainText('in Entra under Enterprise applications > Permissions')
  const held = await holdRequests(page, '**/office365-smtp/reset', 'POST')
  await dialog.getByRole('button', { name: 'Reset' }).click()
  await test.step('nothing closes the dialog while the mailbox is being removed', async () => {
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeDisabled()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.mouse.click(1, 1)
    await expect(dialog).toBeVisible()
  })
  held.release()

  await expect(settings.status('Not configured')).toBeVisible()
  await expect(settings.notice('Reset')).toContainText('The tokens and settings are deleted.')
  await expect(settings.address).toHaveValue('')
  await expect(settings.address).toBeFocused()
  await expect(settings.connection).toBeHidden()
})
