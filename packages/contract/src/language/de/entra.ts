import type { entra as english } from '../en/entra.ts'

const APP = '{entra} > App-Registrierungen > die App von Inforiver Mail'
const ENTERPRISE_APP = '{entra} > Unternehmensanwendungen > die App von Inforiver Mail'
const POLICIES = '{entra} > Bedingter Zugriff > Richtlinien'
const LOGS = '{entra} > Überwachung und Integrität > Anmeldeprotokolle'
const USER = '{entra} > Benutzer > das Konto'
const OPERATOR = 'Wer Inforiver Mail betreibt,'
const AGAIN = '{again, select, try {Versuchen Sie es erneut} other {Melden Sie sich erneut an}}'
const APPROVE = 'Ein Entra-Administrator öffnet {approvalLink} und genehmigt die Berechtigungen einmalig.'
const APPROVE_APP = 'Ein Entra-Administrator öffnet {approvalLink} und genehmigt die App einmalig.'
const ACCEPT = `${AGAIN} und wählen Sie auf der Seite von Microsoft „Akzeptieren“. Falls Ihnen keine Wahl angeboten wurde, muss zuerst ein Entra-Administrator {approvalLink} öffnen und die Berechtigungen genehmigen.`
const OTHERS_ACCEPT =
  'Wer sich anmeldet, wählt auf der Seite von Microsoft „Akzeptieren“. Bietet sie keine Wahl, öffnet ein Entra-Administrator {approvalLink} und genehmigt die Berechtigungen einmalig.'
const MEMBER = `${AGAIN} und wählen Sie auf der Seite von Microsoft ein Mitgliedskonto Ihrer eigenen Organisation.`
const OTHERS_MEMBER =
  'Wer sich anmeldet, wählt auf der Seite von Microsoft ein Mitgliedskonto Ihrer eigenen Organisation.'

/** What Entra's refusals mean, and who does what about it. */
export const entra: Readonly<Record<keyof typeof english, string>> = {
  // The connection ended
  'AADSTS700082-renewal.title': 'Die Verbindung ist abgelaufen',
  'AADSTS700082-renewal.detail': 'Microsoft hat die Verbindung beendet, weil sie 90 Tage lang nicht verwendet wurde.',
  'AADSTS700084.title': 'Die Verbindung ist nach 24 Stunden abgelaufen',
  'AADSTS700084.detail':
    'Der Umleitungs-URI ist für eine Single-Page-Anwendung registriert; solche Verbindungen halten 24 Stunden.',
  'AADSTS700084.remedy': `Wer die App-Registrierung betreibt, verschiebt den Umleitungs-URI auf die Plattform Web unter ${APP} > Authentifizierung.`,
  'AADSTS70043.title': 'Eine Richtlinie zur Anmeldehäufigkeit hat die Verbindung beendet',
  'AADSTS70043.detail':
    'Die Richtlinie Ihrer Organisation verlangt eine neue Anmeldung, und zwar jedes Mal, wenn ihre Frist abgelaufen ist.',
  'AADSTS70043.remedy': `Damit die Verbindung hält, nimmt ein Entra-Administrator das Konto oder die App von der Richtlinie aus: ${POLICIES} > die Richtlinie > Sitzung > Anmeldehäufigkeit.`,
  'AADSTS50173.title': 'Die Verbindung wurde widerrufen',
  'AADSTS50173.detail': 'Ein Administrator hat das Kennwort des Kontos zurückgesetzt oder dessen Sitzungen widerrufen.',
  'AADSTS50132.title': 'Das Kennwort des Kontos wurde geändert',
  'AADSTS50132.detail': 'Microsoft hat die Verbindung beendet, als das Kennwort geändert wurde.',
  'AADSTS70000.title': 'Microsoft akzeptiert die Token nicht mehr',
  'AADSTS70000.detail': 'Das gespeicherte Token ist nicht mehr gültig.',

  // The account
  'AADSTS50057.title': 'Das Konto ist deaktiviert',
  'AADSTS50057.detail': 'Das verwendete Konto ist in Entra deaktiviert.',
  'AADSTS50057.remedy': `Ein Entra-Administrator aktiviert es unter ${USER} > Kontostatus. Oder verwenden Sie ein anderes Konto.`,
  'AADSTS50034-renewal.title': 'Das Konto gibt es nicht mehr',
  'AADSTS50034-renewal.detail':
    'Entra findet das Konto nicht, dessen Zugriff verwendet wurde: Es wurde gelöscht oder verschoben.',
  'AADSTS50034-renewal.remedy':
    'Ein Entra-Administrator stellt es innerhalb von 30 Tagen unter {entra} > Benutzer > Gelöschte Benutzer wieder her. Oder verwenden Sie ein anderes Mitgliedskonto Ihrer eigenen Organisation.',
  'AADSTS50034.title': 'Das Konto gibt es hier nicht',
  'AADSTS50034.detail': 'Entra findet dieses Konto nicht in der Organisation.',
  'AADSTS50034.remedy-reader': MEMBER,
  'AADSTS50034.remedy-others': OTHERS_MEMBER,
  'AADSTS50053.title': 'Das Konto ist gesperrt',
  'AADSTS50053.detail':
    'Entra hat das Konto nach zu vielen fehlgeschlagenen Anmeldungen oder wegen deren Herkunft gesperrt.',
  'AADSTS50053.remedy': `Der Inhaber des Kontos wartet das Ende der Sperre ab, oder ein Entra-Administrator sucht die Ursache unter ${USER} > Anmeldeprotokolle.`,
  'AADSTS50055.title': 'Das Kennwort des Kontos ist abgelaufen',
  'AADSTS50055.detail': 'Das Kennwort des Kontos muss zuerst geändert werden.',
  'AADSTS50055.remedy': 'Der Inhaber des Kontos meldet sich bei Microsoft 365 an und ändert das Kennwort.',
  'AADSTS50020.title': 'Das Konto gehört zu einer anderen Organisation',
  'AADSTS50020.detail': 'Das Konto ist kein Mitglied der Organisation, in der Inforiver Mail registriert ist.',
  'AADSTS50020.remedy-reader': MEMBER,
  'AADSTS50020.remedy-others': OTHERS_MEMBER,
  'AADSTS50105.title': 'Das Konto darf die App nicht verwenden',
  'AADSTS50105.detail': 'Die App lässt nur Personen zu, die ihr zugewiesen sind; das Konto ist es nicht.',
  'AADSTS50105.remedy': `Ein Entra-Administrator weist das Konto unter ${ENTERPRISE_APP} > Benutzer und Gruppen zu.`,

  // Consent
  'AADSTS65001-sign-in.title': 'Die App ist noch nicht genehmigt',
  'AADSTS65001-sign-in.detail':
    'Niemand hat genehmigt, dass sich Personen Ihrer Organisation bei der App anmelden, oder die Genehmigung wurde zurückgezogen.',
  'AADSTS65001-sign-in.remedy': APPROVE_APP,
  'AADSTS65004-sign-in.title': 'Sie haben sich nicht angemeldet',
  'AADSTS65004-sign-in.detail': 'Die Seite von Microsoft wurde verlassen, bevor die Anmeldung abgeschlossen war.',
  'AADSTS65004-sign-in.remedy': `${AGAIN}. Falls die Seite von Microsoft die Genehmigung eines Administrators verlangt hat, muss zuerst ein Entra-Administrator {approvalLink} öffnen und die App genehmigen.`,
  'AADSTS90094-sign-in.title': 'Ein Administrator muss zustimmen',
  'AADSTS90094-sign-in.detail':
    'In Ihrer Organisation kann man sich nur bei Apps anmelden, die ein Administrator genehmigt hat.',
  'AADSTS90094-sign-in.remedy': APPROVE_APP,
  'AADSTS65001.title': 'Die Einwilligung fehlt',
  'AADSTS65001.detail':
    'Niemand hat in die Berechtigungen eingewilligt, oder die Einwilligung wurde in Entra zurückgezogen.',
  'AADSTS65001.remedy-reader': ACCEPT,
  'AADSTS65001.remedy-others': OTHERS_ACCEPT,
  'AADSTS65004.title': 'Die Einwilligung wurde nicht abgeschlossen',
  'AADSTS65004.detail': 'Die Berechtigungen wurden auf der Seite von Microsoft nicht akzeptiert.',
  'AADSTS65004.remedy-reader': ACCEPT,
  'AADSTS65004.remedy-others': OTHERS_ACCEPT,
  'AADSTS90094.title': 'Ein Administrator muss zustimmen',
  'AADSTS90094.detail': 'In Ihrer Organisation können nur Administratoren diese Berechtigungen genehmigen.',
  'AADSTS90094.remedy': APPROVE,
  'AADSTS90095.title': 'Die Genehmigung eines Administrators wurde angefordert',
  'AADSTS90095.detail': 'Ihre Anfrage liegt bei den Administratoren Ihrer Organisation.',
  'AADSTS90095.remedy': `Ein Entra-Administrator genehmigt sie unter ${ENTERPRISE_APP} > Anforderungen für Administratorzustimmung, oder er öffnet {approvalLink} und genehmigt die Berechtigungen dort.`,

  // Multifactor authentication and policies
  'AADSTS50074.title': 'Mehrstufige Authentifizierung ist erforderlich',
  'AADSTS50074.detail': 'Microsoft verlangt einen zweiten Faktor, den nur eine neue Anmeldung liefern kann.',
  'AADSTS50074.remedy-reader': `${AGAIN}, halten Sie den zweiten Faktor bereit und schließen Sie die Anmeldung auf der Seite von Microsoft ab.`,
  'AADSTS50074.remedy-others': 'Wer sich anmeldet, hält den zweiten Faktor bereit und schließt die Anmeldung ab.',
  'AADSTS50072.title': 'Das Konto hat noch keinen zweiten Faktor',
  'AADSTS50072.detail':
    'Ihre Organisation verlangt mehrstufige Authentifizierung, und das Konto ist dafür nicht registriert.',
  'AADSTS50072.remedy': 'Der Inhaber des Kontos registriert es zuerst unter https://aka.ms/mfasetup.',
  'AADSTS53000.title': 'Eine Richtlinie verlangt ein verwaltetes Gerät',
  'AADSTS53000.detail': 'Eine Richtlinie für bedingten Zugriff lässt nur konforme oder eingebundene Geräte zu.',
  'AADSTS53000.remedy-reader': `${AGAIN}, und zwar auf einem solchen Gerät, oder lassen Sie die App von einem Entra-Administrator unter ${POLICIES} von der Richtlinie ausnehmen.`,
  'AADSTS53000.remedy-others': `Wer sich anmeldet, tut es auf einem solchen Gerät, oder ein Entra-Administrator nimmt die App unter ${POLICIES} von der Richtlinie aus.`,
  'AADSTS53002.title': 'Eine Richtlinie hat die Anmeldung blockiert',
  'AADSTS53002.detail':
    'Eine Richtlinie für bedingten Zugriff oder ein Risiko, das Entra bei dem Konto sieht, hat sie blockiert.',
  'AADSTS53002.remedy': `Ein Entra-Administrator findet unter ${LOGS} heraus, welche es ist, und ändert sie unter Bedingter Zugriff > Richtlinien.`,
  'AADSTS530035.title': 'Die Sicherheitsstandards haben die Anmeldung blockiert',
  'AADSTS530035.detail': 'Die Sicherheitsstandards Ihrer Organisation haben sie blockiert.',
  'AADSTS530035.remedy':
    'Ein Entra-Administrator prüft {entra} > Übersicht > Eigenschaften > Sicherheitsstandards verwalten.',
  'AADSTS50131.title': 'Eine weitere Prüfung ist erforderlich',
  'AADSTS50131.detail': 'Ihre Organisation verlangt bei der Anmeldung eine weitere Prüfung, die nicht bestanden wurde.',
  'AADSTS50131.remedy-reader': `${AGAIN} und führen Sie jeden Schritt aus, den Microsoft zeigt.`,
  'AADSTS50131.remedy-others': 'Wer sich anmeldet, führt jeden Schritt aus, den Microsoft zeigt.',

  // The app registration
  'AADSTS7000215.title': 'Der geheime Clientschlüssel ist falsch',
  'AADSTS7000215.detail':
    'Microsoft akzeptiert den Wert von AZURE_CLIENT_SECRET nicht. Oft wurde die ID des Schlüssels statt seines Werts eingefügt.',
  'AADSTS7000215.remedy': `${OPERATOR} legt unter ${APP} > Zertifikate und Geheimnisse einen neuen an, kopiert die Spalte Wert (nicht Geheime ID) nach AZURE_CLIENT_SECRET und startet Inforiver Mail neu oder lädt es neu.`,
  'AADSTS7000222.title': 'Der geheime Clientschlüssel ist abgelaufen',
  'AADSTS7000222.detail': 'Der Schlüssel in AZURE_CLIENT_SECRET ist abgelaufen.',
  'AADSTS7000222.remedy': `${OPERATOR} legt unter ${APP} > Zertifikate und Geheimnisse einen neuen an, kopiert seinen Wert nach AZURE_CLIENT_SECRET und startet Inforiver Mail neu oder lädt es neu.`,
  'AADSTS700027.title': 'Das Zertifikat der App wird nicht akzeptiert',
  'AADSTS700027.detail':
    'Microsoft akzeptiert das Zertifikat von AZURE_CLIENT_CERTIFICATE_PATH nicht: Es ist nicht registriert, es ist abgelaufen, oder sein privater Schlüssel gehört zu einem anderen.',
  'AADSTS700027.remedy': `${OPERATOR} vergleicht Fingerabdruck und Daten mit ${APP} > Zertifikate und Geheimnisse > Zertifikate, lädt es dort bei Bedarf hoch und startet Inforiver Mail neu oder lädt es neu.`,
  'AADSTS700024.title': 'Die Uhr dieses Rechners geht falsch',
  'AADSTS700024.detail':
    'Was Inforiver Mail mit seinem Zertifikat signiert hat, oder das Token seiner Verbundanmeldeinformationen, gilt nur eine Zeit lang, und die Uhr von Microsoft liegt außerhalb davon.',
  'AADSTS700024.remedy': `${OPERATOR} stellt die Uhr des Rechners, am besten per NTP.`,
  'AADSTS50027.title': 'Was mit dem Zertifikat signiert wurde, wird nicht akzeptiert',
  'AADSTS50027.detail':
    'Microsoft versteht den Nachweis von Inforiver Mail als den einer anderen App oder eines anderen Anmeldediensts.',
  'AADSTS50027.remedy': `${OPERATOR} prüft AZURE_CLIENT_ID, AZURE_TENANT_ID und AZURE_AUTHORITY_HOST, und dass kein Proxy Anfragen an Microsoft verändert.`,
  'AADSTS70021.title': 'Keine Verbundanmeldeinformationen der App passen zum Token',
  'AADSTS70021.detail':
    'Entra findet keine Verbundanmeldeinformationen mit Aussteller, Antragsteller und Zielgruppe des Tokens in AZURE_FEDERATED_TOKEN_FILE. Neue gelten erst nach einigen Minuten.',
  'AADSTS70021.remedy': `${OPERATOR} vergleicht die drei Buchstabe für Buchstabe mit ${APP} > Zertifikate und Geheimnisse > Verbundanmeldeinformationen.`,
  'AADSTS1002012.title': 'Die Adresse von Graph passt nicht',
  'AADSTS1002012.detail':
    'Microsoft kennt GRAPH_BASE_URL nicht als Dienst, für den eine Anwendung ein Token bekommen kann.',
  'AADSTS1002012.remedy': `${OPERATOR} setzt M365_CLOUD auf die Cloud der Organisation und entfernt GRAPH_BASE_URL und AZURE_AUTHORITY_HOST.`,
  'AADSTS7000218.title': 'Die App ist als falsche Art registriert',
  'AADSTS7000218.detail':
    'Der Umleitungs-URI ist nicht unter der Plattform Web registriert, sodass Microsoft keinen geheimen Clientschlüssel erwartet.',
  'AADSTS7000218.remedy': `Wer die App-Registrierung betreibt, verschiebt ihn auf die Plattform Web unter ${APP} > Authentifizierung.`,
  'AADSTS700016.title': 'Die App ist in dieser Organisation nicht bekannt',
  'AADSTS700016.detail':
    'Entra findet die App-Registrierung von AZURE_CLIENT_ID nicht in der Organisation von AZURE_TENANT_ID.',
  'AADSTS700016.remedy': `${OPERATOR} vergleicht beide mit ${APP} > Übersicht.`,
  'AADSTS7000112.title': 'Die App ist deaktiviert',
  'AADSTS7000112.detail': 'Ein Administrator hat die App in Entra deaktiviert.',
  'AADSTS7000112.remedy': `Ein Entra-Administrator aktiviert sie unter ${ENTERPRISE_APP} > Eigenschaften > Aktiviert für die Benutzeranmeldung.`,
  'AADSTS50011.title': 'Der Umleitungs-URI ist nicht registriert',
  'AADSTS50011.detail': 'Der Umleitungs-URI, den Inforiver Mail verwendet, ist bei der App nicht registriert.',
  'AADSTS50011.remedy': `Wer die App-Registrierung betreibt, fügt ihn genau so, wie Inforiver Mail ihn beim Start ausgibt, unter der Plattform Web hinzu: ${APP} > Authentifizierung.`,
  'AADSTS90002.title': 'Die Organisation ist nicht bekannt',
  'AADSTS90002.detail': 'Entra findet die Organisation von AZURE_TENANT_ID nicht in dieser Cloud.',
  'AADSTS90002.remedy': `${OPERATOR} vergleicht sie mit {entra} > Übersicht > Mandanten-ID, und M365_CLOUD mit der Cloud der Organisation.`,
  'AADSTS90038.title': 'Die Organisation gehört zu einer anderen Cloud',
  'AADSTS90038.detail':
    'Die Organisation oder die App-Registrierung liegt in einer anderen Cloud von Microsoft als der gefragten.',
  'AADSTS90038.remedy': `${OPERATOR} setzt M365_CLOUD auf diese Cloud; sie braucht eine eigene Datenbank (DATABASE_URL oder DATA_DIR).`,
  'AADSTS50194.title': 'AZURE_TENANT_ID nennt nicht genau eine Organisation',
  'AADSTS50194.detail': 'Die App ist für eine Organisation registriert und muss mit deren ID verwendet werden.',
  'AADSTS50194.remedy': `${OPERATOR} setzt AZURE_TENANT_ID auf den Wert unter {entra} > Übersicht > Mandanten-ID.`,
  'AADSTS500011.title': 'Microsoft Graph ist in dieser Organisation nicht verfügbar',
  'AADSTS500011.detail':
    'Die Organisation hat kein Abonnement, das E-Mail mit Microsoft Graph umfasst, oder dessen Dienstprinzipal fehlt oder ist deaktiviert.',
  'AADSTS500011.remedy':
    'Ein Entra-Administrator prüft {entra} > Unternehmensanwendungen > Microsoft Graph, und ob die Organisation Exchange Online hat.',
  'AADSTS650057.title': 'Der App-Registrierung fehlt eine Berechtigung',
  'AADSTS650057.detail':
    'Die App-Registrierung führt die Berechtigungen für Microsoft Graph nicht auf, die verlangt werden.',
  'AADSTS650057.remedy': `Wer die App-Registrierung betreibt, fügt Mail.Send, Mail.Send.Shared, Mail.ReadWrite und User.Read als delegierte Berechtigungen hinzu: ${APP} > API-Berechtigungen.`,
  'AADSTS700054.title': 'Die App-Registrierung erlaubt diese Art der Anmeldung nicht',
  'AADSTS700054.detail': 'Microsoft wurde um eine Antwort gebeten, die die App-Registrierung nicht erlaubt.',
  'AADSTS700054.remedy': `Wer die App-Registrierung betreibt, prüft die Plattform Web unter ${APP} > Authentifizierung.`,
  'AADSTS70011.title': 'Microsoft hat die Anfrage nicht verstanden',
  'AADSTS70011.detail':
    'Microsoft hat die Form der Anfrage abgelehnt. Das ist ein Fehler von Inforiver Mail oder eines Proxys, der Anfragen verändert.',
  'AADSTS70011.remedy': `${OPERATOR} meldet es dem Support von Inforiver, mit der Korrelations-ID.`,

  // The authorization code
  'AADSTS54005.title': 'Diese Anmeldung wurde bereits abgeschlossen',
  'AADSTS54005.detail': 'Der Code, den Microsoft ausgestellt hat, wurde schon verwendet.',
  'AADSTS70008-consent.title': 'Die Anmeldung hat zu lange gedauert',
  'AADSTS70008-consent.detail': 'Der Code, den Microsoft ausgestellt hat, war abgelaufen.',
  'AADSTS501481.title': 'Die Anmeldung gehört nicht zusammen',
  'AADSTS501481.detail': 'Der Code, den Microsoft ausgestellt hat, gehört zu einer anderen Anmeldung.',

  // Outages and throttling
  'AADSTS50196.title': 'Microsoft hat die App gebremst',
  'AADSTS50196.detail': 'Microsoft hat zu viele gleiche Anfragen gesehen und lehnt eine Zeit lang weitere ab.',
  'AADSTS90033.title': 'Microsoft ist überlastet oder gestört',
  'AADSTS90033.detail': 'Der Anmeldedienst von Microsoft kann zurzeit nicht antworten.',

  // What no row of the codes explains
  'entra-not-signed-in.title': 'Sie haben sich nicht angemeldet',
  'entra-not-signed-in.detail': 'Die Seite von Microsoft wurde verlassen, bevor die Anmeldung abgeschlossen war.',
  'entra-not-signed-in.remedy': `${AGAIN}. Falls die Seite von Microsoft die Genehmigung eines Administrators verlangt hat, muss zuerst ein Entra-Administrator {approvalLink} öffnen und die App genehmigen.`,
  'entra-consent-cancelled.title': 'Die Einwilligung wurde nicht abgeschlossen',
  'entra-consent-cancelled.detail':
    'Die Seite von Microsoft wurde verlassen, ohne dass die Berechtigungen akzeptiert wurden.',
  'entra-consent-cancelled.remedy-reader': ACCEPT,
  'entra-consent-cancelled.remedy-others': OTHERS_ACCEPT,
  'entra-admin-approval-required.title': 'Ein Administrator muss zustimmen',
  'entra-admin-approval-required.detail':
    'In Ihrer Organisation können nur Administratoren diese Berechtigungen genehmigen.',
  'entra-admin-approval-required.remedy-reader': ACCEPT,
  'entra-admin-approval-required.remedy-others': OTHERS_ACCEPT,
  'entra-wrong-account.title': 'Dieses Konto kann nicht verwendet werden',
  'entra-wrong-account.detail': 'Microsoft lässt dieses Konto die App nicht verwenden.',
  'entra-wrong-account.remedy-reader': MEMBER,
  'entra-wrong-account.remedy-others': OTHERS_MEMBER,
  'entra-permission-missing.title': 'Eine Berechtigung fehlt',
  'entra-permission-missing.detail': 'Niemand hat in die Berechtigungen eingewilligt, die das Senden braucht.',
  'entra-permission-missing.remedy-reader': ACCEPT,
  'entra-permission-missing.remedy-others': OTHERS_ACCEPT,
  'entra-access-blocked.title': 'Microsoft hat die Anmeldung verhindert',
  'entra-access-blocked.detail': 'Eine Richtlinie oder ein ausgelassener Schritt der Anmeldung hat sie verhindert.',
  'entra-access-blocked.remedy': `Ein Entra-Administrator findet den Grund unter ${LOGS}.`,
  'entra-app-misconfigured.title': 'Die App-Registrierung passt nicht',
  'entra-app-misconfigured.detail':
    'Microsoft akzeptiert die App-Registrierung nicht, oder das, was Inforiver Mail von ihr verlangt.',
  'entra-app-misconfigured.remedy': `${OPERATOR} vergleicht AZURE_TENANT_ID, AZURE_CLIENT_ID und das Geheimnis, das Zertifikat oder die Verbundanmeldeinformationen mit {entra} > App-Registrierungen.`,
  'entra-microsoft-unavailable.title': 'Microsoft ist überlastet oder gestört',
  'entra-microsoft-unavailable.detail': 'Der Anmeldedienst von Microsoft kann zurzeit nicht antworten.',
  'entra-microsoft-refused.title': 'Microsoft hat abgelehnt',
  'entra-microsoft-refused.detail': 'Microsoft hat die Anmeldung nicht abgeschlossen.',
  'entra-unexpected-answer.title': 'Unerwartete Antwort von Microsoft',
  'entra-unexpected-answer.detail': 'Die Antwort enthielt weder Token noch einen Fehler.',
  'entra-unexpected-answer.remedy': `${OPERATOR} prüft, dass kein Proxy anstelle von Microsoft antwortet.`,
  'entra-reconnect-required.title': 'Die Verbindung muss erneut hergestellt werden',
  'entra-reconnect-required.detail': 'Microsoft akzeptiert die Token nicht mehr.',
}
