import { expectAccessibleAtBothWidths } from '../support/axe.ts'
import { chooseAccount } from '../support/microsoft.ts'
import { CANCELLED } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test('mail leaves from a shared mailbox with the access of the person who gave consent', async ({
  settings,
  microsoft,
  page,
}) => {
  await settings.address.fill('reports@contoso.com')
  await expect(settings.permissionsAsked).toContainText('Mail.Send.Shared')
  await expect(page.getByText('The account needs the Send As right on reports@contoso.com.')).toBeVisible()
  await settings.consent(settings.enable)

  await test.step('the page says at once which account that is, and lets another one give consent', async () => {
    const connected = settings.notice('Connected')
    await expect(connected).toContainText(
      'The consent was given by ada@contoso.com, and the From Email Address is reports@contoso.com',
    )
    const popup = await settings.openMicrosoft(connected.getByRole('button', { name: 'Choose another account' }))
    await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
    await popup.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice(CANCELLED)).toBeVisible()
  })
  await expect(settings.connection).toContainText("Sends as reports@contoso.com with Ada Admin's access.")
  await expect(settings.connection).toContainText('Delegated mailbox: a shared mailbox or group')
  await page.getByRole('textbox', { name: 'Recipient (optional)' }).fill('max@contoso.com')
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From reports@contoso.com to max@contoso.com.')
  const from = { address: 'reports@contoso.com' }
  const arrived = [{ subject: 'Test mail from Inforiver', from, sender: from }] // sent as the mailbox, not on behalf of it
  await expect.poll(() => microsoft.mails('max@contoso.com', 'inbox')).toMatchObject(arrived)
})

test('without the right to send nothing is connected, the page says where to grant it, and Try again connects then', async ({
  page,
  settings,
  microsoft,
}) => {
  await test.step('a person without a mailbox cannot be the delegate', async () => {
    await settings.address.fill('finance@contoso.com')
    await settings.consentEndsIn(settings.enable, 'There is no such mailbox', 'Nora Nomail')
    await expect(settings.notice('There is no such mailbox')).toContainText('needs a licence with Exchange Online')
  })
  await settings.consentEndsIn(settings.enable, 'Sending as this address is not allowed')
  const notice = settings.notice('Sending as this address is not allowed')
  await expect(notice).toContainText('ada@contoso.com has no right to send as finance@contoso.com (')
  await expect(notice).toContainText('Exchange admin center (https://admin.exchange.microsoft.com) > Recipients')
  await expect(notice.getByRole('link')).toHaveAttribute('href', 'https://admin.exchange.microsoft.com')
  await expect(notice).toContainText('A fresh right can take an hour to work.')
  await expect(notice).toContainText('Nothing was changed.')
  await expect(notice).toContainText('given by ada@contoso.com, and the From Email Address is finance@contoso.com.')
  await expect(notice.getByRole('button', { name: 'Choose another account' })).toBeVisible()
  await expect(settings.status('Not configured')).toBeVisible()
  await expectAccessibleAtBothWidths(page)

  await microsoft.control('PUT', '/rights', { address: 'finance@contoso.com', person: 'ada@contoso.com', sendAs: true })
  const popup = await settings.openMicrosoft(notice.getByRole('button', { name: 'Try again' }))
  const closed = popup.waitForEvent('close')
  await chooseAccount(popup, 'Ada Admin')
  await closed
  await expect(settings.connection).toContainText("Sends as finance@contoso.com with Ada Admin's access.")
  await page.reload()
  await expect(settings.status('Connected')).toBeVisible()
})
