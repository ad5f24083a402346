import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { chooseAccount, RECIPIENTS_REFUSED } from '../support/microsoft.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { PAGE_STATES } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

// Takes the pictures of the documentation again: npm run e2e -- screenshots. A test run leaves it out.

const WIDTH = 1280
const USUAL_HEIGHT = 1200
const SHORT_HEIGHT = 720
const ABOVE = 24
/** Heights in pixels, and the region to start from, of pictures that do not fit the usual height. */
const CROPS: Readonly<Record<string, { readonly height: number; readonly from?: string }>> = {
  'signed-out': { height: SHORT_HEIGHT },
  'not-an-admin': { height: SHORT_HEIGHT },
  'send-as-missing': { height: 1000 },
  connected: { height: 1190 },
  changed: { height: 900, from: 'Sender' },
  reset: { height: 1100 },
  'reconnect-required': { height: 1100 },
}
const POPUP = { width: 520, height: 720 }
const LARGEST_BYTES = 150_000

const FOLDER = fileURLToPath(new URL('../../docs/screenshots', import.meta.url))

for (const state of PAGE_STATES) {
  const { name, account, sender } = state
  test.describe(name, () => {
    test.use({ account })

    test(`the picture ${name} is taken`, async ({ page, connect, microsoft }) => {
      const { height, from } = CROPS[name] ?? { height: USUAL_HEIGHT }
      await page.setViewportSize({ width: WIDTH, height })
      if (sender) await connect(sender)
      await page.goto(SETTINGS_PATH)
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await state.reach(page, microsoft)
      await page.bringToFront()
      await takePicture(page, name, { from })
      if (name === 'connected') await takeVariants(page, name)
    })
  })
}

test("the pictures of Microsoft's pages, the messages and the mailbox are taken", async ({
  page,
  settings,
  microsoft,
}) => {
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()
  const popup = await settings.openMicrosoft(settings.enable)
  await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
  await popup.setViewportSize(POPUP)
  await takePicture(popup, 'account-at-microsoft')
  await chooseAccount(popup, 'Ada Admin')
  await expect(popup.getByRole('button', { name: 'Accept' })).toBeVisible()
  await takePicture(popup, 'consent-at-microsoft')
  await popup.getByRole('button', { name: 'Accept' }).click()
  await expect(createSettingsPage(page).notice('Connected')).toBeVisible()
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toBeVisible()
  await page.setViewportSize({ width: WIDTH, height: SHORT_HEIGHT })
  await page.getByRole('link', { name: 'Messages', exact: true }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Test mail from Inforiver' }).first()).toContainText('Sent')
  await takePicture(page, 'messages')
  await page.goto(`${microsoft.url}/mailboxes/ada@contoso.com`)
  await page.getByRole('table').first().getByRole('link', { name: 'Test mail from Inforiver' }).click()
  await expect(page.frameLocator('iframe').locator('body')).toContainText('Inforiver')
  await takePicture(page, 'simulated-mailbox')
})

test('the picture of the overview is taken', async ({ page, connect, service, microsoft }) => {
  await connect({ fromEmail: 'ada@contoso.com' })
  await microsoft.control('POST', '/scenarios', RECIPIENTS_REFUSED)
  for (const subject of ['Daily sales', 'Forecast', 'Invitation', 'Q3 figures', 'Weekly summary'])
    await service.submit({ to: ['bob@contoso.com', 'partner@fabrikam.example'], subject, text: 'Attached.' })
  await page.setViewportSize({ width: WIDTH, height: 1120 })
  await page.goto('/')
  await expect(page.getByRole('region', { name: 'Failed in 24 hours' }).getByRole('listitem')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Mail works. Nothing is waiting to leave.' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Last 30 days' }).locator('svg rect').first()).toBeVisible()
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await takePicture(page, 'overview')
})

test.describe('for a mailbox with large attachments', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com', largeAttachments: true } })

  test('the picture of an upload is taken', async ({ page, settings, microsoft, service, admin }) => {
    const file = new File([new Uint8Array(60 * 1024 * 1024)], 'figures.xlsx')
    await microsoft.slowUploads(500)
    const { json } = await service.stream(
      { to: ['cfo@example.com'], subject: 'Figures of the third quarter', text: 'Attached.', reference: 'schedule/42' },
      [file],
    )
    await page.setViewportSize({ width: WIDTH, height: SHORT_HEIGHT })
    await settings.page.goto(`/messages/${json.id}`)
    await expect(page.getByRole('progressbar', { name: 'Upload of the attachments' })).toHaveAttribute(
      'aria-valuetext',
      /^([2-9]\d) of 60 MB$/,
    )
    await takePicture(page, 'uploading')
    await admin.call('POST', `/api/v1/messages/${json.id}/cancel`)
  })
})

async function takeVariants(page: Page, name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await takePicture(page, `${name}-dark`)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 360, height: 1400 })
  await takePicture(page, `${name}-phone`)
}

async function takePicture(page: Page, name: string, { from }: { from?: string | undefined } = {}): Promise<void> {
  await page.mouse.move(0, 0) // nothing is hovered over
  const region = from === undefined ? null : await page.getByRole('region', { name: from }).boundingBox()
  await page.evaluate((top) => scrollBy(0, top), region ? region.y - ABOVE : -Number.MAX_SAFE_INTEGER)
  const path = `${FOLDER}/${name}.png`
  const picture = await page.screenshot({ path, caret: 'hide', animations: 'disabled' })
  expect(picture.byteLength).toBeLessThan(LARGEST_BYTES)
}
