import type { TranslationOf } from '../catalogue.ts'
import type { shell as english } from '../en/shell.ts'

export const shell: TranslationOf<typeof english> = {
  'shell.language': 'Sprache',
  'shell.language-failed':
    'Die Sprache konnte nicht geladen werden. Prüfen Sie die Verbindung, und versuchen Sie es erneut.',
  'shell.skip': 'Zum Inhalt springen',
  'shell.open-menu': 'Menü öffnen',
  'shell.close-menu': 'Menü schließen',
  'shell.main-menu': 'Hauptmenü',
  'shell.signed-in-as': 'Angemeldet als {name}',
  'shell.menu.overview': 'Übersicht',
  'shell.menu.settings': 'Einstellungen',
  'shell.menu.recipients': 'Empfänger',
  'shell.menu.service-keys': 'Dienstschlüssel',
  'shell.menu.alerts': 'Warnungen',
  'shell.menu.messages': 'Nachrichten',
  'shell.menu.audit-log': 'Überwachungsprotokoll',
  'shell.menu.sessions': 'Sitzungen',
  'shell.demo.label': 'Demo',
  'shell.demo.text': 'Demo: E-Mails gehen an ein simuliertes Microsoft 365.',
  'shell.demo.mailboxes': 'Simulierte Postfächer öffnen',
  'shell.opening-page': 'Die Seite wird geöffnet',
  'shell.not-found.title': 'Seite nicht gefunden',
  'shell.not-found.text': 'Unter dieser Adresse gibt es keine Seite.',
  'shell.not-found.back': 'Zu den Einstellungen',
  'shell.broken.title': 'Auf dieser Seite ist ein Fehler aufgetreten',
  'shell.broken.text': 'Die Einstellungen auf dem Server sind unverändert. Laden Sie die Seite neu, um fortzufahren.',
  'shell.redirection.title': 'Alle E-Mails werden an {address} umgeleitet',
  'shell.redirection.text': 'Keine E-Mail erreicht ihre Empfänger. <link>Umleitung ändern</link>',
}
