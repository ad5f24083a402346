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
  await simulated.consentForOrganization()
  reader = ((await (await simulated.applicationToken()).json()) as { access_token: string }).access_token
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

const statuses = (rows: readonly Row[]) =>
  Object.fromEntries(rows.map(({ recipientAddress, status }) => [recipientAddress, status]))
const DAY = 'receivedDateTime ge 2026-11-23T11:00:00Z and receivedDateTime le 2026-11-24T10:00:00Z'
const LATER = 'receivedDateTime ge 2026-11-23T11:00:00Z and receivedDateTime le 2026-11-24T10:00:01Z'

it('has a row for each recipient, and for each member of a list', async () => {
  await simulated.set({ recipients: { 'eva@fabrikam.com': { status: 'teleported' } } })
  await send(['max@contoso.com', 'nobody@contoso.com', 'x@quarantine.example', 'board@contoso.com', 'eva@fabrikam.com'])

  const { rows } = await ask('')

  expect(statuses(rows)).toEqual({
    'max@contoso.com': 'delivered',
    'nobody@contoso.com': 'failed',
    'x@quarantine.example': 'quarantined',
    'board@contoso.com': 'expanded',
    'ada@contoso.com': 'delivered',
    'grace@contoso.com': 'delivered',
    'eva@fabrikam.com': 'teleported',
  })
  expect(new Set(rows.map(({ id, messageId }) => `${id} ${messageId}`)).size).toBe(1)
})

it('shows a row late, and its outcome later', async () => {
  await simulated.set({ traceDelayMs: 60_000, tracePendingMs: 60_000 })
  await send(['max@contoso.com'])
  expect((await ask('')).rows).toEqual([])
  nowMs += 60_000
  expect(statuses((await ask('')).rows)).toEqual({ 'max@contoso.com': 'pending' })
  nowMs += 60_000
  expect(statuses((await ask('')).rows)).toEqual({ 'max@contoso.com': 'delivered' })
})

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

it('pages by an opaque token', async () => {
  for (let nth = 0; nth < 5; nth++) await send(['max@contoso.com', 'bob@contoso.com'], `Report ${nth}`)
  let { rows, next } = await ask(DAY, '&$top=4')
  const seen = [...rows]
  while (next !== undefined) {
    const page = (await (await fetch(next, { headers: { authorization: `Bearer ${reader}` } })).json()) as {
      value: Row[]
      '@odata.nextLink'?: string
    }
    seen.push(...page.value)
    next = page['@odata.nextLink']
  }
  expect(new Set(seen.map(({ id, recipientAddress }) => `${id} ${recipientAddress}`)).size).toBe(10)
  expect(seen).toHaveLength(10)
})

it('tells the reason of a failure in its details, and nothing of what it does not know', async () => {
  await send(["o'nobody@contoso.com"])
  const [row] = (await ask('')).rows
  const details = async (address: string) => {
    const path = `${TRACES}/${row?.id}/getDetailsByRecipient(recipientAddress='${encodeURIComponent(address.replace("'", "''"))}')`
    return (
      (await (await simulated.graph(reader, 'GET', path)).json()) as { value: { event: string; description: string }[] }
    ).value
  }
  expect(await details("o'nobody@contoso.com")).toContainEqual(
    expect.objectContaining({ event: 'Fail', description: expect.stringContaining('LED=550 5.1.10') }),
  )
  expect(await details('max@contoso.com')).toEqual([])
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
