import { beforeEach, expect, it } from 'vitest'
import { HOURS } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { consent } from '../test-support/scenario.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'

const fixture = useDeliveryFixture({ tickMs: 1 })

beforeEach(async () => {
  await fixture.calm()
  await connectMailbox(fixture.product)
  await fixture.microsoft.control('DELETE', '/counters')
})

const settings = async () => (await fixture.service.get(SETTINGS)).json

it('holds messages when Microsoft refuses the grant, and sends them when it is connected again', async () => {
  await fixture.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', { accessTokens: true })
  const waiting = await fixture.service.submit({ subject: 'Reconnected' })
  await fixture.service.until(waiting.id, { status: 'held', heldBecause: 'reconnect-required', attempts: [] })
  expect(await settings()).toMatchObject({ status: 'reconnect-required', waitingMessages: 1 })
  const later = await fixture.service.submit({ subject: 'Reconnected' })
  expect(later).toMatchObject({ status: 'held', heldBecause: 'reconnect-required' })

  await consent(fixture.product, 'reconnect')

  for (const { id } of [waiting, later]) {
    expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
      attempts: [{ outcome: 'sent' }],
      possibleDuplicate: false,
    })
  }
  expect(await fixture.arrived('Reconnected')).toBe(2)
})

it.each([
  ['Mail.Send', 'token-without-mail-send'],
  ['Mail.ReadWrite', 'token-without-mail-read-write'],
])('holds messages when a refresh no longer grants %s (%s), until it is connected again', async (name, fault) => {
  await connectMailbox(fixture.product, { largeAttachments: name === 'Mail.ReadWrite' })
  await fixture.pass(2 * HOURS)
  await fixture.switchOn(fault)
  const { id } = await fixture.service.submit({ subject: fault })
  await fixture.service.until(id, { status: 'held', heldBecause: 'reconnect-required', attempts: [] })
  expect(await settings()).toMatchObject({
    status: 'reconnect-required',
    problem: {
      detail: `Sending needs what Microsoft has not granted: ${name}.`,
      action: expect.stringContaining('Reconnect'),
    },
  })

  await consent(fixture.product, 'reconnect')

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await fixture.arrived(fault)).toBe(1)
})
