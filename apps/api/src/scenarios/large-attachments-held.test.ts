import { beforeEach, expect, it } from 'vitest'
import { createTestClock } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useProduct } from '../test-support/use-fixture.ts'
import { answer, http, switchOn } from '../test-support/scenario.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'

const clock = createTestClock()

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, clock })
beforeEach(reset)

async function reset(): Promise<void> {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  expect((await ada.call('POST', `${SETTINGS}/reset`, {})).status).toBe(200)
}

it('holds a large message that was submitted before a mailbox was connected without large attachments', async () => {
  const id = await submitFiles({ product, service }, 'held', files(3 * MB))
  expect(await service.read(id)).toMatchObject({ status: 'held', heldBecause: 'not-configured' })
  await connectMailbox(product)
  expect(await service.until(id, { status: 'held', heldBecause: 'large-attachments-disabled' })).toMatchObject({
    attempts: [],
    progress: null,
  })
  await service.post(`/api/v1/messages/${id}/cancel`) // or a later test would meet its upload
})

it.each(['ErrorItemNotFound', 'ErrorInvalidMailboxItemId'])(
  'makes a new draft in another mailbox, where Microsoft answers %s about the old one',
  async (code) => {
    await connectMailbox(product, { largeAttachments: true })
    await switchOn(fixture, http('upload-range', answer(503, 'ErrorServerBusy')))
    const contents = files(3 * MB)
    const id = await submitFiles({ product, service }, code, contents)
    await service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
    await reset()
    await clock.advance(15_000)
    await service.until(id, { status: 'held', heldBecause: 'not-configured' })

    await switchOn(fixture, http('attachment-list', answer(404, code)))
    await connectMailbox(product, { largeAttachments: true })

    expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    await expectArrival(fixture.microsoft, code, contents)
  },
)
