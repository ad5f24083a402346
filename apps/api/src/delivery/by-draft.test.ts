import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'

// With Mail.ReadWrite, where a sent mail could not be recognised by a search.

let ground: DeliveryGround

beforeAll(async () => {
  ground = await createDeliveryGround({ mailbox: 'may be read', microsoftTimeoutMs: 3_000 })
})
afterAll(() => ground.close())

beforeEach(async () => {
  await ground.calm()
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

const drafts = (subject: string) => mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'drafts' })

async function draftIdOf(id: string): Promise<string | null> {
  const [row] = await ground.database.query<{ draft_id: string }>(
    'SELECT draft_id FROM message_drafts WHERE message_id = $1',
    [id],
  )
  return row?.draft_id ?? null
}

async function count(endpoint: string, since: Date): Promise<number> {
  return (await ground.requestTimes(endpoint, since)).length
}

/** Time enough for every look. */
async function letLook(id: string) {
  for (const seconds of [0, 10, 20, 30, 60, 120, 180, 240]) {
    await ground.pass(seconds * SECONDS)
    const due = `SELECT 1 FROM message_states WHERE id = $1 AND (status = 'sending' OR status = 'queued' AND next_attempt_at <= $2)`
    await expect.poll(() => ground.database.query(due, [id, ground.clock.now()]), { interval: 10 }).toEqual([])
  }
  return ground.service.read(id)
}

it('sends by draft while nobody knows whether the mailbox can be searched', async () => {
  const since = ground.clock.now()
  const content = Buffer.from('attachment').toString('base64')
  const { id } = await ground.service.submit({
    subject: 'By draft',
    attachments: [{ filename: 'a.txt', content }],
    headers: { 'x-report-id': '42' },
  })

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await count('sendMail', since)).toBe(0)
  expect(await count('draft-send', since)).toBe(1)
  const [arrived] = await mailsIn(ground.microsoft, 'By draft')
  expect(arrived).toMatchObject({ attachments: [{ name: 'a.txt' }], headers: [{ name: 'x-report-id', value: '42' }] })
  expect(await drafts('By draft')).toEqual([])
})

it('stores the id of a draft before the draft is sent', async () => {
  await ground.switchOn({ kind: 'http', endpoint: 'draft-send', do: { action: 'hang' } })
  const { id } = await ground.service.submit({ subject: 'Stored first' })

  await expect.poll(() => drafts('Stored first'), { interval: 10 }).toHaveLength(1)
  await expect.poll(() => draftIdOf(id), { interval: 10 }).not.toBeNull()
  expect((await ground.service.read(id)).status).toBe('sending')
  await ground.service.until(id, { status: 'sent' })
})

it.each(['send-accepted-but-504', 'send-reset-after', 'send-accepted-but-hang'])(
  'recognises by the id of the draft that it was sent, after %s',
  async (scenario) => {
    const since = ground.clock.now()
    await ground.switchOn(scenario)
    const { id } = await ground.service.submit({ subject: scenario })

    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
      possibleDuplicate: false,
    })
    expect(await count('draft-send', since)).toBe(1)
    expect(await ground.arrived(scenario)).toBe(1)
  },
)

it.each(['send-504', 'send-reset-before', 'send-hang'])('sends the same draft again after %s', async (scenario) => {
  const since = ground.clock.now()
  await ground.switchOn(scenario)
  const subject = `Same draft after ${scenario}`
  const { id } = await ground.service.submit({ subject })

  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect(await count('draft-create', since)).toBe(1)
  expect(await count('draft-send', since)).toBe(2)
  expect(await ground.arrived(subject)).toBe(1)
})

it('waits for a late copy before it sends anything again', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 600 * SECONDS })
  await ground.switchOn('send-accepted-but-504')
  const { id } = await ground.service.submit({ subject: 'Late copy' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })

  expect(await letLook(id)).toMatchObject({ status: 'sent', possibleDuplicate: false })
  expect(await ground.arrived('Late copy')).toBe(1)
})

it.each(['draft-created-but-504', 'draft-created-but-reset'])(
  'is in no doubt when a draft was %s: it makes another',
  async (scenario) => {
    await ground.switchOn(scenario)
    const { id } = await ground.service.submit({ subject: scenario, onUnknownOutcome: 'stop' })
    await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    await ground.pass(1 * MINUTES)

    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    expect(await ground.arrived(scenario)).toBe(1)
  },
)

it('makes another draft, marked, when the one that was to be sent again is gone and nothing is found', async () => {
  const since = ground.clock.now()
  await ground.switchOn('send-504')
  await ground.switchOn({ kind: 'http', endpoint: 'message-get', do: { action: 'answer', status: 503, body: '' } })
  const { id } = await ground.service.submit({ subject: 'Deleted draft' })
  await ground.service.until(id, { attempts: [{ outcome: 'unknown' }] })
  await expect.poll(() => draftIdOf(id), { interval: 10 }).not.toBeNull()
  await deleteForGood((await draftIdOf(id)) ?? '')

  await ground.pass(1 * MINUTES)
  await letLook(id)

  await ground.service.until(id, { status: 'sent', possibleDuplicate: true })
  expect(await count('draft-create', since)).toBe(2)
  expect(await ground.arrived('Deleted draft')).toBe(1)
})

it('sends only what is to leave no copy in Sent Items by draft, as soon as the mailbox can be searched', async () => {
  await ground.database.query(`UPDATE tenant_settings SET sent_items_search = 'works'`)
  const since = ground.clock.now()
  const one = await ground.service.submit({ subject: 'No copy', saveToSentItems: false })
  const other = await ground.service.submit({ subject: 'A copy' })
  for (const { id } of [one, other]) await ground.service.until(id, { status: 'sent' })

  expect(await count('draft-send', since)).toBe(1)
  expect(await count('sendMail', since)).toBe(1)
  await ground.database.query(`UPDATE tenant_settings SET sent_items_search = 'unknown'`)
})

it('is in no doubt about a message that was throttled, when its draft lies in the mailbox of a former sender', async () => {
  const answer = { action: 'answer', status: 429, headers: { 'retry-after': '600' }, body: '' }
  await ground.switchOn({ kind: 'http', endpoint: 'draft-send', do: answer })
  const { id } = await ground.service.submit({ subject: 'Former sender', onUnknownOutcome: 'stop' })
  await ground.service.until(id, { attempts: [{ outcome: 'throttled' }] })

  const bob = ground.product.newBrowser()
  await bob.signIn('Bob Behalf')
  const changes = { fromEmail: 'bob@contoso.com' }
  const { json: consent } = await bob.call('POST', `${SETTINGS}/update-sender`, changes)
  expect((await bob.consent(consent.consentUrl, 'Bob Behalf')).status).toBe(200)
  await ground.pass(10 * MINUTES)

  const sent = await ground.service.untilEnded(id)
  expect(sent).toMatchObject({ status: 'sent', from: 'bob@contoso.com', possibleDuplicate: false })
})

/** As its owner does: once into Deleted Items, and once from there. */
async function deleteForGood(draftId: string): Promise<void> {
  const { accessToken } = await ground.microsoft.control('POST', '/people/ada@contoso.com/tokens', {
    scopes: ['Mail.ReadWrite'],
  })
  for (let round = 0; round < 2; round++) {
    const response = await fetch(`${ground.microsoft.graphBaseUrl}/v1.0/me/messages/${encodeURIComponent(draftId)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${accessToken}`, prefer: 'IdType="ImmutableId"' },
    })
    expect(response.status).toBe(204)
  }
}
