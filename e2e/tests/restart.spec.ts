import { giveConsent } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' }, ownContext: true })

test('a restart under an open page is noticed, and ends no session, no pending consent, no settings and no mail', async ({
  page,
  product,
  microsoft,
  settings,
}) => {
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')
  await settings.address.fill('reports@contoso.com')
  const popup = await settings.openMicrosoft(settings.save)
  await expect(popup.getByRole('button', { name: 'Ada Admin' })).toBeVisible()
  await page.clock.install()
  await page.reload()
  await expect(settings.pending).toBeVisible()
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  // Fails when a process of the product is left.
  await product.stop()
  await page.clock.fastForward('00:16')
  const unreachable = settings.notice('The server cannot be reached').first() // the pending consent has one of its own
  await expect(unreachable).toContainText('The page shows the settings as read on')
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 14_000)) // otherwise the page polls by itself
  await product.start()
  await unreachable.getByRole('button', { name: 'Retry' }).click()
  await page.clock.resume()
  await expect(settings.notice('The server cannot be reached')).toHaveCount(0)
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com')

  await test.step('the consent that was pending completes', async () => {
    const closed = popup.waitForEvent('close')
    await giveConsent(popup, 'Ada Admin')
    await closed
    await expect(settings.connection).toContainText("Sends as reports@contoso.com with Ada Admin's access.")
  })
  expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toEqual([
    'Inforiver sends mail as ada@contoso.com',
    'Test mail from Inforiver',
    'Inforiver sends mail as reports@contoso.com',
  ])
})
