import type { TranslationOf } from '../catalogue.ts'
import type { notices as english } from '../en/notices.ts'

export const notices: TranslationOf<typeof english> = {
  'notices.region': 'Hinweise',
  'notices.more': '{count, number} weitere',
  'notices.fewer': 'Weniger anzeigen',
  'notices.because': '{title}: {causes}',
  'notices.cause': '{cause} ({count, number})',
  'notices.other-causes': 'andere Ursachen ({count, number})',
  'notices.service': '{service} ({megabytes, number} MB)',
  'notices.mailbox.reconnect-required.title': 'E-Mails von {fromEmail} warten: Verbinden Sie das Postfach neu',
  'notices.mailbox.app-misconfigured.title': 'Der Versand ruht: Die App-Registrierung muss berichtigt werden',
  'notices.mailbox.refused.title':
    'E-Mails von {fromEmail}{byDraft, select, yes {, die wie große als Entwurf gesendet werden,} other {}} warten: Microsoft lehnt sie ab',
  'notices.mailbox.token-refused.title': 'E-Mails von {fromEmail} warten: Microsoft akzeptiert den Zugriff nicht',
  'notices.mailbox.recovered.title': 'E-Mails gehen wieder von {fromEmail} aus',
  'notices.messages.failed.title':
    '{count, plural, one {Eine Nachricht ist fehlgeschlagen} other {# Nachrichten sind fehlgeschlagen}}',
  'notices.microsoft.unreachable.title':
    'E-Mails warten: Etwas antwortet an Microsofts Stelle, für {host}: HTTP {status}{contentType, select, none {} other { ({contentType})}}{excerpt, select, none {} other {: „{excerpt}“}}. Wer Inforiver Mail betreibt, muss den Proxy, die Firewall oder das Gateway dazwischen prüfen.',
  'notices.microsoft.recovered.title': 'Nichts antwortet mehr an Microsofts Stelle',
  'notices.queue.stalled.title':
    '{count, plural, one {Eine Nachricht ist fällig und geht nicht hinaus} other {# Nachrichten sind fällig und gehen nicht hinaus}}',
  'notices.quota.exceeded.title': 'Der Versand ruht: Eine Grenze von Microsoft ist ausgeschöpft ({code})',
  'notices.secret.expiring.title':
    '{kind, select, certificate {Das Zertifikat} other {Der geheime Clientschlüssel}} der App-Registrierung {daysLeft, plural, =0 {ist abgelaufen} one {läuft innerhalb eines Tages ab} other {läuft in # Tagen ab}}',
  'notices.storage.nearly-full.title': 'Der Speicher für Nachrichten ist zu {percent, number} % voll',
  'notices.storage.recovered.title': 'Für Nachrichten ist wieder Platz',
  'notices.mailbox.reconnect-required.action': 'Neu verbinden',
  'notices.mailbox.app-misconfigured.action': 'Einrichtung prüfen',
  'notices.mailbox.refused.action': 'Ansehen, was zu tun ist',
  'notices.mailbox.token-refused.action': 'Ansehen, was zu tun ist',
  'notices.mailbox.recovered.action': 'Einstellungen öffnen',
  'notices.messages.failed.action': 'Fehlgeschlagene anzeigen',
  'notices.microsoft.unreachable.action': 'Wartende anzeigen',
  'notices.microsoft.recovered.action': 'Wartende anzeigen',
  'notices.queue.stalled.action': 'Wartende anzeigen',
  'notices.quota.exceeded.action': 'Einstellungen öffnen',
  'notices.secret.expiring.action': 'Einstellungen öffnen',
  'notices.storage.nearly-full.action': 'Nachrichten anzeigen',
  'notices.storage.recovered.action': 'Nachrichten anzeigen',
  'notices.retry': 'Erneut versuchen',
  'notices.send-now': 'Jetzt senden',
}
