import { beforeAll, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const UNKNOWN = '0'.repeat(32)

let product: TestProduct
let member: TestBrowser
let authorization: string

const fixture = useFixture()
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  member = product.newBrowser()
  await member.signIn('Max Member')
  authorization = `Bearer ${(await createServiceClient(product)).key}`
})

it.each([
  ['POST', `${SETTINGS}/configure`],
  ['POST', `${SETTINGS}/update-sender`],
  ['POST', `${SETTINGS}/large-attachments`],
  ['POST', `${SETTINGS}/reconnect`],
  ['POST', `${SETTINGS}/reset`],
  ['POST', `${SETTINGS}/test-message`],
  ['GET', `${SETTINGS}/credential`],
  ['GET', `/api/v1/consents/con_${UNKNOWN}`],
  ['DELETE', `/api/v1/consents/con_${UNKNOWN}`],
  ['GET', '/api/v1/sessions'],
  ['DELETE', '/api/v1/sessions'],
  ['DELETE', `/api/v1/sessions/ses_${UNKNOWN}`],
  ['GET', '/api/v1/service-keys'],
  ['POST', '/api/v1/service-keys'],
  ['DELETE', `/api/v1/service-keys/key_${UNKNOWN}`],
  ['GET', '/api/v1/webhooks'],
  ['POST', '/api/v1/webhooks'],
  ['DELETE', `/api/v1/webhooks/whk_${UNKNOWN}`],
  ['POST', `/api/v1/webhooks/whk_${UNKNOWN}/test`],
  ['GET', '/api/v1/notices'],
  ['POST', `/api/v1/notices/alt_${UNKNOWN}/dismiss`],
  ['GET', '/api/v1/audit-events'],
  ['GET', '/api/v1/audit-events.csv'],
] as const)('lets no member, service or stranger call %s %s', async (method, path) => {
  const body = method === 'POST' ? {} : undefined
  const stranger = product.newBrowser()

  const refused = await member.call(method, path, body)
  expect(refused.status).toBe(403)
  expect(refused.json).toMatchObject({ code: 'not-workspace-admin' })
  const unknown = await stranger.call(method, path, body)
  expect(unknown.status).toBe(401)
  expect(unknown.json).toMatchObject({ code: 'not-signed-in' })
  expect((await stranger.call(method, path, body, { authorization })).status).toBe(401)
})

it('shows the settings to a service and to no member', async () => {
  expect((await product.newBrowser().call('GET', SETTINGS, undefined, { authorization })).status).toBe(200)
  expect((await member.call('GET', SETTINGS)).json).toMatchObject({ code: 'not-workspace-admin' })
})
