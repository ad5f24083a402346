import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

for (const { address, kind } of [
  { address: 'reports@contoso.com', kind: 'a shared mailbox' },
  { address: 'board@contoso.com', kind: 'an empty group' },
]) {
  test(`mail leaves from ${kind} with the access of the person who gave consent`, async ({
    settings,
    microsoft,
    page,
  }) => {
    await settings.address.fill(address)
    await expect(settings.permissionsAsked).toContainText('Mail.Send.Shared')
    await expect(page.getByText(`The account needs the Send As right on ${address}.`)).toBeVisible()
    await settings.consent(settings.enable)

    await expect(settings.connection).toContainText(`Sends as ${address} with Ada Admin's access.`)
    await expect(settings.connection).toContainText('Delegated mailbox: a shared mailbox or group')
    await page.getByRole('textbox', { name: 'Recipient (optional)' }).fill('max@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toContainText(`From ${address} to max@contoso.com.`)

    await page.goto(`${microsoft.url}/mailboxes/max@contoso.com`)
    await page.getByRole('link', { name: 'Test mail from Inforiver' }).click()
    await expect(page.getByText(`<${address}>`)).toBeVisible()
    await expect(page.getByText('on behalf of')).toBeHidden()
  })
}

test('without the Send As right nothing is connected, and the page says where to grant it', async ({
  page,
  settings,
}) => {
  await settings.address.fill('finance@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  await giveConsent(popup, 'Ada Admin')

  const notice = settings.notice('Sending as this address is not allowed')
  await expect(notice).toContainText('ada@contoso.com has no right to send as finance@contoso.com (')
  await expect(notice).toContainText('Exchange admin center (https://admin.exchange.microsoft.com) > Recipients')
  await expect(notice.getByRole('link')).toHaveAttribute('href', 'https://admin.exchange.microsoft.com')
  await expect(notice).toContainText('A fresh right can take an hour to work.')
  await expect(notice).toContainText('Nothing was changed.')
  await page.reload()
  await expect(settings.status('Not configured')).toBeVisible()
})

test('once the right is granted, Try again connects the mailbox', async ({ settings, microsoft }) => {
  await settings.address.fill('finance@contoso.com')
  await settings.consentEndsIn(settings.enable, 'Sending as this address is not allowed')
  await microsoft.control('PUT', '/rights', { address: 'finance@contoso.com', person: 'ada@contoso.com', sendAs: true })

  const again = settings.notice('Sending as this address is not allowed').getByRole('button', { name: 'Try again' })
  const popup = await settings.openMicrosoft(again)
  const closed = popup.waitForEvent('close')
  await chooseAccount(popup, 'Ada Admin')
  await closed

  await expect(settings.connection).toContainText("Sends as finance@contoso.com with Ada Admin's access.")
})

test('a person without a mailbox cannot be the delegate, and the page says why', async ({ settings }) => {
  await settings.address.fill('reports@contoso.com')
  await settings.consentEndsIn(settings.enable, 'There is no such mailbox', 'Nora Nomail')

  await expect(settings.notice('There is no such mailbox')).toContainText('needs a licence with Exchange Online')
})

test.describe('when a mailbox is connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('without the Send As right the sender that works stays', async ({ settings }) => {
    await settings.address.fill('finance@contoso.com')
    await settings.consentEndsIn(settings.save, 'Sending as this address is not allowed')

    await expect(settings.connection).toContainText('Sends as ada@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com')
  })
})
