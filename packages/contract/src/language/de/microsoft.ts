import type { microsoft as english } from '../en/microsoft.ts'

const CODES = 'der Codeliste von Microsoft (https://learn.microsoft.com/graph/errors)'
const RBAC = 'https://learn.microsoft.com/exchange/permissions-exo/application-rbac'
const GUIDE = 'https://learn.microsoft.com/graph/api/resources/exchangemessagetrace'
const ADMIN = 'Ein Exchange-Administrator'
const MAILBOXES = '{exchange} > Empfänger > Postfächer'
const APP_PERMISSIONS = 'Unternehmensanwendungen > die App von Inforiver Mail > Berechtigungen'
const OTHER_CLOUD =
  'Eine Datenbank gehört zu der Cloud, mit der sie zuerst gestartet wurde. Wer Inforiver Mail betreibt, registriert die App in der Cloud der Organisation (wie in dieser unter {entra} > App-Registrierungen) und startet Inforiver Mail mit diesem Wert von M365_CLOUD und einer anderen Datenbank (DATABASE_URL) oder einem anderen Datenordner (DATA_DIR).'

/** What Microsoft answered to a sign-in, Graph to a request, and who does what about it. */
export const microsoft: Readonly<Record<keyof typeof english, string>> = {
  quote: 'Microsoft meldet: „{quote}“',
  'microsoft-code': 'Der Code von Microsoft ist {microsoftCode}.',
  'try-again': 'Versuchen Sie es erneut.',
  'try-again-later': 'Versuchen Sie es in einigen Minuten erneut.',
  'then-try-again': 'Versuchen Sie es danach erneut.',
  'sign-in-again': 'Melden Sie sich erneut an.',
  'sign-in-again-later': 'Melden Sie sich in einigen Minuten erneut an.',
  'then-sign-in-again': 'Melden Sie sich danach erneut an.',
  reconnect:
    'Ein Workspace-Admin wählt „Neu verbinden“ und meldet sich mit demselben Konto an. Wartende Nachrichten gehen danach von selbst ab.',
  'then-reconnect':
    'Danach wählt ein Workspace-Admin „Neu verbinden“ und meldet sich an. Wartende Nachrichten gehen danach von selbst ab.',
  'reconnect-application':
    'Ein Workspace-Admin wählt „Neu verbinden“, und ein Entra-Administrator akzeptiert auf der Seite von Microsoft. Wartende Nachrichten gehen danach von selbst ab.',
  'then-reconnect-application':
    'Danach wählt ein Workspace-Admin „Neu verbinden“, und ein Entra-Administrator akzeptiert auf der Seite von Microsoft. Wartende Nachrichten gehen danach von selbst ab.',
  'then-choose-reconnect':
    'Danach wählt ein Workspace-Admin „Neu verbinden“. Wartende Nachrichten gehen danach von selbst ab.',
  'then-retry': 'Senden Sie die Nachricht danach erneut.',
  'only-by-draft':
    'Es warten nur Nachrichten, die über einen Entwurf gehen, etwa mit großen Anhängen; die anderen gehen ab.',
  'then-sends-one':
    'Danach geht der Versand von selbst weiter: Alle 15 Minuten wird eine der wartenden Nachrichten versucht, und sofort, wenn ein Workspace-Admin unter Mandanteneinstellungen > Office 365 SMTP „Jetzt senden“ wählt. Die erste, die abgeht, gibt die anderen frei.',
  'check-registration':
    'Wer Inforiver Mail betreibt, prüft die App-Registrierung. Wartende Nachrichten gehen danach von selbst ab.',
  'connection-kept': 'Die Verbindung selbst bleibt bestehen: Wartende Nachrichten gehen danach von selbst ab.',
  'keeps-trying-alone': 'Niemand muss etwas tun: Inforiver Mail versucht es weiter.',
  'keeps-trying': 'Inforiver Mail versucht es weiter.',
  'code-page': 'Mehr steht auf der Seite von Microsoft zu diesem Code ({codePage}).',
  'service-status': 'Ob Microsoft eine Störung hat, steht unter {serviceStatus}.',
  'sign-in-logs':
    'Ein Entra-Administrator findet möglicherweise mehr unter {entra} > Überwachung und Integrität > Anmeldeprotokolle.',
  'unexpected.neither-code-nor-error': 'Die Antwort enthält weder einen Code noch einen Fehler.',
  'unexpected.neither-consent-nor-error':
    'Die Antwort enthält weder die Zustimmung eines Administrators noch einen Fehler.',
  'unexpected.another-person': 'Microsoft Graph nennt eine andere Person als die, die sich angemeldet hat.',
  'unexpected.unproved': 'Die Antwort beweist nicht, wer sich angemeldet hat.',
  'unexpected.wrong-claim': 'Die Antwort beweist nicht, wer sich angemeldet hat: {claim} im id_token ist falsch.',
  'unexpected.wrong-time':
    'Die Antwort beweist nicht, wer sich angemeldet hat: {claim} im id_token ist falsch. Es gilt nur eine Zeit lang: Prüfen Sie die Uhr des Rechners, auf dem Inforiver Mail läuft; sie muss auf fünf Minuten genau gehen.',
  'check-proxy-again':
    'Versuchen Sie es erneut. Geschieht es wieder, muss der Betreiber von Inforiver Mail prüfen, dass kein Proxy anstelle von Microsoft antwortet.',
  'entra-unreachable.title': 'Microsoft war nicht erreichbar',
  'entra-unreachable.detail':
    'Der Anmeldedienst von Microsoft hat nicht geantwortet, oder die Verbindung zu ihm ist abgebrochen.',
  'check-way-to-microsoft':
    'Versuchen Sie es in einigen Minuten erneut. Geschieht es wieder, muss der Betreiber von Inforiver Mail Proxy, Firewall und Zertifikate auf dem Weg zu Microsoft prüfen.',
  'consent-interrupted.title': 'Die Einwilligung wurde unterbrochen',
  'consent-interrupted.detail':
    'Inforiver Mail wurde beendet oder ist ausgefallen, während es prüfte, was Microsoft erlaubt hat.',
  'consent-interrupted.remedy': 'Die Einwilligung muss erneut eingeholt werden: Versuchen Sie es noch einmal.',
  'token-file.title': 'Es gibt kein gültiges Token für die App',
  'token-file.detail': 'Die Datei von AZURE_FEDERATED_TOKEN_FILE ist nicht verwendbar (in Englisch: {fault}).',
  'token-file.remedy':
    'Wer Inforiver Mail betreibt, sorgt dafür, dass der Aussteller der Verbundanmeldeinformationen ({entra} > App-Registrierungen > die App von Inforiver Mail > Zertifikate und Geheimnisse > Verbundanmeldeinformationen) ein frisches Token in dieser Datei hält.',
  'wrong-account.guest': 'Das Konto ist ein Gast der Organisation.',
  'wrong-account.other-organisation': 'Das Konto gehört zu einer anderen Organisation als Inforiver Mail.',
  'wrong-account.remedy':
    'Versuchen Sie es erneut mit einem Mitgliedskonto Ihrer eigenen Organisation. Ein Entra-Administrator sieht diese Konten unter {entra} > Benutzer.',
  'other-account.title': 'Dies ist ein anderes Konto',
  'other-account.detail': '{used} hat zugestimmt, aber gesendet wird mit dem Zugriff von {expected}.',
  'other-account.remedy':
    'Versuchen Sie es erneut und wählen Sie {expected}. Um mit einem anderen Konto zu senden, verbinden Sie zuerst das Postfach damit neu. Ein Entra-Administrator sieht die Konten unter {entra} > Benutzer.',
  'permissions-not-granted': 'Zum Senden fehlt, was Microsoft nicht gewährt hat: {missing}.',

  'graph.access-denied.title': 'Microsoft hat den Zugriff auf das Postfach verweigert',
  'graph.access-denied.detail': 'Dem verbundenen Konto fehlt eine Berechtigung oder ein Recht auf das Postfach.',
  'graph.shared-permission-missing.title': 'Die Berechtigung Mail.Send.Shared fehlt',
  'graph.shared-permission-missing.detail':
    'Das Senden von einer anderen Adresse als der des Kontos braucht die Berechtigung Mail.Send.Shared.',
  'graph.send-as-denied.title': 'Das Senden als diese Adresse ist nicht erlaubt',
  'graph.send-as-denied.detail': 'Das verbundene Konto hat kein Recht, als dieser Absender zu senden.',
  'graph.no-mailbox.title': 'Dieses Postfach gibt es nicht',
  'graph.no-mailbox.detail': 'Microsoft 365 hat für den Absender oder das Konto kein Postfach in der Cloud.',
  'graph.recipient-refused.title': 'Microsoft hat einen Empfänger abgelehnt',
  'graph.recipient-refused.detail':
    'Mindestens ein Empfänger fehlt oder hat eine Adresse, die Exchange Online nicht annimmt.',
  'graph.too-many-recipients.title': 'Die Nachricht hat zu viele Empfänger',
  'graph.too-many-recipients.detail':
    'Die Nachricht hat mehr Empfänger, als die Organisation für eine Nachricht erlaubt.',
  'graph.invalid-message.title': 'Microsoft hat die Nachricht abgelehnt',
  'graph.invalid-message.detail': 'Microsoft nimmt die Form der Nachricht nicht an.',
  'graph.too-large.title': 'Die Nachricht ist zu groß',
  'graph.too-large.detail': 'Microsoft nimmt keine Nachricht dieser Größe an.',
  'graph.request-too-long.title': 'Die Nachricht ist zu groß',
  'graph.request-too-long.detail': 'Microsoft nimmt keine Anfrage dieser Länge an.',
  'graph.below-session-minimum.title': 'Ein Anhang hat eine Größe, die Microsoft nicht annimmt',
  'graph.below-session-minimum.detail': 'Microsoft öffnet für eine Datei knapp unter 3 MB keine Uploadsitzung.',
  'graph.limit-reached.title': 'Das Sendelimit ist erreicht',
  'graph.limit-reached.detail': 'Das Postfach hat so viel gesendet, wie Exchange Online vorerst zulässt.',
  'graph.account-blocked.title': 'Das Konto ist für das Senden gesperrt',
  'graph.account-blocked.detail': 'Exchange Online lässt dieses Konto nicht mehr senden.',
  'graph.draft-gone.title': 'Der Entwurf ist nicht mehr da',
  'graph.draft-gone.detail': 'Der Entwurf der Nachricht ist nicht mehr im Postfach.',
  'graph.wrong-cloud.title': 'Die Organisation ist in einer anderen Microsoft-Cloud',
  'graph.wrong-cloud.detail': 'Microsoft 365 kennt die Organisation in der Cloud nicht, die gefragt wurde.',
  'graph.mailbox-full.title': 'Das Postfach ist voll',
  'graph.mailbox-full.detail': 'Das sendende Postfach hat keinen Platz mehr.',
  'graph-throttled': 'Microsoft bittet, langsamer zu senden.',
  'graph-unavailable': 'Microsoft 365 kann zurzeit nicht antworten.',
  'graph-unknown': 'Microsoft 365 hat nicht gesagt, ob die Anfrage ausgeführt wurde.',
  'graph-unauthorized': 'Microsoft hat das Token nicht akzeptiert.',
  'graph-not-reached': 'Microsoft 365 war nicht erreichbar.',
  'graph-broke-off': 'Die Verbindung zu Microsoft 365 endete vor einer Antwort.',
  'intercepted.title': 'Etwas hat anstelle von Microsoft geantwortet',
  intercepted:
    'Etwas zwischen diesem Server und Microsoft hat anstelle von Microsoft geantwortet, für {host}: HTTP {status} ({contentType}).',
  'intercepted-untyped':
    'Etwas zwischen diesem Server und Microsoft hat anstelle von Microsoft geantwortet, für {host}: HTTP {status}.',
  'gateway-says': 'Es sagt: „{excerpt}“',
  'check-gateway':
    'Wer Inforiver Mail betreibt, muss prüfen, was der Proxy, die Firewall oder das Gateway auf dem Weg zu https://{host} durchlässt.',
  'gateway-too-large':
    'Etwas zwischen diesem Server und Microsoft lässt keine Anfrage dieser Größe durch (HTTP {status} für {host}).',
  'gateway-too-large.remedy':
    'Wer den Proxy oder das Gateway betreibt, lässt Anfragen von bis zu 4 MB zu {host} durch. Dann wiederholt ein Workspace-Administrator oder der einreichende Dienst die Nachricht.',
  'check-clock-and-certificate': 'Prüfen Sie die Uhr dieses Rechners und das Zertifikat eines Proxys auf dem Weg.',
  'graph-endless-list': 'Die Liste der Anhänge, die Microsoft geliefert hat, nimmt kein Ende.',
  'token-refused.remedy':
    'Der Betreiber von Inforiver Mail prüft, ob M365_CLOUD die Cloud der Organisation ist, und ein Entra-Administrator, ob eine Richtlinie Exchange Online erfasst: {entra} > Bedingter Zugriff > Richtlinien.',
  'token-refused.title': 'Microsoft Graph akzeptiert das Token nicht',
  'token-refused.action':
    'Versuchen Sie es erneut. Geschieht es wieder, muss der Betreiber von Inforiver Mail prüfen, ob M365_CLOUD die Cloud der Organisation ist, und ein Entra-Administrator, ob eine Richtlinie Exchange Online erfasst: {entra} > Bedingter Zugriff > Richtlinien.',
  'graph-no-answer.title': 'Microsoft 365 hat nicht geantwortet',
  'foreign-address':
    'Gehört {sender} nicht zu Ihrer Organisation, wählen Sie eine Adresse Ihrer Organisation. Andernfalls hilft Folgendes.',
  'new-mailbox': 'Ein neues Postfach kann eine Stunde brauchen, bis es funktioniert. Versuchen Sie es danach erneut.',
  'proof.send-as-denied.title': 'Das Senden als diese Adresse ist nicht erlaubt',
  'proof.send-as-denied.detail': '{delegate} hat kein Recht, als {sender} zu senden.',
  'proof.send-as-denied.action': `${ADMIN} fügt unter ${MAILBOXES} > {sender} > Delegierung > Senden als {delegate} hinzu; bei einer Gruppe ist es Empfänger > Gruppen > {sender} > Einstellungen > Stellvertretungen verwalten. „Senden im Auftrag“ genügt auch, doch sehen Empfänger dann beide Namen. Ein neues Recht kann eine Stunde brauchen. Versuchen Sie es danach erneut.`,
  'sender-ignored.title': 'Microsoft sendet von einer anderen Adresse',
  'sender-ignored.detail':
    'Microsoft macht {delegate} zum Absender statt {sender}, obwohl die Nachrichten diese Adresse nennen.',
  'sender-ignored.action': `${ADMIN} fügt unter ${MAILBOXES} > {sender} > Delegierung > Senden als {delegate} hinzu; bei einer Gruppe ist es Empfänger > Gruppen > {sender} > Einstellungen > Stellvertretungen verwalten. Hilft das nicht, trägt ein Workspace-Admin {delegate} als Absenderadresse ein.`,
  'proof.permission-missing.title': 'Die Berechtigung Mail.Send.Shared fehlt',
  'proof.permission-missing.detail':
    '{sender} ist keine Adresse von {delegate}; das Senden von ihr braucht die Berechtigung Mail.Send.Shared.',
  'proof.permission-missing.action':
    'Versuchen Sie es erneut und akzeptieren Sie die Berechtigung. Bietet Microsoft keine Wahl, muss ein Entra-Administrator {approvalLink} öffnen und sie einmalig genehmigen.',
  'proof.access-denied.title': 'Microsoft hat den Zugriff auf das Postfach verweigert',
  'proof.access-denied.detail':
    '{delegate} darf nicht von {sender} senden: Eine Berechtigung oder ein Recht auf das Postfach fehlt.',
  'proof.access-denied.action': `${ADMIN} prüft unter {exchange} > Empfänger, dass {delegate} „Senden als“ für {sender} hat. Wurden die Berechtigungen der App nicht genehmigt, öffnet ein Entra-Administrator {approvalLink} und genehmigt sie. Versuchen Sie es danach erneut.`,
  'proof.mailbox-not-found.title': 'Dieses Postfach gibt es nicht',
  'proof.mailbox-not-found-own.detail': 'Microsoft 365 hat für {sender} kein Postfach in der Cloud.',
  'proof.mailbox-not-found.detail': 'Microsoft 365 hat für {sender} oder für {delegate} kein Postfach in der Cloud.',
  'proof.mailbox-not-found-own.action': `${ADMIN} prüft unter ${MAILBOXES}, dass {sender} ein Postfach und eine Lizenz mit Exchange Online hat.`,
  'proof.mailbox-not-found.action': `${ADMIN} prüft beides unter {exchange} > Empfänger: {sender} muss als Postfach oder Gruppe vorhanden sein, und {delegate} braucht eine Lizenz mit Exchange Online.`,
  'proof.recipient-refused.detail': 'Die Bestätigungsnachricht konnte nicht an {delegate} adressiert werden.',
  'proof.recipient-refused.action': `${ADMIN} prüft die E-Mail-Adresse von {delegate} unter ${MAILBOXES}. Versuchen Sie es danach erneut.`,
  'proof.message-refused.action': `Versuchen Sie es erneut. Geschieht es wieder, muss der Betreiber von Inforiver Mail den Code in ${CODES} nachschlagen und ihn mit der Korrelations-ID dem Support von Inforiver melden.`,
  'proof.draft-gone.action': `Versuchen Sie es erneut. Geschieht es wieder, sieht ein Exchange-Administrator unter ${MAILBOXES} > {delegate} > Delegierung, wer das Postfach noch verwendet.`,
  'proof.wrong-cloud.action': `${OTHER_CLOUD} Ein Workspace-Admin verbindet das Postfach dort.`,
  'proof.mailbox-full.action': `Wer das Postfach verwendet, schafft Platz, oder ein Exchange-Administrator gibt ihm unter ${MAILBOXES} > {delegate} mehr. Versuchen Sie es danach erneut.`,
  'proof.message-too-large.action': `${ADMIN} erhöht das Limit des Postfachs unter ${MAILBOXES} > {delegate} > Nachrichtengrößenbeschränkung. Versuchen Sie es danach erneut.`,
  'proof.sending-limit-reached.action': `${ADMIN} sieht den Grund unter {exchange} > Nachrichtenfluss und gibt ein gesperrtes Konto unter {restrictedSenders} frei. Versuchen Sie es danach erneut; ein Limit endet spätestens nach einem Tag.`,
  'application.kept-out.title': 'Die Anwendung wird von diesem Postfach ferngehalten',
  'application.kept-out.detail':
    'Microsoft Entra hat der App {permission} gewährt, aber Exchange lässt sie {sender} nicht verwenden.',
  'application.kept-out.action': `${ADMIN} nimmt {sender} in das auf, was die App verwenden darf, in ihrer Anwendungszugriffsrichtlinie oder Rollenzuweisung (Exchange Online PowerShell: Test-ApplicationAccessPolicy, Test-ServicePrincipalAuthorization; ${RBAC}). Eine Änderung kann zwei Stunden brauchen.`,
  'application.permission-missing.title': 'Die Anwendungsberechtigung {permission} fehlt',
  'application.permission-missing.detail':
    'Weder Microsoft Entra noch Exchange lässt die App {permission} für {sender} verwenden.',
  'application.permission-missing.action': `Wer die App-Registrierung betreibt, fügt {permission} als Anwendungsberechtigung hinzu: {entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen; ein Entra-Administrator öffnet {approvalLink} und genehmigt sie. Ist die App auf einzelne Postfächer beschränkt, weist ihr stattdessen ein Exchange-Administrator die Rolle Application {permission} für {sender} zu (${RBAC}); das kann zwei Stunden brauchen.`,
  'application.mailbox-not-found.detail':
    'Microsoft 365 hat für {sender} kein Postfach in der Cloud. Ohne den Zugriff einer Person muss der Absender ein Postfach sein, ein persönliches oder ein freigegebenes, und keine Gruppe.',
  'application.mailbox-not-found.action': `${ADMIN} prüft {sender} unter ${MAILBOXES}. Ein neues Postfach kann eine Stunde brauchen, bis es funktioniert.`,
  'application.recipient-refused.detail': 'Die Bestätigungsnachricht konnte nicht an {recipient} adressiert werden.',
  'application.recipient-refused.action': `${ADMIN} prüft die E-Mail-Adresse von {recipient} unter ${MAILBOXES}.`,
  'remedy.too-large-for-graph': `Der sendende Dienst übergibt sie erneut mit kleineren oder weniger Anhängen oder mit einem Link zur Datei; was der Code bedeutet, steht in ${CODES}.`,
  'remedy.send-as-denied': `${ADMIN} gibt dem verbundenen Konto „Senden als“ für den Absender unter {exchange} > Empfänger; ein neues Recht kann eine Stunde brauchen.`,
  'remedy.permission-missing': `Ein Workspace-Admin verbindet das Postfach erneut unter Mandanteneinstellungen > Office 365 SMTP und akzeptiert die Berechtigung. Ein Entra-Administrator sieht unter {entra} > ${APP_PERMISSIONS}, was gewährt ist.`,
  'remedy.access-denied': `Ein Workspace-Admin verbindet das Postfach erneut unter Mandanteneinstellungen > Office 365 SMTP. Hilft das nicht, prüft ein Entra-Administrator die Berechtigungen der App unter {entra} > ${APP_PERMISSIONS}, und ein Exchange-Administrator die Rechte des verbundenen Kontos unter {exchange} > Empfänger sowie, in PowerShell, die Anwendungszugriffsrichtlinien.`,
  'remedy.mailbox-not-found': `${ADMIN} prüft unter {exchange} > Empfänger, dass es beide gibt und dass das Konto eine Lizenz mit Exchange Online hat.`,
  'remedy.recipient-refused': `Prüfen Sie die Empfänger und lassen Sie die Nachricht vom Dienst erneut senden. Ein Exchange-Administrator sieht unter ${MAILBOXES}, wer ein Postfach hat und wie viele Empfänger eine Nachricht haben darf.`,
  'remedy.message-refused': `Wer die Nachricht gesendet hat, ändert, was Microsoft nicht annimmt, und sendet sie erneut; was der Code bedeutet, steht in ${CODES}.`,
  'remedy.draft-gone': `Ein Workspace-Admin oder der sendende Dienst sendet die Nachricht erneut. Geschieht es wieder, sieht ein Exchange-Administrator unter ${MAILBOXES} > das Postfach > Delegierung, wer das Postfach noch verwendet.`,
  'remedy.wrong-cloud': `${OTHER_CLOUD} Ein Workspace-Admin verbindet das Postfach dort, und die Dienste reichen erneut ein, was hier wartet.`,
  'remedy.mailbox-full': `Wer das Postfach verwendet, schafft Platz, oder ein Exchange-Administrator gibt ihm unter ${MAILBOXES} mehr.`,
  'remedy.message-too-large': `Der sendende Dienst übergibt sie erneut mit kleineren oder weniger Anhängen. Ein Exchange-Administrator sieht das Limit des Postfachs unter ${MAILBOXES} > das Postfach > Nachrichtengrößenbeschränkung.`,
  'remedy.sending-limit-reached': `${ADMIN} sieht den Grund unter {exchange} > Nachrichtenfluss und gibt ein gesperrtes Konto unter {restrictedSenders} frei.`,

  'inbox-denied.title': 'Der Posteingang kann nicht gelesen werden',
  'inbox-denied.detail': 'Microsoft lässt {delegate} den Posteingang von {sender} nicht lesen.',
  'inbox-denied.action': `${ADMIN} gibt {delegate} das Recht „Lesen und verwalten“ (Full Access) auf {sender} unter ${MAILBOXES} > {sender} > Delegierung. Das kann eine Stunde brauchen. Schalten Sie Unzustellbarkeitsberichte danach erneut ein.`,
  'inbox-denied-application.detail': 'Microsoft lässt die Anwendung den Posteingang von {sender} nicht lesen.',
  'inbox-denied-application.action': `${ADMIN} nimmt {sender} in das auf, was die App verwenden darf, in ihrer Anwendungszugriffsrichtlinie oder Rollenzuweisung (${RBAC}). Eine Änderung kann zwei Stunden brauchen. Schalten Sie Unzustellbarkeitsberichte danach erneut ein.`,
  'inbox-missing.title': 'Es gibt keinen Posteingang zu lesen',
  'inbox-missing.detail':
    '{sender} hat keinen Posteingang: Es ist eine Gruppe oder ein Postfach, das nicht in der Cloud liegt.',
  'inbox-missing.action': `Unzustellbarkeitsberichte brauchen ein Postfach als Absender; ein Exchange-Administrator sieht unter ${MAILBOXES}, welche das sind. Die Nachrichtenablaufverfolgung braucht keines.`,
  'inbox-unavailable.title': 'Der Posteingang kann jetzt nicht gelesen werden',
  'inbox-unavailable.detail': 'Microsoft hat den Posteingang von {sender} nicht lesen lassen.',
  'inbox-unavailable.action': 'Schalten Sie Unzustellbarkeitsberichte in einigen Minuten erneut ein.',
  'reports-connection-lost.title': 'Das Postfach muss zuerst erneut verbunden werden',
  'reports-connection-lost.detail':
    'Microsoft akzeptiert den Zugriff auf das Postfach zurzeit nicht; sein Posteingang kann deshalb nicht gelesen werden.',
  'reports-connection-lost.action':
    'Ein Workspace-Admin folgt dem Hinweis zur Verbindung und schaltet Unzustellbarkeitsberichte danach erneut ein.',
  'reports-permission.title': 'Eine Berechtigung fehlt',
  'reports-permission.detail': 'Zustellberichten fehlt, was Microsoft nicht gewährt hat: {missing}.',
  'reports-permission-application.action':
    'Wer die App-Registrierung betreibt, stellt sicher, dass sie {missing} als Anwendungsberechtigung aufführt: {entra} > App-Registrierungen > die App von Inforiver Mail > API-Berechtigungen. Schalten Sie es danach erneut ein; ein Entra-Administrator akzeptiert. Auch {approvalLink} führt dorthin.',
  'reports-permission.action':
    'Schalten Sie Unzustellbarkeitsberichte erneut ein und akzeptieren Sie. Bietet Microsoft keine Wahl, muss ein Entra-Administrator {approvalLink} öffnen und die Berechtigung einmalig genehmigen.',
  'trace-not-provisioned.title':
    'Die Nachrichtenablaufverfolgung von Microsoft ist in der Organisation nicht eingerichtet',
  'trace-not-provisioned.detail':
    'Der Dienstprinzipal der Anwendung 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 von Microsoft fehlt.',
  'trace-not-provisioned.action': `Ein Entra-Administrator fügt ihn einmalig mit Microsoft Graph PowerShell hinzu: New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 (${GUIDE}). Das braucht Stunden, bis es wirkt.`,
  'trace-denied.title': 'Exchange lässt die Anwendung die Nachrichtenablaufverfolgung nicht lesen',
  'trace-denied.detail': 'Microsoft lehnt ab, obwohl die Anwendung die Berechtigung {permission} hat.',
  'trace-denied.action':
    'Eine neue Berechtigung kann eine Stunde brauchen. Bleibt es bei der Ablehnung, sieht ein Exchange-Administrator unter {exchange} > Rollen > Administratorrollen nach, was die App darf.',
  'trace-unavailable.title': 'Die Nachrichtenablaufverfolgung von Microsoft antwortet nicht',
  'trace-unavailable.detail':
    'Microsoft konnte nicht antworten, oder alle Anwendungen der Organisation zusammen haben zu oft gefragt.',
  'trace-unavailable.action': 'Schalten Sie die Nachrichtenablaufverfolgung in fünf Minuten erneut ein.',
  'trace-unavailable-on.action': 'Niemand muss etwas tun, solange es nicht anhält: Sie wird von selbst erneut gefragt.',
  'trace-permission-on.action': 'Ein Entra-Administrator öffnet {approvalLink} und genehmigt die Berechtigung.',
  'trace-switch-on': 'Schalten Sie die Nachrichtenablaufverfolgung danach erneut ein.',
  'trace-goes-on': 'Die Nachrichtenablaufverfolgung wird danach von selbst wieder gelesen.',
  'trace-budget.title': 'Die Nachrichtenablaufverfolgung wurde oft genug gefragt',
  'trace-budget.detail': 'Inforiver Mail fragt höchstens 20-mal in fünf Minuten und hat das gerade getan.',
  'trace-cloud.title': 'Diese Cloud hat keine Nachrichtenablaufverfolgung',
  'trace-cloud.detail': 'Microsoft bietet die Nachrichtenablaufverfolgung nur in seiner globalen Cloud an.',
  'trace-cloud.action': `Verwenden Sie stattdessen Unzustellbarkeitsberichte. Wo die Nachrichtenablaufverfolgung angeboten wird, steht auf der Seite von Microsoft (${GUIDE}).`,
}
