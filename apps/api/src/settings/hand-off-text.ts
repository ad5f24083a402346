import { TRACE_PERMISSION, type Permission } from '@inforiver-mail/contract/permission'
import type { PageText } from '@inforiver-mail/contract/plain-page'

/** The texts of the page for an Entra administrator, in each language. */
export const APPROVAL_TEXT = {
  title: { en: 'Permissions to approve', de: 'Berechtigungen zur Genehmigung' },
  complete: { en: 'No permission is missing', de: 'Es fehlt keine Berechtigung' },
  approved: { en: 'Approved', de: 'Genehmigt' },
  partly: { en: 'Approved, but a permission is missing', de: 'Genehmigt, aber eine Berechtigung fehlt' },
  intro: {
    en: 'For an Entra administrator: approve here what Inforiver Mail needs to send mail through Microsoft 365. That alone changes nothing: a workspace admin connects the mailbox, or switches delivery reports on, afterwards.',
    de: 'Für einen Entra-Administrator: Genehmigen Sie hier, was Inforiver Mail zum Senden über Microsoft 365 braucht. Das allein ändert nichts: Danach verbindet ein Workspace-Admin das Postfach oder schaltet Zustellberichte ein.',
  },
  basics: {
    en: 'Microsoft’s page also names the permissions of signing in: openid, profile and offline_access. What is missing now is marked.',
    de: 'Die Seite von Microsoft nennt auch die Berechtigungen zur Anmeldung: openid, profile und offline_access. Was jetzt fehlt, ist hervorgehoben.',
  },
  next: {
    en: 'Tell the workspace admin, who can now connect the mailbox or switch delivery reports on; only then do delegated permissions count as granted here. You can close this window.',
    de: 'Teilen Sie es dem Workspace-Admin mit, der jetzt das Postfach verbinden oder Zustellberichte einschalten kann; erst dann gelten delegierte Berechtigungen hier als erteilt. Sie können dieses Fenster schließen.',
  },
  link: { en: 'Approve at Microsoft', de: 'Bei Microsoft genehmigen' },
} as const satisfies Readonly<Record<string, PageText>>

export const MARKS = {
  missing: { en: 'Missing', de: 'Fehlt' },
  granted: { en: 'Granted', de: 'Erteilt' },
  approved: { en: 'Approved', de: 'Genehmigt' },
  spare: { en: 'Not needed now', de: 'Jetzt nicht nötig' },
  unknown: { en: 'Cannot be told', de: 'Nicht feststellbar' },
} as const

export const PURPOSES = {
  'Mail.Send': { en: 'to send mail', de: 'um E-Mails zu senden' },
  'Mail.Send.Shared': {
    en: 'to send from a shared mailbox or a group',
    de: 'um von einem freigegebenen Postfach oder einer Gruppe zu senden',
  },
  'Mail.ReadWrite': {
    en: 'for large file attachments, and to read non-delivery reports',
    de: 'für große Dateianhänge und um Unzustellbarkeitsberichte zu lesen',
  },
  'Mail.ReadWrite.Shared': {
    en: 'to read the non-delivery reports of a shared mailbox',
    de: 'um die Unzustellbarkeitsberichte eines freigegebenen Postfachs zu lesen',
  },
  'User.Read': {
    en: 'to know the account that sends',
    de: 'um das Konto zu kennen, das sendet',
  },
  'ExchangeMessageTrace.Read.All': { en: 'for the message trace', de: 'für die Nachrichtenablaufverfolgung' },
} as const satisfies Readonly<Record<Permission, { readonly en: string; readonly de: string }>>

/** Microsoft's page asks for nothing that the registration does not list; only an approval that brought nothing proves that. */
export function traceText(entra: string, wasApproved: boolean): PageText {
  return wasApproved
    ? {
        en: `The app registration does not list ${TRACE_PERMISSION}, so Microsoft did not ask for it. Add it as an application permission in the ${entra} > App registrations > the app of Inforiver Mail > API permissions, then approve again.`,
        de: `Die App-Registrierung führt ${TRACE_PERMISSION} nicht auf, deshalb hat Microsoft nicht danach gefragt. Fügen Sie es als Anwendungsberechtigung hinzu: ${entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen. Genehmigen Sie danach erneut.`,
      }
    : {
        en: `First: the app registration has to list ${TRACE_PERMISSION} as an application permission, in the ${entra} > App registrations > the app of Inforiver Mail > API permissions. Otherwise Microsoft’s page does not ask for it.`,
        de: `Zuerst: Die App-Registrierung muss ${TRACE_PERMISSION} als Anwendungsberechtigung aufführen: ${entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen. Sonst fragt die Seite von Microsoft nicht danach.`,
      }
}

export const commandText: PageText = {
  en: 'The message trace also needs Microsoft’s service principal in the organisation. An Entra administrator adds it once, in Microsoft Graph PowerShell; it takes hours to work:',
  de: 'Die Nachrichtenablaufverfolgung braucht außerdem den Dienstprinzipal von Microsoft in der Organisation. Ein Entra-Administrator fügt ihn einmal in Microsoft Graph PowerShell hinzu; bis er wirkt, vergehen Stunden:',
}
