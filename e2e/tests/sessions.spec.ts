import { expectAccessibleOnPhone } from '../support/axe.ts'
import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { openSettings, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.describe('somebody who is not signed in', () => {
  test.use({ account: null })

  test('signs in with Microsoft, comes to the page they wanted, and is signed out in every tab at once', async ({
    page,
    context,
  }) => {
    await page.goto(`${SETTINGS_PATH}?from=mail`)
    await signIn(page, 'Ada Admin')

    await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
    await expect(page).toHaveURL(/\/settings\/office365-smtp\?from=mail$/)
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' })).toBeVisible()

    const other = await context.newPage()
    await openSettings(other)
    await other.getByRole('button', { name: 'Sign out' }).click()
    await expect(other.getByRole('link', { name: 'Sign in with Microsoft' })).toBeVisible()
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await expect(page.getByRole('dialog', { name: 'Your session has ended' })).toBeVisible()
  })

  test('keeps the page to sign in while it is looked whether somebody has, as when the window gets the focus', async ({
    page,
  }) => {
    await page.goto(SETTINGS_PATH)
    const signInLink = page.getByRole('link', { name: 'Sign in with Microsoft' })
    await signInLink.focus()
    const held = Promise.withResolvers<void>()
    await page.route('**/api/v1/session', async (route) => {
      await held.promise
      await route.continue()
    })
    const asked = page.waitForRequest('**/api/v1/session')
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await asked
    const answered = page.waitForResponse('**/api/v1/session')
    await expect(signInLink).toBeFocused()
    held.resolve()
    await answered
    await expect(signInLink).toBeFocused()
  })

  test('reads on every page that they are no workspace admin, and goes on with another account', async ({
    page,
    service,
  }) => {
    const id = await service.submit({ to: ['bob@contoso.com'], subject: 'Q3 is not for Max', text: 'Attached.' })
    await page.goto(SETTINGS_PATH)
    await signIn(page, 'Max Member')
    const refusal = page.getByRole('heading', { name: 'Only workspace admins can open Tenant Settings' })
    for (const path of [`/messages/${id}`, '/settings/audit-log', SETTINGS_PATH]) {
      await page.goto(path)
      await expect(refusal).toBeVisible()
      await expect(page.getByText('Q3 is not for Max')).toHaveCount(0)
      await expect(page.getByRole('table')).toHaveCount(0)
      await expect(page.getByRole('textbox')).toHaveCount(0)
    }
    await expect(page.getByText('Max Member (max@contoso.com), who is not a workspace admin.')).toBeVisible()

    await page.getByRole('link', { name: 'Use another account' }).click()
    await giveConsent(page, 'Ada Admin')
    await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
  })

  test('reads why Microsoft did not sign them in, and can sign in again, with the version at the foot of every page', async ({
    page,
    product,
  }) => {
    const health = await page.request.get(`${product.url}/healthz`)
    const { version } = (await health.json()) as { version: string }
    const foot = page.getByRole('contentinfo')
    const again = page.getByRole('link', { name: 'Sign in again' })
    await page.goto(SETTINGS_PATH)
    await test.step('after leaving Microsoft', async () => {
      await expect(foot).toContainText(`Inforiver Mail ${version}`)
      await page.getByRole('link', { name: 'Sign in with Microsoft' }).click()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(foot).toContainText(`Inforiver Mail ${version}`)
      await again.click()
    })
    await test.step('as a guest', async () => {
      await giveConsent(page, 'Gil Guest')
      await expect(page.getByRole('heading', { name: 'This account cannot be used' })).toBeVisible()
      await again.click()
    })
    await giveConsent(page, 'Ada Admin')
    await expect(page).toHaveURL(/\/settings\/office365-smtp$/)
    await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
    await expect(foot).toContainText(`Inforiver Mail ${version}`)
    const { bottom, height } = await foot.evaluate((element) => ({
      bottom: Math.round(element.getBoundingClientRect().bottom),
      height: document.documentElement.scrollHeight,
    }))
    expect(bottom).toBe(height)
  })
})

test('a session that ends while the page is open goes on after one click, with what was entered, for the same admin only', async ({
  page,
  settings,
  context,
}) => {
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  const again = dialog.getByRole('button', { name: 'Sign in again' })
  const expectKept = async () => {
    await expect(settings.address).toHaveValue('reports@contoso.com')
    await expect(settings.largeAttachments).toBeChecked()
  }
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()

  await test.step('the window that was opened for the consent makes room for the one to sign in with', async () => {
    await context.clearCookies({ domain: 'localhost' })
    const unused = await settings.openMicrosoft(settings.enable)
    await expect(dialog).toContainText('What you entered is kept.')
    await expect.poll(() => unused.isClosed()).toBe(true)
    await expect(page.getByText('Not signed in')).toHaveCount(0) // no message bar behind the dialog repeats it
  })
  await test.step('who is not signed in at Microsoft chooses an account, and the refused request is repeated', async () => {
    const popup = await settings.openMicrosoft(again)
    const closed = popup.waitForEvent('close')
    await giveConsent(popup, 'Ada Admin')
    await closed
    await expect(dialog).toBeHidden()
    await expect(settings.pending.getByRole('button', { name: "Open Microsoft's page again" })).toBeVisible()
    await expectKept()
  })
  await test.step('who is, sees no page, and every tab goes on', async () => {
    const other = await openSettings(await context.newPage())
    await context.clearCookies({ domain: 'localhost' })
    for (const tab of [other.page, page]) {
      await tab.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
      await expect(tab.getByRole('dialog', { name: 'Your session has ended' })).toBeVisible()
    }
    const popup = await settings.openMicrosoft(again)
    await expect.poll(() => popup.isClosed()).toBe(true)
    for (const tab of [other.page, page]) await expect(tab.getByRole('dialog')).toHaveCount(0)
    await other.page.close()
    await expectKept()
  })
  await test.step('a dialog keeps what was entered in it, and its request is repeated', async () => {
    await page.goto('/settings/service-keys')
    await page.getByRole('button', { name: 'Create key' }).click()
    const form = page.getByRole('dialog', { name: 'Create a service key' })
    await form.getByRole('textbox', { name: 'Name' }).fill('late-reports')
    await context.clearCookies({ domain: 'localhost' })
    await form.getByRole('button', { name: 'Create key' }).click()
    await again.click()
    await expect(page.getByRole('dialog', { name: /late-reports/ })).toBeVisible()
    await page.getByRole('button', { name: 'Done' }).click()
    await openSettings(page)
  })
  await test.step('where the browser blocks the window, the page itself goes there and comes back', async () => {
    await settings.address.fill('ada@contoso.com')
    await page.evaluate(() => Object.assign(window, { open: () => null }))
    await context.clearCookies({ domain: 'localhost' })
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await again.click()
    await chooseAccount(page, 'Ada Admin')
    await expect(page).toHaveURL(/\/settings\/office365-smtp$/)
    await expect(settings.address).toHaveValue('ada@contoso.com')
  })
  await test.step('another admin does not see it', async () => {
    await context.clearCookies()
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    const popup = await settings.openMicrosoft(again)
    await giveConsent(popup, 'Bob Behalf')
    await expect(page.getByRole('banner')).toContainText('Bob Behalf')
    await expect(settings.address).toHaveValue('')
  })
})

test('where the browser blocks the window to sign in, what a dialog holds is lost only to those who choose that', async ({
  page,
  context,
}) => {
  const ended = page.getByRole('dialog', { name: 'Your session has ended' })
  const form = page.getByRole('dialog', { name: 'Create a service key' })
  const made = page.getByRole('dialog', { name: /blocked-reports/ })
  const signInBlocked = async () => {
    await page.evaluate(() => Object.assign(window, { allowed: window.open, open: () => null }))
    await ended.getByRole('button', { name: 'Sign in again' }).click()
  }
  const askToSignInAgain = async () => {
    await page.getByRole('button', { name: 'Create key' }).click()
    await form.getByRole('textbox', { name: 'Name' }).fill('blocked-reports')
    await context.clearCookies({ domain: 'localhost' })
    await form.getByRole('button', { name: 'Create key' }).click()
    await signInBlocked()
    await expect(ended).toContainText('The browser blocked the window to sign in. Allow popups for this page')
    await expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('blocked-reports')
  }
  await page.goto('/settings/service-keys')
  await test.step('it is kept once popups are allowed', async () => {
    await askToSignInAgain()
    await expectAccessibleOnPhone(page)
    await page.evaluate(() => Object.assign(window, { open: Reflect.get(window, 'allowed') }))
    const popup = page.waitForEvent('popup')
    await ended.getByRole('button', { name: 'Sign in again' }).click()
    await giveConsent(await popup, 'Ada Admin')
    await expect(made).toBeVisible()
  })
  await test.step('so is a secret that it shows', async () => {
    await context.clearCookies({ domain: 'localhost' })
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await signInBlocked()
    await expect(ended).toContainText(
      'the dialog below is closed, and what you entered or confirmed in it, or a secret that it shows',
    )
    await page.evaluate(() => Object.assign(window, { open: Reflect.get(window, 'allowed') }))
    await ended.getByRole('button', { name: 'Sign in again' }).click()
    await expect(ended).toBeHidden()
    await expect(made.getByRole('textbox')).not.toHaveValue('')
    await made.getByRole('button', { name: 'Done' }).click()
  })
  await test.step('a question holds nothing, so the page itself goes there', async () => {
    await page
      .getByRole('button', { name: /blocked-reports/ })
      .first()
      .click()
    const question = page.getByRole('dialog', { name: /blocked-reports/ })
    await expect(question).toBeVisible()
    await context.clearCookies({ domain: 'localhost' })
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await signInBlocked()
    await chooseAccount(page, 'Ada Admin')
    await expect(page).toHaveURL(/\/settings\/service-keys$/)
    await expect(page.getByRole('button', { name: 'Create key' })).toBeVisible()
  })
  await test.step('one that is confirmed stays, and what it asked for is done once they are signed in', async () => {
    await page.getByRole('button', { name: 'Revoke blocked-reports' }).click()
    const question = page.getByRole('dialog', { name: 'Revoke the key of blocked-reports?' })
    await context.clearCookies({ domain: 'localhost' })
    await question.getByRole('button', { name: 'Revoke' }).click()
    await signInBlocked()
    await expect(ended).toContainText('The browser blocked the window to sign in.')
    await page.evaluate(() => Object.assign(window, { open: Reflect.get(window, 'allowed') }))
    await ended.getByRole('button', { name: 'Sign in again' }).click()
    await expect(page.getByRole('group', { name: 'A key of blocked-reports is revoked' })).toBeVisible()
  })
  await test.step('it is lost where they sign in on the page itself', async () => {
    await askToSignInAgain()
    await expect(ended).toContainText('what you entered or confirmed in it, or a secret that it shows, is lost.')
    await ended.getByRole('link', { name: 'sign in here' }).click()
    await chooseAccount(page, 'Ada Admin')
    await expect(page).toHaveURL(/\/settings\/service-keys$/)
    await expect(page.getByRole('button', { name: 'Create key' })).toBeVisible()
    await expect(page.getByRole('dialog')).toHaveCount(0)
  })
})

test('an admin sees who is signed in where, and ends a session of somebody else', async ({ page, otherBrowser }) => {
  const other = await otherBrowser()
  await other.goto(SETTINGS_PATH)
  await signIn(other, 'Nora Nomail')
  await page.goto(SETTINGS_PATH)
  await page.getByRole('link', { name: 'Sessions' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'This session' })).toContainText('ada@contoso.com')
  await expectAccessibleOnPhone(page)
  const left = async (text: string) => (await page.getByText(text, { exact: true }).first().boundingBox())?.x
  expect(await left('nora@contoso.com'), 'the address stands below the name').toBe(await left('Nora Nomail'))
  await page.getByRole('button', { name: 'End all others' }).click()
  await expect(page.getByRole('dialog', { name: 'End all other sessions?' })).toContainText('This session stays.')
  await page.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'End the session of Nora Nomail' }).first().click()
  await page.getByRole('button', { name: 'End session' }).click()
  await expect(page.getByRole('group', { name: 'The session of Nora Nomail has ended' })).toBeVisible()
  await other.reload()
  await expect(other.getByRole('link', { name: 'Sign in with Microsoft' })).toBeVisible()
})
