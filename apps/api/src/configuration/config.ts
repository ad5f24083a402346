import { resolve } from 'node:path'
import { cloudMismatch, CLOUDS } from '@inforiver-mail/m365/clouds'
import type { ClientCertificate } from '@inforiver-mail/m365/client-credentials'
import { isLoopback } from '@inforiver-mail/m365/loopback'
import type { AppCredential, AppRegistration } from '@inforiver-mail/m365/microsoft-identity'
import type { z } from 'zod'
import {
  findExposedFiles,
  findExposedEnvironmentFile,
  readCertificateFile,
  readEnvironmentFile,
  readListenCertificate,
  readExtraCaCertificates,
  readFederatedTokenFile,
  withSecretFiles,
  type Variables,
} from './environment-files.ts'
import { Environment, WITHHELD } from './environment.ts'
import { findUnknownVariables } from './unknown-variables.ts'

/** Something that the operator has to change. The message is one or more sentences, without values. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  /** Each fault in a sentence or two. */
  readonly faults: readonly string[]
  /** Whether starting again is no use before somebody has done what it says. Supervisors are told by the exit status. */
  readonly isLasting: boolean

  constructor(
    message: string,
    {
      faults = [message],
      isLasting = false,
      ...options
    }: ErrorOptions & { faults?: readonly string[]; isLasting?: boolean } = {},
  ) {
    super(message, options)
    this.faults = faults
    this.isLasting = isLasting
  }
}

/** The demo's simulator registers the app under these values. They open nothing outside this machine. */
const DEMO_REGISTRATION = {
  tenantId: 'c0117050-0000-4000-8000-000000000001',
  clientId: 'a9917050-0000-4000-8000-000000000002',
  clientSecret: 'simulated-client-secret',
}

export type Config = ReturnType<typeof toConfig>

export interface ConfigOptions {
  /** Read instead of `inforiver-mail.env`; it has to be there. */
  readonly environmentFile?: string | undefined
  /** Whether the demo was asked for. Without an answer it runs where no app registration is configured. */
  readonly demo?: boolean
}

/**
 * Reads the whole configuration from the process environment and the file `inforiver-mail.env` in `directory`. The
 * process environment takes precedence. Each secret may come as `NAME_FILE`, the path of a file that holds it.
 *
 * @throws {ConfigurationError} naming every fault at once, never a value
 */
export function readConfig(
  processEnvironment: NodeJS.ProcessEnv = process.env,
  directory = process.cwd(),
  { environmentFile, demo }: ConfigOptions = {},
): Config {
  const faults: string[] = []
  const variables = withSecretFiles(
    readVariables(processEnvironment, directory, environmentFile, faults),
    directory,
    faults,
  )
  const parsed = Environment.safeParse(variables)
  if (!parsed.success) faults.push(...describeIssues(parsed.error.issues))
  const extraCaCertificates = readExtraCaCertificates(variables['NODE_EXTRA_CA_CERTS'], directory, faults)
  const clientCertificate = readCertificateFile(variables['AZURE_CLIENT_CERTIFICATE_PATH'], directory, faults)
  const federatedToken = readFederatedTokenFile(variables['AZURE_FEDERATED_TOKEN_FILE'], directory, faults)
  const listenCertificate = readListenCertificate(variables, directory, faults)
  faults.push(...demoFaults(variables, demo), ...crossFaults(variables, demo), ...smtpDoorFaults(variables))
  if (parsed.success) faults.push(...cloudFaults(parsed.data))
  const unknownVariables = findUnknownVariables(variables)
  if (!parsed.success || faults.length > 0) {
    // A misspelt name is often why another variable is missing.
    faults.push(...unknownVariables.map((sentence) => `${sentence}.`))
    throw new ConfigurationError(describeFaults(faults), { faults })
  }
  return toConfig(parsed.data, directory, {
    extraCaCertificates,
    clientCertificate,
    federatedToken,
    listenCertificate,
    exposedFiles: findExposedFiles(variables, directory),
    exposedEnvironmentFile: findExposedEnvironmentFile(directory, environmentFile),
    unknownVariables,
  })
}

/** What a running product reads again. */
export interface RereadSecrets {
  /** Null when there is none, or it or its day of expiry cannot be read. */
  readonly credential: AppCredential | null
  readonly clientSecretExpiresAt: Date | null
  /** Null when VAULT_KEYS is not set, or cannot be read. */
  readonly vaultKeys: string | null
  /** A sentence for everything that cannot be read. */
  readonly faults: readonly string[]
}

/** Reads the certificate or secret of the app and the vault keys again, from where `readConfig` takes them. */
export function rereadSecrets(
  processEnvironment: NodeJS.ProcessEnv = process.env,
  directory = process.cwd(),
  { environmentFile }: ConfigOptions = {},
): RereadSecrets {
  const faults: string[] = []
  const variables = withSecretFiles(
    readVariables(processEnvironment, directory, environmentFile, faults),
    directory,
    faults,
    ['AZURE_CLIENT_SECRET', 'VAULT_KEYS'],
  )
  const credential = readCredential(variables, directory, faults)
  const expiry = Environment.pick({ AZURE_CLIENT_SECRET_EXPIRES: true }).safeParse(variables)
  const keys = Environment.pick({ VAULT_KEYS: true }).safeParse(variables)
  for (const { error } of [expiry, keys]) if (error) faults.push(...describeIssues(error.issues))
  return {
    // A secret and its day belong together: where the day cannot be read, both stay as they were.
    credential: expiry.success ? credential : null,
    clientSecretExpiresAt: expiry.data?.AZURE_CLIENT_SECRET_EXPIRES ?? null,
    vaultKeys: keys.data?.VAULT_KEYS || null,
    faults,
  }
}

/** The environment for a program that the product runs: its own without its secrets. The path of a file is none. */
export function environmentOfPrograms(processEnvironment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  // On Windows a name may be written in any case.
  return Object.fromEntries(
    Object.entries(processEnvironment).filter(([name]) => !WITHHELD.includes(name.toUpperCase())),
  )
}

/** Returns null where there is none, more than one, or one that cannot be read. */
function readCredential(variables: Variables, directory: string, faults: string[]): AppCredential | null {
  const { AZURE_CLIENT_SECRET: clientSecret } = variables
  const clientCertificate = readCertificateFile(variables['AZURE_CLIENT_CERTIFICATE_PATH'], directory, faults)
  const federatedToken = readFederatedTokenFile(variables['AZURE_FEDERATED_TOKEN_FILE'], directory, faults)
  const fault = severalCredentials(variables)
  if (fault !== null) {
    faults.push(fault)
    return null
  }
  if (federatedToken) return { federatedTokenFile: federatedToken.path }
  if (clientCertificate) return { clientCertificate }
  return clientSecret ? { clientSecret } : null
}

function severalCredentials(variables: Variables): string | null {
  const given = CREDENTIALS.filter((name) => isGiven(variables, name))
  return given.length > 1 ? `${given.join(' and ')} are ${given.length === 2 ? 'both' : 'all'} set: keep one.` : null
}

function readVariables(
  processEnvironment: NodeJS.ProcessEnv,
  directory: string,
  environmentFile: string | undefined,
  faults: string[],
): Record<string, string | undefined> {
  return withoutEmpty({
    ...readEnvironmentFile(directory, environmentFile, faults),
    ...withoutEmpty(lowerCaseProxies(processEnvironment)),
  })
}

interface ReadFiles {
  /** The variables that name a secret file which others than its owner may read. */
  readonly exposedFiles: readonly string[]
  /** `inforiver-mail.env`, or the file named in its place, where every account of the machine may read it. */
  readonly exposedEnvironmentFile: string | null
  /** A sentence for each variable that looks like one of the product's and is none. */
  readonly unknownVariables: readonly string[]
  readonly extraCaCertificates: string | null
  readonly clientCertificate: ClientCertificate | null
  readonly federatedToken: { readonly path: string; readonly expiresAt: Date | null } | null
  readonly listenCertificate: { readonly certificatePath: string; readonly keyPath: string } | null
}

function toConfig(
  environment: Environment,
  directory: string,
  { extraCaCertificates, clientCertificate, federatedToken, listenCertificate, ...exposed }: ReadFiles,
) {
  const demo = environment.AZURE_TENANT_ID === undefined
  const simulatorPort = environment.PORT + 1
  const simulator = `http://127.0.0.1:${simulatorPort}`
  const publicUrl = environment.PUBLIC_URL ?? `http://localhost:${environment.PORT}`
  const dataDirectory = resolve(directory, environment.DATA_DIR)
  const registration: AppRegistration = demo
    ? DEMO_REGISTRATION
    : {
        tenantId: environment.AZURE_TENANT_ID?.toLowerCase() ?? '',
        clientId: environment.AZURE_CLIENT_ID?.toLowerCase() ?? '',
        ...(federatedToken
          ? { federatedTokenFile: federatedToken.path }
          : clientCertificate
            ? { clientCertificate }
            : { clientSecret: environment.AZURE_CLIENT_SECRET ?? '' }),
      }
  return {
    /** Set when there is no app registration: the product then runs against the simulator, on this machine only. */
    demo: demo ? ({ simulatorPort } as const) : null,
    office365SmtpEnabled: (environment.SMTP ?? (demo ? 'Office365' : '')).toLowerCase() === 'office365',
    registration,
    ...exposed,
    /** Whose tokens new connections send with: a person's, or the application's own. */
    graphAuth: environment.GRAPH_AUTH,
    /** The end of the token that the start found; null without one. */
    federatedTokenExpiresAt: federatedToken?.expiresAt ?? null,
    /** Null when it is not configured. */
    clientSecretExpiresAt: environment.AZURE_CLIENT_SECRET_EXPIRES ?? null,
    authorityHost: demo ? simulator : cloudOf(environment).authorityHost,
    graphBaseUrl: demo ? simulator : cloudOf(environment).graphBaseUrl,
    /** The cloud to assume for hosts that are not Microsoft's own. */
    cloud: environment.M365_CLOUD,
    redirectUri: `${publicUrl}/auth/microsoft/callback`,
    outbound: {
      httpsProxy: environment.HTTPS_PROXY ?? null,
      noProxy: environment.NO_PROXY ?? null,
      /** These certificate authorities are trusted besides Node's own (PEM). */
      extraCaCertificates,
    },
    host: environment.HOST,
    port: environment.PORT,
    /** An origin, without a trailing slash. */
    publicUrl,
    trustedProxies: environment.TRUST_PROXY ?? [],
    workspaceAdmins: environment.WORKSPACE_ADMINS,
    database: environment.DATABASE_URL
      ? ({ kind: 'external', url: environment.DATABASE_URL } as const)
      : ({ kind: 'embedded' } as const),
    /** An absolute path. */
    dataDirectory: demo ? resolve(dataDirectory, 'demo') : dataDirectory,
    /** The system's folder for sockets; null when it names none. */
    runtimeDirectory: environment.RUNTIME_DIRECTORY?.split(':')[0] ?? environment.XDG_RUNTIME_DIR ?? null,
    /** `kid:base64,…`; null for the command, or the key file in the data directory. */
    vaultKeys: environment.VAULT_KEYS ?? null,
    /** A program and its parameters, which prints the keys. */
    vaultKeysCommand: environment.VAULT_KEYS_COMMAND ?? null,
    /** The value of a service key that is valid without anybody creating it, for unattended installations. */
    seededServiceKey: environment.INFORIVER_SERVICE_KEY ?? null,
    /** The limits of each mailbox over all processes; 0 means no limit. */
    mailboxLimits: {
      concurrency: environment.MAILBOX_CONCURRENCY,
      messagesPerMinute: environment.MAILBOX_MESSAGES_PER_MINUTE,
      recipientsPerDay: environment.MAILBOX_RECIPIENTS_PER_DAY,
      uploadBytesPer5Minutes: environment.MAILBOX_UPLOAD_BYTES_PER_5_MINUTES,
    },
    /** The most that a tenant may store. */
    tenantStorageBytes: environment.TENANT_STORAGE_BYTES,
    /** How long the content of a failed message is kept. */
    contentRetentionDays: environment.CONTENT_RETENTION_DAYS,
    /** How long addresses and subjects are kept. */
    logRetentionDays: environment.LOG_RETENTION_DAYS,
    /** How often each source of delivery reports is asked. */
    deliveryReportsPollMs: environment.DELIVERY_REPORTS_POLL_SECONDS * 1_000,
    /** The initial domain of the organisation, in lower case; null: reports from any are believed. */
    tenantDomain: environment.M365_TENANT_DOMAIN ?? null,
    metricsToken: environment.METRICS_TOKEN ?? null,
    /** Whether webhooks may go to private addresses. */
    webhookAllowPrivate: environment.WEBHOOK_ALLOW_PRIVATE === 'true',
    /** Null unless traces are sent. */
    tracing:
      environment.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : {
            /** The base URL of an OTLP receiver, without a trailing slash. */
            endpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: Object.fromEntries(environment.OTEL_EXPORTER_OTLP_HEADERS ?? []) as Readonly<
              Record<string, string>
            >,
            serviceName: environment.OTEL_SERVICE_NAME,
          },
    /** Null unless a port is set. */
    smtpDoor: toSmtpDoor(environment, listenCertificate),
    role: environment.ROLE,
    logLevel: environment.LOG_LEVEL,
  } as const
}

function toSmtpDoor(environment: Environment, certificate: ReadFiles['listenCertificate']) {
  const { SMTP_LISTEN_PORT: port = null, SMTP_LISTEN_TLS_PORT: tlsPort = null } = environment
  if (port === null && tlsPort === null) return null
  return {
    host: environment.SMTP_LISTEN_HOST ?? environment.HOST,
    /** The port for STARTTLS, and for plain connections from where they are allowed. */
    port,
    /** The port for TLS from the first byte. */
    tlsPort,
    certificate,
    /** Networks that may come without TLS, besides this machine. */
    plainFrom: environment.SMTP_LISTEN_PLAIN_FROM,
    minTls: environment.SMTP_LISTEN_MIN_TLS,
    /** How many connections of one address may wait for a login. */
    beforeLoginPerAddress: environment.SMTP_LISTEN_BEFORE_LOGIN_PER_ADDRESS,
    /** What becomes of another From than the sender. */
    from: environment.SMTP_FROM,
  } as const
}

/** Finds contradictions between the variables of the SMTP door. */
function smtpDoorFaults(variables: Variables): string[] {
  const { PORT = '3000', SMTP_LISTEN_PORT: port, SMTP_LISTEN_TLS_PORT: tlsPort } = variables
  const faults: string[] = []
  const hasCertificate = variables['SMTP_LISTEN_CERTIFICATE_PATH'] !== undefined
  if (tlsPort !== undefined && !hasCertificate)
    faults.push('SMTP_LISTEN_TLS_PORT needs SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH.')
  const ports = [PORT, port, tlsPort].filter((value) => value !== undefined)
  if (new Set(ports).size < ports.length)
    faults.push('PORT, SMTP_LISTEN_PORT and SMTP_LISTEN_TLS_PORT have to be different ports.')
  return faults
}

const CREDENTIALS = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE'] as const
const A_CREDENTIAL = 'AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH, or AZURE_FEDERATED_TOKEN_FILE)'

/** Explicit hosts take precedence over the name of the cloud. */
function cloudOf({ M365_CLOUD, AZURE_AUTHORITY_HOST, GRAPH_BASE_URL }: Environment) {
  const { authorityHost, graphBaseUrl } = CLOUDS[M365_CLOUD]
  return { authorityHost: AZURE_AUTHORITY_HOST ?? authorityHost, graphBaseUrl: GRAPH_BASE_URL ?? graphBaseUrl }
}

function cloudFaults(environment: Environment): string[] {
  const { authorityHost, graphBaseUrl } = cloudOf(environment)
  const mismatch = cloudMismatch(authorityHost, graphBaseUrl)
  return mismatch === null ? [] : [mismatch]
}

/** Counts `NAME_FILE` even if the file cannot be read: that is a fault of its own, not a missing variable. */
function isGiven(variables: Variables, name: string): boolean {
  return variables[name] !== undefined || variables[`${name}_FILE`] !== undefined
}

function isDemo(variables: Variables): boolean {
  return !['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', ...CREDENTIALS].some((name) => isGiven(variables, name))
}

/** An app registration needs both ids and exactly one credential. */
function registrationFault(variables: Variables, demo: boolean | undefined): string | null {
  const several = severalCredentials(variables)
  if (several !== null) return several
  const missing = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'].filter((name) => !isGiven(variables, name))
  if (!CREDENTIALS.some((name) => isGiven(variables, name))) missing.push(A_CREDENTIAL)
  if (missing.length === 0 || isDemo(variables)) return null
  const orNone = demo === undefined ? ', or none of AZURE_* for the demo' : ''
  return `The app registration is incomplete: set ${missing.join(' and ')} as well${orNone}.`
}

/** What was asked for and what is configured have to be the same thing. */
function demoFaults(variables: Variables, demo: boolean | undefined): string[] {
  const azure = Object.keys(variables).filter((name) => name.startsWith('AZURE_'))
  if (demo === true && azure.length > 0)
    return [
      `--demo runs with a simulated Microsoft 365, and ${azure.join(', ')} would not be used. Leave out one of them.`,
    ]
  if (demo === false && isDemo(variables))
    return [
      `There is no app registration: set AZURE_TENANT_ID, AZURE_CLIENT_ID and ${A_CREDENTIAL}. To try Inforiver Mail with a simulated Microsoft 365, add --demo.`,
    ]
  return []
}

/** Finds contradictions between variables, whether or not each of them is valid. */
function crossFaults(variables: Variables, demo: boolean | undefined): string[] {
  const { HOST = '127.0.0.1', SMTP_LISTEN_HOST, PUBLIC_URL, ROLE = 'all' } = variables
  const hasDatabase = isGiven(variables, 'DATABASE_URL')
  const faults: string[] = []
  const incomplete = registrationFault(variables, demo)
  if (incomplete !== null) faults.push(incomplete)
  if (isDemo(variables) && demo !== false) {
    const remedyOf = (name: string) => `Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or unset ${name}.`
    if (hasDatabase)
      faults.push(
        `DATABASE_URL is set but the app registration is not: the demo has a database of its own. ${remedyOf('DATABASE_URL')}`,
      )
    const publicHost = PUBLIC_URL && URL.canParse(PUBLIC_URL) ? new URL(PUBLIC_URL).hostname : undefined
    for (const [name, host, what] of [
      ['HOST', HOST, 'a loopback address'],
      ['SMTP_LISTEN_HOST', SMTP_LISTEN_HOST, 'a loopback address'],
      ['PUBLIC_URL', publicHost, 'on a loopback host'],
    ] as const)
      if (host && !isLoopback(host))
        faults.push(
          `${name} is not ${what}: without an app registration the demo runs, and it serves this machine only. ${remedyOf(name)}`,
        )
  }
  const hasKeyCommand = isGiven(variables, 'VAULT_KEYS_COMMAND')
  if (hasKeyCommand && isGiven(variables, 'VAULT_KEYS')) {
    faults.push('VAULT_KEYS_COMMAND is set together with VAULT_KEYS or VAULT_KEYS_FILE: keep one.')
  }
  if (hasDatabase && !hasKeyCommand && !isGiven(variables, 'VAULT_KEYS')) {
    faults.push(
      "VAULT_KEYS is required with DATABASE_URL. Make a key with: node -p \"'k1:' + crypto.randomBytes(32).toString('base64')\"",
    )
  }
  if (!hasDatabase && (ROLE === 'api' || ROLE === 'worker')) {
    faults.push(`ROLE=${ROLE} needs DATABASE_URL: the embedded database serves one process only.`)
  }
  return faults
}

/** Many systems set the proxy variables in lower case only; curl and undici read both. */
function lowerCaseProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...environment,
    HTTPS_PROXY: environment['HTTPS_PROXY'] ?? environment['https_proxy'],
    NO_PROXY: environment['NO_PROXY'] ?? environment['no_proxy'],
  }
}

function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''))
}

/** Writes one sentence per variable and fault, even if several items of a list have it. */
function describeIssues(issues: readonly z.core.$ZodIssue[]): string[] {
  const sentences = issues.map(({ path, message }) => `${String(path[0])} ${message.replace(/\.$/, '')}.`)
  return [...new Set(sentences)]
}

function describeFaults(faults: string[]): string {
  const [first = ''] = faults
  return faults.length === 1
    ? first
    : `The configuration has ${faults.length} faults:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`
}
