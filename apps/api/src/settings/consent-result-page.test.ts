import { expect, it } from 'vitest'
import { useAdminFixture } from '../test-support/admin-fixture.ts'

const PROBE = '<script>alert("probe")</script>'
const CALLBACK = '/auth/microsoft/callback'

const { product, ada, post, scenario } = useAdminFixture()

/** Starts a consent; an answer to it has to carry its `state`. */
async function startConsent(): Promise<{ id: string; state: string; consentUrl: string }> {
  const { id, consentUrl } = (await post('configure', { fromEmail: 'ada@contoso.com' })).json
  return { id, consentUrl, state: new URL(consentUrl).searchParams.get('state') ?? '' }
}

const readConsent = async (id: string) => (await ada.call('GET', `/api/v1/consents/${id}`)).json

function callback(parameters: Record<string, string>): string {
  return `${CALLBACK}?${new URLSearchParams(parameters).toString()}`
}

it.each([
  ['state', { state: PROBE, code: 'x' }],
  ['code', { state: 'unknown', code: PROBE }],
  ['error', { state: 'unknown', error: PROBE }],
  ['error_description', { state: 'unknown', error: 'access_denied', error_description: PROBE }],
  ['admin_consent', { admin_consent: PROBE, error: PROBE, error_description: PROBE, tenant: PROBE }],
])('shows nothing of the query before state matches: %s', async (_name, parameters) => {
  const result = await ada.open(callback(parameters))

  expect(result.text).not.toContain('probe')
})

it.each([
  [`Because of ${PROBE}.`, 'Because of &lt;script&gt;alert(&quot;probe&quot;)&lt;/script&gt;.'],
  [`See https://evil.example/">${PROBE} now.`, '&lt;script&gt;'],
])('shows Microsoft’s words as text, never as markup, once state has matched: %s', async (words, shown) => {
  const { state } = await startConsent()

  const result = await ada.open(callback({ state, error: 'server_said', error_description: words }))

  expect(result.text).toContain(shown)
  expect(result.text).not.toContain('<script>alert')
  expect(result.text).not.toContain('"><script')
})

it('shows the correlation id of a refusal', async () => {
  const { id, consentUrl } = await startConsent()
  await scenario('authorize-conditional-access')

  const result = await ada.consent(consentUrl, 'Ada Admin')

  expect(result.text).toContain(`Microsoft&#39;s correlation id: ${(await readConsent(id)).problem.correlationId}`)
})

it('links to the page on which an Entra administrator approves', async () => {
  const { consentUrl } = await startConsent()
  await scenario('authorize-admin-consent-required')

  const result = await ada.consent(consentUrl, 'Ada Admin')

  expect(result.text).toContain(`<a href="${product.publicUrl}/auth/microsoft/admin-consent?ownAddress=true">`)
})

it.each([
  ['no code and no error', {}],
  ['an empty code', { code: '' }],
])('fails the consent when the answer has %s', async (_name, parameters) => {
  const { id, state } = await startConsent()

  const result = await ada.open(callback({ state, ...parameters }))

  expect(result.status).toBe(400)
  expect((await readConsent(id)).problem).toMatchObject({ code: 'unexpected-answer' })
})

it('does not consume an answer by a HEAD request', async () => {
  const { consentUrl } = await startConsent()
  const back = await ada.consentReturn(consentUrl, 'Ada Admin')
  await fetch(back, { method: 'HEAD' })

  expect((await ada.open(back)).status).toBe(200)
})

it('sends the opener nothing but the consent id and how the consent ended, by a script of our own, and is not cached', async () => {
  const { id, consentUrl } = await startConsent()

  const result = await ada.consent(consentUrl, 'Ada Admin')

  expect(result.text).toContain(`<main data-consent-id="${id}" data-status="completed">`)
  expect([...result.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual([
    '<script src="/consent-result.js" defer>',
  ])
  expect(result.text).not.toMatch(/<script[^>]*>[^<]/)
  expect(result.headers.get('cache-control')).toBe('no-store')
})

it.each([
  ['approved', { admin_consent: 'True', tenant: 'any', scope: 'Mail.Send' }],
  ['refused', { admin_consent: 'True', error: 'access_denied', error_description: 'AADSTS65004: declined' }],
])(
  'answers an Entra administrator who %s with the same neutral page, and changes nothing',
  async (_name, parameters) => {
    const { id } = await startConsent()

    const result = await product.newBrowser().open(callback(parameters))

    expect(result.status).toBe(200)
    expect(result.text).toContain('Back from Microsoft')
    expect(await readConsent(id)).toMatchObject({ status: 'pending' })
  },
)

/** The link of a plain page. */
function linkOf(text: string): URL {
  const [, href = ''] = /<p class="link"><a href="([^"]*)"/.exec(text) ?? []
  return new URL(href.replaceAll('&amp;', '&'))
}

it.each([
  ['ada@contoso.com', false],
  ['ada@contoso.com', true],
  ['reports@contoso.com', false],
  ['reports@contoso.com', true],
])(
  'links for %s, large attachments %s, to the approval of exactly what was asked',
  async (fromEmail, largeAttachments) => {
    const request = { fromEmail, largeAttachments }
    const { id, consentUrl } = (await post('configure', request)).json
    await scenario('authorize-admin-consent-required')
    await ada.consent(consentUrl, 'Ada Admin')
    const [link = ''] = /http:\S+admin-consent\S*/.exec((await readConsent(id)).problem.action) ?? []

    const answer = await product.newBrowser().visit(link)

    const asked = new URL(consentUrl).searchParams.get('scope')?.split(' ').sort()
    const url = linkOf(answer.text)
    expect(url.pathname).toBe(`/${product.config.registration.tenantId}/v2.0/adminconsent`)
    expect(url.searchParams.get('redirect_uri')).toBe(`${product.publicUrl}${CALLBACK}`)
    expect(url.searchParams.get('scope')?.split(' ').sort()).toEqual(asked)
  },
)

it('logs nothing of the query', async () => {
  const failing = await startConsent()
  const { state, consentUrl } = await startConsent()
  const back = new URL(await ada.consentReturn(consentUrl, 'Ada Admin'))
  await ada.open(callback({ state: 'unknown-state', code: 'unknown-code', error_description: 'unknown-words' }))
  await ada.open(
    callback({ state: failing.state, error: 'made-up-error', error_description: 'AADSTS1: made-up words.' }),
  )
  await ada.open(back.href)

  const log = product.logLines.join('')
  const values = [state, back.searchParams.get('code') ?? '-', failing.state, 'unknown-', 'made-up']
  expect(log).toContain('/auth/microsoft/callback')
  expect(values.filter((value) => log.includes(value))).toEqual([])
})
