import { beforeAll, describe, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestClock, HOURS, SECONDS } from '../test-support/test-clock.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const clock = createTestClock()

const { fixture, product } = useProduct({ clock })

let ada: TestBrowser
let reports: ServiceClient
let alerts: ServiceClient
beforeAll(async () => {
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  reports = await createServiceClient(product, { name: 'reports' })
  alerts = await createServiceClient(product, { name: 'alerts' })
})

const ids = ({ json }: { json: { items: { id: string }[] } }) => json.items.map(({ id }) => id)
const audited = async () => (await ada.call('GET', '/api/v1/audit-events?limit=1')).json.items[0]

const cursorOf = (text: string) => Buffer.from(text).toString('base64url')

describe('GET /messages', () => {
  it.each([
    ['limit=0', 'limit', undefined],
    ['limit=201', 'limit', undefined],
    ['limit=1.5', 'limit', undefined],
    ['limit=all', 'limit', undefined],
    ['status=waiting', 'status', undefined],
    ['status=receiving', 'status', undefined],
    ['cursor=abc', 'cursor', undefined],
    [`cursor=${cursorOf(`2026-11-24T10:00:00.000Z con_${'0'.repeat(32)}`)}`, 'cursor', undefined],
    [`cursor=${cursorOf(`2026-13-24T10:00:00.000Z msg_${'0'.repeat(32)}`)}`, 'cursor', undefined],
    [`cursor=${cursorOf(`-271820-01-01T00:00:00.000Z msg_${'0'.repeat(32)}`)}`, 'cursor', undefined],
    ['search=ab', 'search', 'At least 3 characters.'],
    ['search=a%CC%88b', 'search', 'At least 3 characters.'],
    ['search=a%0Abc', 'search', 'Control characters are in no message.'],
    ['search=', 'search', 'At least 3 characters.'],
    ['status=', 'status', undefined],
    ['recipient=', 'recipient', 'Give the whole address of a recipient, or leave out the filter to find all.'],
    ['possibleDuplicate=yes', 'possibleDuplicate', 'Either true or false.'],
    ['submittedFrom=2026-11-25', 'submittedFrom', 'A date and time with a zone, such as 2026-11-25T06:00:00Z.'],
    ['submittedFrom=0000-01-01T00:00:00Z', 'submittedFrom', 'A time in one of the years from 1 to 9999 in UTC.'],
    ['failedTo=9999-12-31T23:59:59-01:00', 'failedTo', 'A time in one of the years from 1 to 9999 in UTC.'],
    ['failedTo=', 'failedTo', 'A date and time with a zone, such as 2026-11-25T06:00:00Z.'],
    ['delivery=lost', 'delivery', undefined],
    ['problem=', 'problem', 'Give the code of a problem, ours or Microsoft’s, or leave out the filter to find all.'],
    ['order=oldest', 'order', undefined],
    ['service=reports', 'service', 'A key finds the messages of its own service. Leave out this filter.'],
  ])('refuses %s by its name, and says what to do', async (query, path, message) => {
    expect(await reports.get(`${MESSAGES}?${query}`)).toMatchObject({
      status: 400,
      json: { code: 'invalid-input', errors: [{ path, ...(message !== undefined && { message }) }] },
    })
  })

  it('finds the messages of all services for a person, and of one service for its key', async () => {
    const subject = 'Of two services'
    const first = await reports.submit({ subject })
    await clock.advance(1 * SECONDS)
    const second = await alerts.submit({
      subject,
      cc: [{ address: 'Zoe@Contoso.com', name: 'Zoë' }],
      bcc: ['hidden@contoso.com'],
    })
    const query = `subject=${encodeURIComponent(subject)}`

    expect(ids(await ada.call('GET', `${MESSAGES}?${query}`))).toEqual([second.id, first.id])
    expect(ids(await ada.call('GET', `${MESSAGES}?${query}&service=alerts`))).toEqual([second.id])
    expect(ids(await reports.get(`${MESSAGES}?${query}`))).toEqual([first.id])
    expect(ids(await ada.call('GET', `${MESSAGES}?recipient=HIDDEN@contoso.com`))).toEqual([second.id])
    expect(ids(await ada.call('GET', `${MESSAGES}?search=zo%C3%8B`))).toEqual([second.id])
  })

  it('leads back to where a page came from, and takes the cursor of another filter for a place', async () => {
    const submitted: string[] = []
    for (let n = 0; n < 5; n++) {
      submitted.unshift((await reports.submit({ reference: 'forth-and-back' })).id)
      await clock.advance(1 * SECONDS)
    }
    const list = async (query: string) => (await reports.get(`${MESSAGES}?${query}`)).json
    const filter = 'reference=forth-and-back&limit=2'

    const first = await list(filter)
    const second = await list(`${filter}&cursor=${first.nextCursor}`)
    const back = await list(`${filter}&cursor=${second.previousCursor}`)
    expect(second).toMatchObject({
      items: [{ id: submitted[2] }, { id: submitted[3] }],
      total: 5,
      totalIsEstimate: false,
    })
    expect(back).toEqual(first)
    expect(back.previousCursor).toBeNull()
    expect(await list(`reference=another&cursor=${second.previousCursor}`)).toMatchObject({ items: [], total: 0 })
  })
})

describe('GET /messages.csv', () => {
  it('exports what the list finds, disarms formulas, joins addresses, and is audited', async () => {
    const subject = '=cmd("a"), "b"'
    const { id } = await alerts.submit({
      subject,
      to: ['max@contoso.com', 'eva@contoso.com'],
      bcc: ['b@contoso.com'],
      reference: '-1',
    })

    const answer = await ada.call('GET', `${MESSAGES}.csv?reference=-1`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="inforiver-mail-messages-${clock.now().toISOString().slice(0, 10)}.csv"`,
    )
    expect(answer.text).toBe(
      '\uFEFFid,status,service,reference,submitted,sent,from,to,cc,bcc,subject,problem,microsoftCode,possibleDuplicate,delivered,bounced\r\n' +
        `${id},held,alerts,'-1,${clock.now().toISOString()},,,max@contoso.com; eva@contoso.com,,b@contoso.com,"'=cmd(""a""), ""b""",,,false,0,0\r\n`,
    )
    expect(await audited()).toMatchObject({
      actor: { name: 'Ada Admin' },
      action: 'messages-exported',
      details: { filter: 'reference' },
    })
  })

  it('exports all pages, and of a key only what its service submitted', async () => {
    const sender = await createServiceClient(product, { name: 'many' })
    const message = { to: ['max@contoso.com'], subject: 'Page by page', text: 'Numbers.' }
    for (let hundred = 0; hundred < 5; hundred++)
      await sender.post(`${MESSAGES}/batch`, { messages: Array.from({ length: 100 }, () => message) })
    await sender.submit({ subject: 'Page by page' })
    const lines = async ({ key }: ServiceClient) => {
      const headers = { authorization: `Bearer ${key}` }
      const answer = await fetch(`${product.publicUrl}${MESSAGES}.csv?search=page%20BY`, { headers })
      return (await answer.text()).trim().split('\r\n')
    }

    expect(await lines(sender)).toHaveLength(502)
    expect(await audited()).toMatchObject({ actor: null, details: { name: 'many', filter: 'search' } })
    expect(await lines(reports)).toHaveLength(1)
  })
})

it.each([
  ['searches', `${MESSAGES}?search=two%20services`],
  ['exports', `${MESSAGES}.csv`],
])(
  'refuses a service a seventh of eight %s at once, all sessions a seventh too, and serves others',
  async (what, path) => {
    const other = product.newBrowser()
    await other.signIn('Ada Admin')
    const byKey = async (client: ServiceClient) => {
      const answer = await fetch(`${product.publicUrl}${path}`, { headers: { authorization: `Bearer ${client.key}` } })
      return { status: answer.status, text: await answer.text() }
    }
    const bySession = async (index: number) => (index % 2 === 0 ? ada : other).call('GET', path)
    for (const ask of [async () => byKey(reports), bySession]) {
      const release = await fixture.database.lock('messages', 'ACCESS EXCLUSIVE')
      const refused: string[] = []
      const asked = Array.from({ length: 7 }, async (_, index) => {
        const { status, text } = await ask(index)
        if (status === 429) refused.push(JSON.parse(text).detail)
        return status
      })
      await expect.poll(() => refused).toEqual([expect.stringContaining(`6 of the 8 ${what} `)])
      const others = byKey(alerts)
      await release()

      const statuses = await Promise.all(asked)
      expect(statuses.filter((status) => status === 200)).toHaveLength(6)
      expect((await others).status).toBe(200)
    }
  },
)

describe('POST /messages/cancel and /messages/retry', () => {
  it.each([
    [{}, 'filter'],
    [{ filter: {} }, 'filter'],
    [{ filter: { status: 'failed', state: 'failed' } }, 'filter.state'],
    [{ filter: { search: 'ab' } }, 'filter.search'],
    [{ filter: { service: 'alerts' } }, 'filter.service'],
    [{ filter: { status: 'failed' }, all: true }, 'all'],
  ])('refuses %j', async (body, path) => {
    for (const action of ['retry', 'cancel']) {
      const { status, json } = await reports.post(`${MESSAGES}/${action}`, body)
      expect(status).toBe(400)
      expect(json.errors).toMatchObject([{ path }])
    }
  })

  it('counts what it can change of the own service, and is audited', async () => {
    const sendAt = new Date(clock.now().getTime() + 1 * HOURS).toISOString()
    for (const service of [reports, reports, alerts]) await service.submit({ sendAt, reference: 'bulk' })
    await reports.submit({ reference: 'bulk' })

    expect(
      await reports.post(`${MESSAGES}/cancel`, { filter: { reference: 'bulk', status: 'scheduled' } }),
    ).toMatchObject({
      status: 202,
      json: { count: 2 },
    })
    expect(await reports.post(`${MESSAGES}/retry`, { filter: { reference: 'bulk' } })).toMatchObject({
      json: { count: 0, expired: 0, withoutContent: 0, notAllowed: 0 },
    })
    const filter = { reference: 'bulk', possibleDuplicate: false }
    expect((await ada.call('POST', `${MESSAGES}/cancel`, { filter })).json).toEqual({ count: 4 })
    expect(await audited()).toMatchObject({
      action: 'messages-cancelled',
      outcome: 'accepted',
      details: { count: 4, filter: 'reference, possibleDuplicate=false' },
    })
    expect(
      await fixture.database.query('SELECT sum(cardinality(message_ids))::int AS listed FROM bulk_changes'),
    ).toEqual([{ listed: 6 }])
  })
})
