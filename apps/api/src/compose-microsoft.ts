import { createGraphMailer, type GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch, type MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import {
  createMicrosoftIdentity,
  type AppCredential,
  type MicrosoftIdentity,
} from '@inforiver-mail/m365/microsoft-identity'
import { approvalLinks } from './approval-links.ts'
import type { Config } from './config.ts'

/** Wires what talks to Entra and Graph. `timeoutMs` bounds each request; without it the default of m365 applies. */
export function composeMicrosoft(
  config: Config,
  {
    currentCredential,
    clock,
    timeoutMs,
  }: { currentCredential: () => AppCredential; clock: () => Date; timeoutMs?: number | undefined },
): { readonly fetch: MicrosoftFetch; readonly identity: MicrosoftIdentity; readonly mailer: GraphMailer } {
  const { registration, authorityHost, graphBaseUrl, cloud, redirectUri, publicUrl } = config
  const { httpsProxy, noProxy, extraCaCertificates } = config.outbound
  const fetch = createMicrosoftFetch({
    ...(httpsProxy !== null && { httpsProxy }),
    ...(noProxy !== null && { noProxy }),
    ...(extraCaCertificates !== null && { extraCaCertificates }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const identity = createMicrosoftIdentity({
    registration,
    currentCredential,
    authorityHost,
    graphBaseUrl,
    cloud,
    redirectUri,
    approvalLinks: approvalLinks(publicUrl),
    fetch,
    clock,
  })
  return { fetch, identity, mailer: createGraphMailer({ graphBaseUrl, fetch, clock }) }
}
