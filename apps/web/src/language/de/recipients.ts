import type { TranslationOf } from '../catalogue.ts'
import type { recipients as english } from '../en/recipients.ts'

export const recipients: TranslationOf<typeof english> = {
  'page.loading.recipients': 'Die Empfängerrichtlinie wird gelesen',
  'page.intro.recipients': 'An wen Inforiver schreiben darf, gleich welcher Dienst die E-Mail einreicht.',
  'recipients.saved': 'Die Empfängerrichtlinie ist gespeichert',
  'recipients.policy': 'Empfängerrichtlinie',
  'recipients.domains': 'Zulässige Domänen',
  'recipients.domains-hint':
    'Eine pro Zeile: contoso.com steht nur für diese Domäne, *.contoso.com für jeden Namen darunter. E-Mails an andere Domänen werden beim Einreichen abgelehnt. Ohne Angabe sind alle zulässig.',
  'recipients.redirect': 'Alle E-Mails umleiten an',
  'recipients.redirect-hint':
    'Für eine Testinstallation. Alle E-Mails gehen nur an diese Adresse, auch die bereits wartenden; der Betreff nennt, für wen sie bestimmt waren. Lassen Sie das Feld leer, um E-Mails an ihre Empfänger zu senden.',
  'recipients.redirect-placeholder': 'name@domäne',
  'recipients.plan.unchanged': 'Es hat sich nichts geändert.',
  'recipients.plan.correct-address': 'Berichtigen Sie zuerst die Adresse.',
  'recipients.plan.correct-domains': 'Berichtigen Sie zuerst die Domänen.',
  'recipients.plan.redirect': 'Danach gehen alle E-Mails nur an {address}, auch die bereits wartenden.',
  'recipients.plan.no-redirect': 'Danach gehen E-Mails wieder an ihre Empfänger, auch die bereits wartenden.',
  'recipients.plan.domains': 'Die Domänen gelten für alles, was danach eingereicht wird.',
}
