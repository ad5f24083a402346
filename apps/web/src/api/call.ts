import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { Problem } from '@inforiver-mail/contract/problem'
import { readSession, signOut } from '@inforiver-mail/contract/session'
import type { z } from 'zod'
import { CallFailed } from './failure.ts'
import { serverClock } from './server-clock.ts'
import { overGap, sessionGap } from './session-gap.ts'

const TIMEOUT_MS = 20_000
/**
 * The set-up check alone takes up to 20 seconds. To switch delivery reports on, inbox and message trace are read once, each
 * after its access was asked for.
 */
const SLOW_MS: Readonly<Record<string, number>> = { checkSetup: 30_000, switchDeliveryReports: 120_000 }
/** These tell whether there is a session, and do not wait for one. */
const ABOUT_SESSION: ReadonlySet<string> = new Set([readSession.operation, signOut.operation])

type Params<E extends Endpoint> = E extends { params: infer P extends z.ZodType } ? { params: z.input<P> } : object
type Body<E extends Endpoint> = E extends { body: infer B extends z.ZodType } ? { body: z.input<B> } : object
type Query<E extends Endpoint> = E extends { query: infer Q extends z.ZodType } ? { query: z.input<Q> } : object
export type Input<E extends Endpoint> = Params<E> & Query<E> & Body<E>
type Other<E extends Endpoint> = E extends { or: { response: infer O extends z.ZodType } } ? z.output<O> : never
type Success<E extends Endpoint> = E extends { response: infer S extends z.ZodType } ? z.output<S> : null
export type Answer<E extends Endpoint> = Success<E> | Other<E>

interface CallOptions {
  /** The page asks by itself, which does not keep the session alive. */
  readonly polling?: boolean
}

/**
 * Calls an endpoint and returns its answer, checked against the contract. Throws `CallFailed`, or the abort of `signal`.
 * A request without a session waits until somebody is signed in again, and is then repeated.
 */
export async function call<E extends Endpoint>(
  endpoint: E,
  input: Input<E>,
  signal?: AbortSignal,
  options: CallOptions = {},
): Promise<Answer<E>> {
  const request = () => callOnce(endpoint, input, signal, options)
  return ABOUT_SESSION.has(endpoint.operation) ? request() : overGap(sessionGap, request, signal)
}

async function callOnce<E extends Endpoint>(
  endpoint: E,
  input: Input<E>,
  signal: AbortSignal | undefined,
  { polling = false }: CallOptions,
): Promise<Answer<E>> {
  const timeout = AbortSignal.timeout(SLOW_MS[endpoint.operation] ?? TIMEOUT_MS)
  const limits = signal ? AbortSignal.any([signal, timeout]) : timeout
  try {
    const { url, init } = requestFor(endpoint, input, polling)
    const response = await fetch(url, { ...init, signal: limits })
    serverClock.hear(response.headers.get('date'))
    return await readAnswer(endpoint, response)
  } catch (error) {
    if (error instanceof CallFailed || signal?.aborted) throw error
    throw new CallFailed({ kind: 'unreachable' })
  }
}

export function requestFor<E extends Endpoint>(
  endpoint: E,
  input: Input<E>,
  polling = false,
): { url: string; init: RequestInit } {
  const {
    params = {},
    query = {},
    body,
  } = input as { params?: Record<string, string>; query?: Record<string, string | number>; body?: unknown }
  const path = endpoint.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()
  const url = search ? `${path}?${search}` : path
  const headers: Record<string, string> = {
    accept: 'application/json, application/problem+json',
    ...(polling && { 'x-inforiver-polling': '1' }),
  }
  const init: RequestInit = { method: endpoint.method, headers, cache: 'no-store', redirect: 'error' }
  if (body === undefined) return { url, init }
  headers['content-type'] = 'application/json'
  return { url, init: { ...init, body: JSON.stringify(body) } }
}

export async function readAnswer<E extends Endpoint>(endpoint: E, response: Response): Promise<Answer<E>> {
  const content = parseJson(await response.text())
  const { or } = endpoint
  const success = response.status === or?.status ? or : response.status === endpoint.status ? endpoint : null
  if (success) {
    if (!success.response) return null as Answer<E>
    const answer = success.response.safeParse(content)
    if (answer.success) return answer.data as Answer<E>
    throw new CallFailed({ kind: 'unreadable', status: response.status })
  }
  const problem = Problem.safeParse(content)
  if (problem.success) throw new CallFailed({ kind: 'problem', problem: problem.data })
  // An answer without a problem document came from a proxy.
  if ([502, 503, 504].includes(response.status)) throw new CallFailed({ kind: 'unavailable' })
  throw new CallFailed({ kind: 'unreadable', status: response.status })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
