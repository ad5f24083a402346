import { beforeAll, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { clientFor, createServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const SETTINGS = '/api/v1/tenant-settings/office365-smtp'
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

let product: TestProduct
let ada: TestBrowser

const fixture = useFixture()
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

const ENDPOINTS = [
  ['POST', MESSAGES, 'messages:send', MAIL],
  ['GET', MESSAGES, 'messages:read', undefined],
  ['GET', `${MESSAGES}/{id}`, 'messages:read', undefined],
  ['POST', `${MESSAGES}/{id}/cancel`, 'messages:send', undefined],
  ['POST', `${MESSAGES}/{id}/retry`, 'messages:send', undefined],
  ['GET', SETTINGS, 'settings:read', undefined],
  ['GET', `${SETTINGS}/usage`, 'settings:read', undefined],
] as const

it.each(ENDPOINTS)('%s %s needs the scope %s', async (method, path, scope, body) => {
  const others = ['messages:send', 'messages:read', 'settings:read'].filter((other) => other !== scope)
  const all = await createServiceClient(product, { name: 'scopes' })
  const without = await createServiceClient(product, { name: 'scopes', scopes: others })
  const only = await createServiceClient(product, { name: 'scopes', scopes: [scope] })
  const { id } = await all.submit()
  const url = path.replace('{id}', id)
  const call = (service: typeof all) => (method === 'GET' ? service.get(url) : service.post(url, body))

  const refused = await call(without)
  expect(refused.status).toBe(403)
  expect(refused.json).toMatchObject({
    code: 'scope-missing',
    detail: expect.stringMatching(`^The service key lacks the scope ${scope}\\. .* Tenant Settings`),
  })
  expect((await call(only)).json.code).not.toBe('scope-missing')
})

it.each([
  ['an unknown key', 'Bearer imk_0000000000000000000000000000000000000000000'],
  ['no key', 'Bearer'],
  ['an empty key', 'Bearer '],
  ['two keys', 'Bearer one two'],
  ['another scheme', 'Basic YWRhOnNlY3JldA=='],
  ['a key that is too long', `Bearer ${'k'.repeat(513)}`],
  ['a key outside ASCII', 'Bearer sch\u00fcssel'],
])('answers 401 to %s, on every endpoint', async (_what, authorization) => {
  for (const [method, path, , body] of ENDPOINTS) {
    const answer = await fetch(`${product.publicUrl}${path.replace('{id}', `msg_${'0'.repeat(32)}`)}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await answer.json()).toMatchObject({ code: 'invalid-service-key', requestId: expect.any(String) })
  }
})

it('explains both credentials to a caller who sends neither', async () => {
  const answer = await fetch(`${product.publicUrl}${MESSAGES}`)

  expect(answer.status).toBe(401)
  expect(await answer.json()).toMatchObject({
    code: 'not-signed-in',
    detail: expect.stringMatching(/Authorization: Bearer .*signs in/),
  })
})

it('does not let a session stand in for a bad key, or submit messages', async () => {
  const badKey = await ada.call('GET', MESSAGES, undefined, { authorization: 'Bearer imk_unknown' })
  const submission = await ada.call('POST', MESSAGES, MAIL)

  for (const { status, json } of [badKey, submission]) {
    expect(status).toBe(401)
    expect(json.code).toBe('invalid-service-key')
  }
})

it('takes the scheme in any case, and asks for no Origin whatever cookies are sent', async () => {
  const { key } = await createServiceClient(product)
  const headers = { authorization: `bearer ${key}`, origin: 'https://elsewhere.example' }

  expect((await ada.call('POST', MESSAGES, MAIL, headers)).status).toBe(202)
})

it('lets a workspace admin see the messages of every service, and a member none', async () => {
  const service = await createServiceClient(product, { name: 'seen by the admin' })
  const { id } = await service.submit()
  const max = product.newBrowser()
  await max.signIn('Max Member')

  expect((await ada.call('GET', `${MESSAGES}/${id}`)).json.id).toBe(id)
  const ids = (await ada.call('GET', MESSAGES)).json.items.map((message: { id: string }) => message.id)
  expect(ids).toContain(id)
  for (const path of [MESSAGES, `${MESSAGES}/${id}`, `${SETTINGS}/usage`]) {
    expect((await max.call('GET', path)).json.code).toBe('not-workspace-admin')
  }
})

it('lets a workspace admin cancel a message of a service, from our own page only', async () => {
  const service = await createServiceClient(product, { name: 'cancelled by the admin' })
  const { id } = await service.submit()
  const cancel = (origin: string) => ada.call('POST', `${MESSAGES}/${id}/cancel`, {}, { origin })

  expect((await cancel('https://elsewhere.example')).json.code).toBe('cross-origin')
  expect((await cancel(product.publicUrl)).json.status).toBe('cancelled')
})

it('keeps the messages of one service from another', async () => {
  const one = await createServiceClient(product, { name: 'one' })
  const other = await createServiceClient(product, { name: 'other' })
  const { id } = await one.submit()

  expect((await other.get(`${MESSAGES}/${id}`)).status).toBe(404)
  expect((await other.post(`${MESSAGES}/${id}/cancel`)).status).toBe(404)
  expect((await other.post(`${MESSAGES}/${id}/retry`)).status).toBe(404)
  expect((await other.get(MESSAGES)).json.items).toEqual([])
  expect((await one.read(id)).status).toBe('held')
})

it('refuses a revoked key at once, at every process', async () => {
  const second = await fixture.startProduct({ environment: { ROLE: 'api' } })
  const { json: made } = await ada.call('POST', '/api/v1/service-keys', { name: 'stopped', scopes: ['messages:read'] })
  const clients = [clientFor(product.publicUrl, made.key), clientFor(second.publicUrl, made.key)]
  for (const client of clients) expect((await client.get(MESSAGES)).status).toBe(200)

  await ada.call('DELETE', `/api/v1/service-keys/${made.id}`)

  for (const client of clients) expect((await client.get(MESSAGES)).status).toBe(401)
})
