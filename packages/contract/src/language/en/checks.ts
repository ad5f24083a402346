import type { CheckCode } from '../../setup-check.ts'
import type { Sentences } from '../../wording.ts'

const CHECK_HOSTS = 'The hosts to open are listed in docs/network.md, "Hosts to open".'
const OPEN_FIREWALL = `Open TCP 443 from this server to {host} in the firewall, or set HTTPS_PROXY. ${CHECK_HOSTS}`
const CREDENTIALS = 'App registrations > the app of Inforiver Mail > Certificates & secrets'

/** What the set-up check found, by its codes. `{name}` stands for a value; one that is a list is joined by commas, unless it lists sentences. */
export const checks = {
  // any check
  'configuration-faulty.title': 'Not checked: the configuration has faults',
  'configuration-faulty.detail': 'This depends on the configuration, which cannot be used as it is.',
  'configuration-faulty.action': 'Correct the configuration first, then check again.',
  'database-not-usable.title': 'Not checked: the database cannot be used',
  'database-not-usable.detail':
    'What is needed for this is stored in the database. The check "database" says why it cannot be read now.',
  'entra-not-reached.title': 'Not checked: Microsoft Entra cannot be reached',
  'entra-not-reached.detail': 'The check "entra-reachable" says what stands in the way.',
  'graph-not-reached.title': 'Not checked: Microsoft Graph cannot be reached',
  'graph-not-reached.detail': 'The check "graph-reachable" says what stands in the way.',
  'not-connected.title': 'Not checked: no mailbox is connected',
  'not-connected.detail': 'This is about the mailbox that sends, and none is connected yet.',
  'not-connected.action': 'A workspace admin connects a mailbox under Tenant Settings > Office 365 SMTP.',
  'demo.title': 'Not checked: this is the demo',
  'demo.detail': 'The demo has a simulated app registration, whose credential never expires.',
  'demo-stopped.title': 'Not checked: the demo is not running',
  'demo-stopped.detail': 'Its simulated Microsoft 365 runs only while the demo does.',
  'too-slow.title': 'The check did not end in time',
  'too-slow.detail': 'It was given up after {seconds} seconds.',
  'too-slow.action':
    'Check again. If it remains slow, look at the other checks: a host or a database that hangs delays this one.',
  'check-broke.title': 'The check itself failed',
  'check-broke.detail': 'Something happened that this check does not expect.',
  'check-broke.action': 'Look in the log for the cause, and report it to the support of Inforiver with these lines.',

  // configuration
  'configuration-valid.title': 'The configuration is valid',
  'configuration-valid.detail': 'Every variable has a value that can be used.',
  'configuration-risky.title': 'The configuration is valid but risky',
  'configuration-risky.detail': '{warnings}',
  'configuration-risky.action':
    'Change what is named, in the environment or in inforiver-mail.env, and start Inforiver Mail again.',
  'configuration-faults.title': 'The configuration has faults',
  'configuration-faults.detail': '{faults}',
  'configuration-faults.action':
    'Correct every fault in the environment or in inforiver-mail.env. docs/configuration.md describes the variables.',

  // clock
  'clock-right.title': 'The clock is right',
  'clock-right.detail': 'It is within a minute of these clocks: {clocks}.',
  'clock-off.title': 'The clock is off',
  'clock-off.detail':
    'The clock of this machine is {seconds} s {direction} that of {clock}. Beyond 300 s, sign-in and certificates fail.',
  'clock-off.action': 'Set the clock of this machine, and of the database’s, by NTP.',
  'clock-wrong.title': 'The clock is wrong',
  'clock-wrong.detail':
    'The clock of this machine is {seconds} s {direction} that of {clock}: sign-in and certificates fail.',
  'clock-wrong.action': 'Set the clock of this machine, and of the database’s, by NTP.',
  'clock-not-compared.title': 'Not checked: there is no clock to compare with',
  'clock-not-compared.detail': 'Neither Microsoft nor the database answered.',

  // hosts
  'host-answers.title': 'The host answers',
  'host-answers.detail': '{host} can be reached from this server.',
  'host-unknown.title': 'The host’s name cannot be resolved',
  'host-unknown.detail': 'The DNS of this server does not know {host} ({reason}).',
  'host-unknown.action': `Let this server resolve {host}, or set HTTPS_PROXY: a proxy resolves names itself. ${CHECK_HOSTS}`,
  'host-refuses.title': 'The host cannot be connected to',
  'host-refuses.detail': 'The connection to {host} is refused, or there is no route to it ({reason}).',
  'host-refuses.action': OPEN_FIREWALL,
  'host-silent.title': 'The host does not answer',
  'host-silent.detail':
    'Nothing came back from {host} in time ({reason}). Firewalls often drop what they do not allow.',
  'host-silent.action': OPEN_FIREWALL,
  'host-broke-off.title': 'The connection broke off',
  'host-broke-off.detail': 'The connection to {host} ended before an answer ({reason}).',
  'host-broke-off.action':
    'Check again. If it happens again, look for a firewall or a proxy that inspects TLS and ends the connection.',
  'host-unavailable.title': 'The host is busy or out of order',
  'host-unavailable.detail': '{host} can be reached and answered with HTTP {status}.',
  'host-unavailable.action': 'Check again in a few minutes. If this persists, look at Microsoft’s service status.',
  'host-impersonated.title': 'Something else answers in place of Microsoft',
  'host-impersonated.detail':
    'The answer for {host} (HTTP {status}) is not one of Microsoft’s: a proxy, a gateway or a sign-in page of the network sent it.',
  'host-impersonated.action':
    'Exempt {host} from it. Check HTTPS_PROXY, and GRAPH_BASE_URL and AZURE_AUTHORITY_HOST where they are set.',
  'certificate-refused.title': 'The certificate is not trusted',
  'certificate-refused.detail':
    'The certificate that {host} showed is not accepted ({reason}). A firewall that inspects TLS shows its own; a wrong clock makes good ones seem expired.',
  'certificate-refused.action':
    'Set NODE_EXTRA_CA_CERTS to a PEM file with the certificate authority of the firewall, or exempt {host} from inspection. Check the clock.',
  'proxy-not-reached.title': 'The proxy cannot be reached',
  'proxy-not-reached.detail':
    'The proxy of HTTPS_PROXY does not accept connections ({reason}), so {host} is out of reach.',
  'proxy-not-reached.action':
    'Correct HTTPS_PROXY, open the way to the proxy, or list {host} in NO_PROXY where it can be reached directly.',
  'proxy-refuses.title': 'The proxy refuses',
  'proxy-refuses.detail': 'The proxy of HTTPS_PROXY answered with HTTP {status} when it was asked for {host}.',
  'proxy-refuses.action':
    'Have the proxy allow {host}:443. With HTTP 407 it wants a user and a password, in HTTPS_PROXY or HTTPS_PROXY_FILE.',
  'gateway-configured.title': 'Not checked: Graph is reached by another address',
  'gateway-configured.detail': 'With GRAPH_BASE_URL set, the host of uploads is not known before the first one.',

  // app-registration
  'registration-accepted.title': 'Microsoft accepts the app registration',
  'registration-accepted.detail': 'Entra accepts the application and its secret, certificate or federated credential.',
  'registration-refused.title': 'Microsoft refuses the app registration',
  'registration-refused.detail': 'Entra does not accept it.',
  'registration-refused.action':
    'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or federated credential with Entra.',
  'registration-not-judged.title': 'Microsoft could not say whether it accepts the app registration',
  'registration-not-judged.detail': 'Entra is busy or out of order.',
  'registration-not-judged.action': 'Check again in a few minutes.',

  // credential-expiry
  'credential-valid.title': 'The {kind} is valid',
  'credential-valid.detail': 'It expires on {date}, in {days} days.',
  'credential-expires-soon.title': 'The {kind} expires soon',
  'credential-expires-soon.detail': 'It expires on {date}, in {days} days. No mail leaves after that.',
  'credential-expires-soon.action': `Make a new one in the {entra} > ${CREDENTIALS}, set it in the configuration, and start Inforiver Mail again.`,
  'credential-expired.title': 'The {kind} has expired',
  'credential-expired.detail': 'It expired on {date}: Microsoft gives no tokens for it.',
  'credential-expired.action': `Make a new one in the {entra} > ${CREDENTIALS}, set it in the configuration, and start Inforiver Mail again.`,
  'credential-not-yet-valid.title': 'The {kind} is not valid yet',
  'credential-not-yet-valid.detail': 'It is valid from {validFrom}: until then Microsoft refuses it.',
  'credential-not-yet-valid.action': 'Check the clock of this machine, or use the certificate before it until then.',
  'credential-expiry-unknown.title': 'It is not known when the {kind} expires',
  'credential-expiry-unknown.detail':
    'Microsoft does not tell, and AZURE_CLIENT_SECRET_EXPIRES is not set: nobody will be warned.',
  'credential-expiry-unknown.action': `Set AZURE_CLIENT_SECRET_EXPIRES to the day that Entra shows under ${CREDENTIALS}.`,
  'credential-federated.title': 'There is no credential that expires',
  'credential-federated.detail':
    'The application authenticates by tokens of another issuer, which are renewed by themselves.',

  // permissions
  'permissions-granted.title': 'The permissions are granted',
  'permissions-granted.detail': 'Sending needs {permissions}, which Microsoft has granted.',
  'permissions-missing.title': 'A permission is missing',
  'permissions-missing.detail': 'Sending needs what Microsoft has not granted: {missing}.',
  'permissions-missing.action':
    'A workspace admin chooses Reconnect under Tenant Settings > Office 365 SMTP and accepts on Microsoft’s page.',
  'permissions-not-in-token.title': 'A permission is not in the token',
  'permissions-not-in-token.detail':
    'The application’s token does not name {missing}. That is right where Exchange grants it (RBAC for Applications).',
  'permissions-not-in-token.action':
    'Where Exchange does not grant it, an Entra administrator adds it to the app registration as an application permission and grants it.',
  'permissions-unreadable.title': 'The permissions cannot be read',
  'permissions-unreadable.detail':
    'The application’s token cannot be read: only sending shows whether Microsoft has granted {permissions}.',
  'permissions-not-fetched.title': 'The permissions were not asked for',
  'permissions-not-fetched.detail':
    'Entra gave no token just now that could show them. The check of the mailbox says why.',
  'permissions-unavailable.title': 'The permissions could not be asked for',
  'permissions-unavailable.detail': '{reason}',
  'permissions-unavailable.action':
    'Check again in a few minutes. If this persists, look at Microsoft’s service status.',

  // mailbox
  'mailbox-answers.title': 'The mailbox answers',
  'mailbox-answers.detail': 'Microsoft Graph answers for {address}.',
  'mailbox-refused.title': 'Microsoft refuses the mailbox',
  'mailbox-refused.detail': 'Microsoft Graph does not answer for {address}, or refuses its mail or tokens.',
  'mailbox-refused.action': 'Check the mailbox in the Exchange admin center.',
  'mailbox-unavailable.title': 'The mailbox could not be checked',
  'mailbox-unavailable.detail': '{reason}',
  'mailbox-unavailable.action': 'Check again in a few minutes. If this persists, look at Microsoft’s service status.',
  'access-lost.title': 'The connection has to be made again',
  'access-lost.detail': 'Microsoft does not accept the connection of {address} any more.',
  'access-lost.action': 'A workspace admin chooses Reconnect under Tenant Settings > Office 365 SMTP.',
  'send-as-unproved.title': 'Not checked: it takes a message to prove Send As',
  'send-as-unproved.detail':
    'Microsoft answers for {person}, who sends. Whether they may send as {address} cannot be told without sending.',
  'send-as-unproved.action': 'To try it, send a test mail under Tenant Settings > Office 365 SMTP.',
  'mailbox-unreadable.title': 'Not checked: the application may only send',
  'mailbox-unreadable.detail': 'With the permission Mail.Send alone nothing about {address} can be asked.',
  'mailbox-unreadable.action': 'To try it, send a test mail under Tenant Settings > Office 365 SMTP.',

  // sender-domain
  'domain-authenticated.title': 'The domain is ready to be trusted',
  'domain-authenticated.detail': '{domain} has SPF, DKIM and DMARC.',
  'domain-incomplete.title': 'The domain lacks what receivers look for',
  'domain-incomplete.detail': '{domain} lacks {missing}. Mail leaves all the same, but others may treat it as spam.',
  'domain-incomplete.action':
    'Whoever manages the DNS of {domain} adds these records. The Microsoft Defender portal shows the values under Email & collaboration > Policies & rules > Threat policies > Email authentication settings.',
  'domain-onmicrosoft.title': 'The sender has an onmicrosoft.com address',
  'domain-onmicrosoft.detail':
    'Microsoft lets an organisation send to 100 external recipients in 24 hours from {domain}, and refuses the rest (5.7.236).',
  'domain-onmicrosoft.action': 'Send from an address of a domain of your own.',
  'domain-not-answered.title': 'Not checked: the name servers did not answer',
  'domain-not-answered.detail': 'The name servers of {domain} did not say whether there is {unknown}.',
  'domain-not-answered.action': 'Check again. If this persists, ask whoever manages the DNS of {domain}.',
  'dns-not-usable.title': 'Not checked: this server does not resolve names of the internet',
  'dns-not-usable.detail':
    'It does not even resolve {name}, so that nothing can be said about the domain of the sender.',

  // database
  'database-ready.title': 'The database is ready',
  'database-ready.detail': 'PostgreSQL {version}, with all migrations applied.',
  'database-empty.title': 'The database is ready',
  'database-empty.detail': 'PostgreSQL {version}, empty: the first start makes the tables.',
  'database-pending.title': 'The database is of an older version',
  'database-pending.detail': 'PostgreSQL {version}. {count} migrations are to be applied.',
  'database-pending.action':
    'Make a backup. The next start of this version applies them. A process of 1.5 has to be stopped before.',
  'database-without-trigrams.title': 'Searching for text has no index',
  'database-without-trigrams.detail':
    'PostgreSQL {version}, with all migrations applied. It lacks the extension pg_trgm, or its role may not use it: a search reads the texts of all messages, and is given up after 10 seconds.',
  'database-without-trigrams.action':
    'Have an administrator of PostgreSQL allow the extension, run CREATE EXTENSION pg_trgm in this database, and grant the role of DATABASE_URL USAGE on the schema that it is in. It is used within two minutes, without a restart.',
  'database-unreachable.title': 'The database cannot be reached',
  'database-unreachable.detail': '{sentence} ({reason}).',
  'database-unreachable.action':
    'Check DATABASE_URL, and that PostgreSQL runs and can be reached from here. With the embedded database, check as the account that Inforiver Mail runs under.',
  'database-too-old.title': 'PostgreSQL is too old',
  'database-too-old.detail': 'The database is PostgreSQL {version}, and at least {needed} is needed.',
  'database-too-old.action': 'Upgrade PostgreSQL, or set DATABASE_URL to a newer one.',
  'database-rights-missing.title': 'The role of the database lacks rights',
  'database-rights-missing.detail': 'Missing: {missing}.',
  'database-rights-missing.action': 'Make the role of DATABASE_URL the owner of the database and of everything in it.',
  'database-foreign.title': 'The database belongs to another program',
  'database-foreign.detail': 'It holds tables of another program and none of Inforiver Mail.',
  'database-foreign.action': 'Give Inforiver Mail a database of its own, and set DATABASE_URL to it.',
  'database-older.title': 'The database is of a version before 1.5',
  'database-older.detail': '{reason}',
  'database-older.action': 'Start version 1.5 on it, make a backup, and then start this version.',
  'database-newer.title': 'The database is of a newer version',
  'database-newer.detail': '{reason}',
  'database-newer.action': 'Start the newer version, or restore the backup made before the upgrade.',
  'database-of-another-registration.title': 'The database belongs to another app registration',
  'database-of-another-registration.detail': '{reason}',
  'database-of-another-registration.action':
    'Set the AZURE_ variables and M365_CLOUD as they were, or use another database or data folder.',
  'database-refuses-writes.title': 'The database takes no writes',
  'database-refuses-writes.detail': '{reason}',
  'database-refuses-writes.action':
    'Make room on its disk, or connect to the server that takes writes in place of a standby.',
  'database-stopped.title': 'Not checked: the embedded database is not running',
  'database-stopped.detail': 'It runs while Inforiver Mail does.',
  'database-stopped.action': 'Check again while Inforiver Mail is running.',
  'database-not-made.title': 'Not checked: there is no database yet',
  'database-not-made.detail': 'The first start makes the embedded database.',

  // transactions
  'transactions-short.title': 'No transaction stays open',
  'transactions-short.detail':
    'None in the database has been open for 10 minutes, except that of a backup by Inforiver Mail.',
  'transactions-open.title': 'A transaction stays open in the database',
  'transactions-open.detail':
    'Open for more than 10 minutes ({count}): {sessions}. PostgreSQL keeps what is deleted meanwhile, which slows mail down. Sessions whose transactions this account may not see: {hidden}.',
  'transactions-open.action':
    'Find out what each session is doing. A dump or a migration ends by itself. An administrator of PostgreSQL ends a forgotten session with SELECT pg_terminate_backend(pid); with the embedded database, a restart of Inforiver Mail ends it.',
  'transactions-hidden.title': 'Not checked: this account may not see all transactions',
  'transactions-hidden.detail':
    'None that it may see has been open for 10 minutes. PostgreSQL hides those of other accounts from it; sessions that they have: {hidden}.',
  'transactions-hidden.action':
    'To have them checked, an administrator of PostgreSQL runs: GRANT pg_read_all_stats TO {role}.',
  'transactions-not-shown.title': 'Not checked: this account may not see any transactions',
  'transactions-not-shown.detail': 'PostgreSQL refuses it to read pg_stat_activity.',
  'transactions-not-shown.action':
    'To have them checked, an administrator of PostgreSQL lets the account of DATABASE_URL read that view.',

  // vault
  'vault-opens.title': 'The vault opens',
  'vault-opens.detail': 'The keys {keys} open everything that is stored.',
  'vault-keys-missing.title': 'Stored secrets cannot be opened',
  'vault-keys-missing.detail': 'They were sealed with the keys {keys}, which are missing or have another value now.',
  'vault-keys-missing.action':
    'Put these keys back into VAULT_KEYS or the key file. If they are lost for good: inforiver-mail vault forget.',
  'vault-keys-unusable.title': 'The keys of the vault cannot be read',
  'vault-keys-unusable.detail': '{sentence}',
  'vault-keys-unusable.action':
    'Correct VAULT_KEYS or what VAULT_KEYS_COMMAND names. Where neither is set, put the key file back from the backup, and let the account of Inforiver Mail read it.',
  'vault-not-made.title': 'Not checked: there is no key yet',
  'vault-not-made.detail': 'The first start makes the key file.',

  // storage
  'storage-ready.title': 'The data folder can be used',
  'storage-ready.detail': '{folder} has {freeMegabytes} MB free.',
  'storage-low.title': 'The disk is nearly full',
  'storage-low.detail': 'The disk of {folder} has {freeMegabytes} MB free.',
  'storage-low.action': 'Make room before large messages wait there.',
  'storage-full.title': 'The disk is full',
  'storage-full.detail': 'The disk of {folder} has {freeMegabytes} MB free, and the database needs 100 MB.',
  'storage-full.action': 'Make room, or set DATA_DIR to a folder on another disk.',
  'storage-not-writable.title': 'The data folder cannot be written',
  'storage-not-writable.detail': 'This account may not write to {folder} ({reason}).',
  'storage-not-writable.action': 'Give this account the right to write there, or set DATA_DIR to another folder.',
  'storage-of-another-account.title': 'The data belong to another account',
  'storage-of-another-account.detail': 'The data in {folder} belong to {owner}, and this is {account}.',
  'storage-of-another-account.action': 'Start and check as {owner}, or set DATA_DIR to another folder.',
  'storage-modes-refused.title': 'Others may enter the database’s folder',
  'storage-modes-refused.detail':
    '{folder} has the mode {mode}, and PostgreSQL does not start on a folder that others may enter.',
  'storage-modes-refused.action': 'Run: chmod 700 {folder}',
  'storage-readable-by-others.title': 'Others may read secrets',
  'storage-readable-by-others.detail': 'Others than the owner may read {paths}.',
  'storage-readable-by-others.action': 'Take that right from them: chmod 600.',
  'storage-elsewhere.title': 'Not checked: the data are in an external database',
  'storage-elsewhere.detail':
    'Inforiver Mail keeps nothing on this machine. The check "database" says whether the database takes writes.',

  // message-storage
  'message-storage-ready.title': 'There is room for messages',
  'message-storage-ready.detail': 'Stored messages occupy {usedMegabytes} of {limitMegabytes} MB.',
  'message-storage-nearly-full.title': 'The storage for messages is nearly full',
  'message-storage-nearly-full.detail':
    'Stored messages occupy {usedMegabytes} of {limitMegabytes} MB: above all those that wait, are scheduled or held, or have failed. These services hold most: {services}. From 90 % on, only services that hold less than a tenth of the storage can submit messages.',
  'message-storage-nearly-full.action':
    'Look on the Messages page at what waits, is held or has failed, mend the cause, and cancel what is not needed; or raise TENANT_STORAGE_BYTES.',

  // public-url
  'public-url-answers.title': 'PUBLIC_URL leads to Inforiver Mail',
  'public-url-answers.detail': '{url} answers from this server.',
  'public-url-unreachable.title': 'PUBLIC_URL cannot be reached from this server',
  'public-url-unreachable.detail':
    '{url} does not answer ({reason}). That is no fault where only people’s browsers reach it, or while Inforiver Mail is not running.',
  'public-url-unreachable.action':
    'Open {url} in a browser. If that fails too, check the reverse proxy, its certificate and DNS.',
  'public-url-answered-by-another.title': 'PUBLIC_URL leads to something else',
  'public-url-answered-by-another.detail': '{url}/healthz was answered with HTTP {status}, and not by Inforiver Mail.',
  'public-url-answered-by-another.action': 'Check PUBLIC_URL, and where the reverse proxy sends requests.',

  // port
  'port-free.title': 'The port is free',
  'port-free.detail': 'Inforiver Mail can listen on port {port}.',
  'port-own.title': 'Inforiver Mail is running',
  'port-own.detail': 'It answers on port {port}.',
  'port-taken.title': 'The port is taken',
  'port-taken.detail': 'Port {port} is taken by another program, or by another Inforiver Mail.',
  'port-taken.action': 'Stop that program, or set PORT to a free port.',
  'port-not-allowed.title': 'The port is not allowed',
  'port-not-allowed.detail': 'This account may not listen on port {port}.',
  'port-not-allowed.action': 'Set PORT to one above 1023.',
  'port-not-local.title': 'HOST is not an address of this machine',
  'port-not-local.detail': 'HOST is {host}, and this machine has no such address.',
  'port-not-local.action': 'Set HOST to an address of this machine, or unset it.',

  // smtp
  'smtp-ready.title': 'The SMTP door can listen',
  'smtp-ready.detail': 'The ports {ports} are free, and the certificate is valid until {expiresAt}.',
  'smtp-own.title': 'The SMTP door is open',
  'smtp-own.detail': 'Inforiver Mail listens on the ports {ports}. The certificate is valid until {expiresAt}.',
  'smtp-without-tls.title': 'The SMTP door has no certificate',
  'smtp-without-tls.detail':
    'The ports {ports} take mail without TLS only, from this machine and from SMTP_LISTEN_PLAIN_FROM.',
  'smtp-without-tls.action':
    'Set SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH, unless only programs on this machine send by SMTP.',
  'smtp-certificate-expires-soon.title': 'The certificate of the SMTP door expires soon',
  'smtp-certificate-expires-soon.detail': 'It is valid until {expiresAt}. After that, clients refuse it.',
  'smtp-certificate-expires-soon.action':
    'Renew it, and put the new one where SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH point: it is used without a restart.',
  'smtp-certificate-expired.title': 'The certificate of the SMTP door has expired',
  'smtp-certificate-expired.detail': 'It was valid until {expiresAt}. Clients refuse it.',
  'smtp-certificate-expired.action':
    'Renew it, and put the new one where SMTP_LISTEN_CERTIFICATE_PATH and SMTP_LISTEN_KEY_PATH point: it is used without a restart.',
  'smtp-certificate-not-yet-valid.title': 'The certificate of the SMTP door is not yet valid',
  'smtp-certificate-not-yet-valid.detail': 'It is valid from {validFrom} on. Until then, clients refuse it.',
  'smtp-certificate-not-yet-valid.action':
    'Check the clock of this server, or put another certificate in place until then.',
  'smtp-port-taken.title': 'A port of the SMTP door is taken',
  'smtp-port-taken.detail': 'Port {port} is taken by another program, or by another Inforiver Mail.',
  'smtp-port-taken.action':
    'Stop that program, often a mail server, or set SMTP_LISTEN_PORT or SMTP_LISTEN_TLS_PORT to a free port.',
  'smtp-port-not-allowed.title': 'A port of the SMTP door is not allowed',
  'smtp-port-not-allowed.detail': 'This account may not listen on port {port}.',
  'smtp-port-not-allowed.action':
    'Give the service the right to use ports below 1024 (docs/smtp.md, "Ports"), or set SMTP_LISTEN_PORT or SMTP_LISTEN_TLS_PORT to one above 1023.',
  'smtp-not-local.title': 'SMTP_LISTEN_HOST is not an address of this machine',
  'smtp-not-local.detail': 'SMTP_LISTEN_HOST is {host}, and this machine has no such address.',
  'smtp-not-local.action': 'Set SMTP_LISTEN_HOST to an address of this machine, or unset it.',
} as const satisfies Sentences & Readonly<Record<`${CheckCode}.${'title' | 'detail'}`, string>>
