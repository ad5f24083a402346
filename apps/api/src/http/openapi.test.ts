import { validate } from '@readme/openapi-parser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'
import { VERSION } from '../version.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly described: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

let ground: TestGround
let product: TestProduct
let ada: TestBrowser
let document: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  document = (await ada.call('GET', '/openapi.json')).json
})
afterAll(() => ground.close())

const operations = (): readonly Operation[] =>
  Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ method: method.toUpperCase(), path, described })),
  )
const operation = (method: string, path: string) => document.paths[`/api/v1${path}`][method.toLowerCase()]
const codesOf = (described: Operation['described'], status: number): readonly string[] =>
  described.responses[status]?.content['application/problem+json'].schema.allOf[1].properties.code.enum ?? []

it('is a valid OpenAPI document', async () => {
  expect(await validate(structuredClone(document))).toEqual({ valid: true, warnings: [], specification: 'OpenAPI' })
})

it('has the version of the product', () => {
  expect(document.info.version).toBe(VERSION)
})

it('describes operations of the API only', () => {
  expect(operations().filter(({ path }) => !path.startsWith('/api/v1/'))).toEqual([])
  expect(operations().length).toBeGreaterThan(25)
})

it('names every operation once, and describes it and its answer in a sentence each', () => {
  const described = operations().map((each) => each.described)
  expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(described.length)
  for (const { operationId, summary, responses } of described) {
    expect(operationId).toMatch(/^[a-z]+([A-Z][a-z]+)*$/)
    expect(summary).toMatch(/^[A-Z].*\.$/)
    const successes = Object.entries<{ description: string }>(responses).filter(([status]) => status < '300')
    expect(successes.map(([, { description }]) => description)).toEqual([expect.stringMatching(/^[A-Z].*\.$/)])
  }
})

it('describes no query and no body if there is none', () => {
  expect(operation('POST', '/messages/{id}/cancel')).not.toHaveProperty('requestBody')
  expect(operation('GET', '/tenant-settings/office365-smtp')).not.toHaveProperty('parameters')
})

describe('submitting a message', () => {
  it('takes JSON, alone or as the part message beside binary parts', () => {
    const { content, required } = operation('POST', '/messages').requestBody
    expect(required).toBe(true)
    expect(Object.keys(content)).toEqual(['application/json', 'multipart/form-data'])
    const { schema } = content['multipart/form-data']
    expect(schema.required).toEqual(['message'])
    expect(schema.properties.message).toEqual(content['application/json'].schema)
    expect(schema.properties.attachment).toMatchObject({ type: 'array', items: { type: 'string', format: 'binary' } })
  })

  it('says which of two bodies is sent', () => {
    const { html, text } = operation('POST', '/messages').requestBody.content['application/json'].schema.properties
    expect(html.description).toContain('text is not sent')
    expect(text.description).toContain('beside html it is not sent')
  })

  it('has an optional Idempotency-Key', () => {
    expect(operation('POST', '/messages').parameters).toEqual([
      expect.objectContaining({ in: 'header', name: 'Idempotency-Key', required: false }),
    ])
  })

  it('names every refusal with its status', () => {
    const described = operation('POST', '/messages')
    const statuses = [400, 401, 403, 409, 413, 417, 422, 429, 500, 503, 507]
    expect(Object.fromEntries(statuses.map((status) => [status, codesOf(described, status)]))).toEqual({
      400: ['invalid-input'],
      401: ['invalid-service-key'],
      403: ['scope-missing'],
      409: ['idempotency-key-reused'],
      413: ['message-too-large'],
      417: ['expectation-failed'],
      422: ['sender-not-allowed', 'recipient-not-allowed', 'large-attachments-disabled'],
      429: ['rate-limited'],
      500: ['internal'],
      503: ['unavailable'],
      507: ['storage-full'],
    })
    expect(Object.keys(described.responses)).toEqual(expect.arrayContaining(['202', ...statuses.map(String)]))
  })
})

it('names the headers of an answer', () => {
  expect(Object.keys(operation('POST', '/messages').responses['202'].headers)).toEqual([
    'Location',
    'Idempotency-Replayed',
  ])
})

it('describes an answer without a body', () => {
  expect(operation('DELETE', '/service-keys/{id}').responses['204']).toEqual({
    description: 'Revoked: it is refused from now on.',
  })
})

it('distinguishes a body over the limit from one with faults', () => {
  expect(codesOf(operation('POST', '/webhooks'), 413)).toEqual(['invalid-input'])
})

it('names the credentials and the scope of every operation', () => {
  expect(document.components.securitySchemes).toMatchObject({
    serviceKey: { type: 'http', scheme: 'bearer' },
    session: { type: 'apiKey', in: 'cookie', name: 'inforiver-mail-session' },
  })
  expect(operation('POST', '/messages').security).toEqual([{ serviceKey: ['messages:send'] }])
  expect(operation('GET', '/messages').security).toEqual([{ serviceKey: ['messages:read'] }, { session: [] }])
  expect(operation('POST', '/service-keys').security).toEqual([{ session: [] }])
})

describe('every operation', () => {
  const call = async ({ method, path }: Operation, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${product.publicUrl}${path.replace('{id}', 'x')}`, { method, headers })
    const { code } = (await answer.json()) as { code?: string }
    return { operation: `${method} ${path}`, status: answer.status, code }
  }

  it('refuses a stranger with a status and a code that it names', async () => {
    const answers = await Promise.all(
      operations().map(async (each) => {
        const { status, code } = await call(each)
        return {
          operation: `${each.method} ${each.path}`,
          named: code !== undefined && codesOf(each.described, status).includes(code),
          status,
        }
      }),
    )
    expect(answers.filter(({ named, status }) => !named || status !== 401)).toEqual([])
  })

  it('accepts a service key with the named scope only, and none without a named scope', async () => {
    const { key } = await createServiceClient(product, { name: 'reader', scopes: ['settings:read'] })
    const answers = await Promise.all(
      operations().map(async (each) => {
        const [{ serviceKey = [] }] = each.described.security
        const { code = 'taken' } = await call(each, { authorization: `Bearer ${key}` })
        return { serviceKey: serviceKey.join(), code }
      }),
    )
    const seen = [...new Set(answers.map(({ serviceKey, code }) => `${serviceKey}: ${code}`))].toSorted()
    expect(seen).toEqual([
      ': not-signed-in',
      'messages:read: scope-missing',
      'messages:send: scope-missing',
      'settings:read: taken',
    ])
  })

  it('refuses a member who is not a workspace admin, if it names that refusal', async () => {
    const max = product.newBrowser()
    await max.signIn('Max Member')
    const answers = []
    for (const { method, path, described } of operations()) {
      if (!codesOf(described, 403).includes('not-workspace-admin')) continue
      const { json } = await max.call(method as 'GET', path.replace('{id}', 'x'))
      answers.push(json.code)
    }
    expect(answers.length).toBeGreaterThan(20)
    expect(new Set(answers)).toEqual(new Set(['not-workspace-admin']))
  })
})
