import { createHash, randomBytes } from 'node:crypto'
import type { Locator, Page } from '@playwright/test'
import { expectAccessibleOnPhone } from '../support/axe.ts'
import { tabTo } from '../support/keyboard.ts'
import type { Service } from '../support/service.ts'
import { expect, test } from '../support/test.ts'

const MB = 1024 * 1024
const SUBJECT = 'Q3 with the figures'
const WITH_LARGE = { fromEmail: 'ada@contoso.com', largeAttachments: true }

const MAIL = { to: ['bob@contoso.com'], subject: SUBJECT, text: 'Attached.' }

function figures(sizeMb: number): File {
  return new File([randomBytes(sizeMb * MB)], 'figures.xlsx', { type: 'application/vnd.ms-excel' })
}

async function sha256(file: File): Promise<string> {
  return createHash('sha256')
    .update(new Uint8Array(await file.arrayBuffer()))
    .digest('hex')
}

/** Submits a message and opens its page. */
async function openSubmitted(page: Page, service: Service, file: File): Promise<void> {
  const { status, json } = await service.stream(MAIL, [file])
  expect({ status, detail: json.detail }).toEqual({ status: 202, detail: undefined })
  await page.goto(`/messages/${json.id}`)
  await expect(page.getByRole('heading', { name: SUBJECT, level: 1 })).toBeVisible()
}

function uploadBar(page: Page, name = 'Upload of the attachments'): Locator {
  return page.getByRole('progressbar', { name })
}

/** Waits until a part of the attachments is uploaded. */
async function expectUnderWay(bar: Locator): Promise<void> {
  await expect(bar).not.toHaveAttribute('aria-valuenow', '0')
}

test('a message of 20 MB shows its progress, and arrives whole', async ({ page, connect, service, microsoft }) => {
  await connect(WITH_LARGE)
  await microsoft.slowUploads(5_000)
  const file = figures(20)
  await openSubmitted(page, service, file)

  await expectUnderWay(uploadBar(page))
  await expect(uploadBar(page)).toHaveAttribute('aria-valuetext', /^\d+ of 20 MB$/)
  await expect(page.getByText(/^\d+ of 20 MB$/).first()).toBeVisible()
  await microsoft.slowUploads(0) // the progress was seen, so the rest need not be slow
  await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('Accepted by Microsoft')
  await expect(uploadBar(page)).toHaveCount(0)
  await expect(page.locator('[aria-live=polite]').filter({ hasText: 'The message is sent' })).toBeAttached()
  const arrived = [{ subject: SUBJECT, attachments: [{ name: 'figures.xlsx', sha256: await sha256(file) }] }]
  await expect.poll(() => microsoft.mails('bob@contoso.com', 'inbox')).toMatchObject(arrived)
  expect(await microsoft.mails('ada@contoso.com', 'drafts')).toEqual([])
})

test('an upload is accessible and fits a phone, and is cancelled without a mouse: nothing arrives, and no draft is left', async ({
  page,
  connect,
  service,
  microsoft,
}) => {
  await connect(WITH_LARGE)
  await microsoft.slowUploads(10_000)
  await openSubmitted(page, service, figures(20))
  await expectUnderWay(uploadBar(page))
  await expectAccessibleOnPhone(page)
  await page.getByRole('link', { name: 'Messages', exact: true }).first().click()
  await expectUnderWay(uploadBar(page, `Upload of ${SUBJECT}`).first())
  await expectAccessibleOnPhone(page)
  await page.getByRole('link', { name: SUBJECT }).first().click()
  expect(await microsoft.subjects('ada@contoso.com', 'drafts')).toEqual([SUBJECT])
  await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('Its attachments are being uploaded.')

  await tabTo(page, 'button', 'Cancel message')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Cancel this message?' })
  await expect(dialog).toContainText('The draft in the mailbox is deleted, with what has been uploaded.')
  await expectAccessibleOnPhone(page)
  await page.keyboard.press('Tab')
  await expect(dialog.getByRole('button', { name: 'Cancel message' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator(':focus')).toHaveText('The message is cancelled')
  await expect(uploadBar(page)).toHaveCount(0)

  await expect.poll(() => microsoft.mails('ada@contoso.com', 'drafts')).toEqual([])
  expect(await microsoft.mails('ada@contoso.com', 'deletedItems')).toEqual([])
  expect(await microsoft.mails('bob@contoso.com', 'inbox')).toEqual([])
  const { items } = (await microsoft.control('GET', '/uploads')) as { items: readonly unknown[] }
  expect(items).toEqual([expect.not.objectContaining({ state: 'finished' })])
})
