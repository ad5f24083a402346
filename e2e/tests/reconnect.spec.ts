import type { Locator, Page } from '@playwright/test'
import { chooseAccount, createMicrosoft, type Microsoft } from '../support/microsoft.ts'
import { startProduct } from '../support/product.ts'
import { startRegisteredMicrosoft } from '../support/registered-microsoft.ts'
import { createTestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { expectAccessible } from '../support/axe.ts'
import { createKey, createService, type Service } from '../support/service.ts'
import { CANCELLED, SETTINGS_PATH, type SettingsPage, createSettingsPage } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

const CORRELATION_ID = /Correlation id: [0-9a-f-]{36}/
const DAY_MS = 24 * 60 * 60_000

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

function mail(subject: string) {
  return { to: ['bob@contoso.com'], subject, text: 'Attached.' }
}

async function submitAll(service: Service, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) await service.submit(mail(subject))
}

async function expectHeld(page: Page, subjects: readonly string[]): Promise<void> {
  await page.getByRole('link', { name: 'Messages' }).click()
  const rows = subjects.map((subject): Locator =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name: subject, exact: true }) }),
  )
  for (const row of rows) await expect(row).toContainText('Held')
  await page.goBack()
}

/** Checks that each of these messages arrived exactly once, and no other. */
async function expectDeliveredOnce(microsoft: Microsoft, subjects: readonly string[]): Promise<void> {
  const arrived = async () => (await microsoft.subjects('bob@contoso.com', 'inbox')).toSorted()
  await expect.poll(arrived).toEqual(subjects.toSorted())
}

/** Makes Graph refuse the next message's token, so that the product requests another one. */
async function refuseToken(microsoft: Microsoft): Promise<void> {
  await microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
}

async function settingsOf({ page }: SettingsPage): Promise<Record<string, unknown>> {
  const answer = await page.request.get(new URL('/api/v1/tenant-settings/office365-smtp', page.url()).href)
  return (await answer.json()) as Record<string, unknown>
}

/** Reloads the page as soon as the API reports this, instead of waiting for its next poll. */
async function reloadOnce(settings: SettingsPage, expected: Record<string, unknown>): Promise<void> {
  await expect.poll(() => settingsOf(settings)).toMatchObject(expected)
  await settings.page.reload()
}

test.describe('of a shared mailbox with large attachments', () => {
  test.use({ connectedSender: { fromEmail: 'reports@contoso.com', largeAttachments: true } })

  test('after the grant was revoked, held messages leave once when it is reconnected, and all is as it was', async ({
    settings,
    service,
    microsoft,
  }) => {
    const { version: _version, connectedAt: _connectedAt, ...before } = await settingsOf(settings)
    await submitAll(service, ['Before'])
    await expectDeliveredOnce(microsoft, ['Before'])
    await microsoft.revokeTokens('ada@contoso.com')
    await submitAll(service, ['Held 1', 'Held 2'])

    await expect(settings.status('Reconnect required')).toBeVisible()
    const problem = settings.notice('The connection was revoked')
    await expect(problem).toContainText('An administrator reset the password of the account or revoked its sessions')
    await expect(problem).toContainText('AADSTS50173')
    await expect(problem).toContainText('A workspace admin chooses Reconnect and signs in with the same account.')
    await expect(problem.getByRole('link')).toHaveAttribute(
      'href',
      /\/\/login\.microsoftonline\.com\/error\?code=50173$/,
    )
    await expect(problem).toContainText(CORRELATION_ID)
    await submitAll(service, ['Held 3'])
    await expectHeld(settings.page, ['Held 1', 'Held 2', 'Held 3'])
    expect(await microsoft.subjects('bob@contoso.com', 'inbox')).toEqual(['Before'])

    const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
    const closed = popup.waitForEvent('close')
    await chooseAccount(popup, 'Ada Admin') // everything was granted before, so no consent page appears
    await closed

    await expect(settings.notice('Reconnected')).toContainText('Mail leaves from reports@contoso.com again.')
    await expect(settings.status('Connected')).toBeVisible()
    await expectDeliveredOnce(microsoft, ['Before', 'Held 1', 'Held 2', 'Held 3'])
    await expect(settings.address).toHaveValue('reports@contoso.com')
    await expect(settings.largeAttachments).toBeChecked()
    await expect(settings.largeAttachments).toBeDisabled()
    await expect.poll(() => settingsOf(settings)).toMatchObject(before)
  })
})

test.describe('right after the mailbox was connected', () => {
  test.use({ connectedSender: null })

  test('a test mail that met revoked tokens says that it is held, also after a cancelled Reconnect, and leaves after the next', async ({
    settings,
    microsoft,
  }) => {
    await settings.address.fill('ada@contoso.com')
    await settings.consent(settings.enable)
    await expect(settings.notice('Connected')).toBeVisible()
    await microsoft.revokeTokens('ada@contoso.com')
    await settings.sendTestMail.click()

    const problem = settings.notice('The connection was revoked')
    await expect(problem).toBeVisible()
    await test.step('the success gives way to the problem, and nobody is said to have changed the settings', async () => {
      await expect(settings.notice('Connected')).toBeHidden()
      await expect(settings.notice('The settings have changed since')).toHaveCount(0)
      await expect(settings.page.getByRole('button', { name: 'Try again' })).toHaveCount(0)
    })
    await expect(settings.status('Reconnect required')).toBeVisible()
    await expect(settings.connection).toContainText(
      'Nothing is sent as ada@contoso.com until the mailbox is reconnected.',
    )
    await expect(settings.connection).toContainText(
      '1 message waits and cannot leave until the mailbox is reconnected.',
    )
    await expect(settings.connection).not.toContainText('The last waiting message leaves')
    await expect(settings.notice('The test mail is held')).toContainText('once the mailbox is reconnected')

    await test.step('a cancelled Reconnect leaves everything as it was', async () => {
      const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
      await popup.getByRole('button', { name: 'Cancel' }).click()
      await expect(settings.notice(CANCELLED)).toBeVisible()
      await expect(settings.status('Reconnect required')).toBeVisible()
      await expect(settings.notice('The test mail is held')).toBeVisible()
    })
    const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
    await chooseAccount(popup, 'Ada Admin')
    await expect(problem).toBeHidden()
    await expect(settings.notice('Test mail sent')).toBeVisible()
    expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
  })
})

test.describe('by a certificate', () => {
  test.use({ account: null, connectedSender: null })

  test('an Entra administrator lets the application send by itself, and again after the consent was withdrawn', async ({
    page,
    playwright,
  }) => {
    const registered = await startRegisteredMicrosoft({ validTo: new Date(Date.now() + 4.5 * DAY_MS) }) // the demo has no certificate
    const product = await startProduct({ environment: { ...registered.environment, GRAPH_AUTH: 'application' } })
    const microsoft = createMicrosoft(registered.url)
    await page.goto(product.url + SETTINGS_PATH)
    await signIn(page, 'Ada Admin')
    const settings = createSettingsPage(page)
    await test.step('before the certificate expires, the settings say when, what it means and who mends it', async () => {
      const warning = settings.notice('The certificate of the app registration expires in 5 days')
      await expect(warning).toContainText('From then on nothing is sent, and nobody can sign in.')
      await expect(warning).toContainText(
        'the operator of this installation puts it where AZURE_CLIENT_CERTIFICATE_PATH',
      )
      // Other pages show it as a notice; this page shows it once.
      await expect(page.getByRole('group', { name: /certificate of the app registration/ })).toHaveCount(1)
      await expectAccessible(page)
    })
    const sender = page.getByRole('region', { name: 'Sender' })
    await settings.address.fill('finance@contoso.com')
    await expect(sender).toContainText('Mail.Send: Send mail from every mailbox the application may use.')
    await expect(sender).toContainText("no person's access is used or kept")
    await expect(sender).not.toContainText('Send As right')

    const popup = await settings.openMicrosoft(settings.enable)
    await chooseAccount(popup, 'Grace Global')
    await expect(popup.getByText('Send mail as any user', { exact: true })).toBeVisible()
    const closed = popup.waitForEvent('close')
    await popup.getByRole('button', { name: 'Accept' }).click()
    await closed

    await expect(settings.notice('Connected')).toContainText('Mail leaves from finance@contoso.com.')
    await expect(settings.connection).toContainText("Sends as finance@contoso.com with the application's own access.")
    await expect(settings.connection).not.toContainText('Connected as')
    await expect(settings.connection).toContainText('CertificateValid until')
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toContainText('From finance@contoso.com to ada@contoso.com.')
    const admin = createTestBrowser(product.url)
    await admin.signIn('Ada Admin')
    const service = createService(playwright, product.url, await createKey(admin, 'scheduler'))

    await microsoft.control('DELETE', '/tenant-consents')
    await refuseToken(microsoft)
    await submitAll(service, ['Held 1', 'Held 2'])
    await reloadOnce(settings, { status: 'reconnect-required' })
    await expect(settings.status('Reconnect required')).toBeVisible()
    await expectHeld(page, ['Held 1', 'Held 2'])
    const problem = settings.notice('The application permission Mail.Send is missing')
    await settings.consent(problem.getByRole('button', { name: 'Reconnect' }), 'Grace Global')

    await expect(settings.status('Connected')).toBeVisible()
    await expectDeliveredOnce(microsoft, ['Held 1', 'Held 2'])
    expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toEqual([
      'Inforiver sends mail as finance@contoso.com',
      'Test mail from Inforiver',
      'Inforiver sends mail as finance@contoso.com',
    ])

    await test.step('a certificate that was removed is the operator’s to mend', async () => {
      await microsoft.control('POST', '/scenarios', { name: 'certificate-unknown', times: 'always' })
      await refuseToken(microsoft)
      await settings.sendTestMail.click()
      const refused = settings.notice('The certificate of the app is not accepted')
      await expect(refused).toContainText('AZURE_CLIENT_CERTIFICATE_PATH')
      await expect(refused).toContainText('AADSTS700027')
      await expect(page.getByRole('button', { name: 'Reconnect' })).toHaveCount(0)
    })
    await product.dispose()
    await registered.close()
  })
})
