import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { beforeEach, describe, expect, it } from 'vitest'
import { clientCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { ConfigurationError, readConfig, rereadSecrets, type Config, type ConfigOptions } from './config.ts'
import { configurationWarnings } from './warnings.ts'
import { useFolder } from '../test-support/use-created.ts'

const NOW = new Date('2026-11-24T10:00:00Z')
const REGISTRATION = {
  AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  AZURE_CLIENT_ID: '66666666-7777-4888-9999-AAAAAAAAAAAA',
  AZURE_CLIENT_SECRET: 'the-value-of-the-secret',
}
const A_CREDENTIAL = 'AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH, or AZURE_FEDERATED_TOKEN_FILE)'
const VAULT_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const EXTERNAL = { ...REGISTRATION, DATABASE_URL: 'postgresql://user:hidden@db.contoso.com/mail', VAULT_KEYS }

const directory = useFolder()

beforeEach(() => rmSync(join(directory, 'inforiver-mail.env'), { force: true }))

function read(environment: Record<string, string>): Config {
  return readConfig(environment, directory)
}

function refusalOf(environment: Record<string, string>): string {
  try {
    read(environment)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message
    throw error
  }
  throw new Error('The configuration was accepted.')
}

function file(name: string, content: string): string {
  writeFileSync(join(directory, name), content)
  return name
}

it('runs the demo on localhost when nothing is set', () => {
  expect(read({})).toMatchObject({
    demo: { simulatorPort: 3001 },
    office365SmtpEnabled: true,
    authorityHost: 'http://127.0.0.1:3001',
    graphBaseUrl: 'http://127.0.0.1:3001',
    redirectUri: 'http://localhost:3000/auth/microsoft/callback',
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://localhost:3000',
    trustedProxies: [],
    workspaceAdmins: [],
    database: { kind: 'embedded' },
    dataDirectory: join(directory, '.data', 'demo'),
    vaultKeys: null,
    role: 'all',
    logLevel: 'info',
  })
})

it('uses Microsoft’s global hosts with an app registration', () => {
  expect(read(REGISTRATION)).toMatchObject({
    demo: null,
    office365SmtpEnabled: false,
    registration: {
      tenantId: REGISTRATION.AZURE_TENANT_ID,
      clientId: REGISTRATION.AZURE_CLIENT_ID.toLowerCase(),
      clientSecret: REGISTRATION.AZURE_CLIENT_SECRET,
    },
    authorityHost: 'https://login.microsoftonline.com',
    graphBaseUrl: 'https://graph.microsoft.com',
    database: { kind: 'embedded' },
    dataDirectory: join(directory, '.data'),
    outbound: { httpsProxy: null, noProxy: null, extraCaCertificates: null },
  })
})

it.each<[Record<string, string>, object]>([
  [{ SMTP: 'Office365' }, { office365SmtpEnabled: true }],
  [{ SMTP: 'office365' }, { office365SmtpEnabled: true }],
  [{ SMTP: 'SendGrid' }, { office365SmtpEnabled: false }],
  [
    { M365_CLOUD: 'gcc-high', AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' },
    { authorityHost: 'https://login.microsoftonline.us' },
  ],
  [{ AZURE_AUTHORITY_HOST: 'http://127.0.0.1:9000' }, { authorityHost: 'http://127.0.0.1:9000' }],
  [{ GRAPH_BASE_URL: 'http://127.0.0.1:9000' }, { graphBaseUrl: 'http://127.0.0.1:9000' }],
  [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
  [{ PORT: '8080' }, { port: 8080, publicUrl: 'http://localhost:8080' }],
  [
    { PUBLIC_URL: 'https://mail.contoso.com/' },
    { publicUrl: 'https://mail.contoso.com', redirectUri: 'https://mail.contoso.com/auth/microsoft/callback' },
  ],
  [{ PUBLIC_URL: 'HTTPS://Mail.Contoso.com:8443' }, { publicUrl: 'https://mail.contoso.com:8443' }],
  [{ PUBLIC_URL: 'http://127.0.0.1:3000' }, { publicUrl: 'http://127.0.0.1:3000' }],
  [
    { TRUST_PROXY: '127.0.0.1, 10.0.0.0/8,fd00::/8,loopback' },
    { trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8', 'loopback'] },
  ],
  [
    { WORKSPACE_ADMINS: 'ada@contoso.com , max@contoso.com' },
    { workspaceAdmins: ['ada@contoso.com', 'max@contoso.com'] },
  ],
  [{ DATA_DIR: '/var/lib/mail' }, { dataDirectory: '/var/lib/mail' }],
  [
    { ...EXTERNAL, ROLE: 'worker' },
    { database: { kind: 'external', url: EXTERNAL.DATABASE_URL }, role: 'worker' },
  ],
  [{ ...EXTERNAL, ROLE: 'api' }, { role: 'api' }],
  [{ LOG_LEVEL: 'trace' }, { logLevel: 'trace' }],
  [{ VAULT_KEYS }, { vaultKeys: VAULT_KEYS }],
  [{ VAULT_KEYS_COMMAND: ' kms  read "a b" ' }, { vaultKeysCommand: ['kms', 'read', '"a', 'b"'] }],
  [{}, { tracing: null }],
  [
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.contoso.com/base/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Api-Key=a%2Cb, x-two=2==',
      OTEL_SERVICE_NAME: 'mail',
    },
    {
      tracing: {
        endpoint: 'https://otlp.contoso.com/base',
        headers: { 'api-key': 'a,b', 'x-two': '2==' },
        serviceName: 'mail',
      },
    },
  ],
  [{ HTTPS_PROXY: 'http://user:pass@proxy:8080' }, { outbound: { httpsProxy: 'http://user:pass@proxy:8080' } }],
  [{ https_proxy: 'http://proxy:8080' }, { outbound: { httpsProxy: 'http://proxy:8080' } }],
  [{ NO_PROXY: 'contoso.com' }, { outbound: { noProxy: 'contoso.com' } }],
  [{ no_proxy: 'contoso.com' }, { outbound: { noProxy: 'contoso.com' } }],
  [{ INFORIVER_SERVICE_KEY: 'k'.repeat(40) }, { seededServiceKey: 'k'.repeat(40) }],
  [{ METRICS_TOKEN: 't'.repeat(16) }, { metricsToken: 't'.repeat(16) }],
  [{ MAILBOX_CONCURRENCY: '0' }, { mailboxLimits: { concurrency: 0, messagesPerMinute: 30 } }],
  [{ MAILBOX_MESSAGES_PER_MINUTE: '10' }, { mailboxLimits: { messagesPerMinute: 10 } }],
  [{ M365_TENANT_DOMAIN: 'Contoso.OnMicrosoft.com' }, { tenantDomain: 'contoso.onmicrosoft.com' }],
  [{ MAILBOX_RECIPIENTS_PER_DAY: '500' }, { mailboxLimits: { recipientsPerDay: 500 } }],
  [{ MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '1000' }, { mailboxLimits: { uploadBytesPer5Minutes: 1000 } }],
  [{ CONTENT_RETENTION_DAYS: '1' }, { contentRetentionDays: 1 }],
  [{ LOG_RETENTION_DAYS: '90' }, { logRetentionDays: 90 }],
  [{ DELIVERY_REPORTS_POLL_SECONDS: '5' }, { deliveryReportsPollMs: 5_000 }],
  [{}, { deliveryReportsPollMs: 60_000 }],
  [{}, { webhookAllowPrivate: false, graphAuth: 'delegated' }],
  [{ GRAPH_AUTH: 'application' }, { graphAuth: 'application' }],
  [{ AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01' }, { clientSecretExpiresAt: new Date('2027-05-01T00:00:00Z') }],
  [
    { AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01T09:12:33+02:00' },
    { clientSecretExpiresAt: new Date('2027-05-01T07:12:33Z') },
  ],
  [
    { AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01T09:12:33Z' },
    { clientSecretExpiresAt: new Date('2027-05-01T09:12:33Z') },
  ],
  [{ WEBHOOK_ALLOW_PRIVATE: 'true' }, { webhookAllowPrivate: true }],
])('reads %j', (environment, expected) => {
  expect(read({ ...REGISTRATION, ...environment })).toMatchObject(expected)
})

it('reads the certificates of NODE_EXTRA_CA_CERTS, relative to the working directory', () => {
  const pem = rootCertificates.slice(0, 2).join('\n')

  expect(read({ NODE_EXTRA_CA_CERTS: file('ca.pem', pem) }).outbound.extraCaCertificates).toBe(pem)
})

it.each([
  ['AZURE_TENANT_ID', 'contoso.onmicrosoft.com'],
  ['AZURE_CLIENT_ID', 'my-app'],
  ['AZURE_AUTHORITY_HOST', 'login.microsoftonline.com'],
  ['AZURE_AUTHORITY_HOST', 'http://login.microsoftonline.com'],
  ['GRAPH_BASE_URL', 'https://secretuser:pw@graph.microsoft.com'],
  ['HTTPS_PROXY', 'proxy.contoso.com:8080'],
  ['HTTPS_PROXY', 'socks5://proxy:1080'],
  ['HTTPS_PROXY', 'http://user:50%off@proxy:8080'],
  ['NODE_EXTRA_CA_CERTS', 'no-such-file.pem'],
  ['PORT', '0'],
  ['PORT', '65535'],
  ['PORT', '0x10'],
  ['PORT', '80.5'],
  ['PORT', 'eighty'],
  ['PUBLIC_URL', 'mail.contoso.com'],
  ['PUBLIC_URL', 'http://mail.contoso.com'],
  ['PUBLIC_URL', 'https://mail.contoso.com/inforiver'],
  ['PUBLIC_URL', 'https://mail.contoso.com/?q=1'],
  ['PUBLIC_URL', 'https://user@mail.contoso.com'],
  ['TRUST_PROXY', 'proxy.contoso.com'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '10.0.0.1,,10.0.0.2'],
  ['TRUST_PROXY', 'true'],
  ['WORKSPACE_ADMINS', 'ada@contoso.com,'],
  ['DATABASE_URL', 'mysql://localhost/mail'],
  ['DATABASE_URL', 'localhost:5432'],
  ['VAULT_KEYS', 'not-a-key-ring'],
  ['VAULT_KEYS', `k1:${Buffer.alloc(16, 7).toString('base64')}`],
  ['VAULT_KEYS', `${VAULT_KEYS},${VAULT_KEYS}`],
  ['ROLE', 'both'],
  ['LOG_LEVEL', 'verbose'],
  ['INFORIVER_SERVICE_KEY', 'short'],
  ['METRICS_TOKEN', 'short'],
  ['MAILBOX_CONCURRENCY', '-1'],
  ['MAILBOX_MESSAGES_PER_MINUTE', '1e3'],
  ['MAILBOX_RECIPIENTS_PER_DAY', 'many'],
  ['M365_TENANT_DOMAIN', 'contoso'],
  ['M365_TENANT_DOMAIN', 'contoso.com'],
  ['M365_TENANT_DOMAIN', 'onmicrosoft.com'],
  ['M365_TENANT_DOMAIN', 'a.contoso.onmicrosoft.com'],
  ['MAILBOX_UPLOAD_BYTES_PER_5_MINUTES', '150MB'],
  ['CONTENT_RETENTION_DAYS', '4000'],
  ['LOG_RETENTION_DAYS', 'forever'],
  ['DELIVERY_REPORTS_POLL_SECONDS', '4'],
  ['GRAPH_AUTH', 'app-only'],
])('refuses %s=%s in one sentence that does not repeat the value', (name, value) => {
  const refusal = refusalOf({ ...EXTERNAL, [name]: value })

  expect(refusal).toMatch(new RegExp(`^${name} [^\\n]+\\.$`))
  expect(refusal.replaceAll(/such as \S+/g, '')).not.toContain(value)
})

it('refuses a file without certificates', () => {
  const broken = file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')

  expect(refusalOf({ NODE_EXTRA_CA_CERTS: file('empty.pem', 'nothing') })).toMatch(/^NODE_EXTRA_CA_CERTS must name/)
  expect(refusalOf({ NODE_EXTRA_CA_CERTS: broken })).toMatch(/^NODE_EXTRA_CA_CERTS must name/)
})

it('reports every fault at once, by name and without values', () => {
  const refusal = refusalOf({
    AZURE_TENANT_ID: 'secret-looking-tenant',
    AZURE_CLIENT_SECRET: 'the-value-of-the-secret',
    PORT: 'eighty',
    PUBLIC_URL: 'http://mail.contoso.com',
    DATABASE_URL: 'postgresql://user:hidden@db/mail',
  })

  const lines = refusal.split('\n')
  expect(lines[0]).toBe('The configuration has 5 faults:')
  expect(lines.slice(1).map((line) => line.match(/^ {2}- (\S+)/)?.[1])).toEqual([
    'AZURE_TENANT_ID',
    'PORT',
    'PUBLIC_URL',
    'The',
    'VAULT_KEYS',
  ])
  expect(refusal).not.toMatch(/secret-looking|the-value|hidden|eighty|mail\.contoso/)
})

it.each([
  [['AZURE_TENANT_ID'], `AZURE_CLIENT_ID and ${A_CREDENTIAL}`],
  [['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'], A_CREDENTIAL],
  [['AZURE_CLIENT_SECRET'], 'AZURE_TENANT_ID and AZURE_CLIENT_ID'],
] as const)('refuses an app registration of only %j, naming what is missing', (names, missing) => {
  const part = Object.fromEntries(names.map((name) => [name, REGISTRATION[name]]))

  expect(refusalOf(part)).toBe(
    `The app registration is incomplete: set ${missing} as well, or none of AZURE_* for the demo.`,
  )
})

it.each([
  ['DATABASE_URL', { DATABASE_URL: EXTERNAL.DATABASE_URL, VAULT_KEYS }],
  ['HOST', { HOST: '0.0.0.0' }],
  ['PUBLIC_URL', { PUBLIC_URL: 'https://mail.contoso.com' }],
])('refuses the demo with a foreign %s', (name, environment) => {
  expect(refusalOf(environment)).toMatch(new RegExp(`^${name} is .*demo`))
})

describe('AZURE_CLIENT_CERTIFICATE_PATH', () => {
  const { AZURE_CLIENT_SECRET: _, ...WITHOUT_SECRET } = REGISTRATION
  const { certificate, privateKey } = clientCertificate(new Date('2027-05-01T00:00:00Z'))

  function withCertificate(content: string, environment: Record<string, string> = WITHOUT_SECRET) {
    return { ...environment, AZURE_CLIENT_CERTIFICATE_PATH: file('client.pem', content) }
  }

  it('replaces the secret, relative to the working directory', () => {
    const config = read(withCertificate(certificate + privateKey))

    expect(config.demo).toBeNull()
    expect(config.registration).not.toHaveProperty('clientSecret')
    expect(config.registration.clientCertificate).toEqual({
      privateKey: expect.stringContaining('BEGIN PRIVATE KEY'),
      thumbprintSha256: expect.stringMatching(/^[0-9A-F]{64}$/),
      validFrom: new Date('2020-01-01T00:00:00Z'),
      validTo: new Date('2027-05-01T00:00:00Z'),
    })
  })

  it('causes a warning while it is not valid yet', () => {
    const early = clientCertificate(undefined, new Date('2026-12-01T00:00:00Z'))
    const config = read({
      ...withCertificate(early.certificate + early.privateKey),
      WORKSPACE_ADMINS: 'ada@contoso.com',
    })

    expect(configurationWarnings(config, NOW).join()).toContain(
      'AZURE_CLIENT_CERTIFICATE_PATH names a certificate that is not valid before 2026-12-01T00:00:00.000Z',
    )
    expect(configurationWarnings(config, new Date('2026-12-01T00:00:00Z')).join()).not.toContain('not valid')
  })

  it('is refused together with the secret', () => {
    expect(refusalOf(withCertificate(certificate + privateKey, REGISTRATION))).toBe(
      'AZURE_CLIENT_SECRET and AZURE_CLIENT_CERTIFICATE_PATH are both set: keep one.',
    )
  })

  it('needs the ids of the app registration', () => {
    expect(refusalOf(withCertificate(certificate + privateKey, {}))).toBe(
      'The app registration is incomplete: set AZURE_TENANT_ID and AZURE_CLIENT_ID as well, or none of AZURE_* for the demo.',
    )
  })

  it.each([
    ['no private key', certificate],
    ['no certificate', privateKey],
    ['another’s private key', certificate + clientCertificate().privateKey],
  ])('is refused with %s, without quoting it', (_what, content) => {
    const refusal = refusalOf(withCertificate(content))

    expect(refusal).toMatch(/^AZURE_CLIENT_CERTIFICATE_PATH names a file that holds no [^\n]+\.$/)
    expect(refusal).not.toContain(content.split('\n')[1])
  })
})

describe('AZURE_FEDERATED_TOKEN_FILE', () => {
  const { AZURE_CLIENT_SECRET: _, ...WITHOUT_SECRET } = REGISTRATION
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const tokenUntil = (end: Date) => `${encode({ alg: 'RS256' })}.${encode({ exp: end.getTime() / 1_000 })}.c2lnbmF0dXJl`
  const withToken = (content: string, environment: Record<string, string> = WITHOUT_SECRET) => ({
    ...environment,
    WORKSPACE_ADMINS: 'ada@contoso.com',
    AZURE_FEDERATED_TOKEN_FILE: file('token', content),
  })

  it('replaces the secret, relative to the working directory, and needs no expiry date', () => {
    const config = read(withToken(tokenUntil(new Date('2026-11-24T11:00:00Z'))))

    const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId } = REGISTRATION
    const ids = { tenantId, clientId: clientId.toLowerCase() }
    expect(config.registration).toEqual({ ...ids, federatedTokenFile: join(directory, 'token') })
    expect(configurationWarnings(config, NOW)).toEqual([])
  })

  it('causes a warning when its token has expired', () => {
    const config = read(withToken(tokenUntil(new Date('2026-11-24T09:00:00Z'))))

    expect(configurationWarnings(config, NOW)).toEqual([
      expect.stringMatching(/^AZURE_FEDERATED_TOKEN_FILE names a token that expired at 2026-11-24T09:00:00\.000Z/),
    ])
  })

  it.each([
    ['an empty file', '\n', 'AZURE_FEDERATED_TOKEN_FILE names a file that is empty.'],
    ['something else', 'a-password', 'AZURE_FEDERATED_TOKEN_FILE names a file that holds no token (JWT).'],
  ])('is refused with %s', (_what, content, refusal) => {
    expect(refusalOf(withToken(content))).toBe(refusal)
  })

  it('is refused together with the secret', () => {
    expect(refusalOf(withToken(tokenUntil(NOW), REGISTRATION))).toBe(
      'AZURE_CLIENT_SECRET and AZURE_FEDERATED_TOKEN_FILE are both set: keep one.',
    )
  })
})

describe('what a running product reads again', () => {
  const { AZURE_CLIENT_SECRET: _, ...IDS } = REGISTRATION
  const { certificate, privateKey } = clientCertificate()

  it('is the certificate and the vault keys', () => {
    const environment = {
      ...IDS,
      AZURE_CLIENT_CERTIFICATE_PATH: file('again.pem', certificate + privateKey),
      VAULT_KEYS_FILE: file('again-keys', `${VAULT_KEYS}\n`),
    }
    expect(rereadSecrets(environment, directory)).toMatchObject({
      credential: { clientCertificate: { thumbprintSha256: expect.any(String) } },
      vaultKeys: VAULT_KEYS,
      faults: [],
    })
  })

  it('is the secret and its expiry, from the file of the environment too', () => {
    file('other.env', 'AZURE_CLIENT_SECRET=the-next\nAZURE_CLIENT_SECRET_EXPIRES=2028-01-01')
    expect(rereadSecrets(IDS, directory, { environmentFile: 'other.env' })).toEqual({
      credential: { clientSecret: 'the-next' },
      clientSecretExpiresAt: new Date('2028-01-01'),
      vaultKeys: null,
      faults: [],
    })
  })

  it('leaves out what cannot be read, with a reason, and takes the rest', () => {
    const environment = { ...IDS, AZURE_CLIENT_CERTIFICATE_PATH: 'no-such.pem', VAULT_KEYS_FILE: 'no-such' }
    expect(rereadSecrets(environment, directory)).toEqual({
      credential: null,
      clientSecretExpiresAt: null,
      vaultKeys: null,
      faults: [
        'VAULT_KEYS_FILE names a file that cannot be read (ENOENT).',
        'AZURE_CLIENT_CERTIFICATE_PATH names a file that cannot be read (ENOENT).',
      ],
    })
    const dated = { ...REGISTRATION, AZURE_CLIENT_SECRET_EXPIRES: '2028-01-01', VAULT_KEYS }
    expect(rereadSecrets({ ...dated, VAULT_KEYS: 'broken' }, directory)).toMatchObject({
      credential: { clientSecret: REGISTRATION.AZURE_CLIENT_SECRET },
      clientSecretExpiresAt: new Date('2028-01-01'),
      vaultKeys: null,
      faults: [expect.stringMatching(/^VAULT_KEYS cannot be used\./)],
    })
    expect(rereadSecrets({ ...dated, AZURE_CLIENT_SECRET_EXPIRES: 'soon' }, directory)).toMatchObject({
      credential: null,
      vaultKeys: VAULT_KEYS,
      faults: [expect.stringMatching(/^AZURE_CLIENT_SECRET_EXPIRES must be a date/)],
    })
  })
})

it.each<[string, Record<string, string>, RegExp | string]>([
  [
    'DATABASE_URL without VAULT_KEYS',
    { ...REGISTRATION, DATABASE_URL: EXTERNAL.DATABASE_URL },
    /^VAULT_KEYS is required with DATABASE_URL\. Make a key with: node /,
  ],
  [
    'VAULT_KEYS_COMMAND beside VAULT_KEYS',
    { ...EXTERNAL, VAULT_KEYS_COMMAND: 'kms read' },
    'VAULT_KEYS_COMMAND is set together with VAULT_KEYS or VAULT_KEYS_FILE: keep one.',
  ],
  [
    'malformed headers for traces',
    { ...REGISTRATION, OTEL_EXPORTER_OTLP_HEADERS: 'Bearer s3cret' },
    'OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs, separated by commas.',
  ],
  [
    'an endpoint for traces without a protocol',
    { ...REGISTRATION, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    /^OTEL_EXPORTER_OTLP_ENDPOINT must be the URL of an OTLP receiver/,
  ],
  ['ROLE=api without DATABASE_URL', { ...REGISTRATION, ROLE: 'api' }, /needs DATABASE_URL/],
  ['ROLE=worker without DATABASE_URL', { ...REGISTRATION, ROLE: 'worker' }, /needs DATABASE_URL/],
  [
    'a malformed VAULT_KEYS',
    { ...EXTERNAL, VAULT_KEYS: 'not-a-key-ring' },
    /^VAULT_KEYS cannot be used\. Key 1: the kid is missing: write kid:base64\.$/,
  ],
])('refuses %s, and says what to do', (_what, environment, refusal) => {
  expect(refusalOf(environment)).toMatch(refusal)
})

it('treats an empty or blank variable as unset', () => {
  expect(read({ AZURE_TENANT_ID: '', AZURE_CLIENT_ID: ' ', PORT: '', PUBLIC_URL: '' })).toMatchObject({
    demo: { simulatorPort: 3001 },
    port: 3000,
  })
})

it('warns if nobody is named as a workspace admin, but not in the demo', () => {
  const registered = { ...REGISTRATION, AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01' }

  expect(configurationWarnings(read(registered), NOW)).toEqual([
    expect.stringMatching(/^WORKSPACE_ADMINS names nobody/),
  ])
  expect(configurationWarnings(read({ ...registered, WORKSPACE_ADMINS: 'ada@contoso.com' }), NOW)).toEqual([])
  expect(configurationWarnings(read({}), NOW)).toEqual([])
})

it('warns if the expiry of the client secret is not configured', () => {
  expect(configurationWarnings(read({ ...REGISTRATION, WORKSPACE_ADMINS: 'ada@contoso.com' }), NOW)).toEqual([
    'AZURE_CLIENT_SECRET_EXPIRES is not set: nobody will be warned before the client secret expires',
  ])
})

describe('a dangerous configuration', () => {
  const warningsOf = (environment: Record<string, string>) =>
    configurationWarnings(
      read({
        ...REGISTRATION,
        WORKSPACE_ADMINS: 'ada@contoso.com',
        AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01',
        ...environment,
      }),
      NOW,
    )

  it.each([
    [
      'an https address without a trusted proxy',
      { PUBLIC_URL: 'https://mail.contoso.com' },
      'PUBLIC_URL is https and TRUST_PROXY is not set: all people behind the reverse proxy share one rate limit. Set TRUST_PROXY to the address that the proxy connects from',
    ],
    [
      'a HOST that others reach without https',
      { HOST: '0.0.0.0' },
      'HOST lets other machines connect without https: sessions and service keys can be read on the way. Put a reverse proxy in front and set PUBLIC_URL to its https address, or unset HOST',
    ],
  ])('causes a warning: %s', (_what, environment, warning) => {
    expect(warningsOf(environment)).toEqual([warning])
  })

  it.each([
    { PUBLIC_URL: 'https://mail.contoso.com', TRUST_PROXY: '127.0.0.1' },
    { PUBLIC_URL: 'https://mail.contoso.com', TRUST_PROXY: '10.0.0.5', HOST: '10.0.0.7' },
    { HOST: '127.0.0.2' },
    { HOST: '::1' },
    { ...EXTERNAL, ROLE: 'worker', HOST: '0.0.0.0', PUBLIC_URL: 'https://mail.contoso.com' },
  ])('does not include %j', (environment) => {
    expect(warningsOf(environment)).toEqual([])
  })

  it.each([
    ['SMTP_LISTEN_PROT', 'it may be meant as SMTP_LISTEN_PORT'],
    ['smtp_listen_port', 'it may be meant as SMTP_LISTEN_PORT'],
    ['MAILBOX_MESSAGES_PER_HOUR', 'docs/configuration.md lists the variables'],
    ['VAULT_KEY_FILE', 'it may be meant as VAULT_KEYS_FILE'],
    ['PUBLIC_URL_FILE', 'it may be meant as PUBLIC_URL'],
    ['AZURE_CLIENT_CERTIFICATE', 'it may be meant as AZURE_CLIENT_CERTIFICATE_PATH'],
  ])('includes %s, which has no effect', (name, remedy) => {
    const sentence = `${name} is no variable of Inforiver Mail and has no effect: ${remedy}`
    expect(warningsOf({ [name]: '587' })).toEqual([sentence])
    expect(refusalOf({ ...REGISTRATION, PORT: 'x', [name]: '587' })).toContain(`${sentence}.`)
  })

  it.each([
    [
      'those of other programs',
      { HTTP_PROXY: 'x', VAULT_TOKEN: 'x', AZURE_CONFIG_DIR: 'x', OTEL_RESOURCE_ATTRIBUTES: 'x' },
    ],
    ['links of Kubernetes', { INFORIVER_MAIL_SERVICE_HOST: '10.0.0.1', INFORIVER_MAIL_PORT: 'tcp://10.0.0.1:80' }],
  ])('does not include the names of %s', (_what, environment) => {
    expect(warningsOf(environment)).toEqual([])
  })

  it.skipIf(process.platform === 'win32')('includes an inforiver-mail.env that every account may read', () => {
    const path = join(directory, file('inforiver-mail.env', 'LOG_LEVEL=info'))
    chmodSync(path, 0o644)

    expect(warningsOf({})).toEqual([
      "Every account of this machine may read inforiver-mail.env: take that right from them (chmod 640, or 600 where the service's account owns it)",
    ])
    chmodSync(path, 0o640)
    expect(warningsOf({})).toEqual([])

    chmodSync(join(directory, file('named.env', 'LOG_LEVEL=info')), 0o644)
    expect(readConfig(REGISTRATION, directory, { environmentFile: 'named.env' }).exposedEnvironmentFile).toBe(
      'named.env',
    )
  })
})

describe.skipIf(process.platform === 'win32')('a file with a secret', () => {
  const { certificate, privateKey } = clientCertificate()
  const { AZURE_CLIENT_SECRET: _, ...WITHOUT_SECRET } = REGISTRATION
  const said = { WORKSPACE_ADMINS: 'ada@contoso.com', AZURE_CLIENT_SECRET_EXPIRES: '2027-05-01' }

  it.each([
    ['AZURE_CLIENT_SECRET_FILE', 'a secret', 0o640],
    ['AZURE_CLIENT_SECRET_FILE', 'a secret', 0o604],
    ['AZURE_CLIENT_CERTIFICATE_PATH', certificate + privateKey, 0o644],
  ])('causes a warning as %s if others than its owner may read it', (name, content, mode) => {
    const path = file('exposed', content)
    chmodSync(join(directory, path), mode)
    const warnings = () => configurationWarnings(read({ ...WITHOUT_SECRET, ...said, [name]: path }), NOW)

    expect(warnings()).toEqual([
      `${name} names a file that others than its owner may read: take that right from them (chmod 600)`,
    ])
    chmodSync(join(directory, path), 0o600)
    expect(warnings()).toEqual([])
  })
})

it.each(['5/1/2027', '2027-02-30', 'in May'])('refuses %s as the expiry of the client secret', (text) => {
  expect(() => read({ ...REGISTRATION, AZURE_CLIENT_SECRET_EXPIRES: text })).toThrow(
    'AZURE_CLIENT_SECRET_EXPIRES must be a date such as 2027-05-01.',
  )
})

describe('what a command line asks for', () => {
  const reading = (environment: Record<string, string>, options: ConfigOptions) => () =>
    readConfig(environment, directory, options)

  it('is the real Microsoft 365 unless it is the demo, and names the variables that are missing', () => {
    expect(reading({}, { demo: false })).toThrow(/^There is no app registration: set AZURE_TENANT_ID, .* add --demo\.$/)
    expect(reading({ HOST: '0.0.0.0' }, { demo: false })).toThrow(/^There is no app registration/)
    expect(readConfig(REGISTRATION, directory, { demo: false }).demo).toBeNull()
  })

  it('is never the demo and an app registration at once', () => {
    expect(reading({ AZURE_AUTHORITY_HOST: 'https://login.contoso.com' }, { demo: true })).toThrow(
      /AZURE_AUTHORITY_HOST would/,
    )
    expect(readConfig({}, directory, { demo: true }).demo).toEqual({ simulatorPort: 3001 })
  })

  it('may name another file of variables, which then has to be there', () => {
    writeFileSync(join(directory, 'inforiver-mail.env'), 'PORT=4000')
    writeFileSync(join(directory, 'other.env'), 'PORT=5000')
    expect(readConfig({}, directory, { environmentFile: 'other.env' }).port).toBe(5000)
    expect(reading({}, { environmentFile: 'missing.env' })).toThrow('missing.env cannot be read (ENOENT).')
  })
})

describe('the file inforiver-mail.env', () => {
  it('is read', () => {
    file('inforiver-mail.env', `# the registration\nPORT=4000\nWORKSPACE_ADMINS="ada@contoso.com"\n`)

    expect(read({})).toMatchObject({ port: 4000, workspaceAdmins: ['ada@contoso.com'] })
  })

  it('yields to the process environment, except for empty variables', () => {
    file('inforiver-mail.env', 'PORT=4000\nLOG_LEVEL=debug\n')

    expect(read({ PORT: '5000', LOG_LEVEL: '' })).toMatchObject({ port: 5000, logLevel: 'debug' })
  })
})

describe('a secret as NAME_FILE', () => {
  it.each([
    ['AZURE_CLIENT_SECRET', 'from-a-file', { registration: { clientSecret: 'from-a-file' } }],
    ['DATABASE_URL', 'postgresql://from/file', { database: { kind: 'external', url: 'postgresql://from/file' } }],
    ['VAULT_KEYS', VAULT_KEYS, { vaultKeys: VAULT_KEYS }],
    ['HTTPS_PROXY', 'http://from-file:8080', { outbound: { httpsProxy: 'http://from-file:8080' } }],
    ['INFORIVER_SERVICE_KEY', 'k'.repeat(40), { seededServiceKey: 'k'.repeat(40) }],
    ['METRICS_TOKEN', 't'.repeat(20), { metricsToken: 't'.repeat(20) }],
  ])('%s_FILE is read, without the trailing line break', (name, value, expected) => {
    const { [name as 'VAULT_KEYS']: _, ...others } = EXTERNAL

    expect(read({ ...others, [`${name}_FILE`]: file('secret', `${value}\n`) })).toMatchObject(expected)
  })

  it('is refused together with the variable itself', () => {
    expect(refusalOf({ ...REGISTRATION, AZURE_CLIENT_SECRET_FILE: file('secret', 'other') })).toBe(
      'AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_FILE are both set: keep one.',
    )
  })

  it.each([
    ['no-such-file', 'AZURE_CLIENT_SECRET_FILE names a file that cannot be read (ENOENT).'],
    ['empty', 'AZURE_CLIENT_SECRET_FILE names an empty file.'],
  ])('is refused as one fault when the file is %s', (name, sentence) => {
    if (name === 'empty') file(name, '\n')
    const { AZURE_CLIENT_SECRET: _, ...others } = REGISTRATION

    expect(refusalOf({ ...others, AZURE_CLIENT_SECRET_FILE: name })).toBe(sentence)
  })
})

describe('M365_CLOUD', () => {
  it.each([
    ['gcc-high', 'https://login.microsoftonline.us', 'https://graph.microsoft.us'],
    ['dod', 'https://login.microsoftonline.us', 'https://dod-graph.microsoft.us'],
    ['china', 'https://login.partner.microsoftonline.cn', 'https://microsoftgraph.chinacloudapi.cn'],
  ])('%s sets both hosts', (cloud, authorityHost, graphBaseUrl) => {
    expect(read({ ...REGISTRATION, M365_CLOUD: cloud })).toMatchObject({ authorityHost, graphBaseUrl })
  })

  it('refuses an unknown cloud, and names the known ones', () => {
    expect(refusalOf({ ...REGISTRATION, M365_CLOUD: 'mars' })).toContain('global, gcc-high, dod, china')
  })

  it('refuses hosts of different clouds', () => {
    const hosts = { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us' }

    expect(refusalOf({ ...REGISTRATION, ...hosts })).toContain('different clouds')
    expect(read({ ...REGISTRATION, ...hosts, M365_CLOUD: 'dod' }).graphBaseUrl).toBe('https://dod-graph.microsoft.us')
  })
})
