import { beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { files, RANGE_BYTES, submitFiles } from '../test-support/upload-fixture.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
let ada: TestBrowser

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.database.empty('messages')
  await connectMailbox(product, { largeAttachments: true })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

const sendersOf = async (subject: string) =>
  (await mailsIn(fixture.microsoft, subject)).map((mail) => mail.from.address)

it('completes a consent for another sender once the old one has nothing on the wire, and sends from the new one', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product, service }, 'Changed in the middle', files(2 * RANGE_BYTES + 1))
  await range.untilHeld()
  const changes = { fromEmail: 'reports@contoso.com' }
  const { json: started } = await ada.call('POST', `${SETTINGS}/update-sender`, changes)
  const result = ada.consent(started.consentUrl, 'Ada Admin')
  const read = async () => (await ada.call('GET', `/api/v1/consents/${started.id}`)).json
  await expect.poll(async () => (await service.get(SETTINGS)).json.fromEmail).toBe('reports@contoso.com')
  expect(await read()).toMatchObject({ status: 'pending', requestsOnTheWire: null })

  await range.release()

  expect((await result).status).toBe(200)
  expect(await read()).toMatchObject({ status: 'completed', requestsOnTheWire: 1 })
  await service.until(id, { status: 'sent', from: 'reports@contoso.com' })
  expect(await sendersOf('Changed in the middle')).toEqual(['reports@contoso.com'])
})

it('waits in a reset for what the old sender has on the wire, and holds the message', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product, service }, 'Reset in the middle', files(2 * RANGE_BYTES + 1))
  await range.untilHeld()
  let isAnswered = false
  const reset = ada.call('POST', `${SETTINGS}/reset`, {}).finally(() => (isAnswered = true))
  await expect.poll(async () => (await service.get(SETTINGS)).json.status).toBe('not-configured')
  expect(isAnswered).toBe(false)

  await range.release()

  expect(await reset).toMatchObject({ status: 200, json: { status: 'not-configured', requestsOnTheWire: 1 } })
  await service.until(id, { status: 'held', heldBecause: 'not-configured' })
  expect(await sendersOf('Reset in the middle')).toEqual([])
})
