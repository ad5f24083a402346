import { createGraphMailer, type GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMessageTrace, type MessageTrace } from '@inforiver-mail/m365/message-trace'
import { createMicrosoftFetch, type MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import {
  createMicrosoftIdentity,
  type AppCredential,
  type MicrosoftIdentity,
} from '@inforiver-mail/m365/microsoft-identity'
import { approvalLinks } from './domain/approval-links.ts'
import type { Config } from './configuration/config.ts'
import { NO_TRACING, type Tracing } from './runtime/tracing.ts'

/** Puts something around every request to Microsoft. */
export type WrapFetch = (fetch: MicrosoftFetch) => MicrosoftFetch

/** Wires what talks to Entra and Graph. `timeoutMs` bounds each request; without it the default of m365 applies. */
export function composeMicrosoft(
  config: Config,
  {
    currentCredential,
    tracing = NO_TRACING,
    clock,
    timeoutMs,
    wrapFetch = (fetch) => fetch,
  }: {
    currentCredential: () => AppCredential
    tracing?: Tracing
    clock: () => Date
    timeoutMs?: number | undefined
    wrapFetch?: WrapFetch | undefined
  },
): {
  readonly fetch: MicrosoftFetch
  readonly identity: MicrosoftIdentity
  readonly mailer: GraphMailer
  readonly trace: MessageTrace
} {
  const { registration, authorityHost, graphBaseUrl, cloud, redirectUri, publicUrl, graphAuth } = config
  const { httpsProxy, noProxy, extraCaCertificates } = config.outbound
  const plainFetch = createMicrosoftFetch({
    ...(httpsProxy !== null && { httpsProxy }),
    ...(noProxy !== null && { noProxy }),
    ...(extraCaCertificates !== null && { extraCaCertificates }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const fetch = tracing.fetch(wrapFetch(plainFetch))
  const identity = createMicrosoftIdentity({
    registration,
    currentCredential,
    authorityHost,
    graphBaseUrl,
    cloud,
    redirectUri,
    approvalLinks: approvalLinks(publicUrl, graphAuth),
    fetch,
    clock,
  })
  const options = { graphBaseUrl, fetch, clock }
  return { fetch, identity, mailer: createGraphMailer(options), trace: createMessageTrace(options) }
}
