import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { createTcpLink, type TcpLink } from '../test-support/tcp-link.ts'
import { createTestBrowser, type TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const fixture = useFixture()
let balancer: TcpLink
let one: TestProduct
let other: TestProduct
let ada: TestBrowser

// Two processes share one name, as behind a load balancer that picks either for each request.
beforeAll(async () => {
  balancer = await createTcpLink()
  const environment = { ROLE: 'api', PUBLIC_URL: `http://localhost:${balancer.port}` }
  one = await fixture.startProduct({ environment })
  other = await fixture.startProduct({ environment })
})
afterAll(() => balancer.close())

beforeEach(async () => {
  await fixture.clear()
  ada = createTestBrowser(one.publicUrl)
})

it('finishes on one process a sign-in that another started', async () => {
  balancer.leadTo(one.config.port)
  const back = await ada.consentReturn(`${one.publicUrl}/auth/sign-in`, 'Ada Admin')
  balancer.leadTo(other.config.port)
  await ada.visit(back)

  expect((await ada.call('GET', '/api/v1/session')).status).toBe(200)
  balancer.leadTo(one.config.port)
  expect((await ada.call('GET', '/api/v1/session')).status).toBe(200)
})

it('finishes on one process a consent that another started', async () => {
  balancer.leadTo(one.config.port)
  await ada.signIn('Ada Admin')
  const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })).json
  const back = await ada.consentReturn(consentUrl, 'Ada Admin')
  balancer.leadTo(other.config.port)

  expect((await ada.open(back)).status).toBe(200)
  balancer.leadTo(one.config.port)
  expect((await ada.call('GET', SETTINGS)).json).toMatchObject({ status: 'connected' })
})

it('ends a session on every process when one signs it out', async () => {
  balancer.leadTo(one.config.port)
  await ada.signIn('Ada Admin')
  const copy = createTestBrowser(one.publicUrl)
  for (const [name, value] of ada.cookies) copy.cookies.set(name, value)
  await ada.call('POST', '/api/v1/session/sign-out')
  balancer.leadTo(other.config.port)

  expect((await copy.call('GET', '/api/v1/session')).status).toBe(401)
})

it('answers simultaneous requests for the same change by one consent, even at two processes', async () => {
  balancer.leadTo(one.config.port)
  await ada.signIn('Ada Admin')
  const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const configure = async ({ url, publicUrl }: TestProduct) => {
    const answer = await fetch(`${url}${SETTINGS}/configure`, {
      method: 'POST',
      headers: { cookie, origin: publicUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ fromEmail: 'ada@contoso.com' }),
    })
    return { status: answer.status, json: (await answer.json()) as { id: string } }
  }

  const answers = await Promise.all([one, other, one, other].map(configure))

  expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(201))
  expect(new Set(answers.map(({ json }) => JSON.stringify(json))).size).toBe(1)
  expect(await fixture.database.query('SELECT id FROM consents')).toEqual([{ id: answers[0]?.json.id }])
})
