import { setTimeout as delay } from 'node:timers/promises'
import { MESSAGE_ID_PROPERTY } from '../../packages/m365/src/mailer/send-mail-request.ts'
import type { Control } from './processes.ts'
import type { Tenant } from './tenants.ts'

// What services and the simulated Microsoft tell of messages. Nothing here knows how the product stores them.

const ANSWER_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 500
const PAGE = 100

type Key = Pick<Tenant, 'serviceKey'>

export interface Answer {
  readonly status: number
  readonly json: any // oxlint-disable-line typescript/no-explicit-any -- answers are read where they are used
}

/** Asks a process of the product. Null without an answer in time, and where none serves. */
export async function callApi(
  url: string | null | undefined,
  { serviceKey }: Key,
  path: string,
  init: RequestInit = {},
): Promise<Answer | null> {
  if (!url) return null
  const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${serviceKey}` }
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await fetch(`${url}/api/v1${path}`, { ...init, headers, signal })
    return { status: response.status, json: await response.json() }
  } catch {
    return null
  }
}

export function submitJson(message: object, idempotencyKey: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(message),
  }
}

/** Waits until every message of these tenants has ended, and returns how many have not when the time is over. */
export async function untilEnded(
  url: () => string | null | undefined,
  tenants: readonly Key[],
  { withinMs, onLook = () => {} }: { withinMs: number; onLook?: (left: number) => void },
): Promise<number> {
  const giveUpAt = Date.now() + withinMs
  for (let left = Number.POSITIVE_INFINITY; ;) {
    left = (await countUnended(url(), tenants)) ?? left
    onLook(left)
    if (left === 0 || Date.now() > giveUpAt) return left
    await delay(LOOK_EVERY_MS)
  }
}

/** Null without an answer. */
async function countUnended(url: string | null | undefined, tenants: readonly Key[]): Promise<number | null> {
  let left = 0
  for (const tenant of tenants) {
    const answer = await callApi(url, tenant, '/overview')
    if (answer?.status !== 200) return null
    const { waiting, scheduled, held } = answer.json
    left += waiting.count + scheduled + held.count
  }
  return left
}

export interface StoredMessage {
  readonly id: string
  readonly status: string
  readonly possibleDuplicate: boolean
  readonly attempts: readonly { readonly detail: string | null }[]
}

/** Reads the list of a tenant from the newest message to the oldest. */
export async function readMessages(url: string, tenant: Key): Promise<StoredMessage[]> {
  const messages: StoredMessage[] = []
  for (let cursor = ''; ;) {
    const answer = await callApi(url, tenant, `/messages?limit=${PAGE}${cursor}`)
    if (answer?.status !== 200) throw new Error(`The list was answered with ${answer?.status ?? 'nothing'}.`)
    messages.push(...(answer.json.items as StoredMessage[]))
    if (answer.json.nextCursor === null) return messages
    cursor = `&cursor=${answer.json.nextCursor}`
  }
}

/** How often Microsoft accepted each message, by its id. */
async function readArrivals(control: Control): Promise<Map<string, number>> {
  const { values } = await control('GET', `/arrivals?property=${encodeURIComponent(MESSAGE_ID_PROPERTY)}`)
  return new Map(Object.entries(values as Record<string, number>))
}

/** Compares accepted messages with those that Microsoft accepted. */
export async function compareArrivals(control: Control, accepted: readonly string[]) {
  const arrivals = await readArrivals(control)
  return {
    arrived: arrivals.size,
    lost: accepted.filter((id) => !arrivals.has(id)),
    /** Arrived more than once. */
    doubled: [...arrivals].flatMap(([id, count]) => (count > 1 ? [id] : [])),
  }
}
