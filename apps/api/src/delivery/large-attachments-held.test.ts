import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestClock } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-ground.ts'

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'
const clock = createTestClock()

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround({ clock })
  product = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  service = await createServiceClient(product)
})
afterAll(() => ground.close())
beforeEach(reset)

async function reset(): Promise<void> {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  expect((await ada.call('POST', `${SETTINGS}/reset`, {})).status).toBe(200)
}

async function enableLargeAttachments(): Promise<void> {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const started = await ada.call('POST', `${SETTINGS}/large-attachments`, { enabled: true })
  expect((await ada.consent(started.json.consentUrl, 'Ada Admin')).status).toBe(200)
}

it('holds a large message that was submitted before a mailbox was connected without large attachments', async () => {
  const id = await submitFiles({ product, service }, 'held', files(4 * MB))
  expect(await service.read(id)).toMatchObject({ status: 'held', heldBecause: 'not-configured' })
  await connectMailbox(product)
  expect(await service.until(id, { status: 'held', heldBecause: 'large-attachments-disabled' })).toMatchObject({
    attempts: [],
    progress: null,
  })
  await service.post(`/api/v1/messages/${id}/cancel`) // or a later test would meet its upload
})

it('sends it by itself once they are enabled', async () => {
  const contents = files(100, 4 * MB)
  const id = await submitFiles({ product, service }, 'released', contents)
  await connectMailbox(product)
  await service.until(id, { status: 'held', heldBecause: 'large-attachments-disabled' })

  await enableLargeAttachments()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false, heldBecause: null })
  await expectArrival(ground.microsoft, 'released', contents)
})

it('sends what is small meanwhile', async () => {
  const id = await submitFiles({ product, service }, 'large', files(4 * MB))
  await connectMailbox(product)
  await service.until(id, { heldBecause: 'large-attachments-disabled' })
  const small = await service.submit()
  expect(await service.until(small.id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  expect(await service.read(id)).toMatchObject({ status: 'held' })
  await service.post(`/api/v1/messages/${id}/cancel`) // or a later test would meet its upload
})

it.each(['ErrorItemNotFound', 'ErrorInvalidMailboxItemId'])(
  'begins anew in another mailbox, where Microsoft answers %s about the draft of the one before',
  async (code) => {
    await connectMailbox(product, { largeAttachments: true })
    const at = (endpoint: string, status: number, error: string) => ({
      effect: {
        kind: 'http',
        endpoint,
        do: { action: 'answer', status, body: { error: { code: error, message: '' } } },
      },
    })
    await ground.microsoft.control('POST', '/scenarios', at('upload-range', 503, 'ErrorServerBusy'))
    const contents = files(4 * MB)
    const id = await submitFiles({ product, service }, code, contents)
    await service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
    await reset()
    await clock.advance(15_000)
    await service.until(id, { status: 'held', heldBecause: 'not-configured' })

    await ground.microsoft.control('POST', '/scenarios', at('attachment-list', 404, code))
    await connectMailbox(product, { largeAttachments: true })

    expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(ground.microsoft, code, contents)
  },
)

it('goes on with an upload after a reset, once the same mailbox is connected again', async () => {
  await connectMailbox(product, { largeAttachments: true })
  const unavailable = { action: 'answer', status: 503, body: { error: { code: 'ErrorServerBusy', message: '' } } }
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'upload-range', do: unavailable },
    skip: 1,
  })
  const contents = files(8 * MB)
  const id = await submitFiles({ product, service }, 'reset', contents)
  await service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  await reset()
  await clock.advance(15_000)
  await service.until(id, { status: 'held', heldBecause: 'not-configured' })

  await connectMailbox(product, { largeAttachments: true })

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'reset', contents)
})
