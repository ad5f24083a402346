import type { checks as english } from '../en/checks.ts'

const HOSTS = 'Die freizugebenden Hosts stehen in docs/network.md, „Hosts to open“.'
const OPEN = `Geben Sie TCP 443 von diesem Server zu {host} in der Firewall frei, oder setzen Sie HTTPS_PROXY. ${HOSTS}`
const SECRETS = 'App-Registrierungen > die App von Inforiver Mail > Zertifikate und Geheimnisse'
const NEW_SECRET = `Erstellen Sie in Entra unter ${SECRETS} neue Anmeldedaten, tragen Sie sie in die Konfiguration ein und starten Sie Inforiver Mail neu.`
const NTP = 'Stellen Sie die Uhr dieses Rechners und die der Datenbank per NTP.'
const LATER = 'Prüfen Sie in einigen Minuten erneut. Bleibt es so, sehen Sie beim Dienststatus von Microsoft nach.'
const TEST_MAIL = 'Um es auszuprobieren, senden Sie unter Mandanteneinstellungen > Office 365 SMTP eine Testnachricht.'
const RENEW =
  'Erneuern Sie es und legen Sie das neue dort ab, wohin SMTP_LISTEN_CERTIFICATE_PATH und SMTP_LISTEN_KEY_PATH zeigen: Es wird ohne Neustart verwendet.'
const KIND = '{kind, select, secret {geheime Clientschlüssel} certificate {Zertifikat} other {Nachweis}}'
const THE_KIND = `{kind, select, certificate {Das} other {Der}} ${KIND}`

/** What the set-up check found, by its codes. */
export const checks: Readonly<Record<keyof typeof english, string>> = {
  // any check
  'configuration-faulty.title': 'Nicht geprüft: Die Konfiguration ist fehlerhaft',
  'configuration-faulty.detail': 'Dies hängt von der Konfiguration ab, die so nicht verwendbar ist.',
  'configuration-faulty.action': 'Korrigieren Sie zuerst die Konfiguration und prüfen Sie dann erneut.',
  'database-not-usable.title': 'Nicht geprüft: Die Datenbank ist nicht verwendbar',
  'database-not-usable.detail':
    'Was dafür nötig ist, steht in der Datenbank. Die Prüfung „database“ sagt, warum sie jetzt nicht lesbar ist.',
  'entra-not-reached.title': 'Nicht geprüft: Microsoft Entra ist nicht erreichbar',
  'entra-not-reached.detail': 'Die Prüfung „entra-reachable“ sagt, was im Weg steht.',
  'graph-not-reached.title': 'Nicht geprüft: Microsoft Graph ist nicht erreichbar',
  'graph-not-reached.detail': 'Die Prüfung „graph-reachable“ sagt, was im Weg steht.',
  'not-connected.title': 'Nicht geprüft: Es ist kein Postfach verbunden',
  'not-connected.detail': 'Hier geht es um das sendende Postfach, und noch ist keines verbunden.',
  'not-connected.action': 'Ein Workspace-Admin verbindet unter Mandanteneinstellungen > Office 365 SMTP ein Postfach.',
  'demo.title': 'Nicht geprüft: Dies ist die Demo',
  'demo.detail': 'Die Demo hat eine simulierte App-Registrierung, deren Anmeldedaten nie ablaufen.',
  'demo-stopped.title': 'Nicht geprüft: Die Demo läuft nicht',
  'demo-stopped.detail': 'Ihr simuliertes Microsoft 365 läuft nur, solange sie läuft.',
  'too-slow.title': 'Die Prüfung wurde nicht rechtzeitig fertig',
  'too-slow.detail': 'Sie wurde nach {seconds} Sekunden abgebrochen.',
  'too-slow.action':
    'Prüfen Sie erneut. Bleibt sie langsam, sehen Sie sich die anderen Prüfungen an: Ein Host oder eine Datenbank, die nicht antwortet, hält sie auf.',
  'check-broke.title': 'Die Prüfung selbst ist gescheitert',
  'check-broke.detail': 'Es ist etwas geschehen, das diese Prüfung nicht erwartet.',
  'check-broke.action':
    'Suchen Sie die Ursache im Protokoll und melden Sie sie mit diesen Zeilen dem Support von Inforiver.',

  // configuration
  'configuration-valid.title': 'Die Konfiguration ist gültig',
  'configuration-valid.detail': 'Jede Variable hat einen verwendbaren Wert.',
  'configuration-risky.title': 'Die Konfiguration ist gültig, aber riskant',
  'configuration-risky.detail': '{warnings}',
  'configuration-risky.action':
    'Ändern Sie das Genannte in der Umgebung oder in inforiver-mail.env und starten Sie Inforiver Mail neu.',
  'configuration-faults.title': 'Die Konfiguration ist fehlerhaft',
  'configuration-faults.detail': '{faults}',
  'configuration-faults.action':
    'Korrigieren Sie jeden Fehler in der Umgebung oder in inforiver-mail.env. docs/configuration.md beschreibt die Variablen.',

  // clock
  'clock-right.title': 'Die Uhr geht richtig',
  'clock-right.detail': 'Sie stimmt auf eine Minute mit {clocks} überein.',
  'clock-off.title': 'Die Uhr geht falsch',
  'clock-off.detail':
    'Die Uhr dieses Rechners weicht um {seconds} s von der von {clock} ab. Ab 300 s scheitern Anmeldung und Zertifikate.',
  'clock-off.action': NTP,
  'clock-wrong.title': 'Die Uhr geht falsch',
  'clock-wrong.detail':
    'Die Uhr dieses Rechners weicht um {seconds} s von der von {clock} ab: Anmeldung und Zertifikate scheitern.',
  'clock-wrong.action': NTP,
  'clock-not-compared.title': 'Nicht geprüft: Es gibt keine Uhr zum Vergleichen',
  'clock-not-compared.detail': 'Weder Microsoft noch die Datenbank hat geantwortet.',

  // hosts
  'host-answers.title': 'Der Host antwortet',
  'host-answers.detail': '{host} ist von diesem Server aus erreichbar.',
  'host-unknown.title': 'Der Name des Hosts lässt sich nicht auflösen',
  'host-unknown.detail': 'Das DNS dieses Servers kennt {host} nicht ({reason}).',
  'host-unknown.action': `Lassen Sie diesen Server {host} auflösen, oder setzen Sie HTTPS_PROXY: Ein Proxy löst Namen selbst auf. ${HOSTS}`,
  'host-refuses.title': 'Zum Host lässt sich keine Verbindung herstellen',
  'host-refuses.detail': 'Die Verbindung zu {host} wird abgelehnt, oder es gibt keinen Weg dorthin ({reason}).',
  'host-refuses.action': OPEN,
  'host-silent.title': 'Der Host antwortet nicht',
  'host-silent.detail':
    'Von {host} kam rechtzeitig nichts zurück ({reason}). Firewalls verwerfen oft, was sie nicht erlauben.',
  'host-silent.action': OPEN,
  'host-broke-off.title': 'Die Verbindung ist abgebrochen',
  'host-broke-off.detail': 'Die Verbindung zu {host} endete vor einer Antwort ({reason}).',
  'host-broke-off.action':
    'Prüfen Sie erneut. Geschieht es wieder, suchen Sie nach einer Firewall oder einem Proxy, der TLS untersucht und die Verbindung beendet.',
  'host-unavailable.title': 'Der Host ist überlastet oder gestört',
  'host-unavailable.detail': '{host} ist erreichbar und hat mit HTTP {status} geantwortet.',
  'host-unavailable.action': LATER,
  'host-impersonated.title': 'Etwas anderes antwortet anstelle von Microsoft',
  'host-impersonated.detail':
    'Die Antwort für {host} (HTTP {status}) ist keine von Microsoft: Ein Proxy, ein Gateway oder eine Anmeldeseite des Netzes hat sie gesendet.',
  'host-impersonated.action':
    'Nehmen Sie {host} davon aus. Prüfen Sie HTTPS_PROXY sowie GRAPH_BASE_URL und AZURE_AUTHORITY_HOST, wo sie gesetzt sind.',
  'certificate-refused.title': 'Dem Zertifikat wird nicht vertraut',
  'certificate-refused.detail':
    'Das Zertifikat, das {host} gezeigt hat, wird nicht akzeptiert ({reason}). Eine Firewall, die TLS untersucht, zeigt ihr eigenes; bei falscher Uhr scheinen gute abgelaufen.',
  'certificate-refused.action':
    'Setzen Sie NODE_EXTRA_CA_CERTS auf eine PEM-Datei mit der Zertifizierungsstelle der Firewall, oder nehmen Sie {host} von der Untersuchung aus. Prüfen Sie die Uhr.',
  'proxy-not-reached.title': 'Der Proxy ist nicht erreichbar',
  'proxy-not-reached.detail':
    'Der Proxy von HTTPS_PROXY nimmt keine Verbindungen an ({reason}); {host} ist deshalb nicht erreichbar.',
  'proxy-not-reached.action':
    'Korrigieren Sie HTTPS_PROXY, öffnen Sie den Weg zum Proxy, oder nennen Sie {host} in NO_PROXY, wenn er direkt erreichbar ist.',
  'proxy-refuses.title': 'Der Proxy lehnt ab',
  'proxy-refuses.detail':
    'Der Proxy von HTTPS_PROXY hat mit HTTP {status} geantwortet, als er nach {host} gefragt wurde.',
  'proxy-refuses.action':
    'Lassen Sie den Proxy {host}:443 erlauben. Bei HTTP 407 verlangt er Benutzer und Kennwort, in HTTPS_PROXY oder HTTPS_PROXY_FILE.',
  'gateway-configured.title': 'Nicht geprüft: Graph wird unter einer anderen Adresse erreicht',
  'gateway-configured.detail': 'Mit GRAPH_BASE_URL ist der Host der Uploads vor dem ersten nicht bekannt.',

  // app-registration
  'registration-accepted.title': 'Microsoft akzeptiert die App-Registrierung',
  'registration-accepted.detail': 'Entra akzeptiert die Anwendung und ihren Nachweis.',
  'registration-refused.title': 'Microsoft lehnt die App-Registrierung ab',
  'registration-refused.detail': 'Entra akzeptiert sie nicht.',
  'registration-refused.action':
    'Wer Inforiver Mail betreibt, vergleicht AZURE_TENANT_ID, AZURE_CLIENT_ID und das Geheimnis, das Zertifikat oder die Verbundanmeldeinformationen mit Entra.',
  'registration-not-judged.title': 'Microsoft konnte nicht sagen, ob es die App-Registrierung akzeptiert',
  'registration-not-judged.detail': 'Entra ist überlastet oder gestört.',
  'registration-not-judged.action': 'Prüfen Sie in einigen Minuten erneut.',

  // credential-expiry
  'credential-valid.title': `${THE_KIND} ist gültig`,
  'credential-valid.detail': 'Ablauf: {date}, in {days, plural, one {# Tag} other {# Tagen}}.',
  'credential-expires-soon.title': `${THE_KIND} läuft bald ab`,
  'credential-expires-soon.detail':
    'Ablauf: {date}, in {days, plural, one {# Tag} other {# Tagen}}. Danach geht keine Mail mehr ab.',
  'credential-expires-soon.action': NEW_SECRET,
  'credential-expired.title': `${THE_KIND} ist abgelaufen`,
  'credential-expired.detail': 'Ablauf: {date}. Microsoft stellt dafür keine Token aus.',
  'credential-expired.action': NEW_SECRET,
  'credential-not-yet-valid.title': `${THE_KIND} ist noch nicht gültig`,
  'credential-not-yet-valid.detail': 'Gültig ab {validFrom}: Bis dahin lehnt Microsoft ab.',
  'credential-not-yet-valid.action':
    'Prüfen Sie die Uhr dieses Rechners, oder verwenden Sie bis dahin das bisherige Zertifikat.',
  'credential-expiry-unknown.title': `Es ist nicht bekannt, wann {kind, select, certificate {das} other {der}} ${KIND} abläuft`,
  'credential-expiry-unknown.detail':
    'Microsoft nennt es nicht, und AZURE_CLIENT_SECRET_EXPIRES ist nicht gesetzt: Niemand wird gewarnt.',
  'credential-expiry-unknown.action': `Setzen Sie AZURE_CLIENT_SECRET_EXPIRES auf den Tag, den Entra unter ${SECRETS} zeigt.`,
  'credential-federated.title': 'Es gibt keine Anmeldedaten, die ablaufen',
  'credential-federated.detail':
    'Die Anwendung authentifiziert sich mit Token eines anderen Ausstellers, die sich von selbst erneuern.',

  // permissions
  'permissions-granted.title': 'Die Berechtigungen sind gewährt',
  'permissions-granted.detail': 'Das Senden braucht {permissions}, und Microsoft hat es gewährt.',
  'permissions-missing.title': 'Eine Berechtigung fehlt',
  'permissions-missing.detail': 'Zum Senden fehlt, was Microsoft nicht gewährt hat: {missing}.',
  'permissions-missing.action':
    'Ein Workspace-Admin wählt unter Mandanteneinstellungen > Office 365 SMTP „Neu verbinden“ und akzeptiert auf der Seite von Microsoft.',
  'permissions-not-in-token.title': 'Eine Berechtigung steht nicht im Token',
  'permissions-not-in-token.detail':
    'Das Token der Anwendung nennt {missing} nicht. Das ist richtig, wenn Exchange es gewährt (RBAC for Applications).',
  'permissions-not-in-token.action':
    'Gewährt Exchange es nicht, fügt ein Entra-Administrator es der App-Registrierung als Anwendungsberechtigung hinzu und gewährt es.',
  'permissions-unreadable.title': 'Die Berechtigungen sind nicht lesbar',
  'permissions-unreadable.detail':
    'Das Token der Anwendung ist nicht lesbar: Ob Microsoft {permissions} gewährt hat, zeigt nur das Senden.',
  'permissions-not-fetched.title': 'Die Berechtigungen wurden nicht abgefragt',
  'permissions-not-fetched.detail':
    'Entra hat gerade kein Token ausgestellt, das sie zeigen könnte. Den Grund nennt die Prüfung des Postfachs.',
  'permissions-unavailable.title': 'Die Berechtigungen konnten nicht abgefragt werden',
  'permissions-unavailable.detail': '{reason}',
  'permissions-unavailable.action': LATER,

  // mailbox
  'mailbox-answers.title': 'Das Postfach antwortet',
  'mailbox-answers.detail': 'Microsoft Graph antwortet für {address}.',
  'mailbox-refused.title': 'Microsoft lehnt das Postfach ab',
  'mailbox-refused.detail': 'Microsoft Graph antwortet nicht für {address} oder lehnt E-Mails oder Token davon ab.',
  'mailbox-refused.action': 'Prüfen Sie das Postfach im Exchange Admin Center.',
  'mailbox-unavailable.title': 'Das Postfach konnte nicht gefragt werden',
  'mailbox-unavailable.detail': '{reason}',
  'mailbox-unavailable.action': LATER,
  'access-lost.title': 'Die Verbindung muss erneut hergestellt werden',
  'access-lost.detail': 'Microsoft akzeptiert die Verbindung von {address} nicht mehr.',
  'access-lost.action': 'Ein Workspace-Admin wählt unter Mandanteneinstellungen > Office 365 SMTP „Neu verbinden“.',
  'send-as-unproved.title': 'Nicht geprüft: „Senden als“ lässt sich nur mit einer Nachricht beweisen',
  'send-as-unproved.detail':
    'Microsoft antwortet für {person}, von dem gesendet wird. Ob das Senden als {address} erlaubt ist, lässt sich ohne zu senden nicht sagen.',
  'send-as-unproved.action': TEST_MAIL,
  'mailbox-unreadable.title': 'Nicht geprüft: Die Anwendung darf nur senden',
  'mailbox-unreadable.detail': 'Mit der Berechtigung Mail.Send allein lässt sich zu {address} nichts fragen.',
  'mailbox-unreadable.action': TEST_MAIL,

  // sender-domain
  'domain-authenticated.title': 'Der Domäne kann vertraut werden',
  'domain-authenticated.detail': '{domain} hat SPF, DKIM und DMARC.',
  'domain-incomplete.title': 'Der Domäne fehlt, worauf Empfänger achten',
  'domain-incomplete.detail':
    '{domain} fehlt {missing}. Mail geht trotzdem ab, doch andere behandeln sie vielleicht als Spam.',
  'domain-incomplete.action':
    'Wer das DNS von {domain} verwaltet, fügt diese Einträge hinzu. Das Microsoft Defender-Portal zeigt die Werte unter E-Mail und Zusammenarbeit > Richtlinien und Regeln > Bedrohungsrichtlinien > E-Mail-Authentifizierungseinstellungen.',
  'domain-onmicrosoft.title': 'Der Absender hat eine Adresse von onmicrosoft.com',
  'domain-onmicrosoft.detail':
    'Microsoft lässt eine Organisation von {domain} in 24 Stunden an 100 externe Empfänger senden und lehnt den Rest ab (5.7.236).',
  'domain-onmicrosoft.action': 'Senden Sie von einer Adresse einer eigenen Domäne.',
  'domain-not-answered.title': 'Nicht geprüft: Die Namensserver haben nicht geantwortet',
  'domain-not-answered.detail': 'Die Namensserver von {domain} haben nicht gesagt, ob es {unknown} gibt.',
  'domain-not-answered.action': 'Prüfen Sie erneut. Bleibt es so, fragen Sie, wer das DNS von {domain} verwaltet.',
  'dns-not-usable.title': 'Nicht geprüft: Dieser Server löst keine Namen des Internets auf',
  'dns-not-usable.detail':
    'Er löst nicht einmal {name} auf; über die Domäne des Absenders lässt sich deshalb nichts sagen.',

  // database
  'database-ready.title': 'Die Datenbank ist bereit',
  'database-ready.detail': 'PostgreSQL {version}, alle Migrationen sind angewendet.',
  'database-empty.title': 'Die Datenbank ist bereit',
  'database-empty.detail': 'PostgreSQL {version}, leer: Der erste Start legt die Tabellen an.',
  'database-pending.title': 'Die Datenbank ist von einer älteren Version',
  'database-pending.detail':
    'PostgreSQL {version}. {count, plural, one {# Migration ist} other {# Migrationen sind}} anzuwenden.',
  'database-pending.action':
    'Erstellen Sie eine Sicherung. Der nächste Start dieser Version wendet sie an. Prozesse von 1.5 müssen vorher beendet sein.',
  'database-without-trigrams.title': 'Die Suche nach Text hat keinen Index',
  'database-without-trigrams.detail':
    'PostgreSQL {version}, alle Migrationen sind angewendet. Die Erweiterung pg_trgm fehlt, oder die Rolle darf sie nicht verwenden: Eine Suche liest die Texte aller Nachrichten und wird nach 10 Sekunden abgebrochen.',
  'database-without-trigrams.action':
    'Lassen Sie einen Administrator von PostgreSQL die Erweiterung erlauben, in dieser Datenbank CREATE EXTENSION pg_trgm ausführen und der Rolle aus DATABASE_URL USAGE auf deren Schema geben. Sie wird innerhalb von zwei Minuten verwendet, ohne Neustart.',
  'database-unreachable.title': 'Die Datenbank ist nicht erreichbar',
  'database-unreachable.detail': 'Von der Datenbank kam keine brauchbare Antwort ({reason}).',
  'database-unreachable.action':
    'Prüfen Sie DATABASE_URL, und dass PostgreSQL läuft und von hier erreichbar ist. Mit der eingebetteten Datenbank prüfen Sie unter dem Konto, unter dem Inforiver Mail läuft.',
  'database-too-old.title': 'PostgreSQL ist zu alt',
  'database-too-old.detail': 'Die Datenbank ist PostgreSQL {version}; mindestens {needed} ist nötig.',
  'database-too-old.action': 'Aktualisieren Sie PostgreSQL, oder setzen Sie DATABASE_URL auf ein neueres.',
  'database-rights-missing.title': 'Der Rolle der Datenbank fehlen Rechte',
  'database-rights-missing.detail': 'Es fehlt: {missing}.',
  'database-rights-missing.action':
    'Machen Sie die Rolle von DATABASE_URL zum Eigentümer der Datenbank und von allem darin.',
  'database-foreign.title': 'Die Datenbank gehört einem anderen Programm',
  'database-foreign.detail': 'Sie enthält Tabellen eines anderen Programms und keine von Inforiver Mail.',
  'database-foreign.action': 'Geben Sie Inforiver Mail eine eigene Datenbank und setzen Sie DATABASE_URL darauf.',
  'database-older.title': 'Die Datenbank ist von einer Version vor 1.5',
  'database-older.detail': '{reason}',
  'database-older.action':
    'Starten Sie Version 1.5 darauf, erstellen Sie eine Sicherung, und starten Sie dann diese Version.',
  'database-newer.title': 'Die Datenbank ist von einer neueren Version',
  'database-newer.detail': '{reason}',
  'database-newer.action':
    'Starten Sie die neuere Version, oder stellen Sie die Sicherung von vor der Aktualisierung wieder her.',
  'database-of-another-registration.title': 'Die Datenbank gehört zu einer anderen App-Registrierung',
  'database-of-another-registration.detail': '{reason}',
  'database-of-another-registration.action':
    'Setzen Sie die Variablen AZURE_ und M365_CLOUD wie zuvor, oder verwenden Sie eine andere Datenbank oder einen anderen Datenordner.',
  'database-refuses-writes.title': 'Die Datenbank nimmt keine Änderungen an',
  'database-refuses-writes.detail': '{reason}',
  'database-refuses-writes.action':
    'Schaffen Sie Platz auf ihrem Datenträger, oder verbinden Sie statt eines Standby-Servers den Server, der schreiben darf.',
  'database-stopped.title': 'Nicht geprüft: Die eingebettete Datenbank läuft nicht',
  'database-stopped.detail': 'Sie läuft, solange Inforiver Mail läuft.',
  'database-stopped.action': 'Prüfen Sie erneut, während Inforiver Mail läuft.',
  'database-not-made.title': 'Nicht geprüft: Es gibt noch keine Datenbank',
  'database-not-made.detail': 'Der erste Start legt die eingebettete Datenbank an.',

  // transactions
  'transactions-short.title': 'Keine Transaktion bleibt offen',
  'transactions-short.detail':
    'Keine in der Datenbank ist seit 10 Minuten offen, außer der einer Sicherung von Inforiver Mail.',
  'transactions-open.title': 'Eine Transaktion in der Datenbank bleibt offen',
  'transactions-open.detail':
    'Seit mehr als 10 Minuten offen ({count}): {sessions}. PostgreSQL behält, was inzwischen gelöscht wird; das macht den Versand langsamer. Sitzungen, deren Transaktionen dieses Konto nicht sehen darf: {hidden}.',
  'transactions-open.action':
    'Stellen Sie fest, was jede Sitzung tut. Ein Dump oder eine Migration endet von selbst. Eine vergessene Sitzung beendet ein Administrator von PostgreSQL mit SELECT pg_terminate_backend(pid); mit der eingebetteten Datenbank beendet sie ein Neustart von Inforiver Mail.',
  'transactions-hidden.title': 'Nicht geprüft: Dieses Konto darf nicht alle Transaktionen sehen',
  'transactions-hidden.detail':
    'Von denen, die es sehen darf, ist keine seit 10 Minuten offen. Die anderer Konten verbirgt PostgreSQL vor ihm; Sitzungen dieser Konten: {hidden}.',
  'transactions-hidden.action':
    'Damit sie geprüft werden, führt ein Administrator von PostgreSQL aus: GRANT pg_read_all_stats TO {role}.',
  'transactions-not-shown.title': 'Nicht geprüft: Dieses Konto darf keine Transaktionen sehen',
  'transactions-not-shown.detail': 'PostgreSQL lässt es pg_stat_activity nicht lesen.',
  'transactions-not-shown.action':
    'Damit sie geprüft werden, lässt ein Administrator von PostgreSQL das Konto von DATABASE_URL diese Sicht lesen.',

  // vault
  'vault-opens.title': 'Der Tresor lässt sich öffnen',
  'vault-opens.detail': 'Die Schlüssel {keys} öffnen alles Gespeicherte.',
  'vault-keys-missing.title': 'Gespeicherte Geheimnisse lassen sich nicht öffnen',
  'vault-keys-missing.detail':
    'Sie wurden mit den Schlüsseln {keys} versiegelt, die fehlen oder jetzt einen anderen Wert haben.',
  'vault-keys-missing.action':
    'Setzen Sie diese Schlüssel wieder in VAULT_KEYS oder die Schlüsseldatei ein. Sind sie endgültig verloren: inforiver-mail vault forget.',
  'vault-keys-unusable.title': 'Die Schlüssel des Tresors lassen sich nicht lesen',
  'vault-keys-unusable.detail': '{sentence}',
  'vault-keys-unusable.action':
    'Korrigieren Sie VAULT_KEYS oder was VAULT_KEYS_COMMAND nennt. Ist keines gesetzt, legen Sie die Schlüsseldatei aus der Sicherung zurück und lassen Sie das Konto von Inforiver Mail sie lesen.',
  'vault-not-made.title': 'Nicht geprüft: Es gibt noch keinen Schlüssel',
  'vault-not-made.detail': 'Der erste Start erstellt die Schlüsseldatei.',

  // storage
  'storage-ready.title': 'Der Datenordner ist verwendbar',
  'storage-ready.detail': '{folder} hat {freeMegabytes, number} MB frei.',
  'storage-low.title': 'Der Datenträger ist fast voll',
  'storage-low.detail': 'Der Datenträger von {folder} hat {freeMegabytes, number} MB frei.',
  'storage-low.action': 'Schaffen Sie Platz, bevor dort große Nachrichten warten.',
  'storage-full.title': 'Der Datenträger ist voll',
  'storage-full.detail':
    'Der Datenträger von {folder} hat {freeMegabytes, number} MB frei, und die Datenbank braucht 100 MB.',
  'storage-full.action': 'Schaffen Sie Platz, oder setzen Sie DATA_DIR auf einen Ordner auf einem anderen Datenträger.',
  'storage-not-writable.title': 'Der Datenordner ist nicht beschreibbar',
  'storage-not-writable.detail': 'Dieses Konto darf nicht in {folder} schreiben ({reason}).',
  'storage-not-writable.action':
    'Geben Sie diesem Konto das Recht, dort zu schreiben, oder setzen Sie DATA_DIR auf einen anderen Ordner.',
  'storage-of-another-account.title': 'Die Daten gehören einem anderen Konto',
  'storage-of-another-account.detail': 'Die Daten in {folder} gehören {owner}, und dies ist {account}.',
  'storage-of-another-account.action':
    'Starten und prüfen Sie als {owner}, oder setzen Sie DATA_DIR auf einen anderen Ordner.',
  'storage-modes-refused.title': 'Andere dürfen den Ordner der Datenbank betreten',
  'storage-modes-refused.detail':
    '{folder} hat den Modus {mode}, und PostgreSQL startet nicht auf einem Ordner, den andere betreten dürfen.',
  'storage-modes-refused.action': 'Führen Sie aus: chmod 700 {folder}',
  'storage-readable-by-others.title': 'Andere dürfen Geheimnisse lesen',
  'storage-readable-by-others.detail': 'Andere als der Eigentümer dürfen {paths} lesen.',
  'storage-readable-by-others.action': 'Nehmen Sie ihnen dieses Recht: chmod 600.',
  'storage-elsewhere.title': 'Nicht geprüft: Die Daten liegen in einer externen Datenbank',
  'storage-elsewhere.detail':
    'Inforiver Mail bewahrt auf diesem Rechner nichts auf. Die Prüfung „database“ sagt, ob die Datenbank Änderungen annimmt.',

  // message-storage
  'message-storage-ready.title': 'Es ist Platz für Nachrichten',
  'message-storage-ready.detail':
    'Gespeicherte Nachrichten belegen {usedMegabytes, number} von {limitMegabytes, number} MB.',
  'message-storage-nearly-full.title': 'Der Speicher für Nachrichten ist fast voll',
  'message-storage-nearly-full.detail':
    'Gespeicherte Nachrichten belegen {usedMegabytes, number} von {limitMegabytes, number} MB: vor allem solche, die warten, geplant, zurückgehalten oder fehlgeschlagen sind. Diese Dienste belegen am meisten: {services}. Ab 90 % können nur noch Dienste Nachrichten einreichen, die weniger als ein Zehntel des Speichers belegen.',
  'message-storage-nearly-full.action':
    'Sehen Sie auf der Seite „Nachrichten“ nach, was wartet, zurückgehalten oder fehlgeschlagen ist, beheben Sie die Ursache und brechen Sie ab, was nicht gebraucht wird; oder erhöhen Sie TENANT_STORAGE_BYTES.',

  // public-url
  'public-url-answers.title': 'PUBLIC_URL führt zu Inforiver Mail',
  'public-url-answers.detail': '{url} antwortet von diesem Server aus.',
  'public-url-unreachable.title': 'PUBLIC_URL ist von diesem Server aus nicht erreichbar',
  'public-url-unreachable.detail':
    '{url} antwortet nicht ({reason}). Das ist kein Fehler, wenn nur die Browser der Benutzer es erreichen oder Inforiver Mail nicht läuft.',
  'public-url-unreachable.action':
    'Öffnen Sie {url} in einem Browser. Scheitert auch das, prüfen Sie den Reverseproxy, sein Zertifikat und das DNS.',
  'public-url-answered-by-another.title': 'PUBLIC_URL führt zu etwas anderem',
  'public-url-answered-by-another.detail':
    '{url}/healthz wurde mit HTTP {status} beantwortet, und nicht von Inforiver Mail.',
  'public-url-answered-by-another.action': 'Prüfen Sie PUBLIC_URL, und wohin der Reverseproxy Anfragen sendet.',

  // port
  'port-free.title': 'Der Port ist frei',
  'port-free.detail': 'Inforiver Mail kann auf Port {port} lauschen.',
  'port-own.title': 'Inforiver Mail läuft',
  'port-own.detail': 'Es antwortet auf Port {port}.',
  'port-taken.title': 'Der Port ist belegt',
  'port-taken.detail': 'Port {port} ist von einem anderen Programm oder einem anderen Inforiver Mail belegt.',
  'port-taken.action': 'Beenden Sie dieses Programm, oder setzen Sie PORT auf einen freien Port.',
  'port-not-allowed.title': 'Der Port ist nicht erlaubt',
  'port-not-allowed.detail': 'Dieses Konto darf nicht auf Port {port} lauschen.',
  'port-not-allowed.action': 'Setzen Sie PORT auf einen Wert über 1023.',
  'port-not-local.title': 'HOST ist keine Adresse dieses Rechners',
  'port-not-local.detail': 'HOST ist {host}, und dieser Rechner hat keine solche Adresse.',
  'port-not-local.action': 'Setzen Sie HOST auf eine Adresse dieses Rechners, oder entfernen Sie die Variable.',

  // smtp
  'smtp-ready.title': 'Der SMTP-Zugang kann lauschen',
  'smtp-ready.detail': 'Die Ports {ports} sind frei, und das Zertifikat ist bis {expiresAt} gültig.',
  'smtp-own.title': 'Der SMTP-Zugang ist offen',
  'smtp-own.detail': 'Inforiver Mail lauscht auf den Ports {ports}. Das Zertifikat ist bis {expiresAt} gültig.',
  'smtp-without-tls.title': 'Der SMTP-Zugang hat kein Zertifikat',
  'smtp-without-tls.detail':
    'Die Ports {ports} nehmen Mail nur ohne TLS an, von diesem Rechner und aus SMTP_LISTEN_PLAIN_FROM.',
  'smtp-without-tls.action':
    'Setzen Sie SMTP_LISTEN_CERTIFICATE_PATH und SMTP_LISTEN_KEY_PATH, es sei denn, nur Programme auf diesem Rechner senden per SMTP.',
  'smtp-certificate-expires-soon.title': 'Das Zertifikat des SMTP-Zugangs läuft bald ab',
  'smtp-certificate-expires-soon.detail': 'Es ist bis {expiresAt} gültig. Danach lehnen Clients es ab.',
  'smtp-certificate-expires-soon.action': RENEW,
  'smtp-certificate-expired.title': 'Das Zertifikat des SMTP-Zugangs ist abgelaufen',
  'smtp-certificate-expired.detail': 'Es war bis {expiresAt} gültig. Clients lehnen es ab.',
  'smtp-certificate-expired.action': RENEW,
  'smtp-certificate-not-yet-valid.title': 'Das Zertifikat des SMTP-Zugangs ist noch nicht gültig',
  'smtp-certificate-not-yet-valid.detail': 'Es ist ab {validFrom} gültig. Bis dahin lehnen Clients es ab.',
  'smtp-certificate-not-yet-valid.action':
    'Prüfen Sie die Uhr dieses Servers, oder verwenden Sie bis dahin ein anderes Zertifikat.',
  'smtp-port-taken.title': 'Ein Port des SMTP-Zugangs ist belegt',
  'smtp-port-taken.detail': 'Port {port} ist von einem anderen Programm oder einem anderen Inforiver Mail belegt.',
  'smtp-port-taken.action':
    'Beenden Sie dieses Programm, oft ein Mailserver, oder setzen Sie SMTP_LISTEN_PORT oder SMTP_LISTEN_TLS_PORT auf einen freien Port.',
  'smtp-port-not-allowed.title': 'Ein Port des SMTP-Zugangs ist nicht erlaubt',
  'smtp-port-not-allowed.detail': 'Dieses Konto darf nicht auf Port {port} lauschen.',
  'smtp-port-not-allowed.action':
    'Geben Sie dem Dienst das Recht auf Ports unter 1024 (docs/smtp.md, „Ports“), oder setzen Sie SMTP_LISTEN_PORT oder SMTP_LISTEN_TLS_PORT auf einen Wert über 1023.',
  'smtp-not-local.title': 'SMTP_LISTEN_HOST ist keine Adresse dieses Rechners',
  'smtp-not-local.detail': 'SMTP_LISTEN_HOST ist {host}, und dieser Rechner hat keine solche Adresse.',
  'smtp-not-local.action':
    'Setzen Sie SMTP_LISTEN_HOST auf eine Adresse dieses Rechners, oder entfernen Sie die Variable.',
}
