import { beforeEach, expect, it } from 'vitest'
import { mail, simulate, type Simulated } from '../test-support/simulated.ts'

const TRACES = '/admin/exchange/tracing/messageTraces'
const NOW = Date.parse('2026-11-24T10:00:00Z')

interface Row {
  readonly id: string
  readonly recipientAddress: string
  readonly status: string
  readonly messageId: string
}

let simulated: Simulated
let nowMs: number
let sender: string
let reader: string

beforeEach(async () => {
  nowMs = NOW
  simulated = await simulate({ clock: () => new Date(nowMs) })
  sender = (await simulated.signIn('ada')).access_token
  const permissions = ['ExchangeMessageTrace.Read.All']
  const issued = await simulated.control('POST', '/application/tokens', { permissions })
  reader = ((await issued.json()) as { accessToken: string }).accessToken
})

async function ask(filter: string, more = '') {
  const response = await simulated.graph(reader, 'GET', `${TRACES}?$filter=${encodeURIComponent(filter)}${more}`)
  const json = (await response.json()) as { value?: Row[]; '@odata.nextLink'?: string; error?: { message: string } }
  return {
    status: response.status,
    rows: json.value ?? [],
    next: json['@odata.nextLink'],
    message: json.error?.message,
    headers: response.headers,
  }
}

async function send(to: readonly string[], subject = 'Q3'): Promise<void> {
  const message = mail({ subject, toRecipients: to.map((address) => ({ emailAddress: { address } })) })
  expect((await simulated.sendMail(sender, message)).status).toBe(202)
}
const DAY = 'receivedDateTime ge 2026-11-23T11:00:00Z and receivedDateTime le 2026-11-24T10:00:00Z'
const LATER = 'receivedDateTime ge 2026-11-23T11:00:00Z and receivedDateTime le 2026-11-24T10:00:01Z'

it.each([
  ["senderAddress eq 'ada@contoso.com'", 3],
  ["senderAddress eq 'max@contoso.com'", 0],
  ["recipientAddress eq 'max@contoso.com' or recipientAddress eq 'grace@contoso.com'", 1],
  ["recipientAddress ne 'max@contoso.com'", 3],
  ["startswith(recipientAddress, 'max')", 3],
  [`${DAY} and senderAddress eq 'ada@contoso.com'`, 3],
])('takes a filter as laxly as the service: %s', async (filter, count) => {
  await send(['max@contoso.com'], 'Report 1')
  await send(['grace@contoso.com'], 'A REPORT')
  await send(['bob@contoso.com'])
  expect((await ask(filter)).rows).toHaveLength(count)
})

it.each([
  [DAY, '&$top=5001', 'ResultSize is invalid'],
  [
    'receivedDateTime ge 2026-11-24T00:00:00Z and receivedDateTime lt 2026-11-24T10:00:00Z',
    '',
    'EndDate is required when a StartDate is entered.',
  ],
  [LATER, '', "can't be in the future."],
  [
    'receivedDateTime ge 2026-11-10T00:00:00Z and receivedDateTime le 2026-11-24T10:00:00Z',
    '',
    "can't be longer than 10 days.",
  ],
  [
    'receivedDateTime ge 2026-08-01T00:00:00Z and receivedDateTime le 2026-08-02T00:00:00Z',
    '',
    "can't be older than 90 days from today.",
  ],
])('refuses %s%s', async (filter, more, text) => {
  expect(await ask(filter, more)).toMatchObject({ status: 400, message: expect.stringContaining(text) })
})

it('refuses more than 100 requests in 5 minutes, and counts them', async () => {
  for (let nth = 0; nth < 100; nth++) expect((await ask(DAY)).status).toBe(200)
  const refused = await ask(DAY)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('60')
  nowMs += 5 * 60_000 + 1
  expect((await ask(DAY)).status).toBe(200)
  expect(await simulated.read('/traces')).toMatchObject({ requests: 102, maxPer5Minutes: 101 })
})
