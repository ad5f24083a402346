import { createHash, randomBytes } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import type { VisibleMessage } from '../mail/mailbox-view.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../start.ts'
import type { Folder } from '../tenant/message.ts'

export const REGISTRATION = {
  tenantId: '8f2d6c1b-0a4e-4d57-b3c9-1e5f7a2b9d40',
  clientId: '3c9e1f72-6b5a-4e08-9d24-7f1a0b8c6e53',
  clientSecret: 'demo~Secret+with/odd=characters',
  redirectUris: ['http://localhost/auth/microsoft/callback', 'https://mail.contoso.com/auth/microsoft/callback'],
  displayName: 'Inforiver Mail',
}
export const REDIRECT_URI = 'http://localhost:3000/auth/microsoft/callback'
export const ALL_SCOPES = 'openid profile email offline_access User.Read Mail.Send Mail.Send.Shared Mail.ReadWrite'

export const PEOPLE = {
  ada: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1101',
  max: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1102',
  bob: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1103',
  grace: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1104',
  nora: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1105',
  gil: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1106',
  eve: '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1107',
}
export type PersonName = keyof typeof PEOPLE

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

interface EntraFailure {
  readonly error: string
  readonly error_codes: number[]
}

export type Simulated = ReturnType<typeof connect>

export interface Answer {
  readonly status: number
  /** The code of a Graph error. */
  readonly code: string | null
  readonly json: Record<string, unknown>
  readonly text: string
  readonly headers: Headers
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown> & { error?: { code: string } }
  return { status: response.status, code: json.error?.code ?? null, json, text, headers: response.headers }
}

export async function entraFailure(response: Response): Promise<EntraFailure & { status: number }> {
  return { status: response.status, ...((await response.json()) as EntraFailure) }
}

export const VERIFIER = randomBytes(32).toString('base64url')
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

/** A running simulator that ends with the test. */
export async function simulate(options: Partial<SimulatorOptions> = {}): Promise<Simulated> {
  const simulator = await startSimulator({ port: 0, registration: REGISTRATION, ...options })
  onTestFinished(() => simulator.close())
  return connect(simulator)
}

/** What a client of a simulator does. */
export function connect(simulator: Simulator) {
  const { url } = simulator
  const tenant = `/${REGISTRATION.tenantId}`

  const authorizeUrl = (change: Record<string, string | null> = {}): string => {
    const wanted: Record<string, string | null> = {
      client_id: REGISTRATION.clientId,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: ALL_SCOPES,
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      prompt: 'select_account',
      ...change,
    }
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(wanted)) if (value !== null) query.set(name, value)
    return `${url}${tenant}/oauth2/v2.0/authorize?${query.toString()}`
  }

  /** Posts a form as a browser on the simulator's own pages would; redirects are not followed. */
  const submit = (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(`${url}${tenant}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: url },
      body: new URLSearchParams(form),
    })

  const token = (form: Record<string, string>): Promise<Response> =>
    fetch(`${url}${tenant}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) })

  /** The same with the secret of the registration, unless `change` says otherwise. */
  const authenticated = (form: Record<string, string>, change: Record<string, string>): Promise<Response> =>
    token({ client_id: REGISTRATION.clientId, client_secret: REGISTRATION.clientSecret, ...form, ...change })

  /** Signs in and consents on the pages. Returns the parameters that arrive at the redirect URI. */
  const consent = async (person: PersonName, change: Record<string, string | null> = {}): Promise<URLSearchParams> => {
    const request = new URL(authorizeUrl(change)).search.slice(1)
    let response = await submit('/sign-in', { request, account: PEOPLE[person] })
    if (response.status === 200) {
      response = await submit('/consent', { request, account: PEOPLE[person], decision: 'accept' })
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`Not redirected but answered ${response.status}: ${await response.text()}`)
    return new URL(location).searchParams
  }

  const redeem = (code: string, change: Record<string, string> = {}): Promise<Response> =>
    authenticated(
      { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER },
      change,
    )

  const control = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}/control${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })

  /** The JSON of a `GET` below `/control`. */
  const read = async <Json = unknown>(path: string): Promise<Json> => {
    const response = await control('GET', path)
    expect(response.status).toBe(200)
    return (await response.json()) as Json
  }

  /** Calls a path below `/v1.0`, with a body of JSON unless it is text; without a body, with `Content-Length: 0`. */
  const graph = (
    accessToken: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${url}/v1.0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })

  return {
    ...simulator,
    authorizeUrl,
    submit,
    consent,
    token,
    redeem,
    refresh: (refreshToken: string) => authenticated({ grant_type: 'refresh_token', refresh_token: refreshToken }, {}),
    async signIn(person: PersonName, scope = ALL_SCOPES): Promise<Tokens> {
      const callback = await consent(person, { scope })
      const response = await redeem(callback.get('code') ?? '')
      if (response.status !== 200)
        throw new Error(`Not given tokens but answered ${response.status}: ${await response.text()}`)
      return (await response.json()) as Tokens
    },
    /** Uses client credentials. */
    applicationToken: (change: Record<string, string> = {}) =>
      authenticated({ grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' }, change),
    control,
    read,
    async set(settings: Record<string, unknown>): Promise<void> {
      expect((await control('PATCH', '/settings', settings)).status).toBe(200)
    },
    /** Switches on a preset by its name, or an effect. */
    async scenario(nameOrEffect: string | Record<string, unknown>, when: Record<string, unknown> = {}): Promise<void> {
      const wanted = typeof nameOrEffect === 'string' ? { name: nameOrEffect } : { effect: nameOrEffect }
      expect((await control('POST', '/scenarios', { ...wanted, ...when })).status).toBe(200)
    },
    async messages(address: string, folder?: Folder): Promise<VisibleMessage[]> {
      const query = folder === undefined ? '' : `?folder=${folder}`
      return (await read<{ items: VisibleMessage[] }>(`/mailboxes/${address}/messages${query}`)).items
    },
    sendMail: (accessToken: string, body: unknown) => graph(accessToken, 'POST', '/me/sendMail', body),
    graph,
  }
}

export function mail(change: Record<string, unknown> = {}): { message: Record<string, unknown> } {
  return {
    message: {
      subject: 'Hello',
      body: { contentType: 'html', content: '<p>Hello</p>' },
      toRecipients: [{ emailAddress: { address: 'max@contoso.com' } }],
      ...change,
    },
  }
}
