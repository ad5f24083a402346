import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { addSentMessages } from '../../apps/api/src/test-support/ended-messages.ts'
import { recordAnnounced } from '../support/announced.ts'
import { expectAccessible, expectAccessibleOnPhone, show } from '../support/axe.ts'
import { tabTo } from '../support/keyboard.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/messages'
const PAGE_ROWS = 50
const DAY_S = 24 * 60 * 60
const DAY_MS = DAY_S * 1_000
const NO_MESSAGE = `msg_${'f'.repeat(32)}`

function mail(subject: string, given: Readonly<Record<string, unknown>> = {}) {
  return { to: ['bob@contoso.com'], subject, text: 'Attached.', ...given }
}

function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString()
}

async function openMessages(page: Page, search = ''): Promise<void> {
  await page.goto(PATH + search)
  await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
}

function row(page: Page, subject: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name: subject, exact: true }) })
}

function notice(page: Page, title: string): Locator {
  return page.getByRole('group', { name: title })
}

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a message that was sent is listed, shows all that is kept of it and its story, and is never rendered', async ({
    page,
    settings,
    service,
  }) => {
    const html = '<h2>Confidential figures</h2>'
    const more = {
      cc: ['ada@contoso.com'],
      bcc: [{ address: 'auditor@audit.example', name: 'Auditor' }],
      attachments: [{ filename: 'q3.pdf', contentType: 'application/pdf', content: 'YWJj' }],
      priority: 'high',
      expiresAt: inDays(30),
      requestReadReceipt: true,
    }
    await service.submit(mail('Q3 was sent', { reference: 'schedule/42', html, ...more }))
    await settings.page.getByRole('link', { name: 'Messages' }).click()
    await expect(row(page, 'Q3 was sent')).toContainText('Sent')
    await expect(row(page, 'Q3 was sent')).toContainText('bob@contoso.com')
    await expect(row(page, 'Q3 was sent')).toContainText('schedule/42')

    await page.getByRole('link', { name: 'Q3 was sent' }).click()
    await expect(page.getByRole('heading', { name: 'Q3 was sent', level: 1 })).toBeVisible()
    await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('Accepted by Microsoft')
    const facts = page.getByRole('region', { name: 'Message' })
    for (const text of ['ada@contoso.com', 'Auditor (auditor@audit.example)', 'q3.pdf, 3 bytes', 'High', 'When read'])
      await expect(facts).toContainText(text)
    await expectAccessibleOnPhone(page)
    await expect(page.getByText('Confidential figures')).toHaveCount(0)
    await expect(page.getByRole('button', { name: /Cancel|Retry/ })).toHaveCount(0)
  })

  test('a test mail that is refused shows why and where it is mended, on the settings page and on its own, and leaves after Retry', async ({
    page,
    settings,
    microsoft,
  }) => {
    await microsoft.control('POST', '/scenarios', {
      effect: {
        kind: 'http',
        endpoint: 'sendMail',
        do: { action: 'answer', status: 400, body: { error: { code: 'ErrorInvalidRecipients', message: 'Nobody.' } } },
      },
    })
    await settings.sendTestMail.click()
    const problem = notice(page, 'Microsoft refused a recipient')
    const mend = problem.getByRole('link', { name: 'admin.exchange' })
    await expect(mend).toHaveAttribute('href', 'https://admin.exchange.microsoft.com')
    await problem.getByRole('link', { name: 'Open the message' }).click()
    await expect(page.getByRole('heading', { name: 'Test mail from Inforiver', level: 1 })).toBeFocused()
    await expect(page.getByText("Microsoft's code: ErrorInvalidRecipients")).toBeVisible()
    await expect(mend).toHaveAttribute('href', 'https://admin.exchange.microsoft.com')
    await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('Refused by Microsoft')

    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(page.locator(':focus')).toHaveText('The message is queued again')
    await expect.poll(() => microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
    await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('Accepted by Microsoft')
  })

  test('a test mail may have been accepted: the page says so, and Retry checks the address first', async ({
    page,
    settings,
  }) => {
    let requests = 0
    await page.route('**/office365-smtp/test-message', async (route) => {
      requests += 1
      if (requests > 1) return route.continue()
      await route.fetch()
      await route.abort()
    })
    await settings.sendTestMail.click()
    const failure = notice(page, 'The server cannot be reached')
    await expect(failure).toContainText('The test mail may have been accepted nevertheless')
    await expect(failure.getByRole('link', { name: 'Messages' })).toHaveAttribute('href', PATH)
    await expectAccessible(page)
    const recipient = page.getByRole('textbox', { name: 'Recipient (optional)' })
    await recipient.fill('nobody')
    await failure.getByRole('button', { name: 'Retry' }).click()
    await expect(recipient).toHaveAccessibleDescription(/An email address needs an @/)
    await recipient.fill('')
    expect(requests).toBe(1)
    await failure.getByRole('button', { name: 'Retry' }).click()
    await expect(settings.notice('Test mail sent')).toBeVisible()
    expect(requests).toBe(2)
  })
})

test('Retry of a message that may have been sent says that it may arrive twice, and asks', async ({
  page,
  connect,
  service,
  microsoft,
}) => {
  await connect({ fromEmail: 'ada@contoso.com' })
  await microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
  const id = await service.submit(mail('Q3 in doubt', { onUnknownOutcome: 'stop' }))
  await page.goto(`${PATH}/${id}`)
  const retry = page.getByRole('button', { name: 'Retry' })
  await retry.click()
  const dialog = page.getByRole('dialog', { name: 'Send this message once more?' })
  await expect(dialog).toContainText('it may arrive twice')
  await dialog.getByRole('button', { name: 'Leave it' }).click()
  await expect(retry).toBeFocused()
  expect(await microsoft.subjects('bob@contoso.com', 'inbox')).toEqual(['Q3 in doubt'])

  await retry.click()
  await dialog.getByRole('button', { name: 'Retry' }).click()
  await expect(notice(page, 'It may arrive twice')).toContainText('The recipients may have it twice.')
  await expect.poll(() => microsoft.subjects('bob@contoso.com', 'inbox')).toEqual(['Q3 in doubt', 'Q3 in doubt'])
})

test('a held message says what it waits for and where to mend it, and is cancelled after a question', async ({
  page,
  service,
}) => {
  const id = await service.submit(mail('Q3 is held'))
  await openMessages(page)
  await expect(row(page, 'Q3 is held')).toContainText('Held')
  await expect(row(page, 'Q3 is held')).toContainText('No mailbox connected')
  await page.getByRole('link', { name: 'Q3 is held' }).click()
  await expect(page).toHaveURL(new RegExp(`${PATH}/${id}$`))
  await expect(notice(page, 'The message is held')).toContainText('No mailbox is connected.')

  await page.getByRole('button', { name: 'Cancel message' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel this message?' })
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await expect(notice(page, 'The message is held')).toBeVisible()
  await notice(page, 'The message is held').getByRole('link', { name: 'Connect a mailbox' }).click()
  await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()

  await page.goBack()
  await page.getByRole('button', { name: 'Cancel message' }).click()
  await dialog.getByRole('button', { name: 'Cancel message' }).click()
  await expect(page.locator(':focus')).toHaveText('The message is cancelled')
  await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('No attempt to send it was made.')
  await expect(page.getByRole('button', { name: 'Cancel message' })).toHaveCount(0)
})

test('a question closes for good once the message no longer allows the action', async ({ page, service }) => {
  const id = await service.submit(mail('Q3 is on its way'))
  let status = 'queued'
  await page.route(`**/api/v1/messages/${id}`, async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), status, heldBecause: null } })
  })
  await page.goto(`${PATH}/${id}`)
  const cancel = page.getByRole('button', { name: 'Cancel message' })
  const dialog = page.getByRole('dialog', { name: 'Cancel this message?' })
  await cancel.click()
  await expect(dialog).toBeVisible()
  status = 'sending'
  await expect(cancel).toHaveCount(0)
  await expect(dialog).toBeHidden()
  status = 'queued'
  await expect(cancel.first()).toBeAttached()
  await expect(dialog).toHaveCount(0)
})

test('the list shows new messages by itself, is filtered by status in its address, and explains what it cannot show', async ({
  page,
  service,
}) => {
  await openMessages(page)
  await service.submit(mail('Q3 is scheduled', { sendAt: inDays(30) }))
  await service.submit(mail('Q3 is not scheduled'))
  await expect(row(page, 'Q3 is not scheduled')).toBeVisible()
  await test.step('another total is not announced with each message that comes', async () => {
    const announced = await recordAnnounced(page)
    await service.submit(mail('Q3 comes'))
    await expect(row(page, 'Q3 comes')).toBeVisible()
    expect((await announced.jsonValue()).filter((text) => /\d messages?\b/.test(text))).toEqual([])
  })
  const status = page.getByRole('combobox', { name: 'Status' })
  await status.selectOption('Scheduled')
  await expect(row(page, 'Q3 is scheduled')).toBeVisible()
  await expect(page.locator('[aria-live=polite]').getByText('1 message', { exact: true })).toBeAttached()
  await expect(row(page, 'Q3 is not scheduled')).toHaveCount(0)

  await test.step('the status is still chosen after looking at a message', async () => {
    await page.getByRole('link', { name: 'Q3 is scheduled' }).click()
    await expect(page.getByRole('list', { name: 'Timeline' })).toContainText('To be sent')
    await page.goBack()
    await expect(status).toHaveValue('scheduled')
    await expect(row(page, 'Q3 is scheduled')).toBeVisible()
  })
  await test.step('a status that no message has is explained', async () => {
    await status.selectOption('Sending')
    await expect(page.getByRole('heading', { name: 'No message matches' })).toBeVisible()
  })
  await test.step('filters of the address that are not known are told, and left out', async () => {
    await page.goto('/messages?status=FAILED')
    await expect(
      page.getByText('The list leaves out what it does not know of its address: status=FAILED'),
    ).toBeVisible()
    await expect(status).toHaveValue('')
  })
  await test.step('a search and its status stand in the address, and survive a reload', async () => {
    await status.selectOption('Scheduled')
    const search = page.getByRole('searchbox', { name: 'Search' })
    await search.fill('q')
    await expect(page.getByText('At least 3 characters.')).toBeVisible()
    await search.fill('Q3 IS SCHED')
    await expect(page).toHaveURL(/search=Q3\+IS\+SCHED/)
    await page.reload()
    await expect(search).toHaveValue('Q3 IS SCHED')
    await expect(row(page, 'Q3 is scheduled')).toBeVisible()
    await search.fill('nowhere at all')
    await expect(page.getByRole('heading', { name: 'No message matches' })).toBeVisible()
    await search.fill('q3 is')
    await expect(row(page, 'Q3 is scheduled')).toBeVisible()
  })
  await test.step('what is found is exported, and cancelled after a question that names the count', async () => {
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export as CSV' }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(/^inforiver-mail-messages-.*\.csv$/)
    const [names, found, ...more] = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n')
    expect(names).toContain('id,status,service,reference,submitted,sent,from,to,cc,bcc,subject,')
    expect(found).toMatch(/^msg_[0-9a-f]{32},scheduled,report-scheduler,.*,Q3 is scheduled,/)
    expect(more).toEqual([])
    const ask = page.getByRole('button', { name: 'Cancel all of these' })
    const dialog = page.getByRole('dialog', { name: 'Cancel 1 message?' })
    await test.step('without the count, or with an older one, there is nothing to confirm', async () => {
      const isCount = ({ pathname, searchParams }: URL) =>
        pathname === '/api/v1/messages' && searchParams.get('limit') === '1'
      await ask.click()
      await expect(dialog).toBeVisible()
      await page.keyboard.press('Escape')
      await page.route(isCount, (route) => route.abort())
      await ask.click()
      const uncounted = page.getByRole('dialog', { name: 'The messages could not be counted' })
      await expect(uncounted.getByRole('button', { name: 'Cancel all of these' })).toBeDisabled()
      await page.unroute(isCount)
      const held = Promise.withResolvers<void>()
      await page.route(isCount, async (route) => {
        await held.promise
        await route.continue()
      })
      await uncounted.getByRole('button', { name: 'Retry' }).click()
      const counting = page.getByRole('dialog', { name: 'Counting…' })
      await expect(counting).toBeVisible()
      await expect(counting).not.toContainText('The server cannot be reached')
      held.resolve()
      await expect(dialog).toBeVisible()
      await page.unroute(isCount)
      await page.keyboard.press('Escape')
    })
    await ask.click()
    await dialog.getByRole('button', { name: 'Cancel all of these' }).click()
    await expect(page.locator(':focus')).toHaveText('1 message will be cancelled')
    await status.selectOption('Cancelled')
    await expect(row(page, 'Q3 is scheduled')).toBeVisible()
  })
  await test.step('an address without a message leads back to the list', async () => {
    for (const id of ['msg_nope', NO_MESSAGE]) {
      await page.goto(`${PATH}/${id}`)
      await expect(page.getByRole('heading', { name: 'Message not found' })).toBeVisible()
    }
    await page.getByRole('link', { name: 'Go to the messages' }).click()
    await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
  })
})

test('by keyboard alone, filters are added and removed as pills of the address, messages are selected and cancelled, and one is read beside the list', async ({
  page,
  service,
}) => {
  for (const number of [1, 2, 3, 4]) await service.submit(mail(`Pick ${number}`, { sendAt: inDays(30) }))
  await openMessages(page, '?search=Pick')
  await expect(row(page, 'Pick 4')).toBeVisible()
  const filters = page.getByRole('list', { name: 'Filters' })

  await test.step('a filter stands in the address: the way back removes it, a reload does not', async () => {
    await tabTo(page, 'button', 'Add filter')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('textbox', { name: 'Service' })).toBeFocused()
    await page.keyboard.type('report-scheduler')
    await page.keyboard.press('Enter')
    await expect(filters).toContainText('Service: report-scheduler')
    await expect(page.getByRole('button', { name: 'Add filter' })).toBeFocused()
    await expect(page).toHaveURL(/service=report-scheduler/)
    await page.goBack()
    await expect(filters).not.toContainText('Service')
    await page.goForward()
    await page.reload()
    await tabTo(page, 'button', 'Remove the filter Service: report-scheduler')
    await page.keyboard.press('Delete')
    await expect(filters).not.toContainText('Service')
    await expect(page.getByRole('button', { name: 'Add filter' })).toBeFocused()
  })
  await test.step('a filter of several words is typed', async () => {
    await page.getByRole('button', { name: 'Add filter' }).press('Enter')
    await page.getByRole('combobox', { name: 'Filter by' }).selectOption('Subject')
    await expect(page.getByRole('textbox', { name: 'Subject' })).toBeFocused()
    await page.keyboard.type('Pick 4 ')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/subject=Pick\+4$/)
    await expect(row(page, 'Pick 3')).toHaveCount(0)
    await expect(row(page, 'Pick 4')).toBeVisible()
    await page.getByRole('button', { name: 'Remove the filter Subject: Pick 4' }).press('Delete')
    await expect(row(page, 'Pick 3')).toBeVisible()
  })
  await test.step('Shift and the arrow keys select a range, which is cancelled after a question', async () => {
    const count = page.getByRole('region', { name: 'Selection' }).getByRole('status')
    await expect(count, 'a screen reader knows it before it has a text').toHaveText('')
    await page.getByRole('checkbox', { name: 'Select Pick 4' }).focus()
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await expect(count).toHaveText('3 messages selected.')
    await page.getByRole('button', { name: 'Cancel 3' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Cancel 3 messages?' })
    await dialog.getByRole('button', { name: 'Cancel 3' }).press('Enter')
    await expect(page.locator(':focus')).toHaveText('3 messages are cancelled')
    await expect(row(page, 'Pick 4')).toContainText('Cancelled')
    await expect(row(page, 'Pick 1')).toContainText('Scheduled')
  })
  await test.step('a new message does not move the rows of somebody who works with them, and is announced', async () => {
    await page.getByRole('checkbox', { name: 'Select Pick 1' }).press('Space')
    await service.submit(mail('Pick 5', { sendAt: inDays(30) }))
    await expect(page.locator('[aria-live=polite]').getByText('There are new messages at the top.')).toBeAttached()
    await page.getByRole('button', { name: '1 new message' }).press('Enter')
    await expect(page.getByRole('button', { name: '1 new message' })).toBeHidden()
    await expect(row(page, 'Pick 5')).toBeInViewport()
  })
  await test.step('a message opens beside the list, accessibly, and gives the focus back when it is closed', async () => {
    const link = page.getByRole('link', { name: 'Pick 1' })
    await link.press('Enter')
    await expect(page.getByRole('heading', { name: 'Pick 1', level: 1 })).toBeFocused()
    await expect(row(page, 'Pick 2')).toBeVisible()
    await show(page, 'light')
    await expectAccessible(page)
    await show(page, 'dark')
    await expectAccessible(page, 'colours')
    await page.keyboard.press('Escape')
    await expect(link).toBeFocused()
    await expect(link, 'the whole row is marked').toHaveCSS('outline-style', 'solid', { pseudo: 'after' })
    await expect(page).toHaveURL(/search=Pick/)
    await link.press('Enter')
    await page.getByRole('link', { name: 'Close the message' }).press('Enter')
    await expect(link).toBeFocused()
  })
  await test.step('a day is typed, whose year is no day until its last digit', async () => {
    await page.getByLabel('Go to day').focus()
    await page.keyboard.type('11112099')
    await expect(page).toHaveURL(/day=2099-11-11/)
    await page.goBack()
    await expect(page.getByLabel('Go to day')).toHaveValue('')
  })
  await test.step('a day before every message says so, and not that there is none', async () => {
    await page.getByLabel('Go to day').fill('2020-01-01')
    await expect(page.getByRole('heading', { name: 'No message up to this day' })).toBeVisible()
  })
})

test('older messages are a page further, also those of a day, and the way back, a reload and the newest ones lead there', async ({
  page,
  product,
}) => {
  const newestAt = new Date()
  const remove = await addSentMessages(await product.databaseUrl(), {
    count: 3 * PAGE_ROWS,
    newestAt,
    secondsApart: (3 * DAY_S) / (3 * PAGE_ROWS),
  })
  const pages = page.getByRole('navigation', { name: 'Pages' })
  const to = (name: string) => pages.getByRole('button', { name, exact: true })
  const references = page.getByRole('row').getByText(/^INV-\d{7}$/)
  try {
    await openMessages(page, '?search=INV-')
    await expect(references).toHaveCount(PAGE_ROWS)
    const first = await references.allTextContents()
    await expect(to('Newer')).toBeDisabled()
    await test.step('by keyboard, from the top of each page on', async () => {
      await to('Older').press('Enter')
      await expect(references.first()).not.toHaveText(first[0] ?? '')
      await expect(references.first()).toBeInViewport()
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowDown')
      await expect(page.getByRole('checkbox', { name: /^Select / }).nth(1)).toBeFocused()
    })
    const second = await references.allTextContents()
    await test.step('a reload shows the same page, and the way back the one before', async () => {
      await page.reload()
      await expect(references).toHaveText(second)
      await page.goBack()
      await expect(references).toHaveText(first)
      await page.goForward()
      await expect(references).toHaveText(second)
    })
    await test.step('nothing is between two pages, and the newest ones are a first page that shows new messages', async () => {
      await to('Older').click()
      await expect(references.first()).not.toHaveText(second[0] ?? '')
      const numbers = [...first, ...second, ...(await references.allTextContents())].map((text) =>
        Number(text.slice(4)),
      )
      expect(numbers).toEqual(numbers.map((_number, index) => index))
      await to('Newer').click()
      await expect(references).toHaveText(second)
      await to('Newer').click()
      await expect(references).toHaveText(first)
      await expect(page).toHaveURL(new RegExp(`${PATH}\\?search=INV-`))
    })
    const day = new Date(newestAt.getTime() - 2 * DAY_MS).toISOString().slice(0, 10)
    await test.step('a page begins with the newest message of a day, and newer ones are a page away', async () => {
      await page.getByLabel('Go to day').fill(day)
      const times = page.getByRole('row').locator('time')
      await expect(times.first()).toHaveAttribute('datetime', new RegExp(`^${day}`))
      await to('Newer').click()
      await expect(times.first()).not.toHaveAttribute('datetime', new RegExp(`^${day}`))
      await expect(page.getByLabel('Go to day')).toHaveValue('')
      await to('Newest').click()
      await expect(references).toHaveText(first)
    })
    await test.step('a page that cannot be read says so once, and comes with Retry', async () => {
      const isList = ({ pathname }: URL) => pathname === '/api/v1/messages'
      const title = 'The server cannot be reached'
      const announced = await recordAnnounced(page)
      await page.route(isList, (route) => route.abort())
      await to('Older').click()
      await expect(notice(page, title)).toBeVisible()
      await expectAccessible(page)
      expect((await announced.jsonValue()).filter((text) => text.includes(title))).toHaveLength(1)
      await page.unroute(isList)
      await notice(page, title).getByRole('button', { name: 'Retry' }).click()
      await expect(references).toHaveText(second)
    })
  } finally {
    await remove()
  }
})

test('a day is shown as the page writes it where the field follows a browser in another language', async ({ page }) => {
  await openMessages(page, '?day=2020-01-31')
  await expect(page.getByLabel('Go to day')).toHaveAccessibleDescription('')
  await page.getByLabel('Language').selectOption('Deutsch')
  await expect(page.getByLabel('Zum Tag springen')).toHaveAccessibleDescription('31. Januar 2020')
})

test('the list keeps inside its card at every width, and does not break the words of a subject', async ({
  page,
  service,
}) => {
  const subject = 'Quarterly consolidation of the subsidiaries'
  const to = ['chief-financial-officer@contoso.com', 'chief-executive-officer@contoso.com', 'bob@contoso.com']
  await service.submit(mail(subject, { to, reference: 'report-scheduler/2026-11/0042' }))
  await service.submit(mail('Without reference'))
  const long = 'Figures, '.repeat(25) + 'and more'
  await service.submit(mail(long, { sendAt: inDays(30), reference: 'y '.repeat(250) }))
  await openMessages(page)
  await test.step('the word of a status stays in one line, however long the other columns are', async () => {
    const badge = row(page, long).getByText('Scheduled', { exact: true })
    expect(await badge.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0)
  })
  const card = page.getByRole('table', { name: 'Messages' })
  for (const width of [640, 768, 900, 901, 1000, 1100, 1110, 1180, 1200, 1280, 1600]) {
    await page.setViewportSize({ width, height: 900 })
    await expect(row(page, subject)).toContainText('report-scheduler/2026-11/0042')
    const { right } = await edgesOf(card)
    const last = await edgesOf(row(page, subject).getByRole('cell').last())
    expect(last.right, `${width} px`).toBeLessThanOrEqual(right)
    const link = await edgesOf(page.getByRole('link', { name: subject }))
    expect(link.right - link.left, `${width} px`).toBeGreaterThan(150)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} px`).toBe(0)
  }
})

async function edgesOf(locator: Locator): Promise<{ left: number; right: number }> {
  return locator.evaluate((element) => {
    const { left, right } = element.getBoundingClientRect()
    return { left, right }
  })
}

test('a subject from right to left begins at the right of its cell, and keeps its order in the heading', async ({
  page,
  service,
}) => {
  const subject = 'דוח (Q3) 2026'
  await service.submit(mail(subject))
  await openMessages(page)
  const link = page.getByRole('link', { name: subject })
  await expect(page.getByRole('cell').filter({ has: link })).toHaveCSS('direction', 'rtl')
  await link.click()
  const heading = page.getByRole('heading', { name: subject, level: 1 })
  await expect(heading.getByText(subject)).toHaveCSS('direction', 'rtl')
  await expect(heading).toHaveCSS('direction', 'ltr')
})

test('list and message are accessible and fit a phone', async ({ page, service }) => {
  const subject = 'x'.repeat(250)
  const to = Array.from({ length: 30 }, (_, number) => `${'a'.repeat(60)}${number}@contoso.com`)
  await service.submit(mail(subject, { to, reference: 'y'.repeat(512) }))
  await openMessages(page)
  await expect(row(page, subject)).toBeVisible()
  await expectAccessibleOnPhone(page)
  await page.getByRole('link', { name: subject }).click()
  await expect(page.getByRole('heading', { name: subject })).toBeVisible()
  await expectAccessibleOnPhone(page)
})
