import { expectAccessible, expectAccessibleOnPhone } from '../support/axe.ts'
import { holdRequests } from '../support/held-requests.ts'
import { expect, test } from '../support/test.ts'

const POLICY = '/api/v1/tenant-settings/recipients'

test.afterEach(({ admin }) => admin.call('PUT', POLICY, { allowedDomains: [], redirectAllTo: null }).then(() => {}))

test('an admin limits the recipients and redirects all mail, and every page says so', async ({
  page,
  settings,
  admin,
}) => {
  await settings.page.getByRole('link', { name: 'Recipients' }).click()
  const domains = page.getByRole('textbox', { name: 'Allowed domains' })
  const redirect = page.getByRole('textbox', { name: 'Redirect all mail to' })
  const save = page.getByRole('button', { name: 'Save' })
  await expect(save).toHaveAccessibleDescription('Nothing has changed.')

  await test.step('what is not valid is said at its field', async () => {
    await domains.fill('contoso.com\nmax@contoso.com')
    await redirect.fill('staging')
    await expect(page.getByText('max@contoso.com: A domain alone')).toBeVisible()
    await expect(page.getByText('An email address needs an @')).toBeVisible()
    await expectAccessible(page)
  })

  await domains.fill('Contoso.com\n*.contoso.com')
  await redirect.fill('staging@contoso.com')
  await expect(save).toHaveAccessibleDescription(/all mail goes to staging@contoso.com alone/)
  await save.click()
  await expect(page.getByText('The recipients policy is saved')).toBeVisible()
  await expect(domains).toHaveValue('contoso.com\n*.contoso.com')
  expect((await admin.call('GET', POLICY)).json).toEqual({
    allowedDomains: ['contoso.com', '*.contoso.com'],
    redirectAllTo: 'staging@contoso.com',
  })

  const banner = page.getByText('All mail is redirected to staging@contoso.com')
  await expect(banner).toBeVisible()
  await expectAccessibleOnPhone(page)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('link', { name: 'Messages' }).click()
  await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
  await expect(banner).toBeVisible()

  await test.step('another admin’s change shows on the open page', async () => {
    await admin.call('PUT', POLICY, { allowedDomains: [], redirectAllTo: null })
    await expect(banner).toBeHidden()
  })

  await test.step('a redirection that the page has not read yet survives a Save', async () => {
    await page.goBack()
    await admin.call('PUT', POLICY, { allowedDomains: ['contoso.com'], redirectAllTo: null })
    await expect(redirect).toHaveValue('')
    const held = await holdRequests(page, `**${POLICY}`, 'GET')
    await expect.poll(() => held.count()).toBe(1)
    await admin.call('PUT', POLICY, { allowedDomains: ['contoso.com'], redirectAllTo: 'staging@contoso.com' })
    await domains.fill('fabrikam.com')
    await save.click()
    await expect.poll(() => held.count(), 'it is read before it is replaced').toBe(2)
    held.release()
    await expect(page.getByText('The recipients policy is saved')).toBeVisible()
    expect((await admin.call('GET', POLICY)).json).toEqual({
      allowedDomains: ['fabrikam.com'],
      redirectAllTo: 'staging@contoso.com',
    })
  })

  await test.step('what is typed while a change is saved stays, and is saved afterwards only', async () => {
    const held = await holdRequests(page, `**${POLICY}`, 'PUT')
    await domains.fill('contoso.com\nfabrikam.com')
    await save.click()
    await expect.poll(() => held.count()).toBe(1)
    await domains.fill('contoso.com\nfabrikam.com\nexample.com')
    await domains.press('Tab')
    await expect(save).toBeDisabled()
    held.release()
    await expect(page.getByText('The recipients policy is saved')).toBeVisible()
    await expect(domains).toHaveValue('contoso.com\nfabrikam.com\nexample.com')
    await save.click()
    await expect.poll(async () => (await admin.call('GET', POLICY)).json.allowedDomains).toContain('example.com')
    expect(held.count()).toBe(2)
  })
})
