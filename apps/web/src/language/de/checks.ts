import type { TranslationOf } from '../catalogue.ts'
import type { checks as english } from '../en/checks.ts'

export const checks: TranslationOf<typeof english> = {
  'checks.intro':
    'Prüft alles, was E-Mails brauchen, von der Konfiguration des Servers bis zum Postfach bei Microsoft. Es wird nichts gesendet und keine Einstellung geändert.',
  'checks.start': 'Einrichtung prüfen',
  'checks.again': 'Erneut prüfen',
  'checks.unsaved': 'Prüft {sender}; die Adresse ist noch nicht gespeichert.',
  'checks.for': 'Geprüft für {sender}.',
  'checks.running': 'Die Prüfung läuft. Sie dauert höchstens 20 Sekunden.',
  'checks.outdated': 'Die Einstellungen haben sich seitdem geändert. Prüfen Sie erneut.',
  'checks.summary':
    '{failed, plural, =0 {Nichts fehlgeschlagen} other {# fehlgeschlagen}}, {warnings, plural, =0 {keine Warnungen} one {# Warnung} other {# Warnungen}}, {ok, number} in Ordnung, {skipped, number} übersprungen.',
  'checks.status.ok': 'In Ordnung',
  'checks.status.warning': 'Warnung',
  'checks.status.failed': 'Fehlgeschlagen',
  'checks.status.skipped': 'Übersprungen',
  'checks.name.configuration': 'Konfiguration',
  'checks.name.clock': 'Uhr',
  'checks.name.entra-reachable': 'Verbindung zu Microsoft Entra',
  'checks.name.graph-reachable': 'Verbindung zu Microsoft Graph',
  'checks.name.upload-host-reachable': 'Verbindung zum Host der Uploads',
  'checks.name.app-registration': 'App-Registrierung',
  'checks.name.credential-expiry': 'Ablauf der Anmeldedaten',
  'checks.name.permissions': 'Berechtigungen',
  'checks.name.mailbox': 'Postfach',
  'checks.name.sender-domain': 'Domäne des Absenders',
  'checks.name.database': 'Datenbank',
  'checks.name.transactions': 'Transaktionen',
  'checks.name.vault': 'Tresor',
  'checks.name.message-storage': 'Speicher für Nachrichten',
  'checks.name.storage': 'Speicherplatz',
  'checks.name.public-url': 'Öffentliche Adresse',
  'checks.name.port': 'Port',
  'checks.name.smtp': 'SMTP-Zugang',
  'checks.copy': 'Für den Support kopieren',
  'checks.copy-fallback': 'Führen Sie stattdessen „doctor“ auf dem Server aus.',
  'checks.copy-hint':
    'Kopiert Versionen, die Prüfungen mit ihren Codes und Korrelations-IDs: kein Geheimnis, keine Adresse und keinen Text.',
  'checks.title': 'Prüfung der Einrichtung',
}
