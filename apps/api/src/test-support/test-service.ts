import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Answer, TestBrowser } from './test-browser.ts'
import type { TestProduct } from './test-product.ts'

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'
const ENDED = ['sent', 'failed', 'held', 'cancelled']

/** Most messages end within some hundredths of a second, and every look takes time from the product. */
const FIRST_LOOK_MS = 10
const LOOKS_LESS_OFTEN_BY = 1.5
/** Also the first look where a message has not ended: the worker may go on with it at once. */
const LAST_LOOKS_MS = 100
/** It only ends a test that hangs. */
const GIVE_UP_AFTER_MS = 300_000

/** A service that uses the API, with a key of its own. */
export interface ServiceClient {
  readonly key: string
  post(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Pick<Answer, 'status' | 'json' | 'headers'>>
  get(path: string): Promise<Pick<Answer, 'status' | 'json' | 'headers'>>
  postForm(
    path: string,
    form: FormData,
    headers?: Record<string, string>,
  ): Promise<Pick<Answer, 'status' | 'json' | 'headers'>>
  /** Submits a mail to Max, with changes, and returns the accepted message. */
  submit(changes?: object, headers?: Record<string, string>): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
  /** Reads the message. */
  read(id: string): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
  /** Waits until the message matches, and returns it. */
  until(id: string, expected: object): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
  /** Waits until the message is sent, failed, held or cancelled, and returns it. */
  untilEnded(id: string): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
  /** A client with the same key for another product. */
  at(product: TestProduct): ServiceClient
}

/** Ada's browser at each product. */
const admins = new WeakMap<TestProduct, TestBrowser>()

/** Returns Ada's browser, and signs her in if her session has ended. */
export async function adminOf(product: TestProduct): Promise<TestBrowser> {
  const known = admins.get(product)
  if (known && (await known.call('GET', '/api/v1/sessions')).status === 200) return known
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  admins.set(product, ada)
  return ada
}

/** Connects Ada's own mailbox, or another one, through Microsoft's consent page. Returns her browser, signed in. */
export async function connectMailbox(
  product: TestProduct,
  { fromEmail = 'ada@contoso.com', largeAttachments = false }: { fromEmail?: string; largeAttachments?: boolean } = {},
): Promise<TestBrowser> {
  const ada = await adminOf(product)
  await ada.call('POST', `${SETTINGS}/reset`, {})
  const started = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail, largeAttachments })
  expect(started.json).toMatchObject({ consentUrl: expect.any(String) })
  const result = await ada.consent(started.json.consentUrl, 'Ada Admin')
  expect(result.status).toBe(200)
  return ada
}

export async function createServiceClient(
  product: TestProduct,
  {
    name = 'reports',
    scopes = ['messages:send', 'messages:read', 'settings:read'],
    admin,
  }: {
    name?: string
    scopes?: string[]
    /** The browser of somebody who has signed in; otherwise Ada's. */
    admin?: TestBrowser | undefined
  } = {},
): Promise<ServiceClient> {
  const browser = admin ?? (await adminOf(product))
  const created = await browser.call('POST', '/api/v1/service-keys', { name, scopes })
  expect(created.status).toBe(201)
  return clientFor(product.publicUrl, created.json.key)
}

export function clientFor(publicUrl: string, key: string): ServiceClient {
  async function call(path: string, init: RequestInit): Promise<Pick<Answer, 'status' | 'json' | 'headers'>> {
    const response = await fetch(`${publicUrl}${path}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` },
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) }
  }
  const client: ServiceClient = {
    key,
    get: (path) => call(path, {}),
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      }),
    postForm: (path, form, headers = {}) => call(path, { method: 'POST', body: form, headers }),
    async submit(changes = {}, headers = {}) {
      const mail = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
      const { status, json } = await client.post('/api/v1/messages', mail, headers)
      expect({ status, problem: json.errors ?? json.detail }).toEqual({ status: 202, problem: undefined })
      return json
    },
    read: async (id) => (await client.get(`/api/v1/messages/${id}`)).json,
    until: (id, expected) =>
      firstThat(
        () => client.read(id),
        (message) => expect(message).toMatchObject(expected),
        'status' in expected && ENDED.includes(String(expected.status)) ? FIRST_LOOK_MS : LAST_LOOKS_MS,
      ),
    untilEnded: (id) =>
      firstThat(
        () => client.read(id),
        ({ status }) => expect(status).toBeOneOf(ENDED),
      ),
    at: (product) => clientFor(product.publicUrl, key),
  }
  return client
}

/** Reads until the assertion holds, less and less often, and returns what it held for. */
async function firstThat<Read>(
  read: () => Promise<Read>,
  assertion: (found: Read) => void,
  firstLookMs = FIRST_LOOK_MS,
): Promise<Read> {
  const startedAt = performance.now()
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * LOOKS_LESS_OFTEN_BY, LAST_LOOKS_MS)) {
    await delay(waitMs)
    const found = await read()
    try {
      assertion(found)
      return found
    } catch (error) {
      if (performance.now() - startedAt > GIVE_UP_AFTER_MS) throw error
    }
  }
}
