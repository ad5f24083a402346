import type { TranslationOf } from '../catalogue.ts'
import type { ui as english } from '../en/ui.ts'

export const ui: TranslationOf<typeof english> = {
  'ui.actions': 'Aktionen',
  'ui.all': 'Alle',
  'ui.export': 'Als CSV exportieren',
  'ui.save': 'Speichern',
  'ui.tenant-settings': 'Mandanteneinstellungen',
  'ui.breadcrumb': 'Navigationspfad',
  'ui.cancel': 'Abbrechen',
  'ui.done': 'Fertig',
  'ui.dismiss': 'Schließen',
  'ui.reload': 'Neu laden',
  'ui.retry': 'Erneut versuchen',
  'ui.retrying': 'Wird versucht …',
  'ui.request-id': 'Anforderungs-ID',
  'ui.not-loaded.title': 'Die Seite konnte nicht geöffnet werden',
  'ui.not-loaded.text':
    'Der Server ist nicht erreichbar oder hat eine neuere Version. Es wird alle paar Sekunden erneut versucht. Hilft das nicht, laden Sie die Seite neu.',
  'ui.may-be-stale': 'Die Angaben können sich inzwischen geändert haben.',
  'ui.copied': 'Kopiert.',
  'ui.copy-refused': 'Der Browser hat das Kopieren nicht zugelassen.',
  'ui.secret.key.title': 'Dieser Schlüssel wird nur jetzt angezeigt',
  'ui.secret.key.copy': 'Schlüssel kopieren',
  'ui.secret.key.select': 'Markieren Sie den Schlüssel oben.',
  'ui.secret.secret.title': 'Dieses Geheimnis wird nur jetzt angezeigt',
  'ui.secret.secret.copy': 'Geheimnis kopieren',
  'ui.secret.secret.select': 'Markieren Sie das Geheimnis oben.',
  'ui.closed.text':
    'Diese Installation verwendet Office 365 SMTP nicht; deshalb sind diese Seiten geschlossen. Ein bereits verbundenes Postfach versendet weiterhin, was Dienste einreichen. Um die Seiten zu öffnen, setzt der Betreiber <code>SMTP=Office365</code> in der Datei <code>inforiver-mail.env</code> oder in der Umgebung des Prozesses und startet Inforiver Mail neu.',
  'ui.closed.check-again': 'Erneut prüfen',
}
