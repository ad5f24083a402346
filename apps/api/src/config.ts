import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import {
  CLOUD_NAMES,
  cloudMismatch,
  CLOUDS,
  microsoftUrlFault,
  withoutTrailingSlash,
  type CloudName,
} from '@inforiver-mail/m365/clouds'
import { readClientCertificate, type ClientCertificate } from '@inforiver-mail/m365/client-certificate'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import type { AppRegistration } from '@inforiver-mail/m365/microsoft-identity'
import { z } from 'zod'
import { credentialExpiry } from './credential-expiry.ts'
import { isReadableByEveryone, isReadableByOthers } from './file-mode.ts'
import { isLoopback } from './loopback.ts'

/** A fault of the operator's making: its message is one or more clear sentences, without values. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** What the demo's simulator is registered with. Nothing here opens anything outside this machine. */
const DEMO_REGISTRATION = {
  tenantId: 'c0117050-0000-4000-8000-000000000001',
  clientId: 'a9917050-0000-4000-8000-000000000002',
  clientSecret: 'simulated-client-secret',
}

const ENVIRONMENT_FILE = 'inforiver-mail.env'
/** Each may come as `NAME_FILE`. */
export const SECRETS = [
  'AZURE_CLIENT_SECRET',
  'DATABASE_URL',
  'VAULT_KEYS',
  'HTTPS_PROXY',
  'INFORIVER_SERVICE_KEY',
  'METRICS_TOKEN',
] as const

const Port = wholeNumber('a port', 1, 65_534) // the simulator of the demo takes the next one
const Origin = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url && isTrustworthyOrigin(url)) return url.origin
  context.addIssue({
    code: 'custom',
    message: 'must be an https origin without a path; plain http only for a loopback host',
  })
  return z.NEVER
})
const MicrosoftUrl = z.string().transform((value, context) => {
  const fault = microsoftUrlFault(value)
  if (fault === null) return withoutTrailingSlash(value)
  context.addIssue({ code: 'custom', message: fault })
  return z.NEVER
})
const Limit = wholeNumber('a number', 0, 2_000_000_000, '; 0 for no limit')
const Days = wholeNumber('a number of days', 1, 3_650)
/** The beginning of the day: who is warned a few hours too early loses nothing. */
const Day = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date such as 2027-05-01')
  .transform((value) => new Date(value))
const List = z
  .string()
  .transform((value) => value.split(',').map((item) => item.trim()))
  .pipe(z.array(z.string().min(1, 'has an empty item')))
const ProxyAddress = z
  .string()
  .refine(isProxyAddress, 'must list IP addresses or networks, such as 10.0.0.0/8; or loopback, linklocal, uniquelocal')
const VaultKeys = z.string().superRefine((value, context) => {
  const parsed = parseVaultKeys(value)
  if (parsed.outcome === 'read') return
  context.addIssue({ code: 'custom', message: `cannot be used. ${parsed.faults.join(' ')}` })
})
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every variable there is. README.md describes them. */
export const Environment = z.object({
  SMTP: z.string().optional(),
  AZURE_TENANT_ID: z.guid('must be the directory (tenant) ID, a GUID').optional(),
  AZURE_CLIENT_ID: z.guid('must be the application (client) ID, a GUID').optional(),
  AZURE_CLIENT_SECRET: z.string().optional(),
  AZURE_CLIENT_SECRET_EXPIRES: Day.optional(),
  AZURE_CLIENT_CERTIFICATE_PATH: z.string().optional(),
  GRAPH_AUTH: z.enum(['delegated', 'application'], 'must be delegated or application').default('delegated'),
  M365_CLOUD: z.enum(CLOUD_NAMES, `must be one of ${CLOUD_NAMES.join(', ')}`).default('global'),
  AZURE_AUTHORITY_HOST: MicrosoftUrl.optional(),
  GRAPH_BASE_URL: MicrosoftUrl.optional(),
  HTTPS_PROXY: z.url({ protocol: /^https?$/, error: 'must be the URL of an http or https proxy' }).optional(),
  NO_PROXY: z.string().optional(),
  NODE_EXTRA_CA_CERTS: z.string().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: Port.default(3000),
  PUBLIC_URL: Origin.optional(),
  TRUST_PROXY: List.pipe(z.array(ProxyAddress)).optional(),
  WORKSPACE_ADMINS: List.default([]),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' }).optional(),
  DATA_DIR: z.string().default('./.data'),
  RUNTIME_DIRECTORY: z.string().optional(), // systemd's, for a service; several are separated by colons
  XDG_RUNTIME_DIR: z.string().optional(), // of a person who is logged in
  VAULT_KEYS: VaultKeys.optional(),
  INFORIVER_SERVICE_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, 'must be 32 to 256 visible ASCII characters')
    .optional(),
  MAILBOX_CONCURRENCY: Limit.default(4),
  MAILBOX_MESSAGES_PER_MINUTE: Limit.default(30),
  MAILBOX_RECIPIENTS_PER_DAY: Limit.default(10_000),
  MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: Limit.default(157_286_400),
  TENANT_STORAGE_BYTES: wholeNumber('a number of bytes', 1, 1_000_000_000_000_000).default(10_737_418_240),
  CONTENT_RETENTION_DAYS: Days.default(7),
  LOG_RETENTION_DAYS: Days.default(30),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false'], 'must be true or false').default('false'),
  ROLE: z.enum(['all', 'api', 'worker'], 'must be all, api or worker').default('all'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
})
type Environment = z.infer<typeof Environment>

export interface Config {
  /** No app registration: the product runs against the simulator, on this machine only. */
  readonly demo: { readonly simulatorPort: number } | null
  readonly office365SmtpEnabled: boolean
  readonly registration: AppRegistration
  /** The variables that name files with secrets which others than their owner may read. */
  readonly exposedFiles: readonly string[]
  /** Every account of the machine may read `inforiver-mail.env`. */
  readonly environmentFileExposed: boolean
  /** Whose tokens new connections send with: a person's, or the application's own. */
  readonly graphAuth: 'delegated' | 'application'
  /** Null where the operator has not said it. */
  readonly clientSecretExpiresAt: Date | null
  readonly authorityHost: string
  readonly graphBaseUrl: string
  /** The one behind hosts that are not Microsoft's own. */
  readonly cloud: CloudName
  readonly redirectUri: string
  readonly outbound: {
    readonly httpsProxy: string | null
    readonly noProxy: string | null
    /** PEM of authorities trusted besides Node's own. */
    readonly extraCaCertificates: string | null
  }
  readonly host: string
  readonly port: number
  /** An origin, without a slash at the end. */
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  readonly workspaceAdmins: readonly string[]
  readonly database: { readonly kind: 'embedded' } | { readonly kind: 'external'; readonly url: string }
  /** Absolute. */
  readonly dataDirectory: string
  /** Where the system keeps sockets; null when it names no such folder. */
  readonly runtimeDirectory: string | null
  /** `kid:base64,…`; null: a key file in the data directory. */
  readonly vaultKeys: string | null
  /** Makes one service key valid without a person, for unattended installations. */
  readonly seededServiceKey: string | null
  /** Per mailbox, over all processes; 0 stands for no limit. */
  readonly mailboxLimits: {
    readonly concurrency: number
    readonly messagesPerMinute: number
    readonly recipientsPerDay: number
    readonly uploadBytesPer5Minutes: number
  }
  /** The most that a tenant may have stored in large messages. */
  readonly tenantStorageBytes: number
  /** How long the content of a failed message is kept. */
  readonly contentRetentionDays: number
  /** How long addresses and subjects are kept. */
  readonly logRetentionDays: number
  readonly metricsToken: string | null
  /** Webhooks may go to private addresses as well. */
  readonly webhookAllowPrivate: boolean
  readonly role: 'all' | 'api' | 'worker'
  readonly logLevel: string
}

/**
 * Reads the whole configuration from the process environment and the file `inforiver-mail.env` in `directory`;
 * the process wins where both speak. Each secret may come as `NAME_FILE`, the path of a file that holds it.
 *
 * @throws {ConfigurationError} naming every fault at once, never a value.
 */
export function readConfig(processEnvironment: NodeJS.ProcessEnv = process.env, directory = process.cwd()): Config {
  const faults: string[] = []
  const variables = withSecretFiles(
    withoutEmpty({ ...readEnvironmentFile(directory, faults), ...withoutEmpty(lowerCaseProxies(processEnvironment)) }),
    directory,
    faults,
  )
  const parsed = Environment.safeParse(variables)
  if (!parsed.success) faults.push(...describeIssues(parsed.error.issues))
  const extraCaCertificates = readExtraCaCertificates(variables['NODE_EXTRA_CA_CERTS'], directory, faults)
  const clientCertificate = readCertificateFile(variables['AZURE_CLIENT_CERTIFICATE_PATH'], directory, faults)
  faults.push(...crossFaults(variables))
  if (parsed.success) faults.push(...cloudFaults(parsed.data))
  if (!parsed.success || faults.length > 0) throw new ConfigurationError(describeFaults(faults))
  return toConfig(parsed.data, directory, {
    extraCaCertificates,
    clientCertificate,
    exposedFiles: findExposedFiles(variables, directory),
    environmentFileExposed: isEnvironmentFileExposed(directory),
  })
}

/** What an operator may have meant otherwise, though it is no fault. */
export function configurationWarnings(config: Config, now: Date): string[] {
  if (config.demo) return []
  const warnings = [...fileWarnings(config), ...networkWarnings(config)]
  const validFrom = config.registration.clientCertificate?.validFrom
  if (validFrom && validFrom > now) {
    warnings.push(
      `AZURE_CLIENT_CERTIFICATE_PATH names a certificate that is not valid before ${validFrom.toISOString()}: until then Microsoft refuses it`,
    )
  }
  if (config.role !== 'worker' && config.workspaceAdmins.length === 0) {
    warnings.push(
      'WORKSPACE_ADMINS names nobody: only people with the app role Workspace.Admin can open Tenant Settings',
    )
  }
  if (credentialExpiry(config).expiresAt === null) {
    warnings.push('AZURE_CLIENT_SECRET_EXPIRES is not set: nobody will be warned before the client secret expires')
  }
  return warnings
}

function fileWarnings({ exposedFiles, environmentFileExposed }: Config): string[] {
  const warnings = exposedFiles.map(
    (name) => `${name} names a file that others than its owner may read: take that right from them (chmod 600)`,
  )
  if (environmentFileExposed) {
    warnings.push(
      `Every account of this machine may read ${ENVIRONMENT_FILE}: take that right from them (chmod 640, or 600 where the service's account owns it)`,
    )
  }
  return warnings
}

function networkWarnings({ role, host, publicUrl, trustedProxies }: Config): string[] {
  if (role === 'worker') return []
  const isHttps = publicUrl.startsWith('https:')
  if (isHttps && trustedProxies.length === 0) {
    return [
      'PUBLIC_URL is https and TRUST_PROXY is not set: all people behind the reverse proxy share one rate limit. Set TRUST_PROXY to the address that the proxy connects from',
    ]
  }
  if (!isHttps && !isLoopback(host)) {
    return [
      'HOST lets other machines connect without https: sessions and service keys can be read on the way. Put a reverse proxy in front and set PUBLIC_URL to its https address, or unset HOST',
    ]
  }
  return []
}

interface ReadFiles extends Pick<Config, 'exposedFiles' | 'environmentFileExposed'> {
  readonly extraCaCertificates: string | null
  readonly clientCertificate: ClientCertificate | null
}

function toConfig(
  environment: Environment,
  directory: string,
  { extraCaCertificates, clientCertificate, ...exposed }: ReadFiles,
): Config {
  const demo = environment.AZURE_TENANT_ID === undefined
  const simulatorPort = environment.PORT + 1
  const simulator = `http://127.0.0.1:${simulatorPort}`
  const publicUrl = environment.PUBLIC_URL ?? `http://localhost:${environment.PORT}`
  const dataDirectory = resolve(directory, environment.DATA_DIR)
  return {
    demo: demo ? { simulatorPort } : null,
    office365SmtpEnabled: (environment.SMTP ?? (demo ? 'Office365' : '')).toLowerCase() === 'office365',
    registration: demo
      ? DEMO_REGISTRATION
      : {
          tenantId: environment.AZURE_TENANT_ID?.toLowerCase() ?? '',
          clientId: environment.AZURE_CLIENT_ID?.toLowerCase() ?? '',
          ...(clientCertificate ? { clientCertificate } : { clientSecret: environment.AZURE_CLIENT_SECRET ?? '' }),
        },
    ...exposed,
    graphAuth: environment.GRAPH_AUTH,
    clientSecretExpiresAt: environment.AZURE_CLIENT_SECRET_EXPIRES ?? null,
    authorityHost: demo ? simulator : cloudOf(environment).authorityHost,
    graphBaseUrl: demo ? simulator : cloudOf(environment).graphBaseUrl,
    cloud: environment.M365_CLOUD,
    redirectUri: `${publicUrl}/auth/microsoft/callback`,
    outbound: {
      httpsProxy: environment.HTTPS_PROXY ?? null,
      noProxy: environment.NO_PROXY ?? null,
      extraCaCertificates,
    },
    host: environment.HOST,
    port: environment.PORT,
    publicUrl,
    trustedProxies: environment.TRUST_PROXY ?? [],
    workspaceAdmins: environment.WORKSPACE_ADMINS,
    database: environment.DATABASE_URL ? { kind: 'external', url: environment.DATABASE_URL } : { kind: 'embedded' },
    dataDirectory: demo ? resolve(dataDirectory, 'demo') : dataDirectory,
    runtimeDirectory: environment.RUNTIME_DIRECTORY?.split(':')[0] ?? environment.XDG_RUNTIME_DIR ?? null,
    vaultKeys: environment.VAULT_KEYS ?? null,
    seededServiceKey: environment.INFORIVER_SERVICE_KEY ?? null,
    mailboxLimits: {
      concurrency: environment.MAILBOX_CONCURRENCY,
      messagesPerMinute: environment.MAILBOX_MESSAGES_PER_MINUTE,
      recipientsPerDay: environment.MAILBOX_RECIPIENTS_PER_DAY,
      uploadBytesPer5Minutes: environment.MAILBOX_UPLOAD_BYTES_PER_5_MINUTES,
    },
    tenantStorageBytes: environment.TENANT_STORAGE_BYTES,
    contentRetentionDays: environment.CONTENT_RETENTION_DAYS,
    logRetentionDays: environment.LOG_RETENTION_DAYS,
    metricsToken: environment.METRICS_TOKEN ?? null,
    webhookAllowPrivate: environment.WEBHOOK_ALLOW_PRIVATE === 'true',
    role: environment.ROLE,
    logLevel: environment.LOG_LEVEL,
  }
}

const CREDENTIALS = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH'] as const

/** The hosts by themselves go before the name of the cloud. */
function cloudOf({ M365_CLOUD, AZURE_AUTHORITY_HOST, GRAPH_BASE_URL }: Environment) {
  const { authorityHost, graphBaseUrl } = CLOUDS[M365_CLOUD]
  return { authorityHost: AZURE_AUTHORITY_HOST ?? authorityHost, graphBaseUrl: GRAPH_BASE_URL ?? graphBaseUrl }
}

function cloudFaults(environment: Environment): string[] {
  const { authorityHost, graphBaseUrl } = cloudOf(environment)
  const mismatch = cloudMismatch(authorityHost, graphBaseUrl)
  return mismatch === null ? [] : [mismatch]
}

type Variables = Readonly<Record<string, string | undefined>>

/** A file that cannot be read is a fault of its own, not a variable that is missing. */
function isGiven(variables: Variables, name: string): boolean {
  return variables[name] !== undefined || variables[`${name}_FILE`] !== undefined
}

function isDemo(variables: Variables): boolean {
  return !['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', ...CREDENTIALS].some((name) => isGiven(variables, name))
}

/** A registration has both ids and one credential. */
function registrationFault(variables: Variables): string | null {
  const credentials = CREDENTIALS.filter((name) => isGiven(variables, name))
  if (credentials.length > 1) return 'AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH are both set: keep one.'
  const missing = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'].filter((name) => !isGiven(variables, name))
  if (credentials.length === 0) missing.push('AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)')
  if (missing.length === 0 || isDemo(variables)) return null
  return `The app registration is incomplete: set ${missing.join(' and ')} as well, or none of AZURE_* for the demo.`
}

/** What is wrong between variables, whether or not each of them is right. */
function crossFaults(variables: Variables): string[] {
  const { HOST = '127.0.0.1', PUBLIC_URL, ROLE = 'all' } = variables
  const hasDatabase = isGiven(variables, 'DATABASE_URL')
  const faults: string[] = []
  const incomplete = registrationFault(variables)
  if (incomplete !== null) faults.push(incomplete)
  if (isDemo(variables)) {
    if (hasDatabase) {
      faults.push(
        'DATABASE_URL is set but the app registration is not: the demo has a database of its own. Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or unset DATABASE_URL.',
      )
    }
    if (!isLoopback(HOST)) {
      faults.push(
        'HOST is not a loopback address: without an app registration the demo runs, and it serves this machine only. Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or unset HOST.',
      )
    }
    if (PUBLIC_URL && URL.canParse(PUBLIC_URL) && !isLoopback(new URL(PUBLIC_URL).hostname)) {
      faults.push(
        'PUBLIC_URL is not on a loopback host: without an app registration the demo runs, and it serves this machine only. Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or unset PUBLIC_URL.',
      )
    }
  }
  if (hasDatabase && !isGiven(variables, 'VAULT_KEYS')) {
    faults.push(
      "VAULT_KEYS is required with DATABASE_URL. Make a key with: node -p \"'k1:' + crypto.randomBytes(32).toString('base64')\"",
    )
  }
  if (!hasDatabase && (ROLE === 'api' || ROLE === 'worker')) {
    faults.push(`ROLE=${ROLE} needs DATABASE_URL: the embedded database serves one process only.`)
  }
  return faults
}

function isTrustworthyOrigin(url: URL): boolean {
  const bare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return bare && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
}

function readEnvironmentFile(directory: string, faults: string[]): Record<string, string | undefined> {
  const path = resolve(directory, ENVIRONMENT_FILE)
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      faults.push(`${ENVIRONMENT_FILE} cannot be read (${errorCode(error)}).`)
    return {}
  }
}

function withSecretFiles(variables: Record<string, string | undefined>, directory: string, faults: string[]) {
  const result = { ...variables }
  for (const name of SECRETS) {
    const file = variables[`${name}_FILE`]
    if (file === undefined) continue
    if (variables[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: keep one.`)
      continue
    }
    try {
      result[name] = readFileSync(resolve(directory, file), 'utf8').trim()
      if (result[name] === '') faults.push(`${name}_FILE names an empty file.`)
    } catch (error) {
      faults.push(`${name}_FILE names a file that cannot be read (${errorCode(error)}).`)
    }
  }
  return result
}

function findExposedFiles(variables: Variables, directory: string): string[] {
  const names = [...SECRETS.map((name) => `${name}_FILE`), 'AZURE_CLIENT_CERTIFICATE_PATH']
  return names.filter((name) => {
    const path = variables[name]
    return path !== undefined && isReadableByOthers(statSync(resolve(directory, path)))
  })
}

function isEnvironmentFileExposed(directory: string): boolean {
  const stats = statSync(resolve(directory, ENVIRONMENT_FILE), { throwIfNoEntry: false })
  return stats !== undefined && isReadableByEveryone(stats)
}

function readExtraCaCertificates(path: string | undefined, directory: string, faults: string[]): string | null {
  if (path === undefined) return null
  try {
    const pem = readFileSync(resolve(directory, path), 'utf8')
    if (!holdsCertificates(pem)) faults.push('NODE_EXTRA_CA_CERTS must name a file of PEM certificates.')
    return pem
  } catch (error) {
    faults.push(`NODE_EXTRA_CA_CERTS names a file that cannot be read (${errorCode(error)}).`)
    return null
  }
}

function readCertificateFile(path: string | undefined, directory: string, faults: string[]): ClientCertificate | null {
  if (path === undefined) return null
  try {
    const reading = readClientCertificate(readFileSync(resolve(directory, path), 'utf8'))
    if (reading.outcome === 'read') return reading.certificate
    faults.push(`AZURE_CLIENT_CERTIFICATE_PATH names a file that ${reading.fault}.`)
  } catch (error) {
    faults.push(`AZURE_CLIENT_CERTIFICATE_PATH names a file that cannot be read (${errorCode(error)}).`)
  }
  return null
}

function holdsCertificates(pem: string): boolean {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  try {
    return certificates.map((certificate) => new X509Certificate(certificate)).length > 0
  } catch {
    return false
  }
}

function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** `z.coerce` would take '0x10', '1e3' and ' ' for numbers. */
function wholeNumber(meaning: string, from: number, to: number, remark = '') {
  const fault = `must be ${meaning} from ${from} to ${to}${remark}`
  return z
    .string()
    .regex(/^\d{1,16}$/, fault)
    .transform(Number)
    .pipe(z.number().min(from, fault).max(to, fault))
}

/** Proxies are often set in lower case only; curl and undici read both. */
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

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

/** One sentence for each variable and fault, however many items of a list have it. */
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
