import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestFixture, type TestFixture, type TestProduct } from './test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from './test-support/test-service.ts'
import { work } from './work.ts'
import type { Running } from './running.ts'

let fixture: TestFixture
let service: ServiceClient
let api: TestProduct
let overdue: string
let worker: Running
let workerUrl: string

beforeAll(async () => {
  fixture = await createTestFixture()
  api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(api)
  overdue = await submitOverdue()
  const config = await fixture.configure({ ROLE: 'worker', LOG_LEVEL: 'silent' })
  worker = await work(config, (error) => {
    throw error
  })
  workerUrl = `http://localhost:${config.port}`
})
afterAll(async () => {
  await worker.close()
  await fixture.close()
})

/** Submits a message whose time has passed. It is held, so that no delivery comes across it. */
async function submitOverdue(): Promise<string> {
  const { id } = await service.submit({ expiresAt: new Date(Date.now() + 86_400_000).toISOString() })
  await fixture.database.query(`UPDATE message_queue SET expires_at = mail_now() - interval '1 second'`)
  return id
}

it('fails what did not leave in time in the background', async () => {
  expect(await service.until(overdue, { status: 'failed' })).toMatchObject({ problem: { code: 'expired' } })
})

it('serves health, readiness and metrics', async () => {
  await connectMailbox(api)
  const { id } = await service.submit()
  await service.until(id, { status: 'sent' })

  for (const path of ['/healthz', '/readyz']) expect((await fetch(`${workerUrl}${path}`)).status).toBe(200)
  const metrics = async () => (await fetch(`${workerUrl}/metrics`)).text()
  await expect.poll(metrics).toContain('inforiver_mail_messages_total{status="sent"} 1')
})

it.each(['/', '/api/v1/messages', '/api/v1/session', '/auth/sign-in', '/openapi.json'])(
  'serves nothing else: %s',
  async (path) => {
    const answer = await fetch(`${workerUrl}${path}`)

    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ code: 'not-found' })
  },
)
