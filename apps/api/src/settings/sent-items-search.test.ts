import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAccessParts, type AccessParts } from '../test-support/access-parts.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { checkSentItemsSearch } from './sent-items-search.ts'

const clock = createTestClock()
let ground: TestGround
let product: TestProduct
let parts: AccessParts

beforeAll(async () => {
  ground = await createTestGround({ clock })
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  parts = await createAccessParts({ ground, config: product.config, clock: clock.now })
})
afterAll(async () => {
  await parts.close()
  await ground.close()
})

const check = () => checkSentItemsSearch({ ...parts, clock: clock.now })

beforeEach(async () => {
  await ground.clear()
  await ground.microsoft.control('DELETE', '/scenarios')
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com', largeAttachments: true })
})

async function known(): Promise<string | undefined> {
  const [row] = await ground.database.query<{ sent_items_search: string }>(
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
  await ground.microsoft.control('POST', '/scenarios', { effect, times: 'always' })
}

it('finds the message that proved the grant', async () => {
  await check()

  expect(await known()).toBe('works')
})

it('waits for a copy that appears late', async () => {
  await searchAnswers(200, { value: [] })
  await clock.advance(14 * MINUTES)
  await check()
  expect(await known()).toBe('unknown')

  await ground.microsoft.control('DELETE', '/scenarios')
  await check()
  expect(await known()).toBe('works')
})

it.each([
  ['shows no copy', 200, { value: [] }],
  ['cannot be searched', 400, { code: 'ErrorInvalidProperty' }],
])('looks no more after a quarter of an hour where the mailbox %s', async (_what, status, value) => {
  await searchAnswers(status, value)
  await clock.advance(16 * MINUTES)
  await check()

  expect(await known()).toBe('fails')
})

it.each([
  ['429', 429],
  ['503', 503],
  ['401', 401],
])('learns nothing from %s, however late it is', async (_what, status) => {
  await searchAnswers(status, {})
  await clock.advance(16 * MINUTES)
  await check()
  expect(await known()).toBe('unknown')

  await ground.microsoft.control('DELETE', '/scenarios')
  await check()
  expect(await known()).toBe('works')
})
