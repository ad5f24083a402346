import { chooseAccount } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

test('revoked tokens are explained, and after Reconnect the held mail leaves by itself', async ({
  settings,
  microsoft,
}) => {
  await microsoft.revokeTokens('ada@contoso.com')
  await settings.sendTestMail.click()

  await expect(settings.status('Reconnect required')).toBeVisible()
  await expect(settings.connection).toContainText(
    'Nothing is sent as ada@contoso.com until the mailbox is reconnected.',
  )
  await expect(settings.connection).toContainText('1 message is held until the mailbox is reconnected.')
  await expect(settings.connection).not.toContainText('The last waiting message leaves')
  const problem = settings.notice('The connection was revoked')
  await expect(problem).toContainText('An administrator reset the password of the account or revoked its sessions')
  await expect(problem).toContainText('AADSTS50173')
  await expect(problem).toContainText('Choose Reconnect and sign in with the same account.')
  await expect(settings.notice('The test mail is held')).toContainText('once the mailbox is reconnected')

  const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  const closed = popup.waitForEvent('close')
  await chooseAccount(popup, 'Ada Admin')
  await closed
  await expect(settings.notice('Reconnected')).toContainText('Mail leaves from ada@contoso.com again.')
  await expect(settings.status('Connected')).toBeVisible()
  await expect(problem).toBeHidden()
  await expect(settings.notice('Test mail sent')).toBeVisible()
  expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
})

test('a cancelled Reconnect leaves everything as it was', async ({ settings, microsoft }) => {
  await microsoft.revokeTokens('ada@contoso.com')
  await settings.sendTestMail.click()
  const problem = settings.notice('The connection was revoked')
  const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  await popup.getByRole('button', { name: 'Cancel' }).click()

  await expect(settings.notice('The consent was not completed')).toBeVisible()
  await expect(settings.status('Reconnect required')).toBeVisible()
  await expect(settings.notice('The test mail is held')).toBeVisible()

  const again = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  await chooseAccount(again, 'Ada Admin')
  await expect(settings.notice('Test mail sent')).toBeVisible()
})

test('a client secret that no longer works is the operator’s to mend, and no mail is lost over it', async ({
  settings,
  microsoft,
}) => {
  await microsoft.control('POST', '/scenarios', { name: 'secret-wrong', times: 'always' })
  await microsoft.control('POST', '/scenarios', {
    effect: {
      kind: 'http',
      endpoint: 'sendMail',
      do: {
        action: 'answer',
        when: 'before',
        status: 401,
        body: { error: { code: 'InvalidAuthenticationToken', message: 'Access token has expired.' } },
      },
    },
  })
  await settings.sendTestMail.click()

  const problem = settings.notice('The client secret is wrong')
  await expect(problem).toContainText('AADSTS7000215')
  await expect(problem).toContainText('AZURE_CLIENT_SECRET')
  await expect(problem).toContainText('Reconnecting the mailbox does not help.')
  await expect(problem.getByRole('button', { name: 'Reconnect' })).toHaveCount(0)
  await expect(settings.status('Connected')).toBeVisible()
  await expect(settings.connection).toContainText('1 message is held until the app registration works again.')
  await expect(settings.connection).not.toContainText('Sends as ada@contoso.com')
  await expect(settings.notice('The test mail is held')).toContainText('once the operator has mended it')

  await microsoft.control('DELETE', '/scenarios')
  await settings.resetAll()
  await settings.address.fill('ada@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  await chooseAccount(popup, 'Ada Admin')
  await expect.poll(() => microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
})
