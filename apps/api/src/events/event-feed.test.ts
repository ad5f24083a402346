import { beforeAll, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const FEED = '/api/v1/message-events'

const { product, fixture, service } = useProduct()
let invitations: ServiceClient
let ada: TestBrowser

beforeAll(async () => {
  invitations = await createServiceClient(product, { name: 'invitations' })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

async function read(query: string, by: Pick<ServiceClient, 'get'> = service) {
  const { status, json } = await by.get(`${FEED}?${query}`)
  expect({ status, problem: json.detail }).toEqual({ status: 200, problem: undefined })
  return json
}

const typesIn = ({ items }: { items: { type: string }[] }) => items.map(({ type }) => type)

it('shows each service what became of its messages, and an admin of all', async () => {
  const start = await read('')
  expect(start).toEqual({ items: [], next: '0' })
  const { id } = await service.submit({ reference: 'run-42' }) // no mailbox is connected
  await invitations.submit()
  await service.post(`/api/v1/messages/${id}/cancel`)

  const page = await read(`after=${start.next}`)
  expect(page.items).toMatchObject([
    { type: 'message.held', messageId: id, reference: 'run-42', service: 'reports', code: 'not-configured' },
    { type: 'message.cancelled', messageId: id, recipient: null, code: null, detail: null, possibleDuplicate: false },
  ])
  expect(await read(`after=${page.next}`)).toEqual({ items: [], next: page.next })
  expect((await read('')).next).toBe((await read('after=0')).next)
  expect(typesIn(await read(`after=${page.items[0].id}`))).toEqual(['message.cancelled'])
  expect(typesIn(await read('after=0&types=message.sent,message.cancelled'))).toEqual(['message.cancelled'])
  expect(typesIn(await read('after=0&limit=1'))).toEqual(['message.held'])
  const everything = (await ada.call('GET', `${FEED}?after=0`)).json
  expect(everything.items.map((event: { service: string }) => event.service)).toEqual([
    'reports',
    'invitations',
    'reports',
  ])
})

it('answers a request that waits as soon as there is an event that it asked for', async () => {
  const { next } = await read('')
  const waiting = read(`after=${next}&waitSeconds=30&types=message.cancelled`)
  const fromNow = read('waitSeconds=30&types=message.cancelled')
  const { id } = await service.submit()
  await invitations.post(`/api/v1/messages/${(await invitations.submit()).id}/cancel`)
  await service.post(`/api/v1/messages/${id}/cancel`)

  expect((await waiting).items).toMatchObject([{ messageId: id }])
  expect((await fromNow).items).toMatchObject([{ messageId: id }])
  expect(await read(`after=${(await waiting).next}&waitSeconds=1`)).toMatchObject({ items: [] })
})

it('lets a service wait with three quarters of the places, refuses it more at once, and lets others wait', async () => {
  const { next } = await read('')
  const query = `${FEED}?after=${next}&waitSeconds=30&types=message.cancelled`
  const refused = new Set<string>()
  const asked = Array.from({ length: 80 }, async () => {
    const { status, headers, json } = await service.get(query)
    if (status === 429) refused.add(`${headers.get('retry-after')} ${json.code} ${json.detail}`)
    return status
  })
  await expect.poll(() => refused.size).toBe(1)
  const waiting = invitations.get(query)
  const { id } = await invitations.submit()
  await invitations.post(`/api/v1/messages/${id}/cancel`)
  expect((await waiting).json.items).toMatchObject([{ messageId: id }])

  await service.post(`/api/v1/messages/${(await service.submit()).id}/cancel`)
  const statuses = await Promise.all(asked)
  expect(statuses.filter((status) => status === 200)).toHaveLength(75)
  expect([...refused]).toEqual([
    expect.stringMatching(/^5 rate-limited 75 of the 100 requests .* The share of a service/),
  ])
})

it('tells nothing to those whose session or key has ended while they waited', async () => {
  const other = product.newBrowser()
  await other.signIn('Ada Admin')
  const { next } = await read('')
  const query = `${FEED}?after=${next}&waitSeconds=30&types=message.cancelled`
  const waiting = [other.call('GET', query), invitations.get(query)]
  const { id } = await invitations.submit() // by then they wait
  await ada.call('DELETE', '/api/v1/sessions')
  const { items } = (await ada.call('GET', '/api/v1/service-keys')).json
  const key = items.find(({ name }: { name: string }) => name === 'invitations')
  expect((await ada.call('DELETE', `/api/v1/service-keys/${key.id}`)).status).toBeLessThan(300)
  await ada.call('POST', `/api/v1/messages/${id}/cancel`)
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([401, 401])
  invitations = await createServiceClient(product, { name: 'invitations' })
})

it.each([
  ['after', 'after=yesterday'],
  ['after', 'after=0&after=0'],
  ['after', `after=evt_${'f'.repeat(32)}`],
  ['after', `after=evt_000fffffffffffff${'0'.repeat(16)}`],
  ['types', 'types='],
  ['types', 'types=message.sent,message.lost'],
  ['limit', 'limit=1001'],
  ['limit', 'limit=0'],
  ['waitSeconds', 'waitSeconds=31'],
  ['from', 'from=0'],
])('refuses a wrong %s: %s', async (path, query) => {
  const { status, json } = await service.get(`${FEED}?${query}`)
  expect({ status, code: json.code, paths: json.errors.map((fault: { path: string }) => fault.path) }).toEqual({
    status: 400,
    code: 'invalid-input',
    paths: [path],
  })
  expect(json.detail).not.toMatch(/Invalid input/) // but what is expected
})

it('needs the scope to read messages', async () => {
  const sender = await createServiceClient(product, { name: 'sender', scopes: ['messages:send'] })
  expect((await sender.get(FEED)).status).toBe(403)
})

it('answers those who wait when the product stops', async () => {
  const other = await fixture.startProduct({ environment: { ROLE: 'api' } })
  const { next } = await read('')
  const waiting = service.at(other).get(`${FEED}?after=${next}&waitSeconds=30`)
  await service.at(other).get(FEED) // by then the first has arrived
  await other.close()

  expect(await waiting).toMatchObject({ status: 200, json: { items: [], next } })
})
