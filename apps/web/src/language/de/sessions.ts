import type { TranslationOf } from '../catalogue.ts'
import type { sessions as english } from '../en/sessions.ts'

export const sessions: TranslationOf<typeof english> = {
  'page.intro.sessions': 'Wer auf dieser Seite angemeldet ist, und in welchem Browser.',
  'page.loading.sessions': 'Die Sitzungen werden gelesen',
  'sessions.hint':
    'Eine Sitzung endet nach einer Stunde ohne Nutzung und vier Stunden nach der Anmeldung. Dann genügt ein Klick, um sich wieder anzumelden; was eingegeben wurde, bleibt erhalten. Adresse und Browser sind die der Anmeldung.',
  'sessions.heading': 'Angemeldet',
  'sessions.column.person': 'Person',
  'sessions.column.browser': 'Browser',
  'sessions.column.address': 'Adresse',
  'sessions.column.signed-in': 'Angemeldet seit',
  'sessions.column.last-seen': 'Zuletzt gesehen',
  'sessions.current': 'Diese Sitzung',
  'sessions.unknown': 'Unbekannt',
  'sessions.browser': '{browser} unter {system}',
  'sessions.end': 'Beenden',
  'sessions.end-of': 'Die Sitzung von {name} beenden',
  'sessions.end-others': 'Alle anderen beenden',
  'sessions.only-this': 'Sonst ist niemand angemeldet.',
  'sessions.end.title': 'Die Sitzung von {name} beenden?',
  'sessions.end.confirm': 'Sitzung beenden',
  'sessions.end.at-once': 'Sie endet sofort, in jedem Tab dieses Browsers.',
  'sessions.end.signs-in':
    '{name} kann sich wieder anmelden. Um das Recht zu entziehen, entfernen Sie zuerst die Rolle bei Microsoft.',
  'sessions.end-others.title': 'Alle anderen Sitzungen beenden?',
  'sessions.end-others.confirm': 'Sitzungen beenden',
  'sessions.end-others.everybody': 'Alle anderen müssen sich wieder anmelden, und Sie selbst in jedem anderen Browser.',
  'sessions.end-others.this-stays': 'Diese Sitzung bleibt.',
  'sessions.ended': 'Die Sitzung von {name} ist beendet',
  'sessions.others-ended': 'Alle anderen Sitzungen sind beendet',
}
