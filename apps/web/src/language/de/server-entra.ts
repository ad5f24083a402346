/** What Entra's codes mean, by the names of the server's sentences: title, detail, and what to do. */
type Text = readonly [title: string, detail: string, remedy?: string, remedyOfOthers?: string]

const APP = '{entra} > App-Registrierungen > die App von Inforiver Mail'
const ENTERPRISE_APP = '{entra} > Unternehmensanwendungen > die App von Inforiver Mail'
const POLICIES = '{entra} > Bedingter Zugriff > Richtlinien'
const LOGS = '{entra} > Überwachung und Integrität > Anmeldeprotokolle'
const USER = '{entra} > Benutzer > das Konto'
const OPERATOR = 'Wer Inforiver Mail betreibt,'
const AGAIN = '{again, select, try {Versuchen Sie es erneut} other {Melden Sie sich erneut an}}'
const ACCEPT = [
  `${AGAIN} und wählen Sie auf der Seite von Microsoft „Akzeptieren“. Falls Ihnen keine Wahl angeboten wurde, muss zuerst ein Entra-Administrator {approvalLink} öffnen und die Berechtigungen genehmigen.`,
  'Wer sich anmeldet, wählt auf der Seite von Microsoft „Akzeptieren“. Bietet sie keine Wahl, öffnet ein Entra-Administrator {approvalLink} und genehmigt die Berechtigungen einmalig.',
] as const
const MEMBER = [
  `${AGAIN} und wählen Sie auf der Seite von Microsoft ein Mitgliedskonto Ihrer eigenen Organisation.`,
  'Wer sich anmeldet, wählt auf der Seite von Microsoft ein Mitgliedskonto Ihrer eigenen Organisation.',
] as const
const APPROVE = 'Ein Entra-Administrator öffnet {approvalLink} und genehmigt die Berechtigungen einmalig.'
const APPROVE_APP = 'Ein Entra-Administrator öffnet {approvalLink} und genehmigt die App einmalig.'
const NOT_SIGNED_IN: Text = [
  'Sie haben sich nicht angemeldet',
  'Die Seite von Microsoft wurde verlassen, bevor die Anmeldung abgeschlossen war.',
  `${AGAIN}. Falls die Seite von Microsoft die Genehmigung eines Administrators verlangt hat, muss zuerst ein Entra-Administrator {approvalLink} öffnen und die App genehmigen.`,
]

const TEXTS: Readonly<Record<string, Text>> = {
  'AADSTS700082-renewal': [
    'Die Verbindung ist abgelaufen',
    'Microsoft hat die Verbindung beendet, weil sie 90 Tage lang nicht verwendet wurde.',
  ],
  AADSTS700084: [
    'Die Verbindung ist nach 24 Stunden abgelaufen',
    'Der Umleitungs-URI ist für eine Single-Page-Anwendung registriert; solche Verbindungen halten 24 Stunden.',
    `Wer die App-Registrierung betreibt, verschiebt den Umleitungs-URI auf die Plattform Web unter ${APP} > Authentifizierung.`,
  ],
  AADSTS70043: [
    'Eine Richtlinie zur Anmeldehäufigkeit hat die Verbindung beendet',
    'Die Richtlinie Ihrer Organisation verlangt eine neue Anmeldung, und zwar jedes Mal, wenn ihre Frist abgelaufen ist.',
    `Damit die Verbindung hält, nimmt ein Entra-Administrator das Konto oder die App von der Richtlinie aus: ${POLICIES} > die Richtlinie > Sitzung > Anmeldehäufigkeit.`,
  ],
  AADSTS50173: [
    'Die Verbindung wurde widerrufen',
    'Ein Administrator hat das Kennwort des Kontos zurückgesetzt oder dessen Sitzungen widerrufen.',
  ],
  AADSTS50132: [
    'Das Kennwort des Kontos wurde geändert',
    'Microsoft hat die Verbindung beendet, als das Kennwort geändert wurde.',
  ],
  AADSTS70000: ['Microsoft akzeptiert die Token nicht mehr', 'Das gespeicherte Token ist nicht mehr gültig.'],
  AADSTS50057: [
    'Das Konto ist deaktiviert',
    'Das verwendete Konto ist in Entra deaktiviert.',
    `Ein Entra-Administrator aktiviert es unter ${USER} > Kontostatus. Oder verwenden Sie ein anderes Konto.`,
  ],
  'AADSTS50034-renewal': [
    'Das Konto gibt es nicht mehr',
    'Entra findet das Konto nicht, dessen Zugriff verwendet wurde: Es wurde gelöscht oder verschoben.',
    'Ein Entra-Administrator stellt es innerhalb von 30 Tagen unter {entra} > Benutzer > Gelöschte Benutzer wieder her. Oder verwenden Sie ein anderes Mitgliedskonto Ihrer eigenen Organisation.',
  ],
  AADSTS50034: ['Das Konto gibt es hier nicht', 'Entra findet dieses Konto nicht in der Organisation.', ...MEMBER],
  AADSTS50053: [
    'Das Konto ist gesperrt',
    'Entra hat das Konto nach zu vielen fehlgeschlagenen Anmeldungen oder wegen deren Herkunft gesperrt.',
    `Der Inhaber des Kontos wartet das Ende der Sperre ab, oder ein Entra-Administrator sucht die Ursache unter ${USER} > Anmeldeprotokolle.`,
  ],
  AADSTS50055: [
    'Das Kennwort des Kontos ist abgelaufen',
    'Das Kennwort des Kontos muss zuerst geändert werden.',
    'Der Inhaber des Kontos meldet sich bei Microsoft 365 an und ändert das Kennwort.',
  ],
  AADSTS50020: [
    'Das Konto gehört zu einer anderen Organisation',
    'Das Konto ist kein Mitglied der Organisation, in der Inforiver Mail registriert ist.',
    ...MEMBER,
  ],
  AADSTS50105: [
    'Das Konto darf die App nicht verwenden',
    'Die App lässt nur Personen zu, die ihr zugewiesen sind; das Konto ist es nicht.',
    `Ein Entra-Administrator weist das Konto unter ${ENTERPRISE_APP} > Benutzer und Gruppen zu.`,
  ],
  'AADSTS65001-sign-in': [
    'Die App ist noch nicht genehmigt',
    'Niemand hat genehmigt, dass sich Personen Ihrer Organisation bei der App anmelden, oder die Genehmigung wurde zurückgezogen.',
    APPROVE_APP,
  ],
  'AADSTS65004-sign-in': NOT_SIGNED_IN,
  'AADSTS90094-sign-in': [
    'Ein Administrator muss zustimmen',
    'In Ihrer Organisation kann man sich nur bei Apps anmelden, die ein Administrator genehmigt hat.',
    APPROVE_APP,
  ],
  AADSTS65001: [
    'Die Einwilligung fehlt',
    'Niemand hat in die Berechtigungen eingewilligt, oder die Einwilligung wurde in Entra zurückgezogen.',
    ...ACCEPT,
  ],
  AADSTS65004: [
    'Die Einwilligung wurde nicht abgeschlossen',
    'Die Berechtigungen wurden auf der Seite von Microsoft nicht akzeptiert.',
    ...ACCEPT,
  ],
  AADSTS90094: [
    'Ein Administrator muss zustimmen',
    'In Ihrer Organisation können nur Administratoren diese Berechtigungen genehmigen.',
    APPROVE,
  ],
  AADSTS90095: [
    'Die Genehmigung eines Administrators wurde angefordert',
    'Ihre Anfrage liegt bei den Administratoren Ihrer Organisation.',
    `Ein Entra-Administrator genehmigt sie unter ${ENTERPRISE_APP} > Anforderungen für Administratorzustimmung, oder er öffnet {approvalLink} und genehmigt die Berechtigungen dort.`,
  ],
  AADSTS50074: [
    'Mehrstufige Authentifizierung ist erforderlich',
    'Microsoft verlangt einen zweiten Faktor, den nur eine neue Anmeldung liefern kann.',
    `${AGAIN}, halten Sie den zweiten Faktor bereit und schließen Sie die Anmeldung auf der Seite von Microsoft ab.`,
    'Wer sich anmeldet, hält den zweiten Faktor bereit und schließt die Anmeldung ab.',
  ],
  AADSTS50072: [
    'Das Konto hat noch keinen zweiten Faktor',
    'Ihre Organisation verlangt mehrstufige Authentifizierung, und das Konto ist dafür nicht registriert.',
    'Der Inhaber des Kontos registriert es zuerst unter https://aka.ms/mfasetup.',
  ],
  AADSTS53000: [
    'Eine Richtlinie verlangt ein verwaltetes Gerät',
    'Eine Richtlinie für bedingten Zugriff lässt nur konforme oder eingebundene Geräte zu.',
    `${AGAIN}, und zwar auf einem solchen Gerät, oder lassen Sie die App von einem Entra-Administrator unter ${POLICIES} von der Richtlinie ausnehmen.`,
    `Wer sich anmeldet, tut es auf einem solchen Gerät, oder ein Entra-Administrator nimmt die App unter ${POLICIES} von der Richtlinie aus.`,
  ],
  AADSTS53002: [
    'Eine Richtlinie hat die Anmeldung blockiert',
    'Eine Richtlinie für bedingten Zugriff oder ein Risiko, das Entra bei dem Konto sieht, hat sie blockiert.',
    `Ein Entra-Administrator findet unter ${LOGS} heraus, welche es ist, und ändert sie unter Bedingter Zugriff > Richtlinien.`,
  ],
  AADSTS530035: [
    'Die Sicherheitsstandards haben die Anmeldung blockiert',
    'Die Sicherheitsstandards Ihrer Organisation haben sie blockiert.',
    'Ein Entra-Administrator prüft {entra} > Übersicht > Eigenschaften > Sicherheitsstandards verwalten.',
  ],
  AADSTS50131: [
    'Eine weitere Prüfung ist erforderlich',
    'Ihre Organisation verlangt bei der Anmeldung eine weitere Prüfung, die nicht bestanden wurde.',
    `${AGAIN} und führen Sie jeden Schritt aus, den Microsoft zeigt.`,
    'Wer sich anmeldet, führt jeden Schritt aus, den Microsoft zeigt.',
  ],
  AADSTS7000215: [
    'Der geheime Clientschlüssel ist falsch',
    'Microsoft akzeptiert den Wert von AZURE_CLIENT_SECRET nicht. Oft wurde die ID des Schlüssels statt seines Werts eingefügt.',
    `${OPERATOR} legt unter ${APP} > Zertifikate und Geheimnisse einen neuen an, kopiert die Spalte Wert (nicht Geheime ID) nach AZURE_CLIENT_SECRET und startet Inforiver Mail neu oder lädt es neu.`,
  ],
  AADSTS7000222: [
    'Der geheime Clientschlüssel ist abgelaufen',
    'Der Schlüssel in AZURE_CLIENT_SECRET ist abgelaufen.',
    `${OPERATOR} legt unter ${APP} > Zertifikate und Geheimnisse einen neuen an, kopiert seinen Wert nach AZURE_CLIENT_SECRET und startet Inforiver Mail neu oder lädt es neu.`,
  ],
  AADSTS700027: [
    'Das Zertifikat der App wird nicht akzeptiert',
    'Microsoft akzeptiert das Zertifikat von AZURE_CLIENT_CERTIFICATE_PATH nicht: Es ist nicht registriert, es ist abgelaufen, oder sein privater Schlüssel gehört zu einem anderen.',
    `${OPERATOR} vergleicht Fingerabdruck und Daten mit ${APP} > Zertifikate und Geheimnisse > Zertifikate, lädt es dort bei Bedarf hoch und startet Inforiver Mail neu oder lädt es neu.`,
  ],
  AADSTS700024: [
    'Die Uhr dieses Rechners geht falsch',
    'Was Inforiver Mail mit seinem Zertifikat signiert hat, oder das Token seiner Verbundanmeldeinformationen, gilt nur eine Zeit lang, und die Uhr von Microsoft liegt außerhalb davon.',
    `${OPERATOR} stellt die Uhr des Rechners, am besten per NTP.`,
  ],
  AADSTS50027: [
    'Was mit dem Zertifikat signiert wurde, wird nicht akzeptiert',
    'Microsoft versteht den Nachweis von Inforiver Mail als den einer anderen App oder eines anderen Anmeldediensts.',
    `${OPERATOR} prüft AZURE_CLIENT_ID, AZURE_TENANT_ID und AZURE_AUTHORITY_HOST, und dass kein Proxy Anfragen an Microsoft verändert.`,
  ],
  AADSTS70021: [
    'Keine Verbundanmeldeinformationen der App passen zum Token',
    'Entra findet keine Verbundanmeldeinformationen mit Aussteller, Antragsteller und Zielgruppe des Tokens in AZURE_FEDERATED_TOKEN_FILE. Neue gelten erst nach einigen Minuten.',
    `${OPERATOR} vergleicht die drei Buchstabe für Buchstabe mit ${APP} > Zertifikate und Geheimnisse > Verbundanmeldeinformationen.`,
  ],
  AADSTS1002012: [
    'Die Adresse von Graph passt nicht',
    'Microsoft kennt GRAPH_BASE_URL nicht als Dienst, für den eine Anwendung ein Token bekommen kann.',
    `${OPERATOR} setzt M365_CLOUD auf die Cloud der Organisation und entfernt GRAPH_BASE_URL und AZURE_AUTHORITY_HOST.`,
  ],
  AADSTS7000218: [
    'Die App ist als falsche Art registriert',
    'Der Umleitungs-URI ist nicht unter der Plattform Web registriert, sodass Microsoft keinen geheimen Clientschlüssel erwartet.',
    `Wer die App-Registrierung betreibt, verschiebt ihn auf die Plattform Web unter ${APP} > Authentifizierung.`,
  ],
  AADSTS700016: [
    'Die App ist in dieser Organisation nicht bekannt',
    'Entra findet die App-Registrierung von AZURE_CLIENT_ID nicht in der Organisation von AZURE_TENANT_ID.',
    `${OPERATOR} vergleicht beide mit ${APP} > Übersicht.`,
  ],
  AADSTS7000112: [
    'Die App ist deaktiviert',
    'Ein Administrator hat die App in Entra deaktiviert.',
    `Ein Entra-Administrator aktiviert sie unter ${ENTERPRISE_APP} > Eigenschaften > Aktiviert für die Benutzeranmeldung.`,
  ],
  AADSTS50011: [
    'Der Umleitungs-URI ist nicht registriert',
    'Der Umleitungs-URI, den Inforiver Mail verwendet, ist bei der App nicht registriert.',
    `Wer die App-Registrierung betreibt, fügt ihn genau so, wie Inforiver Mail ihn beim Start ausgibt, unter der Plattform Web hinzu: ${APP} > Authentifizierung.`,
  ],
  AADSTS90002: [
    'Die Organisation ist nicht bekannt',
    'Entra findet die Organisation von AZURE_TENANT_ID nicht in dieser Cloud.',
    `${OPERATOR} vergleicht sie mit {entra} > Übersicht > Mandanten-ID, und M365_CLOUD mit der Cloud der Organisation.`,
  ],
  AADSTS90038: [
    'Die Organisation gehört zu einer anderen Cloud',
    'Die Organisation oder die App-Registrierung liegt in einer anderen Cloud von Microsoft als der gefragten.',
    `${OPERATOR} setzt M365_CLOUD auf diese Cloud; sie braucht eine eigene Datenbank (DATABASE_URL oder DATA_DIR).`,
  ],
  AADSTS50194: [
    'AZURE_TENANT_ID nennt nicht genau eine Organisation',
    'Die App ist für eine Organisation registriert und muss mit deren ID verwendet werden.',
    `${OPERATOR} setzt AZURE_TENANT_ID auf den Wert unter {entra} > Übersicht > Mandanten-ID.`,
  ],
  AADSTS500011: [
    'Microsoft Graph ist in dieser Organisation nicht verfügbar',
    'Die Organisation hat kein Abonnement, das E-Mail mit Microsoft Graph umfasst, oder dessen Dienstprinzipal fehlt oder ist deaktiviert.',
    'Ein Entra-Administrator prüft {entra} > Unternehmensanwendungen > Microsoft Graph, und ob die Organisation Exchange Online hat.',
  ],
  AADSTS650057: [
    'Der App-Registrierung fehlt eine Berechtigung',
    'Die App-Registrierung führt die Berechtigungen für Microsoft Graph nicht auf, die verlangt werden.',
    `Wer die App-Registrierung betreibt, fügt Mail.Send, Mail.Send.Shared, Mail.ReadWrite und User.Read als delegierte Berechtigungen hinzu: ${APP} > API-Berechtigungen.`,
  ],
  AADSTS700054: [
    'Die App-Registrierung erlaubt diese Art der Anmeldung nicht',
    'Microsoft wurde um eine Antwort gebeten, die die App-Registrierung nicht erlaubt.',
    `Wer die App-Registrierung betreibt, prüft die Plattform Web unter ${APP} > Authentifizierung.`,
  ],
  AADSTS70011: [
    'Microsoft hat die Anfrage nicht verstanden',
    'Microsoft hat die Form der Anfrage abgelehnt. Das ist ein Fehler von Inforiver Mail oder eines Proxys, der Anfragen verändert.',
    `${OPERATOR} meldet es dem Support von Inforiver, mit der Korrelations-ID.`,
  ],
  AADSTS54005: [
    'Diese Anmeldung wurde bereits abgeschlossen',
    'Der Code, den Microsoft ausgestellt hat, wurde schon verwendet.',
  ],
  'AADSTS70008-consent': [
    'Die Anmeldung hat zu lange gedauert',
    'Der Code, den Microsoft ausgestellt hat, war abgelaufen.',
  ],
  AADSTS501481: [
    'Die Anmeldung gehört nicht zusammen',
    'Der Code, den Microsoft ausgestellt hat, gehört zu einer anderen Anmeldung.',
  ],
  AADSTS50196: [
    'Microsoft hat die App gebremst',
    'Microsoft hat zu viele gleiche Anfragen gesehen und lehnt eine Zeit lang weitere ab.',
  ],
  AADSTS90033: [
    'Microsoft ist überlastet oder gestört',
    'Der Anmeldedienst von Microsoft kann zurzeit nicht antworten.',
  ],
  'entra-not-signed-in': NOT_SIGNED_IN,
  'entra-consent-cancelled': [
    'Die Einwilligung wurde nicht abgeschlossen',
    'Die Seite von Microsoft wurde verlassen, ohne dass die Berechtigungen akzeptiert wurden.',
    ...ACCEPT,
  ],
  'entra-admin-approval-required': [
    'Ein Administrator muss zustimmen',
    'In Ihrer Organisation können nur Administratoren diese Berechtigungen genehmigen.',
    ...ACCEPT,
  ],
  'entra-wrong-account': [
    'Dieses Konto kann nicht verwendet werden',
    'Microsoft lässt dieses Konto die App nicht verwenden.',
    ...MEMBER,
  ],
  'entra-permission-missing': [
    'Eine Berechtigung fehlt',
    'Niemand hat in die Berechtigungen eingewilligt, die das Senden braucht.',
    ...ACCEPT,
  ],
  'entra-access-blocked': [
    'Microsoft hat die Anmeldung verhindert',
    'Eine Richtlinie oder ein ausgelassener Schritt der Anmeldung hat sie verhindert.',
    `Ein Entra-Administrator findet den Grund unter ${LOGS}.`,
  ],
  'entra-app-misconfigured': [
    'Die App-Registrierung passt nicht',
    'Microsoft akzeptiert die App-Registrierung nicht, oder das, was Inforiver Mail von ihr verlangt.',
    `${OPERATOR} vergleicht AZURE_TENANT_ID, AZURE_CLIENT_ID und das Geheimnis, das Zertifikat oder die Verbundanmeldeinformationen mit {entra} > App-Registrierungen.`,
  ],
  'entra-microsoft-unavailable': [
    'Microsoft ist überlastet oder gestört',
    'Der Anmeldedienst von Microsoft kann zurzeit nicht antworten.',
  ],
  'entra-microsoft-refused': ['Microsoft hat abgelehnt', 'Microsoft hat die Anmeldung nicht abgeschlossen.'],
  'entra-unexpected-answer': [
    'Unerwartete Antwort von Microsoft',
    'Die Antwort enthielt weder Token noch einen Fehler.',
    `${OPERATOR} prüft, dass kein Proxy anstelle von Microsoft antwortet.`,
  ],
  'entra-reconnect-required': [
    'Die Verbindung muss erneut hergestellt werden',
    'Microsoft akzeptiert die Token nicht mehr.',
  ],
}

export const serverEntra: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(TEXTS).flatMap(([name, [title, detail, remedy, remedyOfOthers]]) =>
    [
      { part: 'title', text: title },
      { part: 'detail', text: detail },
      { part: remedyOfOthers === undefined ? 'remedy' : 'remedy-reader', text: remedy },
      { part: 'remedy-others', text: remedyOfOthers },
    ].flatMap(({ part, text }) => (text === undefined ? [] : [[`server.${name}.${part}`, text]])),
  ),
)
