import type { CheckCode } from '@inforiver-mail/contract/setup-check'
import { isFromEntra } from '@inforiver-mail/m365/entra-refusal'
import { isFromGraph } from '@inforiver-mail/m365/graph-call'
import { jsonObject, readJson } from '@inforiver-mail/m365/json'
import type { MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { reachHost, type Reach, type ReachedAnswer } from '@inforiver-mail/m365/reach'
import { z } from 'zod'
import { found, type Outcome } from './run-checks.ts'

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

function isHealth({ text }: ReachedAnswer): boolean {
  return readJson(text, z.object({ status: z.literal('ok'), version: z.string() })) !== null
}

/** Entra lists its keys, or refuses when it does not know the tenant. */
export function isOfEntra({ headers, text }: ReachedAnswer): boolean {
  const body = readJson(text, jsonObject)
  return Array.isArray(body?.['keys']) || isFromEntra({ headers, body })
}

/** Graph refuses to answer without a token. */
export function isOfGraph(answer: ReachedAnswer): boolean {
  return isFromGraph({ ...answer, requestBytes: 0 })
}
