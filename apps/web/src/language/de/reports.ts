import type { TranslationOf } from '../catalogue.ts'
import type { reports as english } from '../en/reports.ts'

export const reports: TranslationOf<typeof english> = {
  'reports.title': 'Zustellberichte',
  'reports.intro':
    'Gesendet heißt, dass Microsoft eine Nachricht angenommen hat. Ob sie angekommen ist, sagt Microsoft danach für jeden Empfänger. Beide Quellen sind aus, bis Sie sie einschalten. Vorher wird jede einmal gelesen; eine Nachricht wird dabei nicht gesendet.',
  'reports.both': 'Beide einschalten',
  'reports.switching': 'Wird umgeschaltet …',
  'reports.bounces': 'Unzustellbarkeitsberichte',
  'reports.bounces.reads':
    'Liest Unzustellbarkeitsberichte {mailbox, select, delegated {in den Posteingängen von {sender} und {delegate}} other {im Posteingang von {sender}}}. Von anderer Post werden nur Kennung, Absender, Art und Zeit aufgelistet. Nichts davon wird gespeichert, geändert oder gelöscht.',
  'reports.bounces.needs':
    '{mailbox, select, own {Braucht <permission>Mail.ReadWrite</permission> von {delegate}, der Person, die einwilligt. Vielleicht muss ein Entra-Administrator die Berechtigung einmal genehmigen.} application {Braucht die Anwendungsberechtigung <permission>Mail.ReadWrite</permission>, die ein Entra-Administrator genehmigt.} other {Braucht <permission>Mail.ReadWrite.Shared</permission> von {delegate}, der Person, die einwilligt, und Full Access auf {sender}. Vielleicht muss ein Entra-Administrator die Berechtigung einmal genehmigen. Eine Gruppe hat keinen Posteingang.}}',
  'reports.bounces.available': 'Was dafür nötig ist, ist schon gewährt.',
  'reports.trace': 'Nachrichtenablaufverfolgung',
  'reports.trace.reads':
    'Fragt Exchange, was aus jeder Nachricht geworden ist: zugestellt, fehlgeschlagen, in Quarantäne oder an einen Verteiler übergeben. Gelesen wird, wer wem was gesendet hat, aber kein Inhalt.',
  'reports.trace.needs':
    'Braucht die Anwendungsberechtigung <permission>ExchangeMessageTrace.Read.All</permission>, die ein Entra-Administrator einmal genehmigt, und den Dienstprinzipal von Microsofts Nachrichtenablaufverfolgung. Microsoft bietet sie nur in seiner globalen Cloud an.',
  'reports.problem.permission-missing': 'Eine Berechtigung fehlt',
  'reports.problem.trace-not-provisioned':
    'Microsofts Nachrichtenablaufverfolgung ist in Ihrer Organisation nicht eingerichtet',
  'reports.problem.trace-unavailable': 'Microsofts Nachrichtenablaufverfolgung antwortet nicht',
  'reports.problem.reports-unreadable': 'Der Posteingang kann nicht gelesen werden',
  'reports.remedy.permission-missing':
    'Schalten Sie die Quelle aus und wieder ein: Dann wird Microsoft um die Berechtigung gebeten. Bietet Microsoft keine Wahl an, genehmigt sie ein Entra-Administrator im Microsoft Entra Admin Center (https://entra.microsoft.com) > Unternehmensanwendungen > die App von Inforiver Mail > Berechtigungen.',
  'reports.remedy.trace-not-provisioned':
    'Ein Entra-Administrator führt dies einmal in Microsoft Graph PowerShell aus (https://learn.microsoft.com/graph/api/resources/exchangemessagetrace); bis es wirkt, vergehen Stunden: New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373',
  'reports.remedy.trace-unavailable':
    'Niemand muss etwas tun als warten: Microsoft ist ausgelastet, wurde zu oft gefragt, oder eine Berechtigung ist noch frisch. Außerhalb der globalen Cloud gibt es keine Nachrichtenablaufverfolgung. Ob Microsoft eine Störung hat, steht unter https://status.cloud.microsoft.',
  'reports.remedy.reports-unreadable':
    'Ein Exchange-Administrator gibt dem Konto, das sendet, Full Access auf {sender}, im Exchange Admin Center (https://admin.exchange.microsoft.com) > Empfänger > Postfächer > Delegierung; bis es wirkt, kann eine Stunde vergehen. Ist die Verbindung selbst verloren, verbinden Sie sie zuerst neu.',
  'reports.remedy.no-inbox':
    '{sender} hat keinen Posteingang: Es ist eine Gruppe oder ein Postfach, das nicht in der Cloud liegt. Schalten Sie die Unzustellbarkeitsberichte aus und die Nachrichtenablaufverfolgung ein, die keinen Posteingang braucht.',
  'reports.problem.since': 'Seit {at}.',
  'reports.problem.stays-off': 'Nichts wurde eingeschaltet.',
}
