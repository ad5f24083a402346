import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { createTestClock, HOURS } from '../test-support/test-clock.ts'

const EVENTS = '/api/v1/audit-events'
const CSV = '/api/v1/audit-events.csv'

const clock = createTestClock()
const { fixture, product, ada, post } = useAdminFixture({
  clock,
  environment: { WORKSPACE_ADMINS: 'bob@contoso.com' },
})

const list = async (query = '') => (await ada.call('GET', `${EVENTS}${query}`)).json

/** Adds this many events, each a minute before the other. */
async function addEvents(count: number, { tenantId, action }: { tenantId?: string; action?: string } = {}) {
  await fixture.database.query(
    `INSERT INTO audit_events (tenant_id, at, actor, action, outcome, details)
     SELECT coalesce($2, tenant_id), at - number * interval '1 minute', actor, coalesce($3, 'sign-out'), number::text, '{}'
       FROM audit_events, generate_series(1, $1) AS number WHERE action = 'sign-in'`,
    [count, tenantId, action],
  )
}

it('lists who did what when, newest first', async () => {
  await clock.advance(1 * HOURS - 1)
  await post('reset', {})

  const { items, nextCursor } = await list()
  expect(items).toEqual([
    {
      id: expect.stringMatching(/^aud_\d+$/),
      at: clock.now().toISOString(),
      actor: { id: expect.stringMatching(/^usr_/), name: 'Ada Admin', email: 'ada@contoso.com' },
      action: 'settings-reset',
      outcome: 'done',
      details: { fromEmail: null },
    },
    expect.objectContaining({ action: 'sign-in', outcome: 'workspace-admin' }),
  ])
  expect(nextCursor).toBeNull()
})

it.each([
  ['', ['1', '2', '3', '4']],
  ['?from=2026-11-24T09:57:00Z', ['1', '2', '3']],
  ['?to=2026-11-24T09:57:00Z', ['4']],
  ['?from=2026-11-24T11:57:00%2B02:00&to=2026-11-24T09:58:00Z', ['3']],
  ['?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59.999Z', ['1', '2', '3', '4']],
])('includes `from` and excludes `to`: %s', async (query, outcomes) => {
  await fixture.database.query(
    `INSERT INTO audit_events (tenant_id, at, action, outcome, details)
     SELECT tenant_id, timestamptz '2026-11-24T10:00:00Z' - number * interval '1 minute', 'app-recovered', number::text, '{}'
       FROM audit_events, generate_series(1, 4) AS number`,
  )

  const { items } = await list(query)
  const found = items.filter(({ action }: { action: string }) => action === 'app-recovered')
  expect(found.map(({ outcome }: { outcome: string }) => outcome)).toEqual(outcomes)
})

it('filters by action', async () => {
  await addEvents(2, { action: 'service-key-revoked' })
  await addEvents(2)

  expect((await list('?action=service-key-revoked')).items).toHaveLength(2)
  expect((await list('?action=webhook-removed')).items).toEqual([])
})

it.each(['bob', 'BOB@CONTOSO', 'Behalf'])('finds a person’s events by a part of name or address: %s', async (text) => {
  await product.newBrowser().signIn('Bob Behalf')

  const { items } = await list(`?actor=${text}`)
  expect(items.map(({ actor }: { actor: { name: string } }) => actor.name)).toEqual(['Bob Behalf'])
})

it('finds a consent by the account that was connected, even if somebody else started it', async () => {
  const { consentUrl } = (await post('configure', { fromEmail: 'reports@contoso.com' })).json
  await ada.consent(consentUrl, 'Bob Behalf')

  expect((await list('?actor=bob')).items).toMatchObject([
    {
      actor: { name: 'Ada Admin' },
      action: 'consent-ended',
      outcome: 'completed',
      details: { account: 'bob@contoso.com', mailbox: 'delegated' },
    },
  ])
})

it('takes the text of a person literally, not as a pattern', async () => {
  expect((await list('?actor=%25')).items).toEqual([])
  expect((await list('?actor=a_a')).items).toEqual([])
})

it('pages without repeating or skipping an event, even of one moment', async () => {
  await addEvents(5)
  await addEvents(5)
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await list(`?limit=3&action=sign-out${cursor && `&cursor=${cursor}`}`)
    seen.push(...page.items.map(({ id }: { id: string }) => id))
    cursor = page.nextCursor ?? ''
  } while (cursor)

  const all = (await list('?action=sign-out')).items.map(({ id }: { id: string }) => id)
  expect(all).toHaveLength(10)
  expect(seen).toEqual(all)
})

it('returns 50 events by default, and 100 at most', async () => {
  await addEvents(120)

  expect((await list()).items).toHaveLength(50)
  expect((await list('?limit=100')).items).toHaveLength(100)
  expect((await ada.call('GET', `${EVENTS}?limit=101`)).status).toBe(400)
})

const cursorOf = (text: string) => Buffer.from(text).toString('base64url')

it.each([
  ['cursor=abc', 'cursor'],
  [`cursor=${cursorOf(`2026-11-24T10:00:00.000Z msg_${'0'.repeat(32)}`)}`, 'cursor'],
  [`cursor=${cursorOf('2026-11-24T10:00:00.000Z aud_99999999999999999999')}`, 'cursor'],
  ['from=yesterday', 'from'],
  ['to=2026-11-24', 'to'],
  ['action=nothing', 'action'],
  ['actor=', 'actor'],
  [`actor=${'a'.repeat(255)}`, 'actor'],
])('refuses %s by its name', async (query, path) => {
  const answer = await ada.call('GET', `${EVENTS}?${query}`)

  expect(answer.status).toBe(400)
  expect(answer.json).toMatchObject({ code: 'invalid-input', errors: [{ path }] })
})

it('refuses a filter that it does not know, rather than showing everything', async () => {
  expect((await ada.call('GET', `${EVENTS}?person=ada`)).status).toBe(400)
  expect((await ada.call('GET', `${CSV}?person=ada`)).status).toBe(400)
})

it('exports comma-separated values for a spreadsheet, and forbids caching', async () => {
  const answer = await ada.call('GET', CSV)

  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toBe(
    `attachment; filename="inforiver-mail-audit-${clock.now().toISOString().slice(0, 10)}.csv"`,
  )
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.text).toBe(
    `\uFEFFtime,person,address,action,outcome,details\r\n${clock.now().toISOString()},Ada Admin,ada@contoso.com,sign-in,workspace-admin,{}\r\n`,
  )
})
