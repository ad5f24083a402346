import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { MESSAGES_CHANNEL } from '../queue/wake.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { HOURS, SECONDS } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startWorkerProcess, type WorkerProcess } from '../test-support/worker-process.ts'

const AFTER_THE_LEASE_MS = 60 * SECONDS

let ground: TestGround
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  api = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(api)
})
afterAll(() => ground.close())
beforeEach(() => ground.microsoft.control('DELETE', '/scenarios'))

const hang = (endpoint: string) => ({ effect: { kind: 'http', endpoint, do: { action: 'hang' } } })

let passedMs = 0

/** A worker in this process, once this much more time has passed for the database. */
async function startLater(ms: number): Promise<TestProduct> {
  passedMs += ms
  await ground.database.setTimeAhead(passedMs)
  const worker = await ground.startProduct({ environment: { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  onTestFinished(() => worker.close())
  return worker
}

async function startProcess(): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(ground)
  onTestFinished(() => worker.close())
  return worker
}

/** Until every scenario has been met: the request that it is about is on its way. */
async function untilMet(): Promise<void> {
  await expect.poll(() => ground.microsoft.control('GET', '/scenarios'), { interval: 10 }).toMatchObject({ active: [] })
}

async function requests(endpoint: string): Promise<number> {
  const { endpoints } = await ground.microsoft.control('GET', '/counters')
  return endpoints[endpoint]?.requests ?? 0
}

it('hands the message of a killed worker to another within a minute, marked because nobody can look', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  await ground.microsoft.control('POST', '/scenarios', hang('sendMail'))
  const { id } = await service.submit({ subject: 'Killed' })
  await untilMet()

  worker.signal('SIGKILL')
  await startLater(AFTER_THE_LEASE_MS)

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    possibleDuplicate: true,
  })
  expect(await mailsIn(ground.microsoft, 'Killed')).toHaveLength(1)
})

it('goes on with the draft of a worker that was killed before it could send it', async () => {
  await connectMailbox(api, { largeAttachments: true })
  const worker = await startProcess()
  const draftsBefore = await requests('draft-create')
  await ground.microsoft.control('POST', '/scenarios', hang('draft-send'))
  const { id } = await service.submit({ subject: 'Killed with a draft' })
  await untilMet()

  worker.signal('SIGKILL')
  await startLater(AFTER_THE_LEASE_MS)

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  expect((await requests('draft-create')) - draftsBefore).toBe(1)
  expect(await mailsIn(ground.microsoft, 'Killed with a draft')).toHaveLength(1)
})

it('sends nothing that another worker has taken over, when a worker goes on that stood still', async () => {
  await connectMailbox(api)
  const worker = await startProcess()
  // It stands still while it waits for an answer after which it would send once more, with a fresh token.
  const body = { error: { code: 'InvalidAuthenticationToken', message: '' } }
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'sendMail', do: { action: 'answer', status: 401, body } },
  })
  const { id } = await service.submit({ subject: 'Stood still' })
  await sending.untilHeld()
  worker.signal('SIGSTOP')
  await sending.release()
  await untilMet()
  await startLater(1 * HOURS)
  await service.until(id, { status: 'sent' })

  worker.signal('SIGCONT')

  await expect.poll(() => worker.log).toContain(id)
  const other = await service.submit({ subject: 'Afterwards' })
  await service.until(other.id, { status: 'sent' })
  expect(await mailsIn(ground.microsoft, 'Stood still')).toHaveLength(1)
})

it('finishes what is under way when it is stopped', async () => {
  await connectMailbox(api)
  const worker = await startLater(0)
  await ground.microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 500 } },
  })
  const { id } = await service.submit({ subject: 'Finished' })
  await untilMet()

  await worker.close()

  expect(await service.read(id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }] })
})

it('takes on nothing new once it is stopped', async () => {
  const worker = await startLater(0)
  await worker.close()

  const { id } = await service.submit()
  await ground.database.query(`NOTIFY ${MESSAGES_CHANNEL}`)

  expect(await service.read(id)).toMatchObject({ status: 'queued', attempts: [] })
})
