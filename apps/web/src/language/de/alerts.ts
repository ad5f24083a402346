import type { TranslationOf } from '../catalogue.ts'
import type { alerts as english } from '../en/alerts.ts'

export const alerts: TranslationOf<typeof english> = {
  'alerts.title': 'Warnungen',
  'alerts.loading': 'Die Webhooks werden gelesen',
  'alerts.intro': 'Wohin Warnungen gehen, wenn das Postfach selbst nicht senden kann.',
  'alerts.heading': 'Webhooks',
  'alerts.add': 'Webhook hinzufügen',
  'alerts.removed.title': 'Der Webhook an {host} ist entfernt',
  'alerts.removed.text': 'Dorthin wird nichts mehr gesendet.',
  'alerts.replayed': '{count, plural, one {# Ereignis wird} other {# Ereignisse werden}} erneut an {host} gesendet',
  'alerts.empty.title': 'Noch keine Webhooks',
  'alerts.empty.text':
    'Ein Webhook ist die Adresse eines anderen Systems, etwa des Systems für Ihre Rufbereitschaft. Es erfährt, wenn das Postfach neu verbunden werden muss und wenn es wieder funktioniert, wenn die App-Registrierung abgelehnt wird, wenn Nachrichten fehlschlagen, wenn die Warteschlange stillsteht und wenn der geheime Clientschlüssel bald abläuft. Es kann auch erfahren, was aus jeder Nachricht geworden ist.',
  'alerts.full': 'Es gibt {count, number} Webhooks; mehr sind nicht möglich.',
  'alerts.hint':
    'Dieselben Warnungen sieht jeder Workspace-Admin oben auf diesen Seiten, bis einer von ihnen sie ausblendet. Eine Anforderung, die nicht ankommt, wird drei Tage lang wiederholt.',
  'alerts.test.arrived': 'Der Test ist bei {host} angekommen',
  'alerts.test.failed': 'Der Test ist nicht bei {host} angekommen',
  'alerts.column.address': 'Adresse',
  'alerts.column.sends': 'Sendet',
  'alerts.column.added': 'Hinzugefügt',
  'alerts.column.last-request': 'Letzte Anforderung',
  'alerts.column.actions': 'Aktionen',
  'alerts.no-request': 'Noch keine',
  'alerts.test': 'Testen',
  'alerts.testing': 'Wird getestet …',
  'alerts.test-of': 'Den Webhook an {host} testen',
  'alerts.replay': 'Erneut senden',
  'alerts.replay-of': 'Ereignisse erneut an {host} senden',
  'alerts.remove': 'Entfernen',
  'alerts.remove-of': 'Den Webhook an {host} entfernen',
  'alerts.type.mailbox.reconnect-required': 'Neu verbinden',
  'alerts.type.mailbox.app-misconfigured': 'App-Registrierung abgelehnt',
  'alerts.type.mailbox.refused': 'E-Mails des Postfachs abgelehnt',
  'alerts.type.mailbox.recovered': 'Postfach funktioniert wieder',
  'alerts.type.messages.failed': 'Nachrichten fehlgeschlagen',
  'alerts.type.queue.stalled': 'Warteschlange steht still',
  'alerts.type.quota.exceeded': 'Limit von Microsoft ausgeschöpft',
  'alerts.type.secret.expiring': 'Geheimer Clientschlüssel läuft ab',
  'alerts.type.message.sent': 'Nachricht gesendet',
  'alerts.type.message.failed': 'Nachricht fehlgeschlagen',
  'alerts.type.message.held': 'Nachricht zurückgehalten',
  'alerts.type.message.released': 'Nachricht freigegeben',
  'alerts.type.message.cancelled': 'Nachricht abgebrochen',
  'alerts.type.message.delivered': 'Nachricht zugestellt',
  'alerts.type.message.bounced': 'Nachricht nicht zugestellt',
  'alerts.type.message.quarantined': 'Nachricht in Quarantäne',
  'alerts.type.webhook.test': 'Test',
  'alerts.outcome.delivered': 'Zugestellt',
  'alerts.outcome.refused': 'Vom Zielsystem abgelehnt',
  'alerts.outcome.redirected': 'Mit einer Umleitung beantwortet',
  'alerts.outcome.address-refused':
    'Nicht gesendet: Der Name führt zu einer Adresse, die Webhooks nicht erreichen dürfen',
  'alerts.outcome.name-not-found': 'Nicht gesendet: Der Name ist nicht bekannt',
  'alerts.outcome.certificate-refused': 'Nicht gesendet: Das Zertifikat des Zielsystems ist nicht vertrauenswürdig',
  'alerts.outcome.timed-out': 'Keine Antwort innerhalb von 10 Sekunden',
  'alerts.outcome.connection-failed': 'Keine Verbindung',
  'alerts.outcome-status': '{outcome} (Status {status})',
  'alerts.remedy.refused': 'Im Protokoll des Zielsystems steht, warum es die Anforderung nicht annimmt.',
  'alerts.remedy.redirected':
    'Einer Umleitung wird nicht gefolgt: Fügen Sie einen Webhook mit der Adresse hinzu, zu der sie führt.',
  'alerts.remedy.address-refused':
    'Adressen dieses Computers, verbindungslokale Adressen und Metadatenadressen werden immer abgelehnt; private Adressen, sofern der Betreiber von Inforiver Mail nicht WEBHOOK_ALLOW_PRIVATE=true setzt.',
  'alerts.remedy.name-not-found': 'Prüfen Sie die Adresse oder die DNS-Einstellungen des Servers.',
  'alerts.remedy.certificate-refused':
    'Das Zertifikat muss für diesen Namen gültig sein. Einem Zertifikat einer privaten Zertifizierungsstelle wird vertraut, wenn NODE_EXTRA_CA_CERTS von Inforiver Mail diese Stelle nennt.',
  'alerts.remedy.timed-out':
    'Das Zielsystem muss antworten, bevor es seine Arbeit beginnt. Auch eine Firewall kann im Weg sein.',
  'alerts.remedy.connection-failed':
    'Prüfen Sie, ob das Zielsystem läuft und ob eine Firewall im Weg ist. Es wird kein Proxy verwendet.',
  'alerts.sends.all': 'Alle Warnungen',
  'alerts.sends.of-services': '{events} (nur von {services})',
  'alerts.waiting':
    '{count, plural, one {# Anforderung ist noch zuzustellen} other {# Anforderungen sind noch zuzustellen}}',
  'alerts.dialog.title': 'Webhook hinzufügen',
  'alerts.dialog.address': 'Adresse des Zielsystems',
  'alerts.dialog.address-hint': 'Was Sie unten auswählen, wird als signierte POST-Anforderung dorthin gesendet.',
  'alerts.dialog.alerts': 'Warnungen',
  'alerts.dialog.events': 'Ereignisse zu Nachrichten',
  'alerts.dialog.events-hint':
    'Eine Anforderung je Nachricht oder je Empfänger, den sie nennen kann. Zugestellt, nicht zugestellt und in Quarantäne setzen Zustellberichte voraus.',
  'alerts.dialog.services': 'Dienste',
  'alerts.dialog.services-hint':
    'Namen, durch Kommas getrennt. Bleibt das Feld leer, werden Ereignisse aller Dienste gesendet.',
  'alerts.replaying.title': 'Ereignisse erneut an {host} senden',
  'alerts.replaying.submit': 'Erneut senden',
  'alerts.replaying.since': 'Seit',
  'alerts.replaying.since-hint':
    'Gesendet werden die ältesten {max, number} Ereignisse seit diesem Zeitpunkt, und zwar die Arten und Dienste des Webhooks.',
  'alerts.replaying.time-needed': 'Datum und Uhrzeit sind erforderlich.',
  'alerts.new.title': 'Das Geheimnis für {host}',
  'alerts.new.label': 'Signaturgeheimnis',
  'alerts.new.advice':
    'Kopieren Sie es dorthin, wo das Zielsystem seine Geheimnisse aufbewahrt. Inforiver Mail zeigt es nicht noch einmal an.',
  'alerts.new.text':
    'Damit prüft das Zielsystem mit einer beliebigen Bibliothek für Standard Webhooks, dass eine Anforderung von hier kommt. Wählen Sie danach „Testen“, um zu sehen, ob alles passt.',
  'alerts.removing.title': 'Den Webhook an {host} entfernen?',
  'alerts.removing.address': 'An {url} wird nichts mehr gesendet. Das Geheimnis wird gelöscht.',
  'alerts.removing.waiting':
    '{count, plural, one {# Anforderung, die noch zuzustellen ist, wird nicht mehr gesendet.} other {# Anforderungen, die noch zuzustellen sind, werden nicht mehr gesendet.}}',
  'alerts.removing.pages': 'Auf diesen Seiten werden dieselben Warnungen weiterhin angezeigt.',
}
