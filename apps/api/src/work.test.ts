import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestGround, type TestGround } from './test-support/test-product.ts'
import { connectMailbox, createServiceClient } from './test-support/test-service.ts'
import { work } from './work.ts'
import type { Running } from './running.ts'

let ground: TestGround
let worker: Running
let workerUrl: string

beforeAll(async () => {
  ground = await createTestGround()
  const config = await ground.configure({ ROLE: 'worker', LOG_LEVEL: 'silent' })
  worker = await work(config, (error) => {
    throw error
  })
  workerUrl = `http://localhost:${config.port}`
})
afterAll(async () => {
  await worker.close()
  await ground.close()
})

it('serves health, readiness and metrics', async () => {
  const api = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api)
  const service = await createServiceClient(api)
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
