import type { Check, CheckId } from '@inforiver-mail/contract/setup-check'
import type { Credential } from '@inforiver-mail/contract/credential'
import { authorityEndpoints, type CloudName } from '@inforiver-mail/m365/clouds'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { reachHost, type Reach, type ReachRequest } from '@inforiver-mail/m365/reach'
import type { CheckedAccess, CheckedConnection, RefusedToken } from '../domain/checked-connection.ts'
import { isUntouched, type DatabaseFinding } from '../domain/database-finding.ts'
import { checkClock } from './clock-check.ts'
import { checkPublicUrl, checkReach, isOfEntra, isOfGraph, type NotAsked } from './reach-checks.ts'
import {
  judgeDatabase,
  judgeTransactions,
  judgeVault,
  type VaultFinding,
  judgeMessageStorage,
  type MessageStorage,
} from './database-checks.ts'
import { checkMailbox, checkPermissions } from './mailbox-checks.ts'
import { found, type Outcome, settleChecks, type StartedChecks } from './run-checks.ts'
import { checkCredentialExpiry, checkRegistration } from './registration-checks.ts'
import { checkSenderDomain, type DnsResolver } from './sender-domain-check.ts'

/** All checks together take 20 s at most; the answer needs a moment too. */
const WITHIN_MS = 18_000

export interface SetupCheckDeps {
  /** What is valid but risky, in a sentence each. */
  readonly warnings: () => readonly string[]
  readonly demo: boolean
  /** In the demo, Microsoft runs only while the product does. */
  readonly isSimulatorStopped: boolean
  readonly microsoft: {
    readonly authorityHost: string
    readonly entraTenantId: string
    readonly graphBaseUrl: string
    /** Where large attachments go before the first has been uploaded; null behind a gateway. */
    readonly uploadOrigin: string | null
    readonly cloud: CloudName
    readonly graphAuth: 'delegated' | 'application'
    readonly fetch: MicrosoftFetch
    readonly identity: Pick<MicrosoftIdentity, 'applicationToken' | 'adminCenters' | 'approvalLinks'>
    readonly mailer: Pick<GraphMailer, 'readDelegate' | 'findMessage'>
  }
  readonly credential: {
    readonly view: (now: Date) => Credential
    /** When a certificate becomes valid; null for a secret. */
    readonly validFrom: () => Date | null
  }
  readonly inspectDatabase: () => Promise<DatabaseFinding>
  /** Opens what is stored; null where the database cannot be used. */
  readonly openStored: (database: DatabaseFinding) => Promise<Stored | null>
  readonly checkVault: (database: DatabaseFinding) => Promise<VaultFinding>
  readonly checkStorage: () => Promise<Outcome>
  /** Only the command checks it, since it runs beside the product or before its start. */
  readonly checkPort?: (signal: AbortSignal) => Promise<Outcome>
  /** The same, where the SMTP door is on. */
  readonly checkSmtp?: (signal: AbortSignal) => Promise<Outcome>
  readonly publicUrl: { readonly url: string; readonly fetch: MicrosoftFetch }
  readonly resolver: DnsResolver
  readonly clock: () => Date
  readonly onBroken: (id: CheckId, error: unknown) => void
}

/** The connection that is stored, and the access that it gives. */
export interface Stored {
  readConnection(): Promise<CheckedConnection | null>
  requestAccess(signal: AbortSignal, refused?: RefusedToken): Promise<CheckedAccess>
  /** The same with a token that is fetched now. */
  requestFreshAccess(signal: AbortSignal): Promise<CheckedAccess>
  /** How full the storage for messages is, and which services hold most of it where it is nearly full. */
  readStorage(): Promise<MessageStorage | null>
  /** Where the last large attachment was uploaded to; null before the first. */
  readUploadOrigin(): Promise<string | null>
}

export interface SetupCheckRequest {
  /** Is checked in place of the configured sender. */
  readonly fromEmail?: string | undefined
  readonly signal: AbortSignal
}

export type SetupCheck = (request: SetupCheckRequest) => Promise<Check[]>

/** Checks the whole set-up. It sends nothing, and changes nothing but the tokens, which it has refreshed. */
export function createSetupCheck(deps: SetupCheckDeps): SetupCheck {
  return ({ fromEmail, signal }) =>
    settleChecks({
      start: (ending) => startChecks(deps, fromEmail, ending),
      withinMs: WITHIN_MS,
      signal,
      onBroken: deps.onBroken,
    })
}

/** Starts all of them. What a check depends on is among its arguments. */
function startChecks(deps: SetupCheckDeps, fromEmail: string | undefined, signal: AbortSignal): StartedChecks {
  const { microsoft, clock, credential, publicUrl } = deps
  const { fetch, identity, mailer, graphAuth, cloud } = microsoft
  const { keys: entraUrl } = authorityEndpoints(microsoft.authorityHost, microsoft.entraTenantId)
  const graphUrl = `${microsoft.graphBaseUrl.replace(/\/v1\.0$/, '')}/v1.0/me`

  const ask = async (url: string, isExpected?: ReachRequest['isExpected']): Promise<Reach | NotAsked> =>
    deps.isSimulatorStopped
      ? 'demo-stopped'
      : reachHost({ url, fetch, clock, signal, ...(isExpected && { isExpected }) })
  const database = shared(deps.inspectDatabase())
  const stored = shared(database.then(deps.openStored))
  const uploadUrl = (async () => {
    const learned = await stored.then(async (opened) => opened?.readUploadOrigin()).catch(() => null)
    return `${learned ?? microsoft.uploadOrigin}/`
  })()

  const entra = shared(ask(entraUrl, isOfEntra))
  const graph = shared(ask(graphUrl, isOfGraph))
  const upload = shared(
    microsoft.uploadOrigin === null
      ? Promise.resolve('gateway-configured' as const)
      : uploadUrl.then((url) => ask(url)),
  )
  const connection = shared(
    Promise.all([database, stored]).then(async ([finding, opened]) => {
      if (opened !== null) return opened.readConnection()
      return isUntouched(finding) ? null : 'unknown'
    }),
  )
  const freshAccess = shared(
    Promise.all([stored, connection]).then(async ([opened, known]) =>
      opened === null || known === null || known === 'unknown' || known.problem !== null
        ? null
        : opened.requestFreshAccess(signal),
    ),
  )
  // While Entra gives no new token, the mailbox is asked with the one that mail is sent with.
  const access = shared(
    Promise.all([stored, freshAccess]).then(async ([opened, fresh]) =>
      opened !== null && fresh?.outcome === 'unavailable' ? opened.requestAccess(signal) : fresh,
    ),
  )
  const renewAccess = async (refused: RefusedToken) => (await stored)?.requestAccess(signal, refused) ?? null
  const checkDomain = async () => {
    const known = await connection
    if (fromEmail === undefined && known === 'unknown') return found('database-not-usable')
    const sender = fromEmail ?? (known === 'unknown' ? null : (known?.fromEmail ?? null))
    return checkSenderDomain(sender, { resolver: deps.resolver, cloud })
  }

  return [
    ['configuration', judgeConfiguration(deps.warnings())],
    ['clock', checkClock([entra, graph, upload], database)],
    ['entra-reachable', checkReach(entraUrl, entra)],
    ['graph-reachable', checkReach(graphUrl, graph)],
    ['upload-host-reachable', checkReach(uploadUrl, upload)],
    [
      'app-registration',
      checkRegistration(entra, () => identity.applicationToken({ leg: 'redeem', signal }), graphAuth),
    ],
    ['credential-expiry', judgeCredential()],
    ['permissions', checkPermissions(connection, freshAccess)],
    ['mailbox', checkMailbox({ connection, access, graph, fromEmail, mailer, identity, renewAccess, signal })],
    ['sender-domain', checkDomain()],
    ['database', database.then(judgeDatabase)],
    ['transactions', database.then(judgeTransactions)],
    ['vault', database.then(deps.checkVault).then(judgeVault)],
    ['storage', deps.checkStorage()],
    ['message-storage', stored.then(async (opened) => judgeMessageStorage((await opened?.readStorage()) ?? null))],
    ['public-url', checkPublicUrl(publicUrl.url, { fetch: publicUrl.fetch, clock, signal })],
    ...(deps.checkPort ? [['port', deps.checkPort(signal)] as const] : []),
    ...(deps.checkSmtp ? [['smtp', deps.checkSmtp(signal)] as const] : []),
  ]

  async function judgeCredential(): Promise<Outcome> {
    const now = clock()
    return checkCredentialExpiry(credential.view(now), {
      validFrom: credential.validFrom(),
      now,
      demo: deps.demo,
      entra: identity.adminCenters.entra,
    })
  }
}

async function judgeConfiguration(warnings: readonly string[]): Promise<Outcome> {
  if (warnings.length === 0) return found('configuration-valid')
  return found('configuration-risky', { warnings: warnings.map((warning) => `${warning}.`) })
}

/** Several checks may wait for the promise, or none: those that do report why it was rejected. */
function shared<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {})
  return promise
}
