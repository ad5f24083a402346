import type { deliveries as english } from '../en/deliveries.ts'

const CHECK_ADDRESS = 'Prüfen Sie die Adresse und lassen Sie die Nachricht vom Dienst erneut senden.'
const ASK_RECIPIENT = 'Der Empfänger oder der Administrator seiner E-Mail muss es erlauben.'
const SEND_LATER = 'Lassen Sie die Nachricht vom Dienst später erneut senden.'
const ADMIN_HELPS = 'Der Administrator der E-Mail des Empfängers kann helfen.'
const PAUSES = 'Das Postfach pausiert von selbst;'

/** Why a message did not reach a recipient, by the causes of `delivery-cause.ts`. */
export const deliveries: Readonly<Record<keyof typeof english, string>> = {
  'bad-address': `Die Form einer Adresse wird nicht angenommen, oder der Absender wird abgelehnt. ${CHECK_ADDRESS}`,
  'no-such-mailbox': `Es gibt kein Postfach mit dieser Adresse. ${CHECK_ADDRESS}`,
  'sender-blocked':
    'Exchange Online hat den Absender gesperrt, weil seine E-Mails wie Spam aussahen. Ein Administrator gibt ihn im Microsoft Defender-Portal > Eingeschränkte Entitäten frei.',
  'domain-not-registered':
    'Die Domäne des Absenders ist in der Organisation nicht registriert. Ein Administrator fügt sie im Microsoft 365 Admin Center > Einstellungen > Domänen hinzu.',
  'mailbox-day-limit': `Das Postfach hat an so viele Empfänger geschrieben, wie es in 24 Stunden darf. ${PAUSES} was nicht zugestellt wurde, muss später erneut gesendet werden.`,
  'external-limit-trial': `Die Organisation hat an so viele externe Empfänger geschrieben, wie eine Testversion in 24 Stunden darf. ${PAUSES} ein Administrator erhöht das Limit durch den Kauf von Lizenzen.`,
  'external-limit': `Die Organisation hat an so viele externe Empfänger geschrieben, wie sie in 24 Stunden darf. ${PAUSES} ein Administrator sieht das Limit im Exchange Admin Center > Berichte > Nachrichtenfluss.`,
  'onmicrosoft-limit': `Die Organisation hat von ihrer Domäne onmicrosoft.com so viel gesendet, wie sie in 24 Stunden darf. ${PAUSES} ein Administrator gibt dem Absender eine Adresse einer eigenen Domäne.`,
  'mailbox-full':
    'Das Postfach des Empfängers ist voll oder darf zurzeit nicht mehr annehmen. Der Empfänger schafft Platz; lassen Sie die Nachricht danach vom Dienst erneut senden.',
  'recipient-busy': `Der Empfänger bekommt in einer Stunde mehr E-Mails, als das Postfach darf. ${SEND_LATER}`,
  'remote-refused':
    'Der Mailserver des Empfängers hat die Nachricht abgelehnt. Seine eigenen Worte sagen, warum; der Administrator der E-Mail des Empfängers kann helfen.',
  'recipient-refused':
    'Die Domäne des Empfängers nimmt für diese Adresse keine E-Mails an. Prüfen Sie die Adresse; ist sie richtig, muss der Administrator der E-Mail des Empfängers sie annehmen.',
  loop: 'Die Nachricht lief im Kreis. Ein Administrator prüft die Connectors, die akzeptierten Domänen und die Weiterleitung; ein Kreis außerhalb ist Sache der Seite des Empfängers.',
  'remote-unreachable': `Der Mailserver des Empfängers war nicht rechtzeitig oder nicht über TLS erreichbar. ${SEND_LATER} Geschieht es wieder, kann der Administrator der E-Mail des Empfängers helfen.`,
  'many-recipients':
    'Die Nachricht hat mehr als 200 Empfänger in einer Domäne. Lassen Sie sie vom Dienst an weniger auf einmal senden.',
  'too-large':
    'Die Nachricht ist größer, als die Seite des Empfängers annimmt. Lassen Sie sie vom Dienst mit kleineren oder weniger Anhängen senden.',
  'bare-line-feeds':
    'Die Nachricht hat Zeilenenden, die der Mailserver des Empfängers nicht annimmt. Wer die Nachricht erstellt, beendet ihre Zeilen mit CRLF.',
  'from-broken':
    'Die From-Zeile der Nachricht fehlt, ist doppelt oder fehlerhaft. Wer die Nachricht erstellt, korrigiert sie.',
  'not-authorised':
    'Der Absender darf diesem Empfänger nicht schreiben. Ein Administrator prüft die Nachrichtenflussregeln und die Einschränkungen des Empfängers; außerhalb der Organisation muss die Seite des Empfängers es erlauben.',
  'senders-limited': `Der Empfänger nimmt nur von bestimmten Absendern E-Mails an, etwa von denen der eigenen Organisation. ${ASK_RECIPIENT}`,
  'spf-failed':
    'Der SPF-Eintrag der Domäne des Absenders nennt Exchange Online nicht. Ein Administrator nimmt include:spf.protection.outlook.com in den SPF-Eintrag im DNS auf.',
  'dmarc-failed':
    'Die Nachricht hat die DMARC-Prüfung der Domäne des Absenders nicht bestanden. Ein Administrator korrigiert SPF und DKIM der Domäne im DNS.',
  'sender-unauthenticated':
    'Der Anbieter des Empfängers, etwa Outlook.com, nimmt viel E-Mail nur von Domänen mit SPF, DKIM und DMARC an, und der des Absenders fehlt davon etwas. Wer das DNS der Domäne des Absenders pflegt, ergänzt, was die Prüfung der Einrichtung in den Einstellungen vermisst.',
  'not-authenticated':
    'Exchange Online hat die Nachricht nicht als eine der Organisation erkannt. Ein Administrator prüft die Connectors im Exchange Admin Center > Nachrichtenfluss.',
  'encryption-failed':
    'Die Domäne des Empfängers verlangt eine Verschlüsselung, die ihr Mailserver nicht angeboten hat. Der Administrator der E-Mail des Empfängers korrigiert TLS, DANE oder MTA-STS.',
  'remote-spam': `Der Mailserver des Empfängers hielt die Nachricht für Spam. ${ASK_RECIPIENT}`,
  'remote-relay':
    'Der Mailserver des Empfängers nimmt für diese Domäne keine E-Mails an. Der Administrator der E-Mail des Empfängers korrigiert den MX-Eintrag oder die akzeptierten Domänen.',
  'recipient-blocks': `Der Empfänger oder eine Liste, die er verwendet, blockiert den Absender. ${ASK_RECIPIENT}`,
  'sender-banned':
    'Der Absender oder die Adresse, über die er gesendet hat, ist wegen Spam gesperrt. Ein Administrator beantragt die Freigabe unter https://sender.office.com oder beim Support von Microsoft.',
  'forwarding-off':
    'Die Organisation leitet keine E-Mails nach außen weiter. Ein Administrator erlaubt es in der Richtlinie für ausgehenden Spam im Microsoft Defender-Portal.',
  'tenant-block-list':
    'Die Sperrliste der eigenen Organisation enthält den Empfänger. Ein Administrator entfernt ihn im Microsoft Defender-Portal > Mandantenliste zum Zulassen/Blockieren.',
  'tenant-throttled':
    'Exchange Online bremst die Organisation, weil ihre E-Mails verdächtig aussehen. Ein Administrator sucht im Microsoft Defender-Portal nach kompromittierten Konten; danach gibt es sich.',
  'loss-prevention':
    'Eine Regel gegen Datenverlust hat die Nachricht aufgehalten. Ein Administrator sieht im Microsoft Purview-Portal > Verhinderung von Datenverlust, welche.',
  'mail-flow-rule':
    'Eine Nachrichtenflussregel der Organisation hat die Nachricht abgelehnt. Ein Administrator sieht im Exchange Admin Center > Nachrichtenfluss > Regeln, welche.',
  'other-temporary': `Der Mailserver des Empfängers konnte die Nachricht vorübergehend nicht annehmen. ${SEND_LATER}`,
  'other-address': `Mit der Adresse stimmt etwas nicht. ${CHECK_ADDRESS}`,
  'other-mailbox':
    'Das Postfach des Empfängers nimmt die Nachricht nicht an. Der Empfänger oder der Administrator seiner E-Mail kann helfen.',
  'other-mail-system': `Das Mailsystem des Empfängers nimmt die Nachricht nicht an. ${ADMIN_HELPS}`,
  'other-network': `Der Weg zum Mailserver des Empfängers ist gescheitert. ${SEND_LATER} Geschieht es wieder, kann der Administrator der E-Mail des Empfängers helfen.`,
  'other-content':
    'Der Mailserver des Empfängers nimmt die Form oder den Inhalt der Nachricht nicht an. Wer die Nachricht erstellt, ändert sie.',
  'other-policy':
    'Eine Regel der Seite des Empfängers oder der eigenen Organisation verbietet die Nachricht. Die Seite des Empfängers oder ein Administrator der eigenen Organisation muss sie erlauben.',
  'other-permanent':
    'Die Nachricht wurde endgültig abgelehnt. Die Worte des Berichts sagen, warum; der Administrator der E-Mail des Empfängers kann helfen.',
  quarantined:
    'Microsoft hält die Nachricht in Quarantäne. Ein Administrator der E-Mail des Empfängers gibt sie im Microsoft Defender-Portal frei (https://security.microsoft.com/quarantine); der Empfänger kann es, wo die Organisation es erlaubt.',
}
