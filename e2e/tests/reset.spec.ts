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

test('Reset says how many messages wait, holds them, and the next mailbox sends them', async ({
  page,
  settings,
  connect,
  microsoft,
}) => {
  await microsoft.revokeTokens('ada@contoso.com')
  await settings.sendTestMail.click()
  await expect(settings.notice('The test mail is held')).toBeVisible()
  await expect(settings.connection).toContainText('1 message waits and cannot leave until the mailbox is reconnected.')

  await settings.reset.click()
  const dialog = page.getByRole('dialog', { name: 'Reset Office 365 SMTP?' })
  await expect(dialog).toContainText(
    '1 message waits and cannot leave until a mailbox is connected again. None is lost.',
  )
  await dialog.getByRole('button', { name: 'Reset' }).click()
  await expect(settings.notice('1 message waits and cannot leave until a mailbox is connected.')).toBeVisible()

  await connect({ fromEmail: 'reports@contoso.com' })
  await expect.poll(() => microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
})

test('Reset says how many messages were on their way to Microsoft and could not be recalled', async ({
  page,
  settings,
  microsoft,
}) => {
  await microsoft.control('POST', '/scenarios', { name: 'send-slow' })
  await settings.sendTestMail.click()
  await expect.poll(() => microsoft.requestsInFlight('ada@contoso.com')).toBe(1)

  await settings.reset.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click()

  await expect(settings.notice('Reset')).toContainText(
    '1 message was already on its way to Microsoft and could not be recalled: it may have left from ada@contoso.com.',
  )
})
