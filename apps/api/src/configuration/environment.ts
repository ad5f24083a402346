import { CLOUD_NAMES, microsoftUrlFault, withoutTrailingSlash } from '@inforiver-mail/m365/clouds'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import ipaddr from 'ipaddr.js'
import { INITIAL_DOMAIN } from '@inforiver-mail/m365/initial-domain'
import { isLoopback } from '@inforiver-mail/m365/loopback'
import { z } from 'zod'

/** Each of these may come as `NAME_FILE`, the path of a file that holds it. */
export const SECRETS = [
  'AZURE_CLIENT_SECRET',
  'DATABASE_URL',
  'VAULT_KEYS',
  'HTTPS_PROXY',
  'INFORIVER_SERVICE_KEY',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const
/** What other programs do not receive. They may need the proxy, such as to reach a key service. */
export const WITHHELD: readonly string[] = SECRETS.filter((name) => name !== 'HTTPS_PROXY')

const Port = wholeNumber('a port', 1, 65_534) // the simulator of the demo takes the next one
const ListenPort = wholeNumber('a port', 1, 65_535)
const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const
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
/** Means the beginning of the day, since a warning that comes some hours early does no harm. */
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
const Network = z
  .string()
  .refine(
    (value) => isProxyAddress(value) && /[.:]/.test(value),
    'must list IP addresses or networks, such as 10.0.0.0/8 or fd00::/8',
  )
const VaultKeys = z.string().superRefine((value, context) => {
  const parsed = parseVaultKeys(value)
  if (parsed.outcome === 'read') return
  context.addIssue({ code: 'custom', message: `cannot be used. ${parsed.faults.join(' ')}` })
})
/** `name=value` pairs, percent-encoded, as OpenTelemetry defines the variable. */
const Headers = z.string().transform((value, context) => {
  try {
    const pairs = value.split(',').map((pair) => /^\s*([\w-]+)\s*=(.*)$/.exec(pair) ?? [])
    const headers = pairs.map(([, name = '', text = '']) => [name.toLowerCase(), decodeURIComponent(text.trim())])
    if (headers.every(([name]) => name !== '')) return headers
  } catch {
    // An escape is malformed.
  }
  context.addIssue({ code: 'custom', message: 'must be name=value pairs, separated by commas' })
  return z.NEVER
})
/** No shell reads it, so there is no quoting either. */
const Command = z.string().transform((value) => value.split(' ').filter((word) => word !== ''))
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** All variables. docs/configuration.md describes them. */
export const Environment = z.object({
  SMTP: z.string().optional(),
  AZURE_TENANT_ID: z.guid('must be the directory (tenant) ID, a GUID').optional(),
  AZURE_CLIENT_ID: z.guid('must be the application (client) ID, a GUID').optional(),
  AZURE_CLIENT_SECRET: z.string().optional(),
  AZURE_CLIENT_SECRET_EXPIRES: Day.optional(),
  AZURE_CLIENT_CERTIFICATE_PATH: z.string().optional(),
  AZURE_FEDERATED_TOKEN_FILE: z.string().optional(),
  GRAPH_AUTH: z.enum(['delegated', 'application'], 'must be delegated or application').default('delegated'),
  M365_CLOUD: z.enum(CLOUD_NAMES, `must be one of ${CLOUD_NAMES.join(', ')}`).default('global'),
  AZURE_AUTHORITY_HOST: MicrosoftUrl.optional(),
  GRAPH_BASE_URL: MicrosoftUrl.optional(),
  HTTPS_PROXY: z
    .url({ protocol: /^https?$/, error: 'must be the URL of an http or https proxy' })
    .refine(hasReadableAccount, 'has an account or password with a percent sign that must be written as %25')
    .optional(),
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
  VAULT_KEYS_COMMAND: Command.optional(),
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
  DELIVERY_REPORTS_POLL_SECONDS: wholeNumber('a number of seconds', 5, 3_600).default(60),
  M365_TENANT_DOMAIN: z
    .string()
    .toLowerCase()
    .regex(INITIAL_DOMAIN, 'must be the whole initial domain of the organisation, such as contoso.onmicrosoft.com')
    .optional(),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  WEBHOOK_ALLOW_PRIVATE: z.enum(['true', 'false'], 'must be true or false').default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be the URL of an OTLP receiver, such as http://127.0.0.1:4318' })
    .transform(withoutTrailingSlash)
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: Headers.optional(),
  OTEL_SERVICE_NAME: z.string().default('inforiver-mail'),
  SMTP_LISTEN_PORT: ListenPort.optional(),
  SMTP_LISTEN_TLS_PORT: ListenPort.optional(),
  SMTP_LISTEN_HOST: z.string().optional(),
  SMTP_LISTEN_CERTIFICATE_PATH: z.string().optional(),
  SMTP_LISTEN_KEY_PATH: z.string().optional(),
  SMTP_LISTEN_PLAIN_FROM: List.pipe(z.array(Network)).default([]),
  SMTP_LISTEN_BEFORE_LOGIN_PER_ADDRESS: wholeNumber('a number of connections', 1, 200).default(20),
  SMTP_LISTEN_MIN_TLS: z.enum(TLS_VERSIONS, `must be one of ${TLS_VERSIONS.join(', ')}`).default('1.2'),
  SMTP_FROM: z.enum(['rewrite', 'refuse'], 'must be rewrite or refuse').default('rewrite'),
  ROLE: z.enum(['all', 'api', 'worker'], 'must be all, api or worker').default('all'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
})
export type Environment = z.infer<typeof Environment>

function isTrustworthyOrigin(url: URL): boolean {
  const bare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  return bare && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
}

/** Account and password of a URL are percent-encoded. Whoever connects decodes them, and would fail. */
function hasReadableAccount(text: string): boolean {
  const url = URL.parse(text)
  try {
    decodeURIComponent(`${url?.username}:${url?.password}`)
    return true
  } catch {
    return false
  }
}

/** An address or network, in the notation that Fastify's `trustProxy` takes. */
function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const { IPv4, IPv6 } = ipaddr
  return (
    IPv4.isValidFourPartDecimal(text) ||
    IPv4.isValidCIDRFourPartDecimal(text) ||
    IPv6.isValid(text) ||
    IPv6.isValidCIDR(text)
  )
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
