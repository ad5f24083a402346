import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

let ground: TestGround
let product: TestProduct
let ada: TestBrowser

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct()
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.microsoft.control('POST', '/reset')
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await ada.call('POST', `${SETTINGS}/reset`, {})
})

it('connects the signed-in admin’s own mailbox when the consent is accepted', async () => {
  const started = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })
  expect(started.status).toBe(201)

  const result = await ada.consent(started.json.consentUrl, 'Ada Admin')

  expect(result.status).toBe(200)
  const settings = (await ada.call('GET', SETTINGS)).json
  expect(settings).toMatchObject({
    status: 'connected',
    fromEmail: 'ada@contoso.com',
    mailbox: 'own',
    connectedAs: { name: 'Ada Admin', email: 'ada@contoso.com' },
    grantedPermissions: ['Mail.Send', 'User.Read'],
    problem: null,
    pendingConsent: null,
  })
  expect((await ada.call('GET', `/api/v1/consents/${started.json.id}`)).json).toMatchObject({
    status: 'completed',
    consentUrl: null,
  })
})

it('delivers a test message on the road of every message', async () => {
  const started = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })
  await ada.consent(started.json.consentUrl, 'Ada Admin')

  const submitted = await ada.call('POST', `${SETTINGS}/test-message`, { to: 'max@contoso.com' })

  expect(submitted.status).toBe(202)
  await expect
    .poll(async () => (await ada.call('GET', `/api/v1/messages/${submitted.json.messageId}`)).json, { timeout: 10_000 })
    .toMatchObject({ status: 'sent' })
})
