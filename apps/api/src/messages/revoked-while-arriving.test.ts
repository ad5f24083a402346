import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MIB = 1024 * 1024
const POLICY = '/api/v1/tenant-settings/recipients'
const MAIL = { to: ['max@contoso.com'], subject: 'Held', text: 'Numbers.' }

const { fixture, product } = useProduct()
let service: ServiceClient

beforeEach(async () => {
  await fixture.database.empty('messages', 'service_keys')
  service = await createServiceClient(product)
})

const revoke = () => fixture.database.query('UPDATE service_keys SET revoked_at = now()')

/** Resolves once the request has been let in by its key. */
async function untilLetIn(): Promise<void> {
  const used = 'SELECT 1 FROM service_keys WHERE last_used_at IS NOT NULL'
  await expect.poll(() => fixture.database.query(used)).toHaveLength(1)
}

/** Posts JSON of which the last character is held back. */
async function holdJson(path: string, body: string, headers: Record<string, string> = {}) {
  const call = request(`${product.publicUrl}${path}`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${service.key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    },
  })
  const answer = new Promise<{ status: number; json: unknown }>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', (response) => {
      const status = response.statusCode ?? 0
      json(response).then((value) => resolve({ status, json: value }), reject)
    })
  })
  call.write(body.slice(0, -1))
  await untilLetIn()
  return async () => {
    call.end(body.slice(-1))
    return answer
  }
}

const nothing = { messages: 0, chunks: 0 }
const refused = { status: 401, json: expect.objectContaining({ code: 'invalid-service-key' }) }

it.each([
  ['in chunks', 4 * MIB],
  ['in memory', 1_000],
])('stores nothing of an upload %s whose key is revoked before its end', async (_how, sizeBytes) => {
  const upload = startUpload(product, service.key, mailWith([randomBytes(sizeBytes)]))
  await upload.send(upload.sizeBytes - 100) // within the last file: what follows its boundary is not waited for
  await untilLetIn()

  await revoke()
  await upload.send()

  expect(await upload.answer).toEqual(refused)
  await expect.poll(() => countStored(fixture.database)).toEqual(nothing)
})

it.each([
  ['a message', '/api/v1/messages', MAIL],
  ['a batch', '/api/v1/messages/batch', { messages: [MAIL, MAIL] }],
])('stores nothing of %s in JSON whose key is revoked before its end', async (_what, path, body) => {
  const finish = await holdJson(path, JSON.stringify(body))

  await revoke()

  expect(await finish()).toEqual(refused)
  expect(await countStored(fixture.database)).toEqual(nothing)
})

it('answers no repetition whose key is revoked before its end', async () => {
  const headers = { 'idempotency-key': 'again' }
  await service.submit(MAIL, headers)
  await fixture.database.query('UPDATE service_keys SET last_used_at = NULL')
  const finish = await holdJson('/api/v1/messages', JSON.stringify(MAIL), headers)

  await revoke()

  expect(await finish()).toEqual(refused)
})

it.each([
  ['a message', '/api/v1/messages', MAIL],
  ['a batch', '/api/v1/messages/batch', { messages: [MAIL, MAIL] }],
])('holds %s in JSON to the recipients policy that is in force once it has arrived', async (_what, path, body) => {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const allow = (...allowedDomains: string[]) => ada.call('PUT', POLICY, { allowedDomains, redirectAllTo: null })
  onTestFinished(async () => void (await allow()))
  const finish = await holdJson(path, JSON.stringify(body))

  expect((await allow('fabrikam.com')).status).toBe(200)

  expect(await finish()).toMatchObject({ status: 422, json: { code: 'recipient-not-allowed' } })
  expect(await countStored(fixture.database)).toEqual(nothing)
})
