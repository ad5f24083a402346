/** What the set-up check found, by its codes: title, detail, and what to do. */
type Text = readonly [title: string, detail: string, action?: string]

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

const CHECKS: Readonly<Record<string, Text>> = {
  'configuration-faulty': [
    'Nicht geprüft: Die Konfiguration ist fehlerhaft',
    'Dies hängt von der Konfiguration ab, die so nicht verwendbar ist.',
    'Korrigieren Sie zuerst die Konfiguration und prüfen Sie dann erneut.',
  ],
  'database-not-usable': [
    'Nicht geprüft: Die Datenbank ist nicht verwendbar',
    'Was dafür nötig ist, steht in der Datenbank. Die Prüfung „database“ sagt, warum sie jetzt nicht lesbar ist.',
  ],
  'entra-not-reached': [
    'Nicht geprüft: Microsoft Entra ist nicht erreichbar',
    'Die Prüfung „entra-reachable“ sagt, was im Weg steht.',
  ],
  'graph-not-reached': [
    'Nicht geprüft: Microsoft Graph ist nicht erreichbar',
    'Die Prüfung „graph-reachable“ sagt, was im Weg steht.',
  ],
  'not-connected': [
    'Nicht geprüft: Es ist kein Postfach verbunden',
    'Hier geht es um das sendende Postfach, und noch ist keines verbunden.',
    'Ein Workspace-Admin verbindet unter Mandanteneinstellungen > Office 365 SMTP ein Postfach.',
  ],
  demo: [
    'Nicht geprüft: Dies ist die Demo',
    'Die Demo hat eine simulierte App-Registrierung, deren Anmeldedaten nie ablaufen.',
  ],
  'demo-stopped': [
    'Nicht geprüft: Die Demo läuft nicht',
    'Ihr simuliertes Microsoft 365 läuft nur, solange sie läuft.',
  ],
  'too-slow': [
    'Die Prüfung wurde nicht rechtzeitig fertig',
    'Sie wurde nach {seconds} Sekunden abgebrochen.',
    'Prüfen Sie erneut. Bleibt sie langsam, sehen Sie sich die anderen Prüfungen an: Ein Host oder eine Datenbank, die nicht antwortet, hält sie auf.',
  ],
  'check-broke': [
    'Die Prüfung selbst ist gescheitert',
    'Es ist etwas geschehen, das diese Prüfung nicht erwartet.',
    'Suchen Sie die Ursache im Protokoll und melden Sie sie mit diesen Zeilen dem Support von Inforiver.',
  ],
  'configuration-valid': ['Die Konfiguration ist gültig', 'Jede Variable hat einen verwendbaren Wert.'],
  'configuration-risky': [
    'Die Konfiguration ist gültig, aber riskant',
    '{warnings}',
    'Ändern Sie das Genannte in der Umgebung oder in inforiver-mail.env und starten Sie Inforiver Mail neu.',
  ],
  'configuration-faults': [
    'Die Konfiguration ist fehlerhaft',
    '{faults}',
    'Korrigieren Sie jeden Fehler in der Umgebung oder in inforiver-mail.env. docs/configuration.md beschreibt die Variablen.',
  ],
  'clock-right': ['Die Uhr geht richtig', 'Sie stimmt auf eine Minute mit {clocks} überein.'],
  'clock-off': [
    'Die Uhr geht falsch',
    'Die Uhr dieses Rechners weicht um {seconds} s von der von {clock} ab. Ab 300 s scheitern Anmeldung und Zertifikate.',
    NTP,
  ],
  'clock-wrong': [
    'Die Uhr geht falsch',
    'Die Uhr dieses Rechners weicht um {seconds} s von der von {clock} ab: Anmeldung und Zertifikate scheitern.',
    NTP,
  ],
  'clock-not-compared': [
    'Nicht geprüft: Es gibt keine Uhr zum Vergleichen',
    'Weder Microsoft noch die Datenbank hat geantwortet.',
  ],
  'host-answers': ['Der Host antwortet', '{host} ist von diesem Server aus erreichbar.'],
  'host-unknown': [
    'Der Name des Hosts lässt sich nicht auflösen',
    'Das DNS dieses Servers kennt {host} nicht ({reason}).',
    `Lassen Sie diesen Server {host} auflösen, oder setzen Sie HTTPS_PROXY: Ein Proxy löst Namen selbst auf. ${HOSTS}`,
  ],
  'host-refuses': [
    'Zum Host lässt sich keine Verbindung herstellen',
    'Die Verbindung zu {host} wird abgelehnt, oder es gibt keinen Weg dorthin ({reason}).',
    OPEN,
  ],
  'host-silent': [
    'Der Host antwortet nicht',
    'Von {host} kam rechtzeitig nichts zurück ({reason}). Firewalls verwerfen oft, was sie nicht erlauben.',
    OPEN,
  ],
  'host-broke-off': [
    'Die Verbindung ist abgebrochen',
    'Die Verbindung zu {host} endete vor einer Antwort ({reason}).',
    'Prüfen Sie erneut. Geschieht es wieder, suchen Sie nach einer Firewall oder einem Proxy, der TLS untersucht und die Verbindung beendet.',
  ],
  'host-unavailable': [
    'Der Host ist überlastet oder gestört',
    '{host} ist erreichbar und hat mit HTTP {status} geantwortet.',
    LATER,
  ],
  'host-impersonated': [
    'Etwas anderes antwortet anstelle von Microsoft',
    'Die Antwort für {host} (HTTP {status}) ist keine von Microsoft: Ein Proxy, ein Gateway oder eine Anmeldeseite des Netzes hat sie gesendet.',
    'Nehmen Sie {host} davon aus. Prüfen Sie HTTPS_PROXY sowie GRAPH_BASE_URL und AZURE_AUTHORITY_HOST, wo sie gesetzt sind.',
  ],
  'certificate-refused': [
    'Dem Zertifikat wird nicht vertraut',
    'Das Zertifikat, das {host} gezeigt hat, wird nicht akzeptiert ({reason}). Eine Firewall, die TLS untersucht, zeigt ihr eigenes; bei falscher Uhr scheinen gute abgelaufen.',
    'Setzen Sie NODE_EXTRA_CA_CERTS auf eine PEM-Datei mit der Zertifizierungsstelle der Firewall, oder nehmen Sie {host} von der Untersuchung aus. Prüfen Sie die Uhr.',
  ],
  'proxy-not-reached': [
    'Der Proxy ist nicht erreichbar',
    'Der Proxy von HTTPS_PROXY nimmt keine Verbindungen an ({reason}); {host} ist deshalb nicht erreichbar.',
    'Korrigieren Sie HTTPS_PROXY, öffnen Sie den Weg zum Proxy, oder nennen Sie {host} in NO_PROXY, wenn er direkt erreichbar ist.',
  ],
  'proxy-refuses': [
    'Der Proxy lehnt ab',
    'Der Proxy von HTTPS_PROXY hat mit HTTP {status} geantwortet, als er nach {host} gefragt wurde.',
    'Lassen Sie den Proxy {host}:443 erlauben. Bei HTTP 407 verlangt er Benutzer und Kennwort, in HTTPS_PROXY oder HTTPS_PROXY_FILE.',
  ],
  'gateway-configured': [
    'Nicht geprüft: Graph wird unter einer anderen Adresse erreicht',
    'Mit GRAPH_BASE_URL ist der Host der Uploads vor dem ersten nicht bekannt.',
  ],
  'registration-accepted': [
    'Microsoft akzeptiert die App-Registrierung',
    'Entra akzeptiert die Anwendung und ihren Nachweis.',
  ],
  'registration-refused': [
    'Microsoft lehnt die App-Registrierung ab',
    'Entra akzeptiert sie nicht.',
    'Wer Inforiver Mail betreibt, vergleicht AZURE_TENANT_ID, AZURE_CLIENT_ID und das Geheimnis, das Zertifikat oder die Verbundanmeldeinformationen mit Entra.',
  ],
  'registration-not-judged': [
    'Microsoft konnte nicht sagen, ob es die App-Registrierung akzeptiert',
    'Entra ist überlastet oder gestört.',
    'Prüfen Sie in einigen Minuten erneut.',
  ],
  'credential-valid': [`${THE_KIND} ist gültig`, 'Ablauf: {date}, in {days, plural, one {# Tag} other {# Tagen}}.'],
  'credential-expires-soon': [
    `${THE_KIND} läuft bald ab`,
    'Ablauf: {date}, in {days, plural, one {# Tag} other {# Tagen}}. Danach geht keine Mail mehr ab.',
    NEW_SECRET,
  ],
  'credential-expired': [
    `${THE_KIND} ist abgelaufen`,
    'Ablauf: {date}. Microsoft stellt dafür keine Token aus.',
    NEW_SECRET,
  ],
  'credential-not-yet-valid': [
    `${THE_KIND} ist noch nicht gültig`,
    'Gültig ab {validFrom}: Bis dahin lehnt Microsoft ab.',
    'Prüfen Sie die Uhr dieses Rechners, oder verwenden Sie bis dahin das bisherige Zertifikat.',
  ],
  'credential-expiry-unknown': [
    `Es ist nicht bekannt, wann {kind, select, certificate {das} other {der}} ${KIND} abläuft`,
    'Microsoft nennt es nicht, und AZURE_CLIENT_SECRET_EXPIRES ist nicht gesetzt: Niemand wird gewarnt.',
    `Setzen Sie AZURE_CLIENT_SECRET_EXPIRES auf den Tag, den Entra unter ${SECRETS} zeigt.`,
  ],
  'credential-federated': [
    'Es gibt keine Anmeldedaten, die ablaufen',
    'Die Anwendung authentifiziert sich mit Token eines anderen Ausstellers, die sich von selbst erneuern.',
  ],
  'permissions-granted': [
    'Die Berechtigungen sind gewährt',
    'Das Senden braucht {permissions}, und Microsoft hat es gewährt.',
  ],
  'permissions-missing': [
    'Eine Berechtigung fehlt',
    'Zum Senden fehlt, was Microsoft nicht gewährt hat: {missing}.',
    'Ein Workspace-Admin wählt unter Mandanteneinstellungen > Office 365 SMTP „Neu verbinden“ und akzeptiert auf der Seite von Microsoft.',
  ],
  'permissions-not-in-token': [
    'Eine Berechtigung steht nicht im Token',
    'Das Token der Anwendung nennt {missing} nicht. Das ist richtig, wenn Exchange es gewährt (RBAC for Applications).',
    'Gewährt Exchange es nicht, fügt ein Entra-Administrator es der App-Registrierung als Anwendungsberechtigung hinzu und gewährt es.',
  ],
  'permissions-unreadable': [
    'Die Berechtigungen sind nicht lesbar',
    'Das Token der Anwendung ist nicht lesbar: Ob Microsoft {permissions} gewährt hat, zeigt nur das Senden.',
  ],
  'permissions-not-fetched': [
    'Die Berechtigungen wurden nicht abgefragt',
    'Entra hat gerade kein Token ausgestellt, das sie zeigen könnte. Den Grund nennt die Prüfung des Postfachs.',
  ],
  'permissions-unavailable': ['Die Berechtigungen konnten nicht abgefragt werden', '{reason}', LATER],
  'mailbox-answers': ['Das Postfach antwortet', 'Microsoft Graph antwortet für {address}.'],
  'mailbox-refused': [
    'Microsoft lehnt das Postfach ab',
    'Microsoft Graph antwortet nicht für {address} oder lehnt E-Mails oder Token davon ab.',
    'Prüfen Sie das Postfach im Exchange Admin Center.',
  ],
  'mailbox-unavailable': ['Das Postfach konnte nicht gefragt werden', '{reason}', LATER],
  'access-lost': [
    'Die Verbindung muss erneut hergestellt werden',
    'Microsoft akzeptiert die Verbindung von {address} nicht mehr.',
    'Ein Workspace-Admin wählt unter Mandanteneinstellungen > Office 365 SMTP „Neu verbinden“.',
  ],
  'send-as-unproved': [
    'Nicht geprüft: „Senden als“ lässt sich nur mit einer Nachricht beweisen',
    'Microsoft antwortet für {person}, von dem gesendet wird. Ob das Senden als {address} erlaubt ist, lässt sich ohne zu senden nicht sagen.',
    TEST_MAIL,
  ],
  'mailbox-unreadable': [
    'Nicht geprüft: Die Anwendung darf nur senden',
    'Mit der Berechtigung Mail.Send allein lässt sich zu {address} nichts fragen.',
    TEST_MAIL,
  ],
  'domain-authenticated': ['Der Domäne kann vertraut werden', '{domain} hat SPF, DKIM und DMARC.'],
  'domain-incomplete': [
    'Der Domäne fehlt, worauf Empfänger achten',
    '{domain} fehlt {missing}. Mail geht trotzdem ab, doch andere behandeln sie vielleicht als Spam.',
    'Wer das DNS von {domain} verwaltet, fügt diese Einträge hinzu. Das Microsoft Defender-Portal zeigt die Werte unter E-Mail und Zusammenarbeit > Richtlinien und Regeln > Bedrohungsrichtlinien > E-Mail-Authentifizierungseinstellungen.',
  ],
  'domain-onmicrosoft': [
    'Der Absender hat eine Adresse von onmicrosoft.com',
    'Microsoft lässt eine Organisation von {domain} in 24 Stunden an 100 externe Empfänger senden und lehnt den Rest ab (5.7.236).',
    'Senden Sie von einer Adresse einer eigenen Domäne.',
  ],
  'domain-not-answered': [
    'Nicht geprüft: Die Namensserver haben nicht geantwortet',
    'Die Namensserver von {domain} haben nicht gesagt, ob es {unknown} gibt.',
    'Prüfen Sie erneut. Bleibt es so, fragen Sie, wer das DNS von {domain} verwaltet.',
  ],
  'dns-not-usable': [
    'Nicht geprüft: Dieser Server löst keine Namen des Internets auf',
    'Er löst nicht einmal {name} auf; über die Domäne des Absenders lässt sich deshalb nichts sagen.',
  ],
  'database-ready': ['Die Datenbank ist bereit', 'PostgreSQL {version}, alle Migrationen sind angewendet.'],
  'database-empty': ['Die Datenbank ist bereit', 'PostgreSQL {version}, leer: Der erste Start legt die Tabellen an.'],
  'database-pending': [
    'Die Datenbank ist von einer älteren Version',
    'PostgreSQL {version}. {count, plural, one {# Migration ist} other {# Migrationen sind}} anzuwenden.',
    'Erstellen Sie eine Sicherung. Der nächste Start dieser Version wendet sie an.',
  ],
  'database-without-trigrams': [
    'Die Suche nach Text hat keinen Index',
    'PostgreSQL {version}, alle Migrationen sind angewendet. Die Erweiterung pg_trgm fehlt, oder die Rolle darf sie nicht verwenden: Eine Suche liest die Texte aller Nachrichten und wird nach 10 Sekunden abgebrochen.',
    'Lassen Sie einen Administrator von PostgreSQL die Erweiterung erlauben, in dieser Datenbank CREATE EXTENSION pg_trgm ausführen und der Rolle aus DATABASE_URL USAGE auf deren Schema geben. Sie wird innerhalb von zwei Minuten verwendet, ohne Neustart.',
  ],
  'database-unreachable': [
    'Die Datenbank ist nicht erreichbar',
    'Von der Datenbank kam keine brauchbare Antwort ({reason}).',
    'Prüfen Sie DATABASE_URL, und dass PostgreSQL läuft und von hier erreichbar ist. Mit der eingebetteten Datenbank prüfen Sie unter dem Konto, unter dem Inforiver Mail läuft.',
  ],
  'database-too-old': [
    'PostgreSQL ist zu alt',
    'Die Datenbank ist PostgreSQL {version}; mindestens {needed} ist nötig.',
    'Aktualisieren Sie PostgreSQL, oder setzen Sie DATABASE_URL auf ein neueres.',
  ],
  'database-rights-missing': [
    'Der Rolle der Datenbank fehlen Rechte',
    'Es fehlt: {missing}.',
    'Machen Sie die Rolle von DATABASE_URL zum Eigentümer der Datenbank und von allem darin.',
  ],
  'database-foreign': [
    'Die Datenbank gehört einem anderen Programm',
    'Sie enthält Tabellen eines anderen Programms und keine von Inforiver Mail.',
    'Geben Sie Inforiver Mail eine eigene Datenbank und setzen Sie DATABASE_URL darauf.',
  ],
  'database-newer': [
    'Die Datenbank ist von einer neueren Version',
    '{reason}',
    'Starten Sie die neuere Version, oder stellen Sie die Sicherung von vor der Aktualisierung wieder her.',
  ],
  'database-older': [
    'Die Datenbank ist von einer Version vor 1.5',
    '{reason}',
    'Starten Sie Version 1.5 darauf, erstellen Sie eine Sicherung, und starten Sie dann diese Version.',
  ],
  'database-of-another-registration': [
    'Die Datenbank gehört zu einer anderen App-Registrierung',
    '{reason}',
    'Setzen Sie die Variablen AZURE_ und M365_CLOUD wie zuvor, oder verwenden Sie eine andere Datenbank oder einen anderen Datenordner.',
  ],
  'database-refuses-writes': [
    'Die Datenbank nimmt keine Änderungen an',
    '{reason}',
    'Schaffen Sie Platz auf ihrem Datenträger, oder verbinden Sie statt eines Standby-Servers den Server, der schreiben darf.',
  ],
  'database-stopped': [
    'Nicht geprüft: Die eingebettete Datenbank läuft nicht',
    'Sie läuft, solange Inforiver Mail läuft.',
    'Prüfen Sie erneut, während Inforiver Mail läuft.',
  ],
  'database-not-made': [
    'Nicht geprüft: Es gibt noch keine Datenbank',
    'Der erste Start legt die eingebettete Datenbank an.',
  ],
  'transactions-short': [
    'Keine Transaktion bleibt offen',
    'Keine in der Datenbank ist seit 10 Minuten offen, außer der einer Sicherung von Inforiver Mail.',
  ],
  'transactions-open': [
    'Eine Transaktion in der Datenbank bleibt offen',
    'Seit mehr als 10 Minuten offen ({count}): {sessions}. PostgreSQL behält, was inzwischen gelöscht wird; das macht den Versand langsamer. Sitzungen, deren Transaktionen dieses Konto nicht sehen darf: {hidden}.',
    'Stellen Sie fest, was jede Sitzung tut. Ein Dump oder eine Migration endet von selbst. Eine vergessene Sitzung beendet ein Administrator von PostgreSQL mit SELECT pg_terminate_backend(pid); mit der eingebetteten Datenbank beendet sie ein Neustart von Inforiver Mail.',
  ],
  'transactions-hidden': [
    'Nicht geprüft: Dieses Konto darf nicht alle Transaktionen sehen',
    'Von denen, die es sehen darf, ist keine seit 10 Minuten offen. Die anderer Konten verbirgt PostgreSQL vor ihm; Sitzungen dieser Konten: {hidden}.',
    'Damit sie geprüft werden, führt ein Administrator von PostgreSQL aus: GRANT pg_read_all_stats TO {role}.',
  ],
  'transactions-not-shown': [
    'Nicht geprüft: Dieses Konto darf keine Transaktionen sehen',
    'PostgreSQL lässt es pg_stat_activity nicht lesen.',
    'Damit sie geprüft werden, lässt ein Administrator von PostgreSQL das Konto von DATABASE_URL diese Sicht lesen.',
  ],
  'vault-opens': ['Der Tresor lässt sich öffnen', 'Die Schlüssel {keys} öffnen alles Gespeicherte.'],
  'vault-keys-missing': [
    'Gespeicherte Geheimnisse lassen sich nicht öffnen',
    'Sie wurden mit den Schlüsseln {keys} versiegelt, die fehlen oder jetzt einen anderen Wert haben.',
    'Setzen Sie diese Schlüssel wieder in VAULT_KEYS oder die Schlüsseldatei ein. Sind sie endgültig verloren: inforiver-mail vault forget.',
  ],
  'vault-keys-unusable': [
    'Die Schlüssel des Tresors lassen sich nicht lesen',
    '{sentence}',
    'Korrigieren Sie VAULT_KEYS oder was VAULT_KEYS_COMMAND nennt. Ist keines gesetzt, legen Sie die Schlüsseldatei aus der Sicherung zurück und lassen Sie das Konto von Inforiver Mail sie lesen.',
  ],
  'vault-not-made': ['Nicht geprüft: Es gibt noch keinen Schlüssel', 'Der erste Start erstellt die Schlüsseldatei.'],
  'storage-ready': ['Der Datenordner ist verwendbar', '{folder} hat {freeMegabytes, number} MB frei.'],
  'storage-low': [
    'Der Datenträger ist fast voll',
    'Der Datenträger von {folder} hat {freeMegabytes, number} MB frei.',
    'Schaffen Sie Platz, bevor dort große Nachrichten warten.',
  ],
  'storage-full': [
    'Der Datenträger ist voll',
    'Der Datenträger von {folder} hat {freeMegabytes, number} MB frei, und die Datenbank braucht 100 MB.',
    'Schaffen Sie Platz, oder setzen Sie DATA_DIR auf einen Ordner auf einem anderen Datenträger.',
  ],
  'storage-not-writable': [
    'Der Datenordner ist nicht beschreibbar',
    'Dieses Konto darf nicht in {folder} schreiben ({reason}).',
    'Geben Sie diesem Konto das Recht, dort zu schreiben, oder setzen Sie DATA_DIR auf einen anderen Ordner.',
  ],
  'storage-of-another-account': [
    'Die Daten gehören einem anderen Konto',
    'Die Daten in {folder} gehören {owner}, und dies ist {account}.',
    'Starten und prüfen Sie als {owner}, oder setzen Sie DATA_DIR auf einen anderen Ordner.',
  ],
  'storage-modes-refused': [
    'Andere dürfen den Ordner der Datenbank betreten',
    '{folder} hat den Modus {mode}, und PostgreSQL startet nicht auf einem Ordner, den andere betreten dürfen.',
    'Führen Sie aus: chmod 700 {folder}',
  ],
  'storage-readable-by-others': [
    'Andere dürfen Geheimnisse lesen',
    'Andere als der Eigentümer dürfen {paths} lesen.',
    'Nehmen Sie ihnen dieses Recht: chmod 600.',
  ],
  'storage-elsewhere': [
    'Nicht geprüft: Die Daten liegen in einer externen Datenbank',
    'Inforiver Mail bewahrt auf diesem Rechner nichts auf. Die Prüfung „database“ sagt, ob die Datenbank Änderungen annimmt.',
  ],
  'message-storage-ready': [
    'Es ist Platz für Nachrichten',
    'Gespeicherte Nachrichten belegen {usedMegabytes, number} von {limitMegabytes, number} MB.',
  ],
  'message-storage-nearly-full': [
    'Der Speicher für Nachrichten ist fast voll',
    'Gespeicherte Nachrichten belegen {usedMegabytes, number} von {limitMegabytes, number} MB: vor allem solche, die warten, geplant, zurückgehalten oder fehlgeschlagen sind. Diese Dienste belegen am meisten: {services}. Ab 90 % können nur noch Dienste Nachrichten einreichen, die weniger als ein Zehntel des Speichers belegen.',
    'Sehen Sie auf der Seite „Nachrichten“ nach, was wartet, zurückgehalten oder fehlgeschlagen ist, beheben Sie die Ursache und brechen Sie ab, was nicht gebraucht wird; oder erhöhen Sie TENANT_STORAGE_BYTES.',
  ],
  'public-url-answers': ['PUBLIC_URL führt zu Inforiver Mail', '{url} antwortet von diesem Server aus.'],
  'public-url-unreachable': [
    'PUBLIC_URL ist von diesem Server aus nicht erreichbar',
    '{url} antwortet nicht ({reason}). Das ist kein Fehler, wenn nur die Browser der Benutzer es erreichen oder Inforiver Mail nicht läuft.',
    'Öffnen Sie {url} in einem Browser. Scheitert auch das, prüfen Sie den Reverseproxy, sein Zertifikat und das DNS.',
  ],
  'public-url-answered-by-another': [
    'PUBLIC_URL führt zu etwas anderem',
    '{url}/healthz wurde mit HTTP {status} beantwortet, und nicht von Inforiver Mail.',
    'Prüfen Sie PUBLIC_URL, und wohin der Reverseproxy Anfragen sendet.',
  ],
  'port-free': ['Der Port ist frei', 'Inforiver Mail kann auf Port {port} lauschen.'],
  'port-own': ['Inforiver Mail läuft', 'Es antwortet auf Port {port}.'],
  'port-taken': [
    'Der Port ist belegt',
    'Port {port} ist von einem anderen Programm oder einem anderen Inforiver Mail belegt.',
    'Beenden Sie dieses Programm, oder setzen Sie PORT auf einen freien Port.',
  ],
  'port-not-allowed': [
    'Der Port ist nicht erlaubt',
    'Dieses Konto darf nicht auf Port {port} lauschen.',
    'Setzen Sie PORT auf einen Wert über 1023.',
  ],
  'port-not-local': [
    'HOST ist keine Adresse dieses Rechners',
    'HOST ist {host}, und dieser Rechner hat keine solche Adresse.',
    'Setzen Sie HOST auf eine Adresse dieses Rechners, oder entfernen Sie die Variable.',
  ],
  'smtp-ready': [
    'Der SMTP-Zugang kann lauschen',
    'Die Ports {ports} sind frei, und das Zertifikat ist bis {expiresAt} gültig.',
  ],
  'smtp-own': [
    'Der SMTP-Zugang ist offen',
    'Inforiver Mail lauscht auf den Ports {ports}. Das Zertifikat ist bis {expiresAt} gültig.',
  ],
  'smtp-without-tls': [
    'Der SMTP-Zugang hat kein Zertifikat',
    'Die Ports {ports} nehmen Mail nur ohne TLS an, von diesem Rechner und aus SMTP_LISTEN_PLAIN_FROM.',
    'Setzen Sie SMTP_LISTEN_CERTIFICATE_PATH und SMTP_LISTEN_KEY_PATH, es sei denn, nur Programme auf diesem Rechner senden per SMTP.',
  ],
  'smtp-certificate-expires-soon': [
    'Das Zertifikat des SMTP-Zugangs läuft bald ab',
    'Es ist bis {expiresAt} gültig. Danach lehnen Clients es ab.',
    RENEW,
  ],
  'smtp-certificate-expired': [
    'Das Zertifikat des SMTP-Zugangs ist abgelaufen',
    'Es war bis {expiresAt} gültig. Clients lehnen es ab.',
    RENEW,
  ],
  'smtp-certificate-not-yet-valid': [
    'Das Zertifikat des SMTP-Zugangs ist noch nicht gültig',
    'Es ist ab {validFrom} gültig. Bis dahin lehnen Clients es ab.',
    'Prüfen Sie die Uhr dieses Servers, oder verwenden Sie bis dahin ein anderes Zertifikat.',
  ],
  'smtp-port-taken': [
    'Ein Port des SMTP-Zugangs ist belegt',
    'Port {port} ist von einem anderen Programm oder einem anderen Inforiver Mail belegt.',
    'Beenden Sie dieses Programm, oft ein Mailserver, oder setzen Sie SMTP_LISTEN_PORT oder SMTP_LISTEN_TLS_PORT auf einen freien Port.',
  ],
  'smtp-port-not-allowed': [
    'Ein Port des SMTP-Zugangs ist nicht erlaubt',
    'Dieses Konto darf nicht auf Port {port} lauschen.',
    'Geben Sie dem Dienst das Recht auf Ports unter 1024 (docs/smtp.md, „Ports“), oder setzen Sie SMTP_LISTEN_PORT oder SMTP_LISTEN_TLS_PORT auf einen Wert über 1023.',
  ],
  'smtp-not-local': [
    'SMTP_LISTEN_HOST ist keine Adresse dieses Rechners',
    'SMTP_LISTEN_HOST ist {host}, und dieser Rechner hat keine solche Adresse.',
    'Setzen Sie SMTP_LISTEN_HOST auf eine Adresse dieses Rechners, oder entfernen Sie die Variable.',
  ],
}

export const serverChecks: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CHECKS).flatMap(([code, [title, detail, action]]) =>
    [
      { part: 'title', text: title },
      { part: 'detail', text: detail },
      { part: 'action', text: action },
    ].flatMap(({ part, text }) => (text === undefined ? [] : [[`checks.${code}.${part}`, text]])),
  ),
)
