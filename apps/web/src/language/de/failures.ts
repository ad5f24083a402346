import type { TranslationOf } from '../catalogue.ts'
import type { failures as english } from '../en/failures.ts'

export const failures: TranslationOf<typeof english> = {
  'failures.problem.invalid-input.title': 'Die Eingabe ist ungültig',
  'failures.problem.invalid-input':
    'Der Server hat die Eingabe nicht angenommen. Prüfen Sie sie, und versuchen Sie es erneut.',
  'failures.problem.not-signed-in.title': 'Nicht angemeldet',
  'failures.problem.not-signed-in': 'Ihre Sitzung ist beendet. Melden Sie sich erneut an.',
  'failures.problem.invalid-service-key.title': 'Dienstschlüssel ungültig',
  'failures.problem.invalid-service-key': 'Der Dienstschlüssel ist ungültig.',
  'failures.problem.not-workspace-admin.title': 'Kein Workspace-Admin',
  'failures.problem.not-workspace-admin': 'Das können nur Workspace-Admins tun.',
  'failures.problem.cross-origin.title': 'Anforderung von einer anderen Herkunft',
  'failures.problem.cross-origin':
    'Der Server hat die Anforderung abgelehnt, weil diese Seite unter einem anderen Namen geöffnet wurde, als der Server verwendet.',
  'failures.problem.scope-missing.title': 'Vom Schlüssel nicht erlaubt',
  'failures.problem.scope-missing': 'Der Dienstschlüssel erlaubt das nicht.',
  'failures.problem.not-found.title': 'Nicht gefunden',
  'failures.problem.not-found': 'Das gibt es nicht mehr. Laden Sie die Seite neu, um den aktuellen Stand zu sehen.',
  'failures.problem.office365-smtp-disabled.title': 'Office 365 SMTP wird nicht verwendet',
  'failures.problem.office365-smtp-disabled': 'Diese Installation verwendet Office 365 SMTP nicht.',
  'failures.problem.method-not-allowed.title': 'Nicht verfügbar',
  'failures.problem.method-not-allowed': 'Der Server bietet das nicht an.',
  'failures.problem.already-configured.title': 'Ein Postfach ist bereits verbunden',
  'failures.problem.already-configured': 'Ein Postfach ist bereits verbunden. Die Seite zeigt es jetzt an.',
  'failures.problem.not-configured.title': 'Kein Postfach verbunden',
  'failures.problem.not-configured': 'Es ist kein Postfach mehr verbunden. Die Seite zeigt das jetzt an.',
  'failures.problem.large-attachments-locked.title': 'Große Dateianhänge sind gesperrt',
  'failures.problem.large-attachments-locked':
    'Große Dateianhänge sind bereits aktiviert und bis zum Zurücksetzen gesperrt.',
  'failures.problem.trace-not-provisioned.title': 'Die Nachrichtenablaufverfolgung ist nicht eingerichtet',
  'failures.problem.trace-not-provisioned':
    'Die Nachrichtenablaufverfolgung von Microsoft ist in Ihrer Organisation nicht eingerichtet.',
  'failures.problem.trace-unavailable.title': 'Die Nachrichtenablaufverfolgung ist nicht verfügbar',
  'failures.problem.trace-unavailable': 'Die Nachrichtenablaufverfolgung von Microsoft ist nicht verfügbar.',
  'failures.problem.reports-unreadable.title': 'Der Posteingang ist nicht lesbar',
  'failures.problem.reports-unreadable': 'Der Posteingang des Absenders kann nicht gelesen werden.',
  'failures.problem.idempotency-key-reused.title': 'Idempotenzschlüssel bereits verwendet',
  'failures.problem.idempotency-key-reused': 'Derselbe Schlüssel wurde bereits für eine andere Nachricht verwendet.',
  'failures.problem.message-not-cancellable.title': 'Abbrechen nicht mehr möglich',
  'failures.problem.message-not-cancellable': 'Diese Nachricht kann nicht mehr abgebrochen werden.',
  'failures.problem.message-not-retryable.title': 'Erneuter Versuch nicht möglich',
  'failures.problem.message-not-retryable': 'Diese Nachricht kann nicht erneut versucht werden.',
  'failures.problem.check-running.title': 'Die Einrichtung wird bereits geprüft',
  'failures.problem.check-running':
    'Die Einrichtung wird bereits geprüft. Versuchen Sie es in einer halben Minute erneut.',
  'failures.problem.message-too-large.title': 'Zu groß',
  'failures.problem.message-too-large': 'Das ist größer, als der Server annimmt.',
  'failures.problem.expectation-failed.title': 'Anforderung nicht angenommen',
  'failures.problem.expectation-failed': 'Der Server hat die Form der Anforderung nicht angenommen.',
  'failures.problem.sender-not-allowed.title': 'Absender nicht zulässig',
  'failures.problem.sender-not-allowed': 'E-Mails dürfen nur von der eingerichteten Absenderadresse gesendet werden.',
  'failures.problem.recipient-not-allowed.title': 'Empfänger nicht zulässig',
  'failures.problem.recipient-not-allowed': 'Einer der Empfänger ist nicht zulässig.',
  'failures.problem.large-attachments-disabled.title': 'Große Dateianhänge sind nicht aktiviert',
  'failures.problem.large-attachments-disabled': 'Große Dateianhänge sind nicht aktiviert.',
  'failures.problem.search-too-long.title': 'Die Suche dauert zu lange',
  'failures.problem.search-too-long':
    'Die Suche wurde abgebrochen. Grenzen Sie sie ein, zum Beispiel mit einem Zeitraum oder einem längeren Text.',
  'failures.problem.rate-limited.title': 'Zu viele Anforderungen',
  'failures.problem.rate-limited':
    'Das war zu oft in kurzer Zeit. Warten Sie eine Minute, und versuchen Sie es erneut.',
  'failures.problem.internal.title': 'Auf dem Server ist ein Fehler aufgetreten',
  'failures.problem.internal':
    'Auf dem Server ist ein Fehler aufgetreten. Das Protokoll enthält die Einzelheiten unter der Anforderungs-ID.',
  'failures.problem.unavailable.title': 'Zurzeit nicht verfügbar',
  'failures.problem.unavailable': 'Der Server kann das zurzeit nicht ausführen. Versuchen Sie es in Kürze erneut.',
  'failures.problem.storage-full.title': 'Kein Platz für Nachrichten',
  'failures.problem.storage-full': 'Der Server hat keinen Platz mehr für Nachrichten.',
  'failures.page.title': 'Auf dieser Seite ist ein Fehler aufgetreten',
  'failures.page': 'Laden Sie die Seite neu.',
  'failures.no-answer.unreachable.title': 'Der Server ist nicht erreichbar',
  'failures.no-answer.unreachable':
    'Es kam keine Antwort. Prüfen Sie die Netzwerkverbindung und ob Inforiver Mail läuft, und versuchen Sie es erneut.',
  'failures.no-answer.unavailable.title': 'Der Server ist zurzeit nicht verfügbar',
  'failures.no-answer.unavailable':
    'Möglicherweise startet er gerade oder wird gewartet. Versuchen Sie es in Kürze erneut.',
  'failures.unreadable.title': 'Der Server hat unerwartet geantwortet',
  'failures.unreadable':
    'Die Antwort (Status {status}) konnte nicht gelesen werden. Möglicherweise ist die Seite älter als der Server: Versuchen Sie es erneut, und laden Sie dann die Seite neu.',
}
