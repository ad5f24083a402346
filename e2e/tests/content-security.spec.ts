import { chooseAccount } from '../support/microsoft.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.describe('a whole visit', () => {
  test.use({ account: null })

  test('leaves nothing in the browser that a script could read, and breaks no policy', async ({
    page,
    context,
    faults,
  }) => {
    const settings = createSettingsPage(page)
    await page.goto(SETTINGS_PATH)
    await signIn(page, 'Ada Admin')
    await settings.address.fill('reports@contoso.com')
    await settings.largeAttachments.check()
    await settings.consent(settings.enable)
    await expect(settings.notice('Connected')).toBeVisible()
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toBeVisible()
    await settings.address.fill('ada@contoso.com')
    const popup = await settings.openMicrosoft(settings.save)
    await chooseAccount(popup, 'Ada Admin')
    await expect(settings.notice('Sender changed')).toBeVisible()
    await settings.resetAll()

    const readable = await page.evaluate(() => ({
      cookie: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
    }))
    expect(readable).toMatchObject({ cookie: '', local: [], session: [] })
    const cookies = (await context.cookies(page.url())).filter(({ name }) => name.startsWith('inforiver-mail'))
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(faults.list).toEqual([])
  })
})

test('a script that somebody managed to put into the page does not run', async ({ page, settings, faults }) => {
  await expect(settings.address).toBeVisible()
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "owned"'
    document.body.append(script)
    const image = document.createElement('img')
    image.setAttribute('onerror', 'document.title = "owned"')
    image.src = '/no-such-image'
    document.body.append(image)
  })

  // Each violation is reported twice: in the console and as an event.
  await expect.poll(() => faults.list.filter((fault) => /script-src|inline/.test(fault)).length).toBe(4)
  expect(faults.take()).toHaveLength(4)
  await expect(page).not.toHaveTitle('owned')
})

test('another site can neither frame the page nor reach it through the window it opened', async ({ page }) => {
  const answer = await page.goto(SETTINGS_PATH)
  const headers = answer?.headers() ?? {}
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(headers['content-security-policy']).not.toContain('unsafe-')
  expect(headers['cross-origin-opener-policy']).toBe('same-origin-allow-popups')
  expect(headers['referrer-policy']).toBe('no-referrer')

  const refused = await page.request.post('/api/v1/tenant-settings/office365-smtp/reset', {
    data: {},
    headers: { origin: 'https://attacker.example' },
  })
  expect(refused.status()).toBe(403)
  expect(await refused.json()).toMatchObject({ code: 'cross-origin' })
})
