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
  'notices.microsoft.unreachable.title':
    'E-Mails warten: Etwas antwortet an Microsofts Stelle, für {host}: HTTP {status}{contentType, select, none {} other { ({contentType})}}{excerpt, select, none {} other {: „{excerpt}“}}. Wer Inforiver Mail betreibt, muss den Proxy, die Firewall oder das Gateway dazwischen prüfen.',
  'notices.quota.exceeded.title': 'Der Versand ruht: Eine Grenze von Microsoft ist ausgeschöpft ({code})',
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
}
