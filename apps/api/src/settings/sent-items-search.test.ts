import { beforeEach, expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { useAccessModules } from '../test-support/access-modules.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { checkSentItemsSearch } from './sent-items-search.ts'

const clock = createTestClock()
const { fixture, product, ada, post, readSettings } = useAdminFixture({ clock })
const modules = useAccessModules(() => ({ fixture, config: product.config, clock: clock.now }))

const check = () => checkSentItemsSearch({ ...modules, clock: clock.now, timers: systemTimers })

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'enforced' })
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
})

/** Makes a mailbox the sender on which Ada has Send As. */
async function sendFromReports(): Promise<void> {
  const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
  expect((await ada.consent(started.json.consentUrl, 'Ada Admin')).status).toBe(200)
}

async function known(): Promise<string | undefined> {
  const [row] = await fixture.database.query<{ sent_items_search: string }>(
    'SELECT sent_items_search FROM tenant_settings',
  )
  return row?.sent_items_search
}

async function searchAnswers(status: number, value: object): Promise<void> {
  const effect = {
    kind: 'http',
    endpoint: 'message-search',
    do: { action: 'answer', status, body: status === 200 ? value : { error: { code: 'Code', message: '', ...value } } },
  }
  await fixture.microsoft.control('POST', '/scenarios', { effect, times: 'always' })
}

it('holds all mail where the message that proved the grant left from the delegate in place of the sender', async () => {
  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'ignored' })
  await sendFromReports()

  await check()

  expect(await known()).toBe('unknown')
  expect(await readSettings()).toMatchObject({
    status: 'reconnect-required',
    problem: {
      code: 'reconnect-required',
      detail: expect.stringContaining('makes ada@contoso.com the sender in place of reports@contoso.com'),
    },
  })
})

it('does not hold the mail of a connection that was made while it looked for the message of the one before', async () => {
  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'ignored' })
  await sendFromReports()
  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'enforced' })
  const accessSource: typeof modules.accessSource = {
    ...modules.accessSource,
    async access(...asked) {
      await sendFromReports()
      return modules.accessSource.access(...asked)
    },
  }

  await checkSentItemsSearch({ ...modules, accessSource, clock: clock.now, timers: systemTimers })

  expect(await known()).toBe('unknown')
  expect(await readSettings()).toMatchObject({ status: 'connected', problem: null })
})

it('finds the message that left from another sender than the delegate', async () => {
  await sendFromReports()

  await check()

  expect(await known()).toBe('works')
})

it('waits for a copy that appears late', async () => {
  await searchAnswers(200, { value: [] })
  await clock.advance(14 * MINUTES)
  await check()
  expect(await known()).toBe('unknown')

  await fixture.microsoft.control('DELETE', '/scenarios')
  await check()
  expect(await known()).toBe('works')
})

it.each([
  ['shows no copy', 200, { value: [] }],
  ['cannot be searched', 400, { code: 'ErrorInvalidProperty' }],
])('stops searching after a quarter of an hour when the mailbox %s', async (_what, status, value) => {
  await searchAnswers(status, value)
  await clock.advance(16 * MINUTES)
  await check()

  expect(await known()).toBe('fails')
})

it.each([
  [429, 'Code'],
  [503, 'Code'],
  [401, 'Code'],
  [404, 'UnknownError'],
])('learns nothing from %s %s, however late', async (status, code) => {
  await searchAnswers(status, { code })
  await clock.advance(16 * MINUTES)
  await check()
  expect(await known()).toBe('unknown')

  await fixture.microsoft.control('DELETE', '/scenarios')
  await check()
  expect(await known()).toBe('works')
})
