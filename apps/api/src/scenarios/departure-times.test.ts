import type { Message } from '@inforiver-mail/contract/message'
import { expect, it, onTestFinished } from 'vitest'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const fixture = useDeliveryFixture({ environment: { ROLE: 'api' } })

it('says that no process sends, and which one does once one is started', async () => {
  const ids = [(await fixture.service.submit()).id, (await fixture.service.submit()).id]
  const list = async (): Promise<Message[]> => (await fixture.service.get('/api/v1/messages')).json.items
  const sender = async () => (await fixture.service.get('/api/v1/overview')).json.sendingProcess
  const waits = { waitingBecause: 'no-worker', nextAttemptAt: null }
  expect(await list()).toMatchObject([waits, waits])
  expect(await sender()).toBeNull()

  const worker = await fixture.startProduct({ environment: { ROLE: 'worker' }, clock: fixture.clock.now })
  onTestFinished(() => worker.close())
  for (const id of ids) await fixture.service.until(id, { status: 'sent' })
  expect(await sender()).toMatchObject({ name: expect.stringMatching(/^.+:\d+ \(worker\)$/) })
})
