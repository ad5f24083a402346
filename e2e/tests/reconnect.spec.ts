import type { Locator, Page } from '@playwright/test'
import { chooseAccount, createMicrosoft, type Microsoft } from '../support/microsoft.ts'
import { startProduct, type Product } from '../support/product.ts'
import { startRegisteredMicrosoft } from '../support/registered-microsoft.ts'
import { cancelWaiting, createKey, createService, revokeKeys, type Service } from '../support/service.ts'
import { createSettingsPage, SETTINGS_PATH, type SettingsPage } from '../support/settings-page.ts'
import { expect, signIn, test as base } from '../support/test.ts'

const CORRELATION_ID = /Correlation id: [0-9a-f-]{36}/
const SECOND_FACTOR =
  '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'

const test = base.extend<{ service: Service }>({
  service: async ({ page, playwright, product }, use) => {
    await use(createService(playwright, product.url, await createKey(page.request, product.url, 'report-scheduler')))
    await revokeKeys(page.request, product.url)
    await cancelWaiting(page.request, product.url)
  },
})

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

/** Restarts the product, as an operator does after fixing the app registration. */
async function restart(product: Product): Promise<void> {
  await product.stop()
  await product.start()
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

test('a test mail that met revoked tokens says that it is held, and leaves after Reconnect', async ({
  settings,
  microsoft,
}) => {
  await microsoft.revokeTokens('ada@contoso.com')
  await settings.sendTestMail.click()

  await expect(settings.status('Reconnect required')).toBeVisible()
  await expect(settings.connection).toContainText(
    'Nothing is sent as ada@contoso.com until the mailbox is reconnected.',
  )
  await expect(settings.connection).toContainText('1 message waits and cannot leave until the mailbox is reconnected.')
  await expect(settings.connection).not.toContainText('The last waiting message leaves')
  await expect(settings.notice('The test mail is held')).toContainText('once the mailbox is reconnected')

  const problem = settings.notice('The connection was revoked')
  const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  await chooseAccount(popup, 'Ada Admin')
  await expect(problem).toBeHidden()
  await expect(settings.notice('Test mail sent')).toBeVisible()
  expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
})

test.describe('right after the mailbox was connected', () => {
  test.use({ connectedSender: null })

  test('the success gives way to the problem, and nobody is said to have changed the settings', async ({
    settings,
    microsoft,
  }) => {
    await settings.address.fill('ada@contoso.com')
    await settings.consent(settings.enable)
    await expect(settings.notice('Connected')).toBeVisible()
    await microsoft.revokeTokens('ada@contoso.com')
    await settings.sendTestMail.click()

    await expect(settings.notice('The connection was revoked')).toBeVisible()
    await expect(settings.notice('Connected')).toBeHidden()
    await expect(settings.notice('The settings have changed since')).toHaveCount(0)
    await expect(settings.page.getByRole('button', { name: 'Try again' })).toHaveCount(0)
  })
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

test('a policy that wants a second factor is satisfied by one Reconnect, which asks for it', async ({
  settings,
  service,
  microsoft,
}) => {
  const policy = { kind: 'entra-error', at: 'refresh', code: 50076, error: 'interaction_required' }
  const effect = { ...policy, claims: SECOND_FACTOR, untilClaimsAreAskedFor: true }
  await microsoft.control('POST', '/scenarios', { effect, times: 'always' })
  await refuseToken(microsoft)
  await submitAll(service, ['Waits for the second factor'])

  const problem = settings.notice('Multifactor authentication is required')
  await reloadOnce(settings, { status: 'reconnect-required' })
  await expect(problem).toBeVisible()
  await expect(problem).toContainText('Whoever signs in has the second factor at hand and completes it.')
  const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  await popup.waitForURL(/[?&]claims=[^&]*capolids/)
  await chooseAccount(popup, 'Ada Admin')
  await expect(settings.notice('Reconnected')).toBeVisible()
  await refuseToken(microsoft) // makes the product request another token, which the policy now allows
  await submitAll(service, ['Needs no second one'])

  await expectDeliveredOnce(microsoft, ['Waits for the second factor', 'Needs no second one'])
  expect(await settingsOf(settings)).toMatchObject({ status: 'connected', problem: null })
})

test('an expired client secret is the operator’s to mend, and what is held leaves by itself then', async ({
  settings,
  service,
  microsoft,
  product,
}) => {
  test.setTimeout(120_000) // the product stops and starts again
  await microsoft.control('POST', '/scenarios', { name: 'secret-expired', times: 'always' })
  await refuseToken(microsoft)
  await submitAll(service, ['Waits for the secret', 'Waits as well'])

  const problem = settings.notice('The client secret has expired')
  await reloadOnce(settings, { status: 'connected', problem: { code: 'app-misconfigured' } })
  await expect(problem).toBeVisible()
  await expect(problem).toContainText('AADSTS7000222')
  await expect(problem).toContainText('AZURE_CLIENT_SECRET')
  await expect(problem).toContainText(CORRELATION_ID)
  await expect(problem).toContainText('Reconnecting the mailbox does not help.')
  await expect(settings.page.getByRole('button', { name: 'Reconnect' })).toHaveCount(0)
  await expect(settings.status('Not sending')).toBeVisible()
  await expect(settings.connection).toContainText(
    '2 messages wait and cannot leave until the app registration works again.',
  )
  await expect(settings.connection).not.toContainText('Sends as ada@contoso.com')
  await expectHeld(settings.page, ['Waits for the secret', 'Waits as well'])

  await microsoft.control('DELETE', '/scenarios')
  await restart(product)

  await expectDeliveredOnce(microsoft, ['Waits for the secret', 'Waits as well'])
  await reloadOnce(settings, { problem: null })
  await expect(problem).toBeHidden()
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')
  await expect(settings.status('Connected')).toBeVisible()
})

/** Starts a product that authenticates by a certificate, and a simulator beside it: the demo has none. */
async function startWithCertificate(environment: Readonly<Record<string, string>>) {
  const registered = await startRegisteredMicrosoft()
  const product = await startProduct({ environment: { ...registered.environment, ...environment } })
  return {
    product,
    microsoft: createMicrosoft(registered.url),
    close: async () => {
      await product.dispose()
      await registered.close()
    },
  }
}

async function expectCertificateProblem(settings: SettingsPage, microsoft: Microsoft): Promise<void> {
  await microsoft.control('POST', '/scenarios', { name: 'certificate-unknown', times: 'always' })
  await refuseToken(microsoft)
  await settings.sendTestMail.click()
  const problem = settings.notice('The certificate of the app is not accepted')
  await expect(problem).toContainText('AZURE_CLIENT_CERTIFICATE_PATH')
  await expect(problem).toContainText('AADSTS700027')
  await expect(settings.page.getByRole('button', { name: 'Reconnect' })).toHaveCount(0)
}

test.describe('by a certificate', () => {
  test.describe.configure({ timeout: 120_000 }) // each starts a product and a simulator of its own
  test.use({ account: null, connectedSender: null })

  test('a person’s access that was withdrawn is reconnected, and a certificate that was removed is the operator’s', async ({
    page,
    playwright,
  }) => {
    const { product, microsoft, close } = await startWithCertificate({})
    await page.goto(product.url + SETTINGS_PATH)
    await signIn(page, 'Ada Admin')
    const settings = createSettingsPage(page)
    await settings.address.fill('reports@contoso.com')
    await settings.consent(settings.enable)
    await expect(settings.notice('Connected')).toBeVisible()
    const service = createService(playwright, product.url, await createKey(page.request, product.url, 'scheduler'))

    await microsoft.revokeTokens('ada@contoso.com')
    await submitAll(service, ['Held 1', 'Held 2'])
    await reloadOnce(settings, { status: 'reconnect-required' })
    await expectHeld(page, ['Held 1', 'Held 2'])
    const popup = await settings.openMicrosoft(page.getByRole('button', { name: 'Reconnect' }))
    const closed = popup.waitForEvent('close')
    await chooseAccount(popup, 'Ada Admin')
    await closed
    await expectDeliveredOnce(microsoft, ['Held 1', 'Held 2'])

    await expectCertificateProblem(settings, microsoft)
    await close()
  })

  test('an Entra administrator lets the application send by itself, and again after the consent was withdrawn', async ({
    page,
    playwright,
  }) => {
    const { product, microsoft, close } = await startWithCertificate({ GRAPH_AUTH: 'application' })
    await page.goto(product.url + SETTINGS_PATH)
    await signIn(page, 'Ada Admin')
    const settings = createSettingsPage(page)
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
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toContainText('From finance@contoso.com to ada@contoso.com.')
    const service = createService(playwright, product.url, await createKey(page.request, product.url, 'scheduler'))

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

    await expectCertificateProblem(settings, microsoft)
    await close()
  })
})
