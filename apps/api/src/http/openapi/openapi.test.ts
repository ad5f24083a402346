import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { Problem, PROBLEM_STATUS } from '@inforiver-mail/contract/problem'
import { validate } from '@readme/openapi-parser'
import openapiTypescript, { astToString } from 'openapi-typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TestBrowser } from '../../test-support/test-browser.ts'
import type { TestProduct } from '../../test-support/test-product.ts'
import { createServiceClient } from '../../test-support/test-service.ts'
import { VERSION } from '../../runtime/version.ts'
import { useFixture } from '../../test-support/use-fixture.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly described: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

let product: TestProduct
let ada: TestBrowser
let document: any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape

const fixture = useFixture()
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  document = (await ada.call('GET', '/openapi.json')).json
})

const operations = (): readonly Operation[] =>
  Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ method: method.toUpperCase(), path, described })),
  )
const operation = (method: string, path: string) => document.paths[`/api/v1${path}`][method.toLowerCase()]
const codesOf = (described: Operation['described'], status: number): readonly string[] =>
  Object.keys(described.responses[status]?.content['application/problem+json'].examples ?? {})

it('is a valid OpenAPI document', async () => {
  expect(await validate(structuredClone(document))).toEqual({ valid: true, warnings: [], specification: 'OpenAPI' })
})

it('has the version of the product', () => {
  expect(document.info.version).toBe(VERSION)
})

it('names every operation once, and describes it and its answer in a sentence each', () => {
  const described = operations().map((each) => each.described)
  expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(described.length)
  for (const { operationId, summary, responses } of described) {
    expect(operationId).toMatch(/^[a-z]+([A-Z][a-z]+)*$/)
    expect(summary).toMatch(/^[A-Z].*\.$/)
    const successes = Object.entries<{ description: string }>(responses).filter(([status]) => status < '300')
    expect(successes).not.toEqual([])
    for (const [, { description }] of successes) expect(description).toMatch(/^[A-Z].*\.$/)
  }
})

describe('the texts of an operation', () => {
  it('are there for every operation: a tag, a description, and an example of each body', () => {
    const tags = new Set<string>(document.tags.map(({ name }: { name: string }) => name))
    const without = (isFaulty: (described: Operation['described']) => boolean) =>
      operations()
        .filter(({ described }) => isFaulty(described))
        .map(({ described }) => described.operationId)

    expect({
      'no tag: see openapi-tags.ts': without(({ tags: [tag] = [] }) => !tags.has(tag)),
      'no description': without(({ description }) => !/^[A-Z].*\.$/.test(description)),
    }).toEqual({ 'no tag: see openapi-tags.ts': [], 'no description': [] })
  })

  it('show bodies that fit the contract', async () => {
    const endpoints = await endpointsOfContract()
    const faults = operations().flatMap(({ described: { operationId, requestBody, responses } }) => {
      const {
        body,
        response,
        status,
        or,
        contentType = 'application/json',
      } = endpoints.find(({ operation: each }) => each === operationId) as Endpoint
      return [
        ...(body?.safeParse(requestBody?.content['application/json'].example).error?.issues ?? []),
        ...(response?.safeParse(responses[status].content[contentType].example).error?.issues ?? []),
        ...(or?.response.safeParse(responses[or.status].content['application/json'].example).error?.issues ?? []),
      ].map(({ path, message }) => `${operationId}: ${path.join('.')}: ${message}`)
    })
    expect(faults).toEqual([])
  })

  it('say of every field and every parameter what it is, with examples that fit it', () => {
    const local = (schema: object) => JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
    const $defs = JSON.parse(local(document.components.schemas)) as object
    const faultOf = ({ field }: Field): string | null => {
      const {
        description,
        examples = [],
        ...schema
      } = JSON.parse(local(field)) as {
        description?: string
        examples?: readonly unknown[]
      }
      if (description === undefined || !/^[A-Z*].*\.$/s.test(description)) return 'no sentence'
      if (examples.length === 0) return 'no example'
      const type = z.fromJSONSchema({ $defs, ...schema } as Parameters<typeof z.fromJSONSchema>[0])
      const misfit = examples.find((each) => !type.safeParse(each).success)
      return misfit === undefined ? null : `not ${JSON.stringify(misfit)}`
    }
    const faults = fieldsOf(document).map((each) => ({ place: each.place, fault: faultOf(each) }))
    expect(faults.length).toBeGreaterThan(500)
    expect(faults.filter(({ fault }) => fault !== null)).toEqual([])
  })

  it('show every problem by an example', () => {
    const { examples } = document.components
    expect(Object.keys(examples).toSorted()).toEqual(Object.keys(PROBLEM_STATUS).toSorted())
    for (const [code, { value, description }] of Object.entries<{ value: unknown; description: string }>(examples)) {
      expect(Problem.parse(value).code).toBe(code)
      expect(description).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('a generator', () => {
  it('makes a client of it that compiles', async () => {
    const root = join(import.meta.dirname, '../../../../..')
    const folder = await mkdtemp(join(root, 'node_modules/.client-'))
    try {
      const ast = await openapiTypescript(structuredClone(document))
      await writeFile(join(folder, 'api.ts'), astToString(ast))
      await writeFile(join(folder, 'use.ts'), CLIENT)
      const compiler = join(root, 'node_modules/typescript/bin/tsc')
      const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', '', '--allowImportingTsExtensions']
      const run = promisify(execFile)(process.execPath, [compiler, ...options, join(folder, 'use.ts')])
      await expect(run).resolves.toMatchObject({ stdout: '' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

/** What an engineer of another service would write against the generated types. */
const CLIENT = `import type { components, operations } from './api.ts'
type Submit = operations['submitMessage']
const body: Submit['requestBody']['content']['application/json'] = { to: ['a@b.example'], subject: 'Q3', text: 'Numbers.' }
const sent: components['schemas']['Message']['status'] = 'sent'
const problem: components['schemas']['Problem'] = {} as Submit['responses'][422]['content']['application/problem+json']
// @ts-expect-error a subject is needed
const wrong: components['schemas']['SubmitMessage'] = { to: [], text: '' }
export { body, sent, problem, wrong }
`

interface Field {
  readonly place: string
  readonly field: object
}

/** Every parameter, and every field of every schema, by its place in the document. */
function fieldsOf(value: unknown, place: readonly string[] = []): readonly Field[] {
  if (typeof value !== 'object' || value === null || place.at(-1)?.startsWith('example')) return []
  if (place.at(-1) === 'multipart/form-data') return [] // the JSON body, as a part
  const name = place.join('/')
  if ('in' in value && 'schema' in value) {
    const { schema, description, example, examples = { only: { value: example } } } = value as any // oxlint-disable-line typescript/no-explicit-any -- as the document has it
    const values = Object.values<{ value: unknown }>(examples).map((each) => each.value)
    return [{ place: name, field: { ...schema, description, examples: values } }]
  }
  const properties = 'properties' in value && 'type' in value ? Object.entries(value.properties as object) : []
  return [
    ...properties.map(([each, field]: [string, object]) => ({ place: `${name}/${each}`, field })),
    ...Object.entries(value).flatMap(([each, member]) => fieldsOf(member, [...place, each])),
  ]
}

/** All operations of the contract, from whichever file. */
async function endpointsOfContract(): Promise<readonly Endpoint[]> {
  const manifest = new URL('../../../../../packages/contract/package.json', import.meta.url)
  const { exports: files } = JSON.parse(await readFile(manifest, 'utf8')) as { exports: Record<string, string> }
  const modules = await Promise.all(
    Object.values(files).map((file) => import(new URL(file, manifest).href) as Promise<Record<string, unknown>>),
  )
  return modules
    .flatMap((module) => Object.values(module))
    .filter((value) => typeof value === 'object' && value !== null && 'operation' in value) as Endpoint[]
}

describe('the page /docs', () => {
  it('shows every operation, problem and schema, and needs no script and nothing from elsewhere', async () => {
    const answer = await fetch(`${product.publicUrl}/docs`)
    const page = await answer.text()
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const ids = [
      ...operations().map(({ described }) => described.operationId),
      ...Object.keys(document.components.schemas).map((name) => `schema-${name}`),
      ...Object.keys(document.components.examples).map((code) => `problem-${code}`),
    ]
    expect(ids.filter((id) => !page.includes(` id="${id}"`))).toEqual([])
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(targets.filter((id) => !page.includes(` id="${id}"`))).toEqual([])
    const loaded = [...page.matchAll(/<(?:link|img|script)[^>]* (?:href|src)="([^"]+)"/g)].map(([, url]) => url ?? '')
    expect(new Set(loaded)).toEqual(new Set(['/favicon.svg', '/docs/docs-page.css']))
    const style = await fetch(`${product.publicUrl}/docs/docs-page.css`)
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
  })
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
