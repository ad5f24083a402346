import type { CheckCode } from '@inforiver-mail/contract/setup-check'
import { reachHost, type Reach } from '@inforiver-mail/m365/reach'
import type { MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { found, type Outcome } from './outcome.ts'

const CODES = {
  answers: 'host-answers',
  unavailable: 'host-unavailable',
  impersonated: 'host-impersonated',
  'proxy-refuses': 'proxy-refuses',
  'proxy-not-reached': 'proxy-not-reached',
  'host-unknown': 'host-unknown',
  'host-refuses': 'host-refuses',
  'host-silent': 'host-silent',
  'certificate-refused': 'certificate-refused',
  'host-broke-off': 'host-broke-off',
} as const satisfies Record<Reach['outcome'], CheckCode>

/** Why a host is not asked. */
export type NotAsked = 'gateway-configured' | 'demo-stopped'

/** Whether a host of Microsoft could be asked. */
export async function checkReach(url: string | Promise<string>, reach: Promise<Reach | NotAsked>): Promise<Outcome> {
  const reached = await reach
  if (typeof reached === 'string') return found(reached)
  const { outcome } = reached
  return found(CODES[outcome], {
    host: new URL(await url).host,
    ...('status' in reached && { status: reached.status }),
    ...('reason' in reached && { reason: reached.reason }),
  })
}

/** Whether requests to the host may succeed. A host that is busy has been reached. */
export function isReached(reach: Reach | NotAsked): boolean {
  return typeof reach !== 'string' && (reach.outcome === 'answers' || reach.outcome === 'unavailable')
}

export async function checkPublicUrl(
  publicUrl: string,
  { fetch, clock, signal }: { fetch: MicrosoftFetch; clock: () => Date; signal: AbortSignal },
): Promise<Outcome> {
  const reach = await reachHost({ url: `${publicUrl}/healthz`, fetch, clock, signal, isExpected: isHealth })
  const url = publicUrl
  if (reach.outcome === 'answers') return found('public-url-answers', { url })
  if ('reason' in reach) return found('public-url-unreachable', { url, reason: reach.reason })
  return found('public-url-answered-by-another', { url, status: reach.status })
}

function isHealth(body: string): boolean {
  return isJson(body, (json) => json['status'] === 'ok' && typeof json['version'] === 'string')
}

/** Entra lists its keys, or refuses in JSON when it does not know the tenant. */
export function isOfEntra(body: string): boolean {
  return isJson(body, (json) => Array.isArray(json['keys']) || typeof json['error'] === 'string')
}

/** Graph refuses in JSON to answer without a token. */
export function isOfGraph(body: string): boolean {
  return isJson(body, ({ error }) => typeof error === 'object' && error !== null && 'code' in error)
}

function isJson(body: string, fits: (json: Readonly<Record<string, unknown>>) => boolean): boolean {
  try {
    const json: unknown = JSON.parse(body)
    return typeof json === 'object' && json !== null && fits(json as Record<string, unknown>)
  } catch {
    return false
  }
}
