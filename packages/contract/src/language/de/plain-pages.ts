import type { plainPages as english } from '../en/plain-pages.ts'

/** The pages that the server renders itself. */
export const plainPages: Readonly<Record<keyof typeof english, string>> = {
  'correlation-id': 'Korrelations-ID von Microsoft: {correlationId}',
  'other-name.title': 'Öffnen Sie diese Seite unter ihrem eigenen Namen',
  'other-name':
    'Inforiver Mail wurde unter einem anderen Namen geöffnet als dem, für den es eingerichtet ist. Die Anmeldung würde hier nicht funktionieren.',
  'request-id': 'Anforderungs-ID: {id}',
  'approval-back.title': 'Zurück von Microsoft',
  'approval-back':
    'Wenn Sie die Berechtigungen genehmigt haben, teilen Sie das dem Workspace-Admin mit, der das Postfach jetzt verbinden kann. Andernfalls hat sich nichts geändert.',
  close: 'Sie können dieses Fenster schließen.',
  'unexpected.title': 'Diese Antwort wurde hier nicht erwartet',
  unexpected:
    'Sie wurde nicht in diesem Browser angefordert, wurde bereits verwendet oder kam zu spät. Es wurde nichts geändert.',
  'unexpected.next': 'Kehren Sie zu den Einstellungen zurück, und beginnen Sie von vorn.',
  'to-settings': 'Zurück zu den Einstellungen',
  'signed-in.title': 'Sie sind wieder angemeldet',
  'signed-in': 'Sie können dieses Fenster schließen und dort weitermachen, wo Sie waren.',
  open: 'Inforiver Mail öffnen',
  'sign-in-again': 'Erneut anmelden',
  'reports-on.title': 'Zustellberichte sind eingeschaltet',
  'reports-on': 'Was aus E-Mails von {fromEmail} wird, wird von jetzt an angezeigt.',
  'connected.title': 'Das Postfach ist verbunden',
  connected: 'Inforiver sendet E-Mails als {fromEmail}.',
  'what-was-on-stays': 'Was bereits eingeschaltet war, bleibt eingeschaltet.',
  'nothing-changed': 'Es wurde nichts geändert.',
  'ended.other-session.title': 'Diese Einwilligung wurde anderswo begonnen',
  'ended.other-session':
    'Sie kann nur in dem Browser und von der Person abgeschlossen werden, mit denen sie begonnen wurde. Es wurde nichts geändert.',
  'ended.other-session.next':
    'Melden Sie sich hier bei Inforiver Mail an, und beginnen Sie von vorn, oder kehren Sie zu jenem Browser zurück.',
  'ended.used.title': 'Diese Antwort wurde bereits verwendet',
  'ended.used': 'Eine Antwort von Microsoft zählt einmal. Diese hat nichts geändert.',
  'ended.expired.title': 'Die Einwilligung ist abgelaufen',
  'ended.expired': 'Sie war länger als zehn Minuten offen. Es wurde nichts geändert; beginnen Sie von vorn.',
  'ended.cancelled.title': 'Die Einwilligung wurde abgebrochen',
  'ended.cancelled':
    'Sie wurde in den Einstellungen abgebrochen, bevor Microsoft geantwortet hat. Es wurde nichts geändert.',
  'ended.superseded.title': 'Die Einstellungen wurden inzwischen geändert',
  'ended.superseded':
    'Sie wurden geändert oder zurückgesetzt, oder eine andere Einwilligung wurde abgeschlossen, nachdem diese begonnen wurde. Sie hat nichts geändert; sehen Sie sich die Einstellungen an, und beginnen Sie bei Bedarf von vorn.',
  'ended.completed.title': 'Die Einwilligung ist abgeschlossen',
  'ended.completed': 'Sie wurde bereits abgeschlossen.',
  'ended.failed.title': 'Die Einwilligung ist fehlgeschlagen',
  'ended.failed':
    'Sie ist bereits fehlgeschlagen, und es wurde nichts geändert. Die Seite mit den Einstellungen nennt den Grund.',
  'approval.title': 'Berechtigungen zur Genehmigung',
  'approval.complete': 'Es fehlt keine Berechtigung',
  'approval.approved': 'Genehmigt',
  'approval.partly': 'Genehmigt, aber eine Berechtigung fehlt',
  'approval.intro':
    'Für einen Entra-Administrator: Genehmigen Sie hier, was Inforiver Mail zum Senden über Microsoft 365 braucht. Das allein ändert nichts: Danach verbindet ein Workspace-Admin das Postfach oder schaltet Zustellberichte ein.',
  'approval.basics':
    'Die Seite von Microsoft nennt auch die Berechtigungen zur Anmeldung: openid, profile und offline_access. Was jetzt fehlt, ist hervorgehoben.',
  'approval.next':
    'Teilen Sie es dem Workspace-Admin mit, der jetzt das Postfach verbinden oder Zustellberichte einschalten kann; erst dann gelten delegierte Berechtigungen hier als erteilt. Sie können dieses Fenster schließen.',
  'approval.link': 'Bei Microsoft genehmigen',
  'mark.missing': 'Fehlt',
  'mark.granted': 'Erteilt',
  'mark.approved': 'Genehmigt',
  'mark.spare': 'Jetzt nicht nötig',
  'mark.unknown': 'Nicht feststellbar',
  'purpose.Mail.Send': 'um E-Mails zu senden',
  'purpose.Mail.Send.Shared': 'um von einem freigegebenen Postfach oder einer Gruppe zu senden',
  'purpose.Mail.ReadWrite': 'für große Dateianhänge und um Unzustellbarkeitsberichte zu lesen',
  'purpose.Mail.ReadWrite.Shared': 'um die Unzustellbarkeitsberichte eines freigegebenen Postfachs zu lesen',
  'purpose.User.Read': 'um das Konto zu kennen, das sendet',
  'purpose.ExchangeMessageTrace.Read.All': 'für die Nachrichtenablaufverfolgung',
  'approval.trace-again':
    'Die App-Registrierung führt {permission} nicht auf, deshalb hat Microsoft nicht danach gefragt. Fügen Sie es als Anwendungsberechtigung hinzu: {entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen. Genehmigen Sie danach erneut.',
  'approval.trace-first':
    'Zuerst: Die App-Registrierung muss {permission} als Anwendungsberechtigung aufführen: {entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen. Sonst fragt die Seite von Microsoft nicht danach.',
  'approval.command':
    'Die Nachrichtenablaufverfolgung braucht außerdem den Dienstprinzipal von Microsoft in der Organisation. Ein Entra-Administrator fügt ihn einmal in Microsoft Graph PowerShell hinzu; bis er wirkt, vergehen Stunden:',
  'kind.delegated': 'delegiert',
  'kind.application': 'Anwendung',
}
