import { beforeAll, beforeEach, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { clientFor } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const POLICY = '/api/v1/tenant-settings/recipients'
const MESSAGES = '/api/v1/messages'
const OPEN = { allowedDomains: [], redirectAllTo: null }
const mail = (changes: object = {}) => ({ to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes })

const { fixture, product, service } = useProduct({ mailbox: {} })
let ada: TestBrowser

beforeAll(async () => {
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})
beforeEach(async () => void (await setPolicy(OPEN)))

async function setPolicy(policy: object) {
  const answer = await ada.call('PUT', POLICY, policy)
  expect({ status: answer.status, errors: answer.json.errors }).toEqual({ status: 200 })
  return answer.json
}

const refusedPaths = (answer: { status: number; json: { code: string; errors?: { path: string }[] } }) => ({
  status: answer.status,
  code: answer.json.code,
  paths: answer.json.errors?.map(({ path }) => path),
})

it('answers the policy in one spelling, each domain once', async () => {
  const policy = { allowedDomains: ['Contoso.com', '*.MÜLLER.de', 'contoso.com'], redirectAllTo: 'Staging@contoso.com' }
  const spelled = { allowedDomains: ['contoso.com', '*.xn--mller-kva.de'], redirectAllTo: 'Staging@contoso.com' }

  expect(await setPolicy(policy)).toEqual(spelled)
  expect((await ada.call('GET', POLICY)).json).toEqual(spelled)
})

it.each([
  ['no list of domains', { redirectAllTo: null }, ['allowedDomains']],
  ['no word on redirection', { allowedDomains: [] }, ['redirectAllTo']],
  [
    'faults in both',
    { allowedDomains: ['a b.example', 'x@a.example'], redirectAllTo: 'staging' },
    ['allowedDomains[0]', 'allowedDomains[1]', 'redirectAllTo'],
  ],
  ['an unknown field', { ...OPEN, deny: [] }, ['deny']],
])('refuses a policy with %s', async (_fault, policy, paths) => {
  expect(refusedPaths(await ada.call('PUT', POLICY, policy))).toEqual({ status: 400, code: 'invalid-input', paths })
})

it('is read and changed by workspace admins alone', async () => {
  expect((await service.get(POLICY)).json.code).toBe('not-signed-in')
  const foreign = await ada.call('PUT', POLICY, OPEN, { origin: 'https://evil.example', 'sec-fetch-site': null })
  expect(foreign.json.code).toBe('cross-origin')
})

it('records who changed the policy, and nothing where it stays the same', async () => {
  await setPolicy({ allowedDomains: ['contoso.com'], redirectAllTo: 's@contoso.com' })
  await setPolicy({ allowedDomains: ['contoso.com'], redirectAllTo: 's@contoso.com' })

  const events = await fixture.database.query(
    `SELECT u.email, e.details FROM audit_events e JOIN users u ON u.id = e.actor
      WHERE action = 'recipients-policy-changed' ORDER BY e.id DESC LIMIT 2`,
  )
  expect(events).toEqual([
    { email: 'ada@contoso.com', details: { allowedDomains: 'contoso.com', redirectAllTo: 's@contoso.com' } },
    { email: 'ada@contoso.com', details: { allowedDomains: null, redirectAllTo: null } },
  ])
})

it('refuses a message to anybody else, each by path, before its attachments arrive', async () => {
  await setPolicy({ allowedDomains: ['contoso.com', '*.fabrikam.com'], redirectAllTo: null })

  const message = mail({
    to: ['max@contoso.com', { address: 'a@evilcontoso.com' }],
    cc: ['b@sub.contoso.com', 'c@sub.fabrikam.com'],
    bcc: ['d@fabrikam.com'],
  })
  const refused = { status: 422, code: 'recipient-not-allowed', paths: ['to[1]', 'cc[0]', 'bcc[0]'] }
  expect(refusedPaths(await service.post(MESSAGES, message))).toEqual(refused)
  const form = new FormData()
  form.set('message', JSON.stringify(message))
  form.set('attachment', new Blob(['x']), 'x.txt')
  expect(refusedPaths(await service.postForm(MESSAGES, form))).toEqual(refused)
  expect((await service.post(MESSAGES, mail({ to: ['MAX@CONTOSO.COM'] }))).status).toBe(202)
})

it('refuses what the key does not allow, even where the policy does, and the other way round', async () => {
  const input = { name: 'narrow', scopes: ['messages:send', 'messages:read'], allowedDomains: ['contoso.com'] }
  const narrow = clientFor(product.publicUrl, (await ada.call('POST', '/api/v1/service-keys', input)).json.key)

  expect((await narrow.post(MESSAGES, mail())).status).toBe(202)
  expect(refusedPaths(await narrow.post(MESSAGES, mail({ to: ['a@fabrikam.com'] })))).toMatchObject({ status: 422 })
  await setPolicy({ allowedDomains: ['fabrikam.com'], redirectAllTo: null })
  expect(refusedPaths(await narrow.post(MESSAGES, mail()))).toMatchObject({ status: 422, paths: ['to[0]'] })
})

it('does not exempt a test mail', async () => {
  await setPolicy({ allowedDomains: ['fabrikam.com'], redirectAllTo: null })

  const refused = { status: 422, code: 'recipient-not-allowed', paths: ['to'] }
  expect(refusedPaths(await ada.call('POST', `${SETTINGS}/test-message`, {}))).toEqual(refused)
  expect((await ada.call('POST', `${SETTINGS}/test-message`, { to: 'a@fabrikam.com' })).status).toBe(202)
})

it('survives a reset', async () => {
  const policy = { allowedDomains: ['contoso.com'], redirectAllTo: 'staging@contoso.com' }
  await setPolicy(policy)

  expect((await ada.call('POST', `${SETTINGS}/reset`, {})).status).toBe(200)

  expect((await ada.call('GET', POLICY)).json).toEqual(policy)
})
