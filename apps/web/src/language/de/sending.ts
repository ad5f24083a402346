import type { TranslationOf } from '../catalogue.ts'
import type { sending as english } from '../en/sending.ts'

export const sending: TranslationOf<typeof english> = {
  'sending.held.not-configured':
    'Es ist kein Postfach verbunden. Die Nachricht wird gesendet, sobald eines verbunden ist.',
  'sending.held.reconnect-required':
    'Microsoft akzeptiert den Zugriff nicht mehr. Die Nachricht wird gesendet, sobald das Postfach neu verbunden ist.',
  'sending.held.large-attachments-disabled':
    'Die Nachricht braucht große Dateianhänge. Sie wird gesendet, sobald diese aktiviert sind.',
  'sending.held.mailbox-refused':
    'Microsoft lehnt diese E-Mail aus dem Postfach ab. Sie wird gesendet, sobald Microsoft sie annimmt, was alle 15 Minuten versucht wird.',
  'sending.held.app-misconfigured':
    'Die App-Registrierung in Entra funktioniert nicht. Die Nachricht wird gesendet, sobald der Betreiber sie korrigiert hat.',
  'sending.microsoft-code': 'Code von Microsoft',
  'sending.microsoft-request': 'Anforderungs-ID von Microsoft',
  'sending.test': 'Testnachricht',
  'sending.test.again': 'Die Testnachricht wird erneut versucht',
  'sending.test.cancelled': 'Die Testnachricht wurde abgebrochen',
  'sending.test.cancelled-detail': 'Sie wurde nicht gesendet.',
  'sending.test.failed': 'Die Testnachricht wurde nicht gesendet',
  'sending.test.held': 'Die Testnachricht wird zurückgehalten',
  'sending.test.held-detail': 'Sie wird gesendet, sobald die Einstellungen es zulassen.',
  'sending.test.may-be-accepted':
    'Die Testnachricht wurde vielleicht trotzdem angenommen: Sehen Sie unter <link>Nachrichten</link> nach, bevor Sie sie erneut senden.',
  'sending.test.no-reason': 'Ein Grund ist nicht bekannt.',
  'sending.test.not-before': 'Nicht vor {at}.',
  'sending.test.open': 'Nachricht öffnen',
  'sending.test.queued': 'Die Testnachricht wird gleich gesendet',
  'sending.test.recipient': 'Empfänger (optional)',
  'sending.test.recipient-hint': 'Bleibt das Feld leer, geht die Testnachricht an Sie: {address}.',
  'sending.test.send': 'Testnachricht senden',
  'sending.test.sending': 'Die Testnachricht wird gesendet',
  'sending.test.sent': 'Testnachricht gesendet',
  'sending.test.sent-detail':
    'Von {hasFrom, select, yes {{from}} other {der Absenderadresse}} an {recipients}. Es kann einen Moment dauern, bis sie ankommt.',
  'sending.test.sent-twice':
    'Von {hasFrom, select, yes {{from}} other {der Absenderadresse}} an {recipients}. Es kann einen Moment dauern, bis sie ankommt. Sie kann zweimal ankommen, weil die erste Antwort von Microsoft nicht ankam.',
  'sending.test.to': 'An {recipients}.',
  'sending.test.waits': 'Die Testnachricht wartet',
  'sending.waits.mailbox-paused': 'Bis dahin wird aus dem Postfach nichts gesendet: {why}.',
  'sending.waits.messages-per-minute':
    'Das Postfach sendet nur eine begrenzte Zahl von Nachrichten je Minute. Diese wartet auf die Nachrichten vor ihr.',
  'sending.waits.no-worker':
    'Es läuft kein Prozess, der sendet. Die Nachricht verlässt das Postfach, sobald einer mit ROLE=all oder ROLE=worker gestartet ist.',
  'sending.waits.recipients-per-day':
    'Das Postfach sendet nur an eine begrenzte Zahl von Empfängern am Tag. Diese Nachricht wartet, bis wieder genügend frei sind.',
  'sending.waits.requests-at-once':
    'Es werden bereits so viele andere Nachrichten des Postfachs gesendet, wie Microsoft gleichzeitig annimmt.',
  'sending.waits.retry': 'Der letzte Versuch ist nicht gelungen, oder sein Ergebnis ist nicht bekannt.',
  'sending.waits.uploads-per-5-minutes':
    'Microsoft nimmt in 5 Minuten nur eine begrenzte Datenmenge von dem Postfach an. Das Hochladen geht weiter, sobald wieder Platz ist.',
}
