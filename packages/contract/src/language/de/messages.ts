import type { messages as english } from '../en/messages.ts'

const SENT_ITEMS =
  'Wer das Postfach verwendet, sieht in „Gesendete Elemente“ nach, bevor der sendende Dienst sie erneut übergibt.'

/** What became of attempts and messages besides what Microsoft answered. */
export const messages: Readonly<Record<keyof typeof english, string>> = {
  accepted: 'Microsoft hat die Nachricht angenommen.',
  found: 'Im Postfach gefunden: Sie war gesendet worden.',
  traced: 'In der Nachrichtenablaufverfolgung gefunden: Sie war gesendet worden.',
  'abandoned-sending':
    'Der Prozess, der sie gesendet hat, endete oder stand still, bevor das Ergebnis festgehalten war.',
  'abandoned-uploading':
    'Der Prozess, der sie hochgeladen hat, endete oder stand still. Ein anderer macht dort weiter.',
  abandoned: 'Der Prozess, der sie bearbeitet hat, endete oder stand still, bevor sie gesendet war.',
  'upload-ended': 'Microsoft hat die Uploadsitzung immer wieder beendet.',
  'draft-changed': 'Der Entwurf der Nachricht wurde im Postfach geändert oder gelöscht, während er erstellt wurde.',
  'attachments-not-shown': 'Der Entwurf zeigt noch nicht alle Anhänge.',
  'refused-alone.title': 'Microsoft hat die Nachricht abgelehnt, während andere abgingen',
  'refused-alone': 'Microsoft 365 hat sie dreimal abgelehnt, während andere Nachrichten aus dem Postfach abgingen.',
  'gateway-refused-alone.title': 'Die Nachricht wurde an Microsofts Stelle abgelehnt, während andere abgingen',
  'gateway-refused-alone': 'Sie wurde dreimal abgelehnt, während andere Nachrichten aus dem Postfach abgingen.',
  'other-sender.title': 'Microsoft würde die Nachricht von einer anderen Adresse senden',
  'other-sender':
    'Microsoft hat den Absender {sender} einer Nachricht, die als MIME gesendet wird (S/MIME oder eine Kalendereinladung), durch das verbundene Konto ersetzt; sie wurde deshalb nicht gesendet.',
  'sent-by-hand.title': 'Die Nachricht wurde aus dem Postfach gesendet, bevor sie vollständig war',
  'sent-by-hand': 'Jemand hat ihren Entwurf von Hand gesendet, mit {attached} von {attachments} Anhängen.',
  'request-size': 'Die Anfrage hat {bytes, number} Bytes.',
  'attachment-size': 'Anhang {attachment} hat {bytes, number} Bytes.',
  'size.attachment-between':
    'Anhang {attachment} hat {sizeBytes, number} Bytes. Codiert ist das zu viel für eine Anfrage an Microsoft, die höchstens {limitBytes, number} Bytes hat, und zu wenig für eine Uploadsitzung.',
  'size.attachment-too-large':
    'Anhang {attachment} hat {sizeBytes, number} Bytes; Microsoft nimmt höchstens {limitBytes, number} an.',
  'size.body-too-large':
    'Ohne Anhänge hat sie {sizeBytes, number} Bytes; Microsoft nimmt in einer Anfrage höchstens {limitBytes, number} an.',
  'size.message-too-large': 'Sie hat {sizeBytes, number} Bytes; Microsoft nimmt höchstens {limitBytes, number} an.',
  'access-in-refresh': 'Ein anderer Prozess erneuert den Zugriff und braucht lange.',
  'access-not-answered':
    'Der Anmeldedienst von Microsoft konnte nicht antworten. Er wird in {seconds} s erneut gefragt.',
  'outcome-unknown.title': 'Es ist nicht bekannt, ob die Nachricht gesendet wurde',
  stopped: 'Die Antwort von Microsoft ist nicht angekommen, und die Nachricht soll nicht zweimal gesendet werden.',
  'refused-after-looking':
    'Die Antwort von Microsoft auf einen früheren Versuch ist nicht angekommen, und die Nachricht wurde im Postfach nicht gefunden. Beim nächsten Versuch wurde sie abgelehnt:',
  'refused-without-looking':
    'Die Antwort von Microsoft auf einen früheren Versuch ist nicht angekommen, und das Postfach kann nicht nach der Nachricht durchsucht werden. Beim nächsten Versuch wurde sie abgelehnt:',
  'gave-up-in-doubt':
    'Die Antwort von Microsoft ist nicht angekommen, und 24 Stunden lang ließ sich weder herausfinden, ob die Nachricht gesendet wurde, noch ließ sie sich erneut senden.',
  'expired-in-doubt':
    'Die Antwort von Microsoft ist nicht angekommen, und die Nachricht wurde im Postfach nicht gefunden oder kann nicht gesucht werden. Die Frist, die sie sich gesetzt hat (expiresAt), ist vorbei; sie wird deshalb nicht erneut gesendet.',
  'look-before-retry':
    'Bevor die Nachricht erneut gesendet wird, sieht in „Gesendete Elemente“ nach, wer das Postfach verwendet, oder ein Exchange-Administrator unter {exchange} > Nachrichtenfluss > Nachrichtenablaufverfolgung.',
  'gave-up.title': 'Microsoft hat die Nachricht 24 Stunden lang nicht angenommen',
  'tried-for-a-day': 'Sie wurde 24 Stunden lang immer wieder versucht.',
  'retry-after-outage':
    'Wenn sie vorbei ist, sendet ein Workspace-Admin oder der sendende Dienst die Nachricht erneut.',
  'expired.title': 'Die Nachricht ist verfallen',
  expired:
    'Sie war zu der Zeit, die sie sich gesetzt hat (expiresAt), noch nicht abgegangen und wurde deshalb nicht gesendet. Ihre Versuche zeigen, was sie aufgehalten hat. Wird sie noch gebraucht, übergibt der sendende Dienst sie erneut.',
  'expired-after-unknown': `Ein früherer Versuch hat sie möglicherweise gesendet, und sie war zu der Zeit, die sie sich gesetzt hat (expiresAt), nicht noch einmal abgegangen. ${SENT_ITEMS}`,
  'not-resent.title': 'Die Nachricht wurde nach einer Wiederherstellung nicht gesendet',
  'not-resent':
    'Sie wartete, als die Sicherung erstellt wurde, und bei der Wiederherstellung wurde gewählt, nichts zweimal zu senden. Der sendende Dienst findet heraus, ob die Nachricht inzwischen gesendet wurde, und sendet sie andernfalls erneut; ein Workspace-Admin kann das mit „Erneut versuchen“ tun.',
  'not-resent-in-doubt': `Sie wurde gerade gesendet, als die Sicherung erstellt wurde, und bei der Wiederherstellung wurde gewählt, nichts zweimal zu senden. ${SENT_ITEMS}`,
  'content-lost.title': 'Der Inhalt der Nachricht ist verloren',
  'content-lost':
    'Der Tresorschlüssel, mit dem ihr Inhalt versiegelt war, ist verloren. Der sendende Dienst übergibt die Nachricht erneut.',
  'content-lost-in-doubt': `Der Tresorschlüssel, mit dem ihr Inhalt versiegelt war, ist verloren, und sie wurde möglicherweise schon gesendet. ${SENT_ITEMS}`,
  'tokens-lost.title': 'Die Token der Verbindung sind verloren',
  'tokens-lost':
    'Der Tresorschlüssel, mit dem die Token versiegelt waren, ist verloren, und der Betreiber hat sie aufgegeben. Nachrichten warten, bis das Postfach wieder verbunden ist.',
  'connection-changed.title': 'Die Verbindung hat sich während der Prüfung geändert',
  'connection-changed': 'Die Einstellungen wurden während der Prüfung zurückgesetzt oder ersetzt.',
  'check-again': 'Prüfen Sie erneut.',
  'reconnect-same-account': 'Ein Workspace-Admin wählt „Neu verbinden“ und meldet sich mit demselben Konto an.',
}
