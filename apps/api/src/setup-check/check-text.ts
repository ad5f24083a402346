import type { Check, CheckCode, CheckId, CheckStatus } from '@inforiver-mail/contract/setup-check'
import { fillIn } from '@inforiver-mail/contract/wording'
import type { Outcome } from './outcome.ts'

interface CheckText {
  readonly status: CheckStatus
  readonly title: string
  /** `{name}` stands for a value; one that is a list is joined by commas, unless it lists sentences. */
  readonly detail: string
  /** Who does what, and where. */
  readonly action?: string
}

/** Describes what a check found, by the text of its code or by that of Microsoft's answer. */
export function describeOutcome(id: CheckId, { code, values, text }: Outcome): Check {
  const { status, title, detail, action } = CHECK_TEXTS[code]
  const fill = (template: string) => fillIn(template, values)
  return {
    id,
    status,
    code,
    values,
    title: text?.title ?? fill(title),
    detail: text?.detail ?? fill(detail),
    action: text?.action ?? (action === undefined ? null : fill(action)),
  }
}

const CHECK_HOSTS = 'The hosts to open are listed in docs/network.md, "Hosts to open".'
const OPEN_FIREWALL = `Open TCP 443 from this server to {host} in the firewall, or set HTTPS_PROXY. ${CHECK_HOSTS}`
const ENTRA = 'App registrations > the app of Inforiver Mail > Certificates & secrets'

/** What each code means. docs/set-up-check.md lists them for operators. */
export const CHECK_TEXTS: Readonly<Record<CheckCode, CheckText>> = {
  // any check
  'configuration-faulty': {
    status: 'skipped',
    title: 'Not checked: the configuration has faults',
    detail: 'This depends on the configuration, which cannot be used as it is.',
    action: 'Correct the configuration first, then check again.',
  },
  'database-not-usable': {
    status: 'skipped',
    title: 'Not checked: the database cannot be used',
    detail: 'What is needed for this is stored in the database. The check "database" says why it cannot be read now.',
  },
  'entra-not-reached': {
    status: 'skipped',
    title: 'Not checked: Microsoft Entra cannot be reached',
    detail: 'The check "entra-reachable" says what stands in the way.',
  },
  'graph-not-reached': {
    status: 'skipped',
    title: 'Not checked: Microsoft Graph cannot be reached',
    detail: 'The check "graph-reachable" says what stands in the way.',
  },
  'not-connected': {
    status: 'skipped',
    title: 'Not checked: no mailbox is connected',
    detail: 'This is about the mailbox that sends, and none is connected yet.',
    action: 'A workspace admin connects a mailbox under Tenant Settings > Office 365 SMTP.',
  },
  demo: {
    status: 'skipped',
    title: 'Not checked: this is the demo',
    detail: 'The demo has a simulated app registration, whose credential never expires.',
  },
  'demo-stopped': {
    status: 'skipped',
    title: 'Not checked: the demo is not running',
    detail: 'Its simulated Microsoft 365 runs only while the demo does.',
  },
  'too-slow': {
    status: 'failed',
    title: 'The check did not end in time',
    detail: 'It was given up after {seconds} seconds.',
    action:
      'Check again. If it remains slow, look at the other checks: a host or a database that hangs delays this one.',
  },
  'check-broke': {
    status: 'failed',
    title: 'The check itself failed',
    detail: 'Something happened that this check does not expect.',
    action: 'Look in the log for the cause, and report it to the support of Inforiver with these lines.',
  },

  // configuration
  'configuration-valid': {
    status: 'ok',
    title: 'The configuration is valid',
    detail: 'Every variable has a value that can be used.',
  },
  'configuration-risky': {
    status: 'warning',
    title: 'The configuration is valid but risky',
    detail: '{warnings}',
    action: 'Change what is named, in the environment or in inforiver-mail.env, and start Inforiver Mail again.',
  },
  'configuration-faults': {
    status: 'failed',
    title: 'The configuration has faults',
    detail: '{faults}',
    action:
      'Correct every fault in the environment or in inforiver-mail.env. docs/configuration.md describes the variables.',
  },

  // clock
  'clock-right': {
    status: 'ok',
    title: 'The clock is right',
    detail: 'It is within a minute of these clocks: {clocks}.',
  },
  'clock-off': {
    status: 'warning',
    title: 'The clock is off',
    detail:
      'The clock of this machine is {seconds} s {direction} that of {clock}. Beyond 300 s, sign-in and certificates fail.',
    action: 'Set the clock of this machine, and of the database’s, by NTP.',
  },
  'clock-wrong': {
    status: 'failed',
    title: 'The clock is wrong',
    detail: 'The clock of this machine is {seconds} s {direction} that of {clock}: sign-in and certificates fail.',
    action: 'Set the clock of this machine, and of the database’s, by NTP.',
  },
  'clock-not-compared': {
    status: 'skipped',
    title: 'Not checked: there is no clock to compare with',
    detail: 'Neither Microsoft nor the database answered.',
  },

  // hosts
  'host-answers': { status: 'ok', title: 'The host answers', detail: '{host} can be reached from this server.' },
  'host-unknown': {
    status: 'failed',
    title: 'The host’s name cannot be resolved',
    detail: 'The DNS of this server does not know {host} ({reason}).',
    action: `Let this server resolve {host}, or set HTTPS_PROXY: a proxy resolves names itself. ${CHECK_HOSTS}`,
  },
  'host-refuses': {
    status: 'failed',
    title: 'The host cannot be connected to',
    detail: 'The connection to {host} is refused, or there is no route to it ({reason}).',
    action: OPEN_FIREWALL,
  },
  'host-silent': {
    status: 'failed',
    title: 'The host does not answer',
    detail: 'Nothing came back from {host} in time ({reason}). Firewalls often drop what they do not allow.',
    action: OPEN_FIREWALL,
  },
  'host-broke-off': {
    status: 'failed',
    title: 'The connection broke off',
    detail: 'The connection to {host} ended before an answer ({reason}).',
    action:
      'Check again. If it happens again, look for a firewall or a proxy that inspects TLS and ends the connection.',
  },
  'host-unavailable': {
    status: 'warning',
    title: 'The host is busy or out of order',
    detail: '{host} can be reached and answered with HTTP {status}.',
    action: 'Check again in a few minutes. If this persists, look at Microsoft’s service status.',
  },
  'host-impersonated': {
    status: 'failed',
    title: 'Something else answers in place of Microsoft',
    detail:
      'The answer for {host} (HTTP {status}) is not one of Microsoft’s: a proxy, a gateway or a sign-in page of the network sent it.',
    action: 'Exempt {host} from it. Check HTTPS_PROXY, and GRAPH_BASE_URL and AZURE_AUTHORITY_HOST where they are set.',
  },
  'certificate-refused': {
    status: 'failed',
    title: 'The certificate is not trusted',
    detail:
      'The certificate that {host} showed is not accepted ({reason}). A firewall that inspects TLS shows its own; a wrong clock makes good ones seem expired.',
    action:
      'Set NODE_EXTRA_CA_CERTS to a PEM file with the certificate authority of the firewall, or exempt {host} from inspection. Check the clock.',
  },
  'proxy-not-reached': {
    status: 'failed',
    title: 'The proxy cannot be reached',
    detail: 'The proxy of HTTPS_PROXY does not accept connections ({reason}), so {host} is out of reach.',
    action:
      'Correct HTTPS_PROXY, open the way to the proxy, or list {host} in NO_PROXY where it can be reached directly.',
  },
  'proxy-refuses': {
    status: 'failed',
    title: 'The proxy refuses',
    detail: 'The proxy of HTTPS_PROXY answered with HTTP {status} when it was asked for {host}.',
    action:
      'Have the proxy allow {host}:443. With HTTP 407 it wants a user and a password, in HTTPS_PROXY or HTTPS_PROXY_FILE.',
  },
  'gateway-configured': {
    status: 'skipped',
    title: 'Not checked: Graph is reached by another address',
    detail: 'With GRAPH_BASE_URL set, the host of uploads is not known before the first one.',
  },

  // app-registration
  'registration-accepted': {
    status: 'ok',
    title: 'Microsoft accepts the app registration',
    detail: 'Entra accepts the application and its secret, certificate or federated credential.',
  },
  'registration-refused': {
    status: 'failed',
    title: 'Microsoft refuses the app registration',
    detail: 'Entra does not accept it.',
    action:
      'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or federated credential with Entra.',
  },
  'registration-not-judged': {
    status: 'warning',
    title: 'Microsoft could not say whether it accepts the app registration',
    detail: 'Entra is busy or out of order.',
    action: 'Check again in a few minutes.',
  },

  // credential-expiry
  'credential-valid': {
    status: 'ok',
    title: 'The {kind} is valid',
    detail: 'It expires on {date}, in {days} days.',
  },
  'credential-expires-soon': {
    status: 'warning',
    title: 'The {kind} expires soon',
    detail: 'It expires on {date}, in {days} days. No mail leaves after that.',
    action: `Make a new one in the {entra} > ${ENTRA}, set it in the configuration, and start Inforiver Mail again.`,
  },
  'credential-expired': {
    status: 'failed',
    title: 'The {kind} has expired',
    detail: 'It expired on {date}: Microsoft gives no tokens for it.',
    action: `Make a new one in the {entra} > ${ENTRA}, set it in the configuration, and start Inforiver Mail again.`,
  },
  'credential-not-yet-valid': {
    status: 'failed',
    title: 'The {kind} is not valid yet',
    detail: 'It is valid from {validFrom}: until then Microsoft refuses it.',
    action: 'Check the clock of this machine, or use the certificate before it until then.',
  },
  'credential-expiry-unknown': {
    status: 'warning',
    title: 'It is not known when the {kind} expires',
    detail: 'Microsoft does not tell, and AZURE_CLIENT_SECRET_EXPIRES is not set: nobody will be warned.',
    action: `Set AZURE_CLIENT_SECRET_EXPIRES to the day that Entra shows under ${ENTRA}.`,
  },

  'credential-federated': {
    status: 'ok',
    title: 'There is no credential that expires',
    detail: 'The application authenticates by tokens of another issuer, which are renewed by themselves.',
  },

  // permissions
  'permissions-granted': {
    status: 'ok',
    title: 'The permissions are granted',
    detail: 'Sending needs {permissions}, which Microsoft has granted.',
  },
  'permissions-missing': {
    status: 'failed',
    title: 'A permission is missing',
    detail: 'Sending needs what Microsoft has not granted: {missing}.',
    action:
      'A workspace admin chooses Reconnect under Tenant Settings > Office 365 SMTP and accepts on Microsoft’s page.',
  },
  'permissions-not-in-token': {
    status: 'warning',
    title: 'A permission is not in the token',
    detail:
      'The application’s token does not name {missing}. That is right where Exchange grants it (RBAC for Applications).',
    action:
      'Where Exchange does not grant it, an Entra administrator adds it to the app registration as an application permission and grants it.',
  },
  'permissions-unreadable': {
    status: 'skipped',
    title: 'The permissions cannot be read',
    detail: 'The application’s token cannot be read: only sending shows whether Microsoft has granted {permissions}.',
  },
  'permissions-not-fetched': {
    status: 'skipped',
    title: 'The permissions were not asked for',
    detail: 'Entra gave no token just now that could show them. The check of the mailbox says why.',
  },
  'permissions-unavailable': {
    status: 'skipped',
    title: 'The permissions could not be asked for',
    detail: '{reason}',
    action: 'Check again in a few minutes. If this persists, look at Microsoft’s service status.',
  },

  // mailbox
  'mailbox-answers': {
    status: 'ok',
    title: 'The mailbox answers',
    detail: 'Microsoft Graph answers for {address}.',
  },
  'mailbox-refused': {
    status: 'failed',
    title: 'Microsoft refuses the mailbox',
    detail: 'Microsoft Graph does not answer for {address}, or refuses its mail or tokens.',
    action: 'Check the mailbox in the Exchange admin center.',
  },
  'mailbox-unavailable': {
    status: 'warning',
    title: 'The mailbox could not be checked',
    detail: '{reason}',
    action: 'Check again in a few minutes. If this persists, look at Microsoft’s service status.',
  },
  'access-lost': {
    status: 'failed',
    title: 'The connection has to be made again',
    detail: 'Microsoft does not accept the connection of {address} any more.',
    action: 'A workspace admin chooses Reconnect under Tenant Settings > Office 365 SMTP.',
  },
  'send-as-unproved': {
    status: 'skipped',
    title: 'Not checked: it takes a message to prove Send As',
    detail:
      'Microsoft answers for {person}, who sends. Whether they may send as {address} cannot be told without sending.',
    action: 'To try it, send a test mail under Tenant Settings > Office 365 SMTP.',
  },
  'mailbox-unreadable': {
    status: 'skipped',
    title: 'Not checked: the application may only send',
    detail: 'With the permission Mail.Send alone nothing about {address} can be asked.',
    action: 'To try it, send a test mail under Tenant Settings > Office 365 SMTP.',
  },

  // sender-domain
  'domain-authenticated': {
    status: 'ok',
    title: 'The domain is ready to be trusted',
    detail: '{domain} has SPF, DKIM and DMARC.',
  },
  'domain-incomplete': {
    status: 'warning',
    title: 'The domain lacks what receivers look for',
    detail: '{domain} lacks {missing}. Mail leaves all the same, but others may treat it as spam.',
    action:
      'Whoever manages the DNS of {domain} adds these records. The Microsoft Defender portal shows the values under Email & collaboration > Policies & rules > Threat policies > Email authentication settings.',
  },
  'domain-onmicrosoft': {
    status: 'warning',
    title: 'The sender has an onmicrosoft.com address',
    detail:
      'Microsoft lets an organisation send to 100 external recipients in 24 hours from {domain}, and refuses the rest (5.7.236).',
    action: 'Send from an address of a domain of your own.',
  },
  'domain-not-answered': {
    status: 'skipped',
    title: 'Not checked: the name servers did not answer',
    detail: 'The name servers of {domain} did not say whether there is {unknown}.',
    action: 'Check again. If this persists, ask whoever manages the DNS of {domain}.',
  },
  'dns-not-usable': {
    status: 'skipped',
    title: 'Not checked: this server does not resolve names of the internet',
    detail: 'It does not even resolve {name}, so that nothing can be said about the domain of the sender.',
  },

  // database
  'database-ready': {
    status: 'ok',
    title: 'The database is ready',
    detail: 'PostgreSQL {version}, with all migrations applied.',
  },
  'database-empty': {
    status: 'ok',
    title: 'The database is ready',
    detail: 'PostgreSQL {version}, empty: the first start makes the tables.',
  },
  'database-pending': {
    status: 'warning',
    title: 'The database is of an older version',
    detail: 'PostgreSQL {version}. {count} migrations are to be applied.',
    action: 'Make a backup. The next start of this version applies them.',
  },
  'database-without-trigrams': {
    status: 'warning',
    title: 'Searching for text has no index',
    detail:
      'PostgreSQL {version}, with all migrations applied. It lacks the extension pg_trgm, or its role may not use it: a search reads the texts of all messages, and is given up after 10 seconds.',
    action:
      'Have an administrator of PostgreSQL allow the extension, run CREATE EXTENSION pg_trgm in this database, and grant the role of DATABASE_URL USAGE on the schema that it is in. It is used within two minutes, without a restart.',
  },
  'database-unreachable': {
    status: 'failed',
    title: 'The database cannot be reached',
    detail: '{sentence} ({reason}).',
    action:
      'Check DATABASE_URL, and that PostgreSQL runs and can be reached from here. With the embedded database, check as the account that Inforiver Mail runs under.',
  },
  'database-too-old': {
    status: 'failed',
    title: 'PostgreSQL is too old',
    detail: 'The database is PostgreSQL {version}, and at least {needed} is needed.',
    action: 'Upgrade PostgreSQL, or set DATABASE_URL to a newer one.',
  },
  'database-rights-missing': {
    status: 'failed',
    title: 'The role of the database lacks rights',
    detail: 'Missing: {missing}.',
    action: 'Make the role of DATABASE_URL the owner of the database and of everything in it.',
  },
  'database-foreign': {
    status: 'failed',
    title: 'The database belongs to another program',
    detail: 'It holds tables of another program and none of Inforiver Mail.',
    action: 'Give Inforiver Mail a database of its own, and set DATABASE_URL to it.',
  },
  'database-older': {
    status: 'failed',
    title: 'The database is of a version before 1.5',
    detail: '{reason}',
    action: 'Start version 1.5 on it, make a backup, and then start this version.',
  },
  'database-newer': {
    status: 'failed',
    title: 'The database is of a newer version',
    detail: '{reason}',
    action: 'Start the newer version, or restore the backup made before the upgrade.',
  },
  'database-of-another-registration': {
    status: 'failed',
    title: 'The database belongs to another app registration',
    detail: '{reason}',
    action: 'Set the AZURE_ variables and M365_CLOUD as they were, or use another database or data folder.',
  },
  'database-refuses-writes': {
    status: 'failed',
    title: 'The database takes no writes',
    detail: '{reason}',
    action: 'Make room on its disk, or connect to the server that takes writes in place of a standby.',
  },
  'database-stopped': {
    status: 'skipped',
    title: 'Not checked: the embedded database is not running',
    detail: 'It runs while Inforiver Mail does.',
    action: 'Check again while Inforiver Mail is running.',
  },
  'database-not-made': {
    status: 'skipped',
    title: 'Not checked: there is no database yet',
    detail: 'The first start makes the embedded database.',
  },

  // transactions
  'transactions-short': {
    status: 'ok',
    title: 'No transaction stays open',
    detail: 'None in the database has been open for 10 minutes, except that of a backup by Inforiver Mail.',
  },
  'transactions-open': {
    status: 'warning',
    title: 'A transaction stays open in the database',
    detail:
      'Open for more than 10 minutes ({count}): {sessions}. PostgreSQL keeps what is deleted meanwhile, which slows mail down. Sessions whose transactions this account may not see: {hidden}.',
    action:
      'Find out what each session is doing. A dump or a migration ends by itself. An administrator of PostgreSQL ends a forgotten session with SELECT pg_terminate_backend(pid); with the embedded database, a restart of Inforiver Mail ends it.',
  },
  'transactions-hidden': {
    status: 'skipped',
    title: 'Not checked: this account may not see all transactions',
    detail:
      'None that it may see has been open for 10 minutes. PostgreSQL hides those of other accounts from it; sessions that they have: {hidden}.',
    action: 'To have them checked, an administrator of PostgreSQL runs: GRANT pg_read_all_stats TO {role}.',
  },
  'transactions-not-shown': {
    status: 'skipped',
    title: 'Not checked: this account may not see any transactions',
    detail: 'PostgreSQL refuses it to read pg_stat_activity.',
    action: 'To have them checked, an administrator of PostgreSQL lets the account of DATABASE_URL read that view.',
  },

  // vault
  'vault-opens': { status: 'ok', title: 'The vault opens', detail: 'The keys {keys} open everything that is stored.' },
  'vault-keys-missing': {
    status: 'failed',
    title: 'Stored secrets cannot be opened',
    detail: 'They were sealed with the keys {keys}, which are missing or have another value now.',
    action:
      'Put these keys back into VAULT_KEYS or the key file. If they are lost for good: inforiver-mail vault forget.',
  },
  'vault-keys-unusable': {
    status: 'failed',
    title: 'The keys of the vault cannot be read',
    detail: '{sentence}',
    action:
      'Correct VAULT_KEYS or what VAULT_KEYS_COMMAND names. Where neither is set, put the key file back from the backup, and let the account of Inforiver Mail read it.',
  },
  'vault-not-made': {
    status: 'skipped',
    title: 'Not checked: there is no key yet',
    detail: 'The first start makes the key file.',
  },

  // storage
  'storage-ready': {
    status: 'ok',
    title: 'The data folder can be used',
    detail: '{folder} has {freeMegabytes} MB free.',
  },
  'storage-low': {
    status: 'warning',
    title: 'The disk is nearly full',
    detail: 'The disk of {folder} has {freeMegabytes} MB free.',
    action: 'Make room before large messages wait there.',
  },
  'storage-full': {
    status: 'failed',
    title: 'The disk is full',
    detail: 'The disk of {folder} has {freeMegabytes} MB free, and the database needs 100 MB.',
    action: 'Make room, or set DATA_DIR to a folder on another disk.',
  },
  'storage-not-writable': {
    status: 'failed',
    title: 'The data folder cannot be written',
    detail: 'This account may not write to {folder} ({reason}).',
    action: 'Give this account the right to write there, or set DATA_DIR to another folder.',
  },
  'storage-of-another-account': {
    status: 'failed',
    title: 'The data belong to another account',
    detail: 'The data in {folder} belong to {owner}, and this is {account}.',
    action: 'Start and check as {owner}, or set DATA_DIR to another folder.',
  },
  'storage-modes-refused': {
    status: 'failed',
    title: 'Others may enter the database’s folder',
    detail: '{folder} has the mode {mode}, and PostgreSQL does not start on a folder that others may enter.',
    action: 'Run: chmod 700 {folder}',
  },
  'storage-readable-by-others': {
    status: 'warning',
    title: 'Others may read secrets',
    detail: 'Others than the owner may read {paths}.',
    action: 'Take that right from them: chmod 600.',
  },
  'storage-elsewhere': {
    status: 'skipped',
    title: 'Not checked: the data are in an external database',
    detail:
      'Inforiver Mail keeps nothing on this machine. The check "database" says whether the database takes writes.',
  },

  // message-storage
  'message-storage-ready': {
    status: 'ok',
    title: 'There is room for messages',
    detail: 'Stored messages occupy {usedMegabytes} of {limitMegabytes} MB.',
  },
  'message-storage-nearly-full': {
    status: 'warning',
    title: 'The storage for messages is nearly full',
    detail:
      'Stored messages occupy {usedMegabytes} of {limitMegabytes} MB: above all those that wait, are scheduled or held, or have failed. These services hold most: {services}. From 90 % on, only services that hold less than a tenth of the storage can submit messages.',
    action:
      'Look on the Messages page at what waits, is held or has failed, mend the cause, and cancel what is not needed; or raise TENANT_STORAGE_BYTES.',
  },

  // public-url
  'public-url-answers': {
    status: 'ok',
    title: 'PUBLIC_URL leads to Inforiver Mail',
    detail: '{url} answers from this server.',
  },
  'public-url-unreachable': {
    status: 'warning',
    title: 'PUBLIC_URL cannot be reached from this server',
    detail:
      '{url} does not answer ({reason}). That is no fault where only people’s browsers reach it, or while Inforiver Mail is not running.',
    action: 'Open {url} in a browser. If that fails too, check the reverse proxy, its certificate and DNS.',
  },
  'public-url-answered-by-another': {
    status: 'warning',
    title: 'PUBLIC_URL leads to something else',
    detail: '{url}/healthz was answered with HTTP {status}, and not by Inforiver Mail.',
    action: 'Check PUBLIC_URL, and where the reverse proxy sends requests.',
  },

  // port
  'port-free': { status: 'ok', title: 'The port is free', detail: 'Inforiver Mail can listen on port {port}.' },
  'port-own': { status: 'ok', title: 'Inforiver Mail is running', detail: 'It answers on port {port}.' },
  'port-taken': {
    status: 'failed',
    title: 'The port is taken',
    detail: 'Port {port} is taken by another program, or by another Inforiver Mail.',
    action: 'Stop that program, or set PORT to a free port.',
  },
  'port-not-allowed': {
    status: 'failed',
    title: 'The port is not allowed',
    detail: 'This account may not listen on port {port}.',
    action: 'Set PORT to one above 1023.',
  },
  'port-not-local': {
    status: 'failed',
    title: 'HOST is not an address of this machine',
    detail: 'HOST is {host}, and this machine has no such address.',
    action: 'Set HOST to an address of this machine, or unset it.',
  },

  // smtp
  'smtp-ready': {
    status: 'ok',
    title: 'The SMTP door can listen',
    detail: 'The ports {ports} are free, and the certificate is valid until {expiresAt}.',
  },
  'smtp-own': {
    status: 'ok',
    title: 'The SMTP door is open',
    detail: 'Inforiver Mail listens on the ports {ports}. The certificate is valid until {expiresAt}.',
  },
  'smtp-without-tls': {
    status: 'warning',
    title: 'The SMTP door has no certificate',
    detail: 'The ports {ports} take mail without TLS only, from this machine and from SMTP_LISTEN_PLAIN_FROM.',
    action:
      'Set SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH, unless only programs on this machine send by SMTP.',
  },
  'smtp-certificate-expires-soon': {
    status: 'warning',
    title: 'The certificate of the SMTP door expires soon',
    detail: 'It is valid until {expiresAt}. After that, clients refuse it.',
    action:
      'Renew it, and put the new one where SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH point: it is used without a restart.',
  },
  'smtp-certificate-expired': {
    status: 'failed',
    title: 'The certificate of the SMTP door has expired',
    detail: 'It was valid until {expiresAt}. Clients refuse it.',
    action:
      'Renew it, and put the new one where SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH point: it is used without a restart.',
  },
  'smtp-certificate-not-yet-valid': {
    status: 'failed',
    title: 'The certificate of the SMTP door is not yet valid',
    detail: 'It is valid from {validFrom} on. Until then, clients refuse it.',
    action: 'Check the clock of this server, or put another certificate in place until then.',
  },
  'smtp-port-taken': {
    status: 'failed',
    title: 'A port of the SMTP door is taken',
    detail: 'Port {port} is taken by another program, or by another Inforiver Mail.',
    action: 'Stop that program, often a mail server, or set SMTP_LISTEN_PORT or SMTP_LISTEN_TLS_PORT to a free port.',
  },
  'smtp-port-not-allowed': {
    status: 'failed',
    title: 'A port of the SMTP door is not allowed',
    detail: 'This account may not listen on port {port}.',
    action:
      'Give the service the right to use ports below 1024 (docs/smtp.md, "Ports"), or set SMTP_LISTEN_PORT or SMTP_LISTEN_TLS_PORT to one above 1023.',
  },
  'smtp-not-local': {
    status: 'failed',
    title: 'SMTP_LISTEN_HOST is not an address of this machine',
    detail: 'SMTP_LISTEN_HOST is {host}, and this machine has no such address.',
    action: 'Set SMTP_LISTEN_HOST to an address of this machine, or unset it.',
  },
}
