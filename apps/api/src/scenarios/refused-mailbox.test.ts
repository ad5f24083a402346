import { beforeEach, expect, it } from 'vitest'
import { adminOf } from '../test-support/test-service.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// Ada sends as reports@contoso.com, a shared mailbox whose mail can be searched: large messages go by draft, others do not.

const RIGHT = { address: 'reports@contoso.com', person: 'ada@contoso.com' }
const HELD = { status: 'held', heldBecause: 'mailbox-refused' }

const fixture = useDeliveryFixture({ fromEmail: RIGHT.address, mailbox: 'can be searched' })
beforeEach(() => fixture.calm())

const giveRight = (sendAs: boolean) => fixture.microsoft.control('PUT', '/rights', { ...RIGHT, sendAs })
const settings = async () => (await fixture.service.get(SETTINGS)).json
const overview = async () => (await fixture.service.get('/api/v1/overview')).json
const asAdmin = async (method: 'GET' | 'POST', path: string) =>
  (await (await adminOf(fixture.product)).call(method, path, method === 'POST' ? {} : undefined)).json
const noticeTypes = async (): Promise<string[]> =>
  (await asAdmin('GET', '/api/v1/notices')).items.map(({ type }: { type: string }) => type)

/** Submits so many messages, and waits until all are held. */
async function refusedMessages(subject: string, count: number): Promise<string[]> {
  await giveRight(false)
  const ids: string[] = []
  for (let number = 0; number < count; number++) ids.push((await fixture.service.submit({ subject })).id)
  for (const id of ids) await fixture.service.until(id, HELD)
  return ids
}

it('holds all mail of a mailbox that may not send, says who does what, and sends each once when it may again', async () => {
  const ids = await refusedMessages('Withdrawn', 12)

  expect(await settings()).toMatchObject({
    status: 'connected',
    problem: {
      code: 'mailbox-refused',
      values: { microsoftCode: 'ErrorSendAsDenied' },
      action: expect.stringMatching(/^An Exchange administrator gives .* every 15 minutes .* Send now/),
    },
  })
  expect(await overview()).toMatchObject({ mail: 'stopped', held: { because: { 'mailbox-refused': 12 } } })
  const { checks } = await asAdmin('POST', `${SETTINGS}/check`)
  expect(checks.find(({ id }: { id: string }) => id === 'mailbox')).toMatchObject({
    status: 'failed',
    values: { microsoftCode: 'ErrorSendAsDenied' },
    action: expect.stringContaining('Send As'),
  })
  await expect.poll(noticeTypes).toContain('mailbox.refused')
  await giveRight(true)
  await asAdmin('POST', `${SETTINGS}/send-now`)

  for (const id of ids) await fixture.service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await fixture.arrived('Withdrawn')).toBe(12)
  expect((await settings()).problem).toBeNull()
  await expect.poll(noticeTypes).toContain('mailbox.recovered')
})
