import type { problems as english } from '../en/problems.ts'

const ARRIVING = '{arriving, select, yes {mindestens } other {}}'
const STATUS =
  '{status, select, scheduled {geplant} queued {eingereiht} sending {in Arbeit} held {zurückgehalten} sent {gesendet} failed {fehlgeschlagen} cancelled {abgebrochen} other {in einem anderen Zustand}}'

/** Why a request is refused, or not carried out. */
export const problems: Readonly<Record<keyof typeof english, string>> = {
  'headers-too-large': 'Die Kopfzeilen sind größer als die {limitBytes, number} Bytes, die sie haben dürfen.',
  'not-http': 'Die Anforderung ist kein gültiges HTTP: „{reason}“.',
  'request-too-large': 'Die Anforderung ist größer als die {limitBytes, number} Bytes, die sie hier haben darf.',
  'send-as-parts':
    'Senden Sie Anhänge als Teile eines Textkörpers vom Typ multipart/form-data: Sie dürfen größer sein.',
  'method-not-served': '{method} gibt es an dieser Adresse nicht. Hier gibt es {methods}.',
  'other-address': 'Diese Anforderung kam nicht von {publicUrl}. Öffnen Sie die Seite unter dieser Adresse.',
  'encoding-not-supported':
    'Der Content-Encoding {encoding} wird nicht unterstützt: Senden Sie den Textkörper, wie er ist.',
  'charset-not-supported': 'Der Zeichensatz {charset} wird nicht unterstützt: Senden Sie JSON in UTF-8.',
  'body-with-too-many-values': 'Der Textkörper hat mehr als die {max, number} Werte, die er haben darf.',
  'part-with-too-many-values': 'Der Teil message hat mehr als die {max, number} Werte, die er haben darf.',
  'boundary-missing':
    'Der Inhaltstyp multipart/form-data braucht eine boundary von 1 bis 70 Zeichen. HTTP-Clients setzen sie ein, wenn man ihnen die Kopfzeile überlässt.',
  'too-many-parts':
    'Der Textkörper hat zu viele Teile: Höchstens einer ist message, und {max, number} sind attachment.',
  'part-too-large': 'Der Teil message hat mehr als {limitBytes, number} Bytes. Senden Sie Anhänge in eigenen Teilen.',
  faults: '{count, number} Fehler, die in errors aufgezählt sind.',
  'more-faults':
    '{count, number} Fehler: Die ersten {listed, number} sind in errors aufgezählt, und es gibt {more, number} weitere.',

  'request-late': 'Die Anforderung kam nicht innerhalb von {seconds, number} Sekunden an.',
  'request-stopped': 'Von der Anforderung kam {seconds, number} Sekunden lang nichts an.',
  'request-slow':
    'Von der Anforderung kamen innerhalb von {seconds, number} Sekunden weniger als {bytes, number} Bytes an.',
  'nothing-stored': 'Es wurde nichts gespeichert; senden Sie sie noch einmal.',
  'no-memory':
    'Es werden andere große Nachrichten gespeichert, und nach {seconds, number} Sekunden gab es für diese noch keinen Arbeitsspeicher. Es wurde nichts gespeichert; versuchen Sie es gleich noch einmal.',
  'memory-share':
    'Was von Ihnen gerade ankommt, belegt {heldBytes, number} von {totalBytes, number} Bytes Arbeitsspeicher; für diese Anforderung ist kein Platz.',
  'no-place-to-wait':
    'Von {total, number} Anforderungen, die gleichzeitig auf Ereignisse warten dürfen, sind {held, number} Ihre; für eine weitere ist kein Platz. Fragen Sie in einigen Sekunden wieder, oder ohne waitSeconds.',
  'no-place-to-export':
    'Von {total, number} Exporten, die gleichzeitig laufen dürfen, sind {held, number} Ihre; für einen weiteren ist kein Platz. Versuchen Sie es noch einmal, sobald einer beendet ist.',
  'no-place-to-search':
    'Von {total, number} Suchen, die gleichzeitig laufen dürfen, sind {held, number} Ihre; für eine weitere ist kein Platz. Versuchen Sie es in einigen Sekunden noch einmal.',
  'no-place-to-connect':
    'Von {total, number} Verbindungen, die gleichzeitig angemeldet sein dürfen, sind {held, number} Ihre; für eine weitere ist kein Platz.',
  'share-rule':
    'Der Anteil eines Dienstes mit allen seinen Schlüsseln ist dreimal so viel, wie er für andere frei lässt; alle Sitzungen zusammen zählen wie ein Dienst.',
  'attachments-slow':
    'Die Anhänge kamen zu langsam an: {minutes, number} Minuten lang konnte nichts gespeichert werden; was angekommen war, wurde deshalb gelöscht. Senden Sie die Nachricht noch einmal.',
  'attachments-lost':
    'Die Datenbank fiel aus, während die Anhänge ankamen; ein Teil davon ging verloren. Es wurde nichts gespeichert; senden Sie die Nachricht noch einmal.',
  'database-full': 'Der Datenträger der Datenbank ist voll.',
  'database-read-only': 'Die Datenbank kann nur gelesen werden.',
  'database-refuses':
    'Die Datenbank weist diesen Server ab: Wer Inforiver Mail betreibt, findet den Grund im Protokoll.',
  'database-away': 'Die Datenbank antwortet zurzeit nicht.',
  'nothing-changed': 'Es wurde nichts geändert; versuchen Sie es gleich noch einmal.',
  'message-in-doubt':
    'Die Verbindung zur Datenbank ging verloren, als sie die Nachricht speicherte: Ob sie angenommen ist, ist nicht bekannt. Senden Sie dieselbe Anforderung noch einmal mit demselben Idempotency-Key, dann wird sie einmal angenommen; ohne ihn suchen Sie zuerst nach der Nachricht.',
  'change-in-doubt':
    'Die Verbindung zur Datenbank ging verloren, als sie die Änderung speicherte: Ob sie gemacht wurde, ist nicht bekannt. Sehen Sie nach, wie die Dinge stehen, bevor Sie es erneut versuchen.',
  'storage-full':
    'Die Nachrichten belegen {storedBytes, number} von {storageBytes, number} Bytes, das meiste davon solche, die warten oder fehlgeschlagen sind, und diese braucht {neededBytes, number}. Warten Sie, bis einige gesendet sind, oder brechen Sie ab, was nicht gebraucht wird; der Betreiber kann TENANT_STORAGE_BYTES erhöhen.',
  'storage-share':
    'Die Nachrichten belegen {storedBytes, number} von {storageBytes, number} Bytes, die dieses Dienstes {heldBytes, number}, und diese braucht {neededBytes, number}. Das letzte Zehntel ist für Dienste, die weniger als ein Zehntel belegen. Warten Sie, bis einige dieses Dienstes gesendet sind, oder brechen Sie ab, was nicht gebraucht wird; der Betreiber kann TENANT_STORAGE_BYTES erhöhen.',
  'check-running': 'Die Einrichtung wird bereits geprüft, was höchstens {seconds, number} Sekunden dauert.',
  'check-stopping': 'Inforiver Mail wird gerade beendet. Prüfen Sie noch einmal, wenn es wieder gestartet ist.',
  'replays-running':
    'Es laufen noch {max, number} Wiederholungen dieses Webhooks. Versuchen Sie es noch einmal, wenn eine davon beendet ist.',

  'scope-missing':
    'Dem Dienstschlüssel fehlt das Recht {scope}. Ein Workspace-Admin erstellt unter „Mandanteneinstellungen“ > „Dienstschlüssel“ einen, der es hat.',
  'office365-smtp-disabled':
    'Diese Installation verwendet Office 365 SMTP nicht; deshalb sind seine Einstellungen geschlossen. Ein Postfach, das schon verbunden ist, sendet weiter, was Dienste einreichen. Um sie zu öffnen, setzen Sie SMTP=Office365 in der Umgebung oder in inforiver-mail.env, und starten Sie Inforiver Mail neu.',

  'key-reused':
    'Dieser Idempotency-Key wurde in den letzten {hours, number} Stunden für eine Nachricht mit anderem Inhalt verwendet. Verwenden Sie für eine neue Nachricht einen neuen Schlüssel.',
  'mime-too-large':
    'Die Nachricht hat {sizeBytes, number} Bytes; eine, die signiert oder verschlüsselt ist (S/MIME) oder eine Besprechungseinladung enthält, geht in einem Stück von höchstens {limitBytes, number} Bytes an Microsoft. Senden Sie sie mit kleineren Anhängen oder mit einem Link zur Datei.',
  'body-too-large': `Ohne Anhänge hat die Nachricht ${ARRIVING}{sizeBytes, number} Bytes; Microsoft nimmt höchstens {limitBytes, number} an. Kürzen Sie sie, oder senden Sie den Text als Anhang.`,
  'attachment-too-large': `Der Anhang {attachment, number} hat ${ARRIVING}{sizeBytes, number} Bytes; Microsoft nimmt höchstens {limitBytes, number} an (150 MB). Senden Sie einen Link zur Datei.`,
  'attachment-between': `Der Anhang {attachment, number} hat ${ARRIVING}{sizeBytes, number} Bytes, codiert noch ein Drittel mehr: zu viel für eine Anforderung an Microsoft, die höchstens {limitBytes, number} Bytes hat, und zu wenig für eine Uploadsitzung, die Microsoft heute für Dateien dieser Größe abgelehnt hat. Senden Sie weniger, zum Beispiel komprimiert, oder einen Link zur Datei.`,
  'message-too-large': `Für Microsoft codiert hat die Nachricht ${ARRIVING}{sizeBytes, number} Bytes; die Organisation hat heute eine von {refusedBytes, number} Bytes abgelehnt. Senden Sie weniger oder einen Link zur Datei, oder lassen Sie einen Exchange-Administrator die Größenbegrenzung des Postfachs erhöhen; eine höhere Grenze wird innerhalb eines Tages bemerkt.`,
  'large-attachments-disabled': `Die Nachricht hat ${ARRIVING}{attachedBytes, number} Bytes an Anhängen und für Microsoft codiert ${ARRIVING}{sizeBytes, number} Bytes; ohne große Dateianhänge passen höchstens {limitBytes, number} codierte Bytes, was etwa 3 MB an Dateien sind. Ein Workspace-Admin aktiviert große Dateianhänge unter „Mandanteneinstellungen“ > „Office 365 SMTP“; oder senden Sie weniger oder einen Link zur Datei.`,
  'search-too-long':
    'Die Suche wurde nach {seconds, number} Sekunden abgebrochen. Grenzen Sie sie mit einem Zeitraum, einem Zustand oder einem Dienst ein, oder suchen Sie nach einem längeren Text.',
  'search-unindexed':
    'Die Suche wurde nach {seconds, number} Sekunden abgebrochen, weil die Texte von {unindexed, number} Nachrichten noch geschrieben werden, wie nach einem Upgrade. Grenzen Sie sie mit einem Zeitraum ein, oder versuchen Sie es in einigen Minuten erneut.',
  'not-failed': `Nur eine fehlgeschlagene Nachricht kann erneut versucht werden; diese ist ${STATUS}.`,
  'has-expired':
    'Die Nachricht ist abgelaufen: Reichen Sie sie mit einem späteren expiresAt neu ein, wenn sie noch gebraucht wird.',
  'content-deleted': 'Der Inhalt der Nachricht ist inzwischen gelöscht: Reichen Sie sie neu ein.',
  'on-its-way': 'Die Nachricht ist auf dem Weg zu Microsoft oder wurde vielleicht schon gesendet.',
  'in-doubt':
    'Die Nachricht wurde vielleicht schon gesendet. Ob das so ist, stellt sich heraus, sobald das Postfach wieder arbeitet.',
  'has-ended': `Die Nachricht ist ${STATUS}.`,
}
