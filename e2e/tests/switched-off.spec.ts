import { PROBLEM_STATUS, type Problem } from '../../packages/contract/src/problem.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const CODE = 'office365-smtp-disabled'

test('where SMTP does not say Office365, the pages say what to set', async ({ page }) => {
  // The API answers so to whoever is signed in as an admin, which its own tests check.
  await page.route(/\/api\/v1\/(?!session$)/, (route) => {
    const status = PROBLEM_STATUS[CODE]
    const json: Problem = {
      type: `urn:inforiver-mail:problem:${CODE}`,
      title: 'Office 365 SMTP is not switched on',
      status,
      detail: 'Set SMTP.',
      code: CODE,
      values: {},
      requestId: 'req-1',
    }
    return route.fulfill({ status, contentType: 'application/problem+json', json })
  })
  await page.goto(SETTINGS_PATH)

  await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('the operator sets SMTP=Office365 in the file inforiver-mail.env')
  await expect(page.getByRole('textbox')).toHaveCount(0)
  for (const name of ['Service keys', 'Alerts']) {
    await page.getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused()
    await expect(page.getByRole('main')).toContainText('the operator sets SMTP=Office365')
  }
})
