import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { cancelWaiting, createKey, createService, revokeKeys, type Service } from '../support/service.ts'
import { expect, test as base } from '../support/test.ts'

const PATH = '/messages'
const NO_MESSAGE = `msg_${'f'.repeat(32)}`

const test = base.extend<{ service: Service }>({
  service: async ({ page, playwright, product }, use) => {
    await use(createService(playwright, product.url, await createKey(page.request, product.url, 'report-scheduler')))
    await revokeKeys(page.request, product.url)
    await cancelWaiting(page.request, product.url)
  },
})

function mail(subject: string, given: Readonly<Record<string, unknown>> = {}) {
  return { to: ['bob@contoso.com'], subject, text: 'Attached.', ...given }
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

  test('a message that was sent is listed with its recipients, reference and attempt, and never rendered', async ({
    page,
    settings,
    service,
  }) => {
    const html = '<h2>Confidential figures</h2>'
    await service.submit(mail('Q3 was sent', { reference: 'schedule/42', html, cc: ['ada@contoso.com'] }))
    await settings.page.getByRole('link', { name: 'Messages' }).click()
    await expect(row(page, 'Q3 was sent')).toContainText('Sent')
    await expect(row(page, 'Q3 was sent')).toContainText('bob@contoso.com')
    await expect(row(page, 'Q3 was sent')).toContainText('schedule/42')

    await page.getByRole('link', { name: 'Q3 was sent' }).click()
    await expect(page.getByRole('heading', { name: 'Q3 was sent', level: 1 })).toBeVisible()
    await expect(page.getByRole('table', { name: 'Attempts' })).toContainText('Accepted by Microsoft')
    await expect(page.getByRole('region', { name: 'Message' })).toContainText('ada@contoso.com')
    await expect(page.getByText('Confidential figures')).toHaveCount(0)
    await expect(page.getByRole('button', { name: /Cancel|Retry/ })).toHaveCount(0)
  })

  test('a message that a paused mailbox keeps shows why and until when, in the list and on its page', async ({
    page,
    settings,
    service,
    microsoft,
  }) => {
    const body = { error: { code: 'ApplicationThrottled', message: 'Application is over its RequestRate limit.' } }
    await microsoft.control('POST', '/scenarios', {
      effect: {
        kind: 'http',
        endpoint: 'sendMail',
        do: { action: 'answer', when: 'before', status: 429, headers: { 'retry-after': '15' }, body },
      },
    })
    const submittedAt = Date.now()
    await service.submit(mail('Q3 waits'))
    await expect(settings.page.getByRole('link', { name: 'Messages' })).toBeVisible()
    await openMessages(page)
    await expect(row(page, 'Q3 waits')).toContainText('Mailbox is paused')
    await expect(row(page, 'Q3 waits')).toContainText('Not before')

    await page.getByRole('link', { name: 'Q3 waits' }).click()
    const facts = page.getByRole('region', { name: 'Message' })
    await expect(facts).toContainText('Microsoft takes no mail from the mailbox until then')
    const until = facts.getByText('Not before').getByRole('time')
    expect(Date.parse((await until.getAttribute('datetime')) ?? '')).toBeGreaterThan(submittedAt + 10_000)
    await expect.poll(() => microsoft.subjects('bob@contoso.com', 'inbox')).toEqual(['Q3 waits'])
  })

  test('a refused message shows why, with the code of Microsoft and a link to where it is mended, and leaves after Retry', async ({
    page,
    settings,
    service,
    microsoft,
  }) => {
    await microsoft.control('POST', '/scenarios', {
      effect: {
        kind: 'http',
        endpoint: 'sendMail',
        do: {
          action: 'answer',
          when: 'before',
          status: 403,
          headers: {},
          body: { error: { code: 'ErrorSendAsDenied', message: 'No right to send as this account.' } },
        },
      },
    })
    const id = await service.submit(mail('Q3 was refused'))
    await settings.page.goto(`${PATH}/${id}`)
    await expect(page.getByText("Microsoft's code: ErrorSendAsDenied")).toBeVisible()
    const problem = notice(page, 'Sending as this address is not allowed')
    await expect(problem.getByRole('link')).toHaveAttribute('href', 'https://admin.exchange.microsoft.com')
    await expect(page.getByRole('table', { name: 'Attempts' })).toContainText('Refused by Microsoft')

    await page.getByRole('button', { name: 'Retry' }).click()
    await expect(page.locator(':focus')).toHaveText('The message is queued again')
    await expect.poll(() => microsoft.subjects('bob@contoso.com', 'inbox')).toEqual(['Q3 was refused'])
    await expect(page.getByRole('table', { name: 'Attempts' })).toContainText('Accepted by Microsoft')
  })

  test('a test mail that is refused shows the same on the settings page, and leads to the message', async ({
    page,
    settings,
    microsoft,
  }) => {
    await microsoft.control('POST', '/scenarios', {
      effect: {
        kind: 'http',
        endpoint: 'sendMail',
        do: { action: 'answer', status: 403, body: { error: { code: 'ErrorSendAsDenied', message: 'No right.' } } },
      },
    })
    await settings.sendTestMail.click()
    const problem = settings.notice('Sending as this address is not allowed')
    await expect(problem.getByRole('link', { name: 'admin.exchange' })).toHaveAttribute(
      'href',
      'https://admin.exchange.microsoft.com',
    )
    await problem.getByRole('link', { name: 'Open the message' }).click()
    await expect(page.getByRole('heading', { name: 'Test mail from Inforiver', level: 1 })).toBeFocused()
    await expect(notice(page, 'Sending as this address is not allowed')).toBeVisible()
  })

  test('Retry of a message that may have been sent says that it may arrive twice, and asks', async ({
    page,
    settings,
    service,
    microsoft,
  }) => {
    await microsoft.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
    const id = await service.submit(mail('Q3 in doubt', { onUnknownOutcome: 'stop' }))
    await settings.page.goto(`${PATH}/${id}`)
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

  test('the connection says what is left of the limits of the mailbox', async ({ settings }) => {
    await expect(settings.connection).toContainText(/Left now: \d+ of 30 messages a minute/)
  })
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
  await expect(page.getByRole('heading', { name: 'Office 365 SMTP', level: 1 })).toBeVisible()

  await page.goBack()
  await page.getByRole('button', { name: 'Cancel message' }).click()
  await dialog.getByRole('button', { name: 'Cancel message' }).click()
  await expect(page.locator(':focus')).toHaveText('The message is cancelled')
  await expect(page.getByRole('region', { name: 'Attempts' })).toContainText('No attempt to send it was made.')
  await expect(page.getByRole('button', { name: 'Cancel message' })).toHaveCount(0)
})

test('the status to filter by is in the address, and still there after looking at a message', async ({
  page,
  service,
}) => {
  await service.submit(mail('Q3 is scheduled', { sendAt: '2099-01-01T06:00:00Z' }))
  await service.submit(mail('Q3 is not scheduled'))
  await openMessages(page)
  await expect(row(page, 'Q3 is not scheduled')).toBeVisible()
  await page.getByRole('combobox', { name: 'Status' }).selectOption('Scheduled')
  await expect(row(page, 'Q3 is scheduled')).toBeVisible()
  await expect(row(page, 'Q3 is not scheduled')).toHaveCount(0)

  await page.getByRole('link', { name: 'Q3 is scheduled' }).click()
  await expect(page.getByRole('region', { name: 'Message' })).toContainText('To be sent')
  await page.goBack()
  await expect(page.getByRole('combobox', { name: 'Status' })).toHaveValue('scheduled')
  await expect(row(page, 'Q3 is scheduled')).toBeVisible()
})

test('a status that no message has is explained', async ({ page }) => {
  await openMessages(page, '?status=scheduled')
  await expect(page.getByRole('heading', { name: 'No message is scheduled' })).toBeVisible()
})

test('older messages come with Load more, and the last page says so', async ({ page, service }) => {
  for (let number = 1; number <= 55; number += 1) await service.submit(mail(`Page test ${number}`))
  await openMessages(page, '?status=held')
  await expect(row(page, 'Page test 55')).toBeVisible()
  await expect(row(page, 'Page test 5')).toHaveCount(0)
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect(row(page, 'Page test 1')).toBeVisible()
  await expect(page.getByRole('button', { name: 'All are shown' })).toBeFocused()
})

test('a new message appears in an open list by itself', async ({ page, service }) => {
  await openMessages(page)
  await service.submit(mail('Q3 came later'))
  await expect(row(page, 'Q3 came later')).toBeVisible()
})

test('an address without a message leads back to the list', async ({ page }) => {
  for (const id of ['msg_nope', NO_MESSAGE]) {
    await page.goto(`${PATH}/${id}`)
    await expect(page.getByRole('heading', { name: 'Message not found' })).toBeVisible()
  }
  await page.getByRole('link', { name: 'Go to the messages' }).click()
  await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
})

test('a member who is no workspace admin sees no messages', async ({ otherBrowser, service }) => {
  const id = await service.submit(mail('Q3 is not for Max'))
  const page = await otherBrowser('Max Member')
  await page.goto(`${PATH}/${id}`)
  await expect(page.getByRole('heading', { name: 'Only workspace admins can open Tenant Settings' })).toBeVisible()
  await expect(page.getByText('Q3 is not for Max')).toHaveCount(0)
})

test('the word of a status stays in one line, however long the other columns are', async ({ page, service }) => {
  const subject = 'Figures, '.repeat(25) + 'and more'
  await service.submit(mail(subject, { sendAt: '2099-01-01T06:00:00Z', reference: 'y '.repeat(250) }))
  await openMessages(page)
  const badge = row(page, subject).getByText('Scheduled', { exact: true })
  const hiddenPixels = await badge.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)
  expect(hiddenPixels).toBe(0)
})

test('the list keeps inside its card at every width, and does not break the words of a subject', async ({
  page,
  service,
}) => {
  const subject = 'Quarterly consolidation of the subsidiaries'
  const to = ['chief-financial-officer@contoso.com', 'chief-executive-officer@contoso.com', 'bob@contoso.com']
  await service.submit(mail(subject, { to, reference: 'report-scheduler/2026-11/0042' }))
  await service.submit(mail('Without reference'))
  await openMessages(page)
  const card = page.getByRole('region', { name: 'Newest messages' })
  for (const width of [640, 768, 900, 901, 1000, 1100, 1110, 1180, 1200, 1280, 1600]) {
    await page.setViewportSize({ width, height: 900 })
    const cell = row(page, subject).getByRole('cell').filter({ hasText: subject })
    await expect(cell).toContainText('report-scheduler/2026-11/0042')
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

for (const colorScheme of ['light', 'dark'] as const) {
  test(`list and message are accessible and fit a phone, ${colorScheme}`, async ({ page, service }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 360, height: 800 })
    const subject = colorScheme.repeat(50)
    const to = Array.from({ length: 30 }, (_, number) => `${'a'.repeat(60)}${number}@contoso.com`)
    await service.submit(mail(subject, { to, reference: 'y'.repeat(512) }))
    await openMessages(page)
    await expect(row(page, subject)).toBeVisible()
    await expectAccessible(page)
    await page.getByRole('link', { name: subject }).click()
    await expect(page.getByRole('heading', { name: subject })).toBeVisible()
    await expectAccessible(page)
  })
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}
