import type { AlertType } from '../../notice.ts'

/**
 * The titles of alerts, whose English the server makes, by the ids of the page, which has
 * its own where it says more.
 */
export const alerts: Readonly<
  Record<`notices.${Exclude<AlertType, 'microsoft.unreachable' | 'quota.exceeded'>}.title`, string>
> = {
  'notices.mailbox.reconnect-required.title': 'E-Mails von {fromEmail} warten: Verbinden Sie das Postfach neu',
  'notices.mailbox.app-misconfigured.title': 'Der Versand ruht: Die App-Registrierung muss berichtigt werden',
  'notices.mailbox.refused.title':
    'E-Mails von {fromEmail}{byDraft, select, yes {, die wie große als Entwurf gesendet werden,} other {}} warten: Microsoft lehnt sie ab',
  'notices.mailbox.token-refused.title': 'E-Mails von {fromEmail} warten: Microsoft akzeptiert den Zugriff nicht',
  'notices.mailbox.recovered.title': 'E-Mails gehen wieder von {fromEmail} aus',
  'notices.messages.failed.title':
    '{count, plural, one {Eine Nachricht ist fehlgeschlagen} other {# Nachrichten sind fehlgeschlagen}}',
  'notices.microsoft.recovered.title': 'Nichts antwortet mehr an Microsofts Stelle',
  'notices.queue.stalled.title':
    '{count, plural, one {Eine Nachricht ist fällig und geht nicht hinaus} other {# Nachrichten sind fällig und gehen nicht hinaus}}',
  'notices.secret.expiring.title':
    '{kind, select, certificate {Das Zertifikat} other {Der geheime Clientschlüssel}} der App-Registrierung {daysLeft, plural, =0 {ist abgelaufen} one {läuft innerhalb eines Tages ab} other {läuft in # Tagen ab}}',
  'notices.storage.nearly-full.title': 'Der Speicher für Nachrichten ist zu {percent, number} % voll',
  'notices.storage.recovered.title': 'Für Nachrichten ist wieder Platz',
}
