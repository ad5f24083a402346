import { createHmac, timingSafeEqual } from 'node:crypto'
import { InforiverMailError } from './inforiver-mail-error.ts'

const TOLERANCE_SECONDS = 5 * 60
const PREFIX = 'whsec_'

type HeaderValue = string | readonly string[] | undefined

export interface ReceivedWebhook {
  /** The headers of the request: a `Headers`, or an object such as that of Node's `request.headers`. */
  readonly headers: { get(name: string): string | null } | Readonly<Record<string, HeaderValue>>
  /** The raw body, before it is parsed. */
  readonly body: string | Uint8Array
  /** As the page showed it: `whsec_…`. */
  readonly secret: string
  /** By default the current time. */
  readonly now?: Date
}

/** What Inforiver Mail sends: an alert or an event. */
export interface WebhookBody {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Returns the body of a webhook that Inforiver Mail has signed within the last five minutes (Standard Webhooks).
 *
 * @throws {InforiverMailError} `invalid-signature`
 */
export function verifyWebhook({ headers, body, secret, now = new Date() }: ReceivedWebhook): WebhookBody {
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw refuse('Pass the raw body of the request, before it is parsed.')
  const key = keyOf(secret)
  if (key.length === 0) throw refuse('The secret is empty: pass the one that the page showed, whsec_….')
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature')
  if (!/^\d{1,15}$/.test(timestamp)) throw refuse('The header webhook-timestamp is missing, or no time.')
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS)
    throw refuse('The webhook was signed more than five minutes ago, or the clock of this machine is wrong.')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  // While a secret is replaced there may be several.
  const isSigned = signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.startsWith('v1,') ? signature.slice(3) : '', 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!isSigned) throw refuse('No signature of the webhook fits its body and the secret.')
  return JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8')) as WebhookBody
}

/** A variable that is not set comes as undefined, whatever the type says. */
function keyOf(secret: string | undefined): Buffer {
  return Buffer.from(secret?.startsWith(PREFIX) ? secret.slice(PREFIX.length) : (secret ?? ''), 'base64')
}

function headerOf(headers: ReceivedWebhook['headers'], name: string): string {
  if (typeof headers.get === 'function') return headers.get(name) ?? ''
  const found = Object.entries(headers as Record<string, HeaderValue>).find(([key]) => key.toLowerCase() === name)
  return String(found?.[1] ?? '')
}

function refuse(message: string): InforiverMailError {
  return new InforiverMailError('invalid-signature', message)
}
