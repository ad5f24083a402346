import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connectMailbox, SETTINGS } from '../test-support/office365-smtp.ts'
import { recordTraffic, type Exchange } from '../test-support/record-traffic.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, HOURS } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const clock = createTestClock()
const traffic = recordTraffic()
let product: TestProduct
let ada: TestBrowser
/** The secret values by kind, as seen at Microsoft and in the browser. */
let secrets: Map<string, Set<string>>

async function post(action: string, body: unknown = {}): Promise<Answer> {
  return ada.call('POST', `${SETTINGS}/${action}`, body)
}

async function sendTestMessage(): Promise<void> {
  await until('sent', (await post('test-message')).json.messageId)
}

async function until(status: string, messageId: string): Promise<void> {
  await vi.waitUntil(
    async () => (await ada.call('GET', `/api/v1/messages/${messageId}`)).json.status === status,
    300_000,
  )
}

async function fail(scenario: string): Promise<void> {
  await fixture.microsoft.control('POST', '/scenarios', { name: scenario })
  const started = await post('update-sender', { fromEmail: 'reports@contoso.com' })
  await ada.consent(started.json.consentUrl, 'Ada Admin')
}

// Runs through everything that touches a secret.
const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await fixture.startProduct()
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await product.newBrowser().signIn('Gil Guest') // refused
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await sendTestMessage()
  await fail('authorize-declined')
  await fail('secret-wrong')
  await fail('id-token-wrong-signature')
  await fail('me-other-id')
  await fail('send-reset-after')
  const update = await post('update-sender', { fromEmail: 'reports@contoso.com', largeAttachments: true })
  await ada.consent(update.json.consentUrl, 'Ada Admin')
  await ada.open(ada.lastReturn ?? '') // a replay
  await clock.advance(3 * HOURS)
  await ada.signIn('Ada Admin')
  await sendTestMessage() // with refreshed tokens
  await clock.advance(3 * HOURS)
  await ada.signIn('Ada Admin')
  await fixture.microsoft.control('POST', '/scenarios', { name: 'refresh-revoked' })
  await until('held', (await post('test-message')).json.messageId)
  const reconnect = await post('reconnect')
  await ada.consent(reconnect.json.consentUrl, 'Ada Admin')
  await breakDatabase(() => post('update-sender', { fromEmail: 'max@contoso.com' }))
  await post('update-sender', { fromEmail: 'max@contoso.com' }) // left pending
  await product.newBrowser().visit('/auth/sign-in') // left pending
  secrets = collectSecrets(traffic.exchanges)
})

afterAll(async () => {
  traffic.stop()
})

async function breakDatabase(act: () => Promise<unknown>): Promise<void> {
  await fixture.database.query('ALTER TABLE consents RENAME TO away')
  await act()
  await fixture.database.query('ALTER TABLE away RENAME TO consents')
}

function collectSecrets(exchanges: readonly Exchange[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const add = (kind: string, value: unknown) => {
    if (typeof value === 'string' && value.length >= 16) found.set(kind, (found.get(kind) ?? new Set()).add(value))
  }
  const microsoft = Number(new URL(fixture.microsoft.url).port)
  for (const { port, url, requestHeaders, requestBody, responseBody } of exchanges) {
    const query = new URL(url, 'http://localhost').searchParams
    if (port === product.config.port) {
      add('code', query.get('code'))
      for (const cookie of (requestHeaders.cookie ?? '').split('; ')) add('cookie', cookie.split('=')[1])
    }
    if (port !== microsoft) continue
    for (const name of ['state', 'nonce']) add(name, query.get(name))
    if (!url.includes('/token')) continue
    const form = new URLSearchParams(requestBody)
    for (const name of ['client_secret', 'code', 'code_verifier', 'refresh_token']) add(name, form.get(name))
    const tokens = JSON.parse(responseBody) as Record<string, unknown>
    for (const name of ['access_token', 'refresh_token', 'id_token']) add(name, tokens[name])
  }
  for (const entry of (product.config.vaultKeys ?? '').split(',')) add('vault key', entry.split(':')[1])
  return found
}

/** Returns the kinds that a text contains, in clear or in a common encoding. */
function kindsIn(text: string, kinds: readonly string[] = [...secrets.keys()]): string[] {
  return kinds.filter((kind) =>
    [...(secrets.get(kind) ?? [])].some((value) =>
      [
        value,
        encodeURIComponent(value),
        Buffer.from(value).toString('hex'),
        Buffer.from(value)
          .toString('base64')
          .replace(/.?.?=*$/, ''), // the characters after it may change the last ones
      ].some((form) => text.includes(form)),
    ),
  )
}

it('saw every kind of secret', () => {
  const counts = Object.fromEntries([...secrets].map(([kind, values]) => [kind, values.size]))

  expect(counts).toMatchObject({ client_secret: 1, 'vault key': 1 })
  const often = ['state', 'nonce', 'code', 'code_verifier', 'access_token', 'refresh_token', 'id_token', 'cookie']
  expect(often.filter((kind) => (counts[kind] ?? 0) < 4)).toEqual([])
})

it('stores none of them in clear, in any row of any table', async () => {
  const tables = await fixture.database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const found: string[] = []
  let rows = 0
  for (const { name } of tables) {
    for (const { row } of await fixture.database.query<{ row: string }>(
      `SELECT row_to_json(t)::text AS row FROM ${name} t`,
    )) {
      rows += 1
      found.push(...kindsIn(row).map((kind) => `${kind} in ${name}`))
    }
  }

  expect(rows).toBeGreaterThan(30)
  expect(found).toEqual([])
})

it('logs none of them, not even at trace level', () => {
  expect(product.logLines.length).toBeGreaterThan(50)
  expect(product.logLines.flatMap((line) => kindsIn(line).map((kind) => `${kind} in ${line}`))).toEqual([])
})

it('shows none of them in an answer, but for state and nonce in the consent URL', () => {
  const answers = traffic.exchanges.filter(({ port }) => port === product.config.port)
  const bodies = answers.map(({ url, responseBody }) => ({ url, text: withoutConsentUrl(responseBody) }))

  expect(bodies.length).toBeGreaterThan(30)
  expect(bodies.flatMap(({ url, text }) => kindsIn(text).map((kind) => `${kind} in ${url}`))).toEqual([])
})

it('sends nothing of Microsoft’s to the browser in a header', () => {
  const answers = traffic.exchanges.filter(({ port }) => port === product.config.port)
  const kinds = ['client_secret', 'code', 'code_verifier', 'refresh_token', 'access_token', 'id_token', 'vault key']

  expect(answers.flatMap(({ responseHeaders }) => kindsIn(JSON.stringify(responseHeaders), kinds))).toEqual([])
})

function withoutConsentUrl(body: string): string {
  return body.replace(/"consentUrl":"[^"]*"/, '')
}
