import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { HOURS, SECONDS } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { answer, http, startWorker, switchOn, untilMet } from '../test-support/scenario.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { startWorkerProcess, type WorkerProcess } from '../test-support/worker-process.ts'

const AFTER_THE_LEASE_MS = 60 * SECONDS

let api: TestProduct
let service: ServiceClient

const fixture = useFixture()
beforeAll(async () => {
  api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(api)
})
beforeEach(() => fixture.microsoft.control('DELETE', '/scenarios'))

async function startProcess(): Promise<WorkerProcess> {
  await fixture.database.query('DELETE FROM owners') // of tests before, which killed them
  const worker = await startWorkerProcess(fixture)
  onTestFinished(() => worker.close())
  return worker
}

let passedMs = 0

/** Starts a worker in this process, once more time has passed for the database. */
async function startLater(ms: number): Promise<void> {
  passedMs += ms
  await fixture.database.setTimeAhead(passedMs)
  await fixture.database.query('DELETE FROM owners') // as who has seen for 12 s that none of them renews
  await startWorker(fixture)
}

it('hands the message of a killed worker to another within a minute, marked because it cannot be looked up', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  await switchOn(fixture, http('sendMail', { action: 'hang' }))
  const { id } = await service.submit({ subject: 'Killed' })
  await untilMet(fixture)

  worker.signal('SIGKILL')
  await startLater(AFTER_THE_LEASE_MS)

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    possibleDuplicate: true,
  })
  expect(await mailsIn(fixture.microsoft, 'Killed')).toHaveLength(1)
})

it('sends nothing that another worker has taken over, when a suspended worker resumes', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  // It is suspended while it waits for an answer after which it would send once more, with a fresh token.
  const sending = await holdRequest(fixture.microsoft, 'sendMail')
  await switchOn(fixture, http('sendMail', answer(401, 'InvalidAuthenticationToken')))
  const { id } = await service.submit({ subject: 'Stood still' })
  await sending.untilHeld()
  worker.signal('SIGSTOP')
  await sending.release()
  await untilMet(fixture)
  await startLater(1 * HOURS)
  await service.until(id, { status: 'sent' })

  worker.signal('SIGCONT')

  await expect.poll(() => worker.log).toContain(id)
  const other = await service.submit({ subject: 'Afterwards' })
  await service.until(other.id, { status: 'sent' })
  expect(await mailsIn(fixture.microsoft, 'Stood still')).toHaveLength(1)
})
