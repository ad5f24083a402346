import { expect, it } from 'vitest'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const OVERVIEW = '/api/v1/overview'
const LIMITS = '/api/v1/tenant-settings/sending-limits'
const POLLING = { 'x-inforiver-polling': '1' }

const fixture = useDeliveryFixture()
const overview = async () => (await fixture.service.get(OVERVIEW)).json
const inAnHour = () => new Date(fixture.clock.now().getTime() + 1 * HOURS).toISOString()

async function signedIn() {
  const browser = fixture.product.newBrowser()
  await browser.signIn('Ada Admin')
  return browser
}

it('tells how mail stands, from the first mail to a pause that Microsoft asks for', async () => {
  const connected = await overview()
  expect(connected).toMatchObject({
    mail: 'idle',
    lastSentAt: null,
    waiting: { count: 0, oldestAt: null, lastLeavesAt: null },
  })
  expect(connected.hours).toHaveLength(24)
  expect(connected.days).toHaveLength(30)
  await fixture.pass(1 * MINUTES)
  const { id } = await fixture.service.submit({ to: ['max@contoso.com'], cc: ['a@fabrikam.com'] })
  await fixture.service.until(id, { status: 'sent' })
  const scheduled = await fixture.service.submit({ sendAt: inAnHour() })
  const sentAt = fixture.clock.now().toISOString()
  await fixture.pass(2 * MINUTES)

  const sent = await overview()
  expect(sent).toMatchObject({
    mail: 'idle',
    sentence: 'No mail is waiting to leave. The last message left 2 minutes ago.',
    since: sentAt,
    lastSentAt: sentAt,
    scheduled: 1,
    held: { count: 0, because: {} },
    limits: { pausedUntil: null, externalRecipientsPerDay: { used: 1, likelyLimit: null } },
  })
  expect(sent.hours.at(-1)).toEqual({ at: '2026-11-24T10:00:00.000Z', sent: 1, failed: 0, held: 0, bounced: 0 })
  expect(sent.days.at(-1)).toMatchObject({ at: '2026-11-24T00:00:00.000Z', sent: 1 })

  await fixture.switchOn('send-429')
  const throttled = await fixture.service.submit()
  await fixture.service.until(throttled.id, { attempts: [{ outcome: 'throttled' }] })
  const paused = await overview()
  expect(paused).toMatchObject({ mail: 'delayed', since: fixture.clock.now().toISOString(), waiting: { count: 1 } })
  expect(paused.waiting.lastLeavesAt).toBe(paused.limits.pausedUntil)
  await fixture.calm()
  for (const each of [throttled, scheduled]) await fixture.service.until(each.id, { status: 'sent' })
})

it('names what failed by codes that the filter of messages takes', async () => {
  await fixture.switchOn(graphAnswers(400, 'ErrorInvalidRecipients'))
  const { id } = await fixture.service.submit()
  await fixture.service.until(id, { status: 'failed' })

  const { failed24h } = await overview()
  expect(failed24h).toEqual({ count: 1, byCode: { ErrorInvalidRecipients: 1 } })
  const found = await fixture.service.get(`/api/v1/messages?status=failed&problem=${Object.keys(failed24h.byCode)[0]}`)
  expect(found.json.items.map((message: { id: string }) => message.id)).toEqual([id])
})

it('keeps what an admin enters about the organisation, and counts by it', async () => {
  const ada = await signedIn()
  expect((await ada.call('GET', LIMITS)).json).toEqual({ licences: null, internalDomains: [] })
  const input = { licences: 100, internalDomains: ['Fabrikam.com', 'contoso.com', 'fabrikam.com'] }
  const kept = { licences: 100, internalDomains: ['fabrikam.com', 'contoso.com'] }

  expect((await ada.call('PUT', LIMITS, input)).json).toEqual(kept)
  expect((await ada.call('GET', LIMITS)).json).toEqual(kept)
  expect((await ada.call('GET', OVERVIEW, undefined, POLLING)).json.limits.externalRecipientsPerDay).toEqual({
    used: 0,
    likelyLimit: 22_059,
  })
  const metrics = await (await fetch(`${fixture.product.publicUrl}/metrics`)).text()
  expect(metrics).toContain('inforiver_mail_external_recipients_likely_limit 22059')
  const refused = await ada.call('PUT', LIMITS, { licences: -1, internalDomains: ['*.contoso.com'] })
  expect(refused.json.errors.map(({ path }: { path: string }) => path)).toEqual(['licences', 'internalDomains[0]'])
  expect((await fixture.service.get(LIMITS)).json.code).toBe('not-signed-in')
  const events = await fixture.database.query(
    `SELECT details FROM audit_events WHERE action = 'sending-limits-changed'`,
  )
  expect(events).toEqual([{ details: { licences: 100, internalDomains: 'fabrikam.com contoso.com' } }])
})

it('says that mail is stopped while somebody has to act, since it was, and keeps that over a restart', async () => {
  const problem = {
    code: 'app-misconfigured',
    title: 'The secret is wrong',
    detail: '',
    action: '',
    correlationId: null,
  }
  const since = fixture.clock.now().toISOString()
  await fixture.database.query('UPDATE tenant_settings SET problem = $1', [JSON.stringify({ ...problem, since })])
  const { id } = await fixture.service.submit()
  await fixture.pass(30 * SECONDS)

  const expected = {
    mail: 'stopped',
    since,
    sentence: expect.stringMatching(/^Mail is stopped: The secret is wrong\. 1 message waits\./),
  }
  expect(await overview()).toMatchObject({ ...expected, held: { count: 1, because: { 'app-misconfigured': 1 } } })
  const restarted = await fixture.startProduct({ environment: { ROLE: 'api' } })
  expect((await fixture.service.at(restarted).get(OVERVIEW)).json).toMatchObject(expected)
  await fixture.service.post(`/api/v1/messages/${id}/cancel`)
})

it('does not keep a session alive that only an open page polls with', async () => {
  const ada = await signedIn()
  await fixture.pass(59 * MINUTES)
  expect((await ada.call('GET', OVERVIEW, undefined, POLLING)).status).toBe(200)
  await fixture.pass(1 * MINUTES)

  expect((await ada.call('GET', OVERVIEW, undefined, POLLING)).status).toBe(401)
})
